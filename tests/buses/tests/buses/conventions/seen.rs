//! What was told, as the suite sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use obs_runtime::export::{ExportError, SpanExporter};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::span::{Batch, FinishedSpan, Value};
use obs_runtime::{Bus, Obs, Setup};

use super::Numbers;
use super::drive::{GROUP, TOPIC};
use crate::broker::LONG;

/// A span, in its own words.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) links: Vec<String>,
    pub(super) start: BTreeMap<String, String>,
    pub(super) end: BTreeMap<String, String>,
    pub(super) error: Option<String>,
    pub(super) exception: bool,
}

impl Told {
    fn of(span: &FinishedSpan<'_>) -> Told {
        let text = |value: Value<'_>| match value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(text) => text.to_owned(),
        };
        let own = |(name, value): (&str, Value<'_>)| (name.to_owned(), text(value));
        let start: BTreeMap<String, String> = span.known_at_start().map(own).collect();
        let later = |(name, _): &(String, String)| !start.contains_key(name);
        Told {
            name: span.name().to_owned(),
            kind: format!("{:?}", span.kind()),
            id: span.span().to_string(),
            parent: span.parent().map(|parent| parent.to_string()),
            links: span
                .links()
                .map(|link| link.to().span.to_string())
                .collect(),
            end: span.attributes().map(own).filter(later).collect(),
            start,
            error: span.error().map(|(kind, _)| kind.to_owned()),
            exception: span.events().any(|event| event.name() == "exception"),
        }
    }

    pub(super) fn operation(&self) -> &str {
        let name = self.start.get("messaging.operation.name");
        name.map_or("", String::as_str)
    }
}

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Listening;

impl SpanExporter for Listening {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let told = spans.iter().map(|span| Told::of(&span));
        TOLD.lock().unwrap().extend(told);
        Ok(())
    }
}

/// Has all spans of this program come here.
pub(super) fn listen() -> Obs {
    let setup = Setup::new().with_exporter(Listening).with_bus(Bus::null());
    let silent = setup.with_log_level(obs_runtime::log::Level::Error);
    silent.init().unwrap()
}

/// The spans that have ended since this was asked last.
pub(super) fn spans(obs: &Obs) -> Vec<Told> {
    assert!(obs.flush(LONG));
    std::mem::take(&mut TOLD.lock().unwrap())
}

/// What the conventions call an operation, by the names that systems have for it.
const OPERATIONS: &[(&str, &str)] = &[
    ("create", "create"),
    ("publish", "send"),
    ("receive", "receive"),
    ("poll", "receive"),
    ("process", "process"),
    ("settle", "settle"),
    ("commit", "settle"),
];

/// The families of the conventions, by their short names here.
const FAMILIES: &[(&str, &str)] = &[
    (
        "messaging_client_operation_duration_seconds_count",
        "operation",
    ),
    ("messaging_client_sent_messages_total", "sent"),
    ("messaging_client_consumed_messages_total", "consumed"),
    ("messaging_process_duration_seconds_count", "process"),
];

/// Of our own families those that each publish and each attempt counts in.
const OURS: &[&str] = &[
    "event_published_total",
    "event_publish_errors_total",
    "event_publish_duration_seconds_count",
    "event_consumed_total",
    "event_consume_errors_total",
    "event_consume_retries_total",
    "event_consume_duration_seconds_count",
    "event_dead_lettered_total",
    "event_unknown_version_total",
];

/// What has been counted so far, of both kinds.
pub(super) fn numbers(system: &str, server: Option<&(String, String)>) -> [Numbers; 2] {
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    let mut both = [Numbers::new(), Numbers::new()];
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let (family, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split("\",");
        let labels: BTreeMap<&str, &str> = labels
            .filter_map(|label| label.split_once("=\""))
            .map(|(name, value)| (name, value.trim_end_matches('"')))
            .collect();
        let error = labels.get("error_type").map(|error| format!(" {error}"));
        let error = error.unwrap_or_default();
        let mut count = |at: usize, name: String| *both[at].entry(name).or_default() += value;
        if OURS.contains(&family) && labels.get("event_type") == Some(&"parcel.sent") {
            count(1, format!("{family}{error}"));
        } else if family.starts_with("messaging_")
            && labels.get("messaging_system") == Some(&system)
        {
            let Some((_, short)) = FAMILIES.iter().find(|(known, _)| *known == family) else {
                continue;
            };
            count(
                0,
                named(short, &labels, server, &error).unwrap_or_else(|| series.to_owned()),
            );
        }
    }
    both
}

/// `sent send too_large`, if its labels are those that it should have.
fn named(
    short: &str,
    labels: &BTreeMap<&str, &str>,
    server: Option<&(String, String)>,
    error: &str,
) -> Option<String> {
    let name = *labels.get("messaging_operation_name")?;
    let (_, operation) = *OPERATIONS.iter().find(|(known, _)| *known == name)?;
    let mut expected = BTreeSet::from([
        ("messaging_destination_name", TOPIC),
        ("messaging_operation_name", name),
        ("messaging_system", labels.get("messaging_system")?),
    ]);
    if let Some((host, port)) = server {
        expected.extend([("server_address", &**host), ("server_port", &**port)]);
    }
    if short == "operation" {
        expected.insert(("messaging_operation_type", operation));
    }
    if ["receive", "process", "settle"].contains(&operation) {
        expected.insert(("messaging_consumer_group_name", GROUP));
    }
    expected.extend(labels.get("error_type").map(|error| ("error_type", *error)));
    let labels: BTreeSet<(&str, &str)> =
        labels.iter().map(|(name, value)| (*name, *value)).collect();
    (labels == expected).then(|| format!("{short} {operation}{error}"))
}

/// What was counted in between.
pub(super) fn since(before: &[Numbers; 2], after: [Numbers; 2]) -> [Numbers; 2] {
    let mut both = after;
    for (numbers, before) in both.iter_mut().zip(before) {
        for (name, value) in numbers.iter_mut() {
            *value -= before.get(name).copied().unwrap_or_default();
        }
        numbers.retain(|_, value| *value != 0.0);
    }
    both
}
