//! What comes out of one publish, in a form that can be compared: ids and times are replaced by their names.

use crate::seen::{self, Message, Seen};
use crate::{Body, Course, TEAMS, Team};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// Where a team differs from the limit, and why that is fair.
struct Difference {
    team: &'static str,
    /// What the line begins with.
    line: &'static str,
    reason: &'static str,
}

const fn differs(team: &'static str, line: &'static str, reason: &'static str) -> Difference {
    Difference { team, line, reason }
}

const DIFFERENCES: &[Difference] = &[
    differs("default", "log.target", "the module that logs"),
    differs("tuned", "log.target", "the module that logs"),
    differs(
        "default",
        "span.attribute.busy_ns",
        "tracing-opentelemetry adds it unless told otherwise",
    ),
    differs(
        "default",
        "span.attribute.idle_ns",
        "tracing-opentelemetry adds it unless told otherwise",
    ),
    differs(
        "default",
        "span.attribute.code.",
        "tracing-opentelemetry adds it unless told otherwise",
    ),
    differs(
        "default",
        "span.attribute.thread.",
        "tracing-opentelemetry adds it unless told otherwise",
    ),
    differs(
        "default",
        "span.attribute.target",
        "tracing-opentelemetry adds it unless told otherwise",
    ),
];

/// Prints what comes out of one publish.
pub fn show(team: &dyn Team, course: &Course) {
    let mut runner = team.runner();
    seen::look();
    runner.run(1);
    team.flush();
    for (name, value) in lines(&seen::take(), &team.metrics(), course) {
        println!("{name} = {value}");
    }
}

/// Compares all teams on a course, and says what differs. An error when something does that should not.
pub fn compare(course: &Course) -> Result<(), String> {
    let mut outputs = Vec::new();
    for (name, _) in TEAMS {
        outputs.push((name, shown(name, course)?));
    }
    let (_, limit) = outputs
        .iter()
        .find(|(name, _)| *name == "limit")
        .ok_or("no limit")?;
    let mut wrong = String::new();
    for (team, own) in &outputs {
        let names: std::collections::BTreeSet<_> = own.keys().chain(limit.keys()).collect();
        for name in names {
            let (theirs, its) = (own.get(name), limit.get(name));
            if theirs == its {
                continue;
            }
            let known = DIFFERENCES
                .iter()
                .find(|known| known.team == *team && name.starts_with(known.line));
            match known {
                Some(known) => println!("{team}: {name}: {}", known.reason),
                None => {
                    let _ = writeln!(
                        wrong,
                        "{team}: {name}:\n  {theirs:?}\n  {its:?} at the limit"
                    );
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn shown(team: &str, course: &Course) -> Result<BTreeMap<String, String>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(["show", team])
        .args(course.words())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!(
            "{team}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    Ok(lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

type Lines = Vec<(String, String)>;

fn lines(seen: &Seen, metrics: &str, course: &Course) -> Lines {
    let mut lines = Lines::new();
    let mut add = |name: &str, value: String| lines.push((name.to_owned(), value));
    add("records", seen.records.len().to_string());
    add("spans", seen.spans.len().to_string());
    let names = Names::of(seen.records.first());
    for message in &seen.records {
        add("record.topic", message.topic.clone());
        add(
            "record.key",
            String::from_utf8_lossy(&message.key).into_owned(),
        );
        for (name, value) in &message.headers {
            add(
                &format!("record.header.{name}"),
                names.hide(&String::from_utf8_lossy(value)),
            );
        }
        add(
            "record.body",
            match course.body {
                Body::Json | Body::JsonQuiet => names.hide(&String::from_utf8_lossy(&message.body)),
                Body::Avro => format!("{:02x?}", message.body),
            },
        );
    }
    for span in &seen.spans {
        add("span.name", span.name.clone());
        add("span.kind", span.kind.to_owned());
        add("span.failed", span.failed.to_string());
        add(
            "span.id",
            names.hide(&format!("{:032x}-{:016x}", span.trace, span.span)),
        );
        for (name, value) in &span.attributes {
            add(&format!("span.attribute.{name}"), names.hide(value));
        }
    }
    if let Ok(Value::Object(line)) = serde_json::from_slice(&seen.log) {
        log(&line.into_iter().collect(), &names, &mut add);
    } else if !seen.log.is_empty() {
        add("log", String::from_utf8_lossy(&seen.log).into_owned());
    }
    for (name, value) in counted(metrics) {
        add(&format!("metric.{name}"), value.to_string());
    }
    lines
}

/// The line, with what stands under `fields` or `context` beside the rest. The list of spans is left out: it says
/// again what the span says.
fn log(line: &BTreeMap<String, Value>, names: &Names, add: &mut dyn FnMut(&str, String)) {
    for (name, value) in line {
        match value {
            Value::Object(inner) if name == "fields" || name == "context" => {
                log(&inner.clone().into_iter().collect(), names, add);
            }
            Value::Object(_) | Value::Array(_) if name.starts_with("span") => {}
            Value::Number(_) if name == "duration_ms" => add("log.duration_ms", "<number>".into()),
            Value::String(text) => add(&format!("log.{name}"), names.hide(text)),
            other => add(&format!("log.{name}"), other.to_string()),
        }
    }
}

/// The numbers of the families that everybody has.
fn counted(metrics: &str) -> BTreeMap<String, f64> {
    let wanted = [
        "event_published_total",
        "event_publish_duration_seconds_count",
        "event_payload_bytes_count",
        "event_payload_bytes_sum",
    ];
    let mut found = BTreeMap::new();
    for line in metrics.lines() {
        let Some((series, value)) = line.split_once("} ") else {
            continue;
        };
        let Some((family, labels)) = series.split_once('{') else {
            continue;
        };
        if wanted.contains(&family) {
            let mut labels: Vec<&str> = labels.split(',').collect();
            labels.sort_unstable();
            let value = value
                .split_whitespace()
                .next()
                .and_then(|value| value.parse().ok());
            *found
                .entry(format!("{family}{{{}}}", labels.join(",")))
                .or_default() += value.unwrap_or(f64::NAN);
        }
    }
    found
}

/// Ids of one publish, which nobody else has.
#[derive(Default)]
struct Names(Vec<(String, &'static str)>);

impl Names {
    fn of(message: Option<&Message>) -> Names {
        let header = |name: &str| {
            let found = message?.headers.iter().find(|header| header.0 == name)?;
            Some(String::from_utf8_lossy(&found.1).into_owned())
        };
        let mut names = Vec::new();
        if let Some(parent) = header("traceparent")
            && let [_, trace, span, _] = parent.split('-').collect::<Vec<_>>()[..]
        {
            names.push((trace.to_owned(), "<trace>"));
            names.push((span.to_owned(), "<span>"));
        }
        if let Some(id) = header("event-id") {
            names.push((id, "<event>"));
        }
        Names(names)
    }

    fn hide(&self, text: &str) -> String {
        let hidden = self
            .0
            .iter()
            .fold(text.to_owned(), |text, (id, name)| text.replace(id, name));
        times(&hidden)
    }
}

/// Times of day in RFC 3339 with microseconds become a word.
fn times(text: &str) -> String {
    let like = b"0000-00-00T00:00:00.000000Z";
    let is_time = |part: &[u8]| {
        part.iter().zip(like).all(|(byte, like)| match like {
            b'0' => byte.is_ascii_digit(),
            _ => byte == like,
        })
    };
    let found = text.as_bytes().windows(like.len()).position(is_time);
    match found {
        Some(at) => format!("{}<time>{}", &text[..at], times(&text[at + like.len()..])),
        None => text.to_owned(),
    }
}
