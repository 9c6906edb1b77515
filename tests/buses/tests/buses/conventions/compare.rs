//! Comparing what there is with what a row expects.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::Numbers;
use super::drive::{AROUND, GROUP, TOPIC};
use super::seen::Told;

/// What playing a row has left.
pub(super) struct Found {
    pub(super) system: String,
    pub(super) server: Option<(String, String)>,
    pub(super) ambient: bool,
    pub(super) counts: bool,
    /// The spans in which messages were made before, in order.
    pub(super) made: Vec<String>,
    pub(super) spans: Vec<Told>,
    pub(super) numbers: [Numbers; 2],
}

impl Found {
    /// How it differs from what a row expects.
    pub(super) fn differences(&self, data: &Value, row: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let around = self.spans.iter().find(|span| span.name == AROUND.name());
        let around = around.map(|span| span.id.clone());
        if around.is_some() != self.ambient {
            wrong.push("there should be something around it, and only then".to_owned());
        }
        let mut by_operation: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
        for span in &self.spans {
            if span.name != AROUND.name() {
                by_operation
                    .entry(self.operation(data, span))
                    .or_default()
                    .push(span.clone());
            }
        }
        if let Some(received) = by_operation.get_mut("receive") {
            *received = vec![merged(received)];
        }
        let ids = Ids {
            made: &self.made,
            around,
            found: &by_operation,
        };
        let mut expected: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for span in row["spans"].as_array().unwrap() {
            let is = span["is"].as_str().unwrap();
            expected.entry(is).or_default().push(span);
        }
        for (is, expected) in &expected {
            let found = by_operation.get(is).map_or(&[][..], Vec::as_slice);
            if found.len() != expected.len() {
                wrong.push(format!(
                    "{} spans `{is}`, not {}",
                    found.len(),
                    expected.len()
                ));
            }
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                let differs = self.compare(found, (data, is), expected, &ids);
                wrong.extend(
                    differs
                        .into_iter()
                        .map(|what| format!("span `{is} {at}`: {what}")),
                );
            }
        }
        for (is, found) in &by_operation {
            if !expected.contains_key(is) {
                wrong.push(format!("{} spans `{is}`, not 0: {found:?}", found.len()));
            }
        }
        let none = Value::Object(serde_json::Map::new());
        let metrics = if self.counts { &row["metrics"] } else { &none };
        compare_numbers(metrics, &self.numbers[0], &mut wrong);
        compare_numbers(&row["ours"], &self.numbers[1], &mut wrong);
        wrong
    }

    /// Which of the operations a span is: by its name and kind, and whatever it is called if it is none.
    fn operation<'d>(&self, data: &'d Value, span: &'d Told) -> &'d str {
        let all = data["operations"].as_object().unwrap();
        let found = all.iter().find(|(_, operation)| {
            let name = self.filled(
                operation["start"]["messaging.operation.name"]
                    .as_str()
                    .unwrap(),
            );
            name == span.operation() && operation["kind"] == *span.kind
        });
        found.map_or(&span.name, |(is, _)| is)
    }

    /// A text of the data with what differs from bus to bus.
    fn filled(&self, text: &str) -> String {
        let [receive, settle] = match &*self.system {
            "kafka" => ["poll", "commit"],
            _ => ["receive", "settle"],
        };
        let (host, port) = self
            .server
            .as_ref()
            .map_or(("", ""), |(host, port)| (host, port));
        [
            ("{host}", host),
            ("{port}", port),
            ("{topic}", TOPIC),
            ("{group}", GROUP),
            ("{system}", &self.system),
            ("{receive}", receive),
            ("{settle}", settle),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    fn compare(
        &self,
        found: &Told,
        (data, is): (&Value, &str),
        expected: &Value,
        ids: &Ids<'_>,
    ) -> Vec<String> {
        let operation = &data["operations"][is];
        let mut wrong = Vec::new();
        let mut check = |what: &str, found: String, expected: String| {
            if found != expected {
                wrong.push(format!("{what} is {found}, not {expected}"));
            }
        };
        let text = |value: &Value| self.filled(value.as_str().unwrap());
        check("the name", found.name.clone(), text(&operation["name"]));
        check("the kind", found.kind.clone(), text(&operation["kind"]));
        let server = self
            .server
            .as_ref()
            .and_then(|_| data["server"].as_object());
        let start: BTreeMap<String, String> = operation["start"]
            .as_object()
            .unwrap()
            .iter()
            .chain(server.into_iter().flatten())
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        check(
            "what is known at the start",
            shown(&found.start),
            shown(&start),
        );
        let error = expected["error"].as_str();
        let mut end: BTreeMap<String, String> = BTreeMap::new();
        let names = operation["end"].as_array().unwrap().iter();
        let kafka = operation["kafka"]
            .as_array()
            .filter(|_| self.system == "kafka");
        for name in names.chain(kafka.into_iter().flatten()) {
            end.insert(name.as_str().unwrap().to_owned(), "*".to_owned());
        }
        for (name, value) in expected["end"].as_object().into_iter().flatten() {
            end.insert(name.clone(), text(value));
        }
        end.extend(error.map(|error| ("error.type".to_owned(), error.to_owned())));
        let mut at_end = found.end.clone();
        for (name, value) in &mut at_end {
            // Any text will do, but none at all.
            if end.get(name).is_some_and(|any| any == "*") && !value.is_empty() {
                "*".clone_into(value);
            }
        }
        check("what is known at the end", shown(&at_end), shown(&end));
        check(
            "the error",
            format!("{:?}", found.error.as_deref()),
            format!("{error:?}"),
        );
        let exception = expected["exception"].as_bool().unwrap_or(error.is_some());
        check(
            "an exception",
            found.exception.to_string(),
            exception.to_string(),
        );
        let parent = expected["parent"].as_str().and_then(|name| ids.of(name));
        check(
            "the parent",
            format!("{:?}", found.parent),
            format!("{parent:?}"),
        );
        let links = expected["links"].as_array().into_iter().flatten();
        let links: Vec<String> = links
            .map(|name| ids.of(name.as_str().unwrap()).unwrap())
            .collect();
        check("links", found.links.join(" "), links.join(" "));
        wrong
    }
}

/// Spans that rows name.
struct Ids<'f> {
    made: &'f [String],
    around: Option<String>,
    found: &'f BTreeMap<&'f str, Vec<Told>>,
}

impl Ids<'_> {
    /// `ambient`, `made 0`, `process 0`
    fn of(&self, name: &str) -> Option<String> {
        if name == "ambient" {
            return self.around.clone();
        }
        let found = name.rsplit_once(' ').and_then(|(is, at)| {
            let at: usize = at.parse().ok()?;
            if is == "made" {
                return self.made.get(at).cloned();
            }
            Some(self.found.get(is)?.get(at)?.id.clone())
        });
        Some(found.unwrap_or_else(|| format!("`{name}`")))
    }
}

/// What was received in several rounds, as if it were one.
fn merged(spans: &[Told]) -> Told {
    const COUNT: &str = "messaging.batch.message_count";
    let mut one = spans[0].clone();
    let mut count = 0;
    one.links.clear();
    for span in spans {
        one.links.extend_from_slice(&span.links);
        count += span.end.get(COUNT).map_or(0, |it| it.parse().unwrap());
        let (name, start) = (&span.name, &span.start);
        assert_eq!(
            (name, start),
            (&one.name, &one.start),
            "rounds of one consumer"
        );
    }
    one.end.insert(COUNT.to_owned(), count.to_string());
    one
}

fn shown(attributes: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in attributes {
        write!(text, " {name}={value}").unwrap();
    }
    text
}

fn compare_numbers(expected: &Value, found: &Numbers, wrong: &mut Vec<String>) {
    let expected = expected.as_object().unwrap();
    for (name, value) in expected {
        let count = found.get(name).copied();
        let right = match value.as_f64() {
            Some(value) => count.unwrap_or_default() == value,
            // Once or more often.
            None => count.is_some(),
        };
        if !right {
            wrong.push(format!(
                "`{name}` has counted {}, not {value}",
                count.unwrap_or_default()
            ));
        }
    }
    for (name, count) in found {
        if !expected.contains_key(name) {
            wrong.push(format!("`{name}` has counted {count}, not 0"));
        }
    }
}
