//! What these events tell, as a registry of semantic conventions: attributes, events, spans and metrics as definitions
//! for OpenTelemetry Weaver.

use super::catalogue::{Catalogue, Kind};
use super::subject::Subject;
use obs_model::model::{Field, Model, Redaction, Shape, Type, TypeKind};
use obs_schema::names::{ERROR_TYPES, family};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A registry, as templates see it.
#[derive(Serialize, Debug)]
pub(crate) struct Registry {
    host: String,
    attributes: Vec<Attribute>,
    events: Vec<Signal>,
    spans: Vec<Span>,
    metrics: Vec<Metric>,
}

#[derive(Serialize, Debug)]
struct Attribute {
    key: String,
    ty: &'static str,
    stability: &'static str,
    brief: String,
    members: Vec<Member>,
}

#[derive(PartialEq, Serialize, Debug)]
struct Member {
    id: String,
    value: String,
}

/// An attribute of a signal.
#[derive(Serialize, Debug)]
struct Ref {
    r#ref: String,
    level: &'static str,
    /// It is there when something failed, and only then.
    failure: bool,
    /// It is known at the start.
    sampling: bool,
}

#[derive(Serialize, Debug)]
struct Signal {
    name: String,
    stability: &'static str,
    brief: String,
    deprecated: Option<String>,
    attributes: Vec<Ref>,
}

#[derive(Serialize, Debug)]
struct Span {
    ty: String,
    kind: &'static str,
    stability: &'static str,
    brief: String,
    name: String,
    attributes: Vec<Ref>,
}

#[derive(Serialize, Debug)]
struct Metric {
    name: String,
    instrument: &'static str,
    unit: String,
    stability: &'static str,
    brief: String,
    attributes: Vec<Ref>,
}

/// Ours may be built upon; the messaging conventions themselves are in development.
const STABLE: &str = "stable";
const DEVELOPMENT: &str = "development";

/// What all our spans may have, with its type and what it tells.
const OURS: &[(&str, &str, &str)] = &[
    ("messaging.system", "string", "The kind of bus."),
    (
        "messaging.operation.name",
        "string",
        "What the system calls the operation.",
    ),
    ("messaging.destination.name", "string", "The topic."),
    ("messaging.consumer.group.name", "string", "The consumer."),
    ("messaging.message.id", "string", "The id of the event."),
    (
        "messaging.message.conversation_id",
        "string",
        "The conversation that the event is a part of.",
    ),
    (
        "messaging.batch.message_count",
        "int",
        "How many messages were sent or received at once.",
    ),
    (
        "messaging.destination.partition.id",
        "string",
        "The partition of the topic.",
    ),
    (
        "messaging.kafka.offset",
        "int",
        "The place of the message in its partition.",
    ),
    ("event.id", "string", "The id of the event."),
    ("event.type", "string", "Which event it is."),
    ("event.version", "string", "Which version of it."),
    (
        "event.tombstone",
        "boolean",
        "What the key stands for is gone.",
    ),
    ("exception.type", "string", "The type of what went wrong."),
    ("exception.message", "string", "What it says."),
    (
        "exception.stacktrace",
        "string",
        "Where it came from, where backtraces are on.",
    ),
    (
        "messaging.kafka.message.tombstone",
        "boolean",
        "What the key of the message stands for is gone.",
    ),
    (
        "sampling.truncated",
        "int",
        "How many spans of the trace are missing.",
    ),
    (
        "server.address",
        "string",
        "The server of the bus, where it has one.",
    ),
    ("server.port", "int", "Where that listens."),
];

/// The same of those with few values.
const WORDS: &[(&str, &[&str], &str)] = &[
    (
        "messaging.operation.type",
        &["create", "send", "receive", "process", "settle"],
        "What the conventions call the operation.",
    ),
    ("error.type", ERROR_TYPES, "Why it failed."),
    (
        "sampling.reason",
        &["error", "slow", "audit"],
        "Why the span leaves although its trace was not sampled.",
    ),
];

/// The operations on an event: what its span is called, of which kind it is, what it does, and what it has beside the
/// common attributes.
const OPERATIONS: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "publish",
        "producer",
        "publish",
        "One event is sent.",
        &["id", "gone"],
    ),
    (
        "create",
        "producer",
        "create",
        "An event is made, and sent with others or by somebody else.",
        &["id"],
    ),
    (
        "publish.made",
        "client",
        "publish",
        "Events that were made before are sent.",
        &["id", "batch"],
    ),
    (
        "receive",
        "client",
        "receive",
        "Messages come from the bus.",
        &["group", "batch"],
    ),
    (
        "process",
        "consumer",
        "process",
        "An attempt to process an event.",
        &["group", "id", "place"],
    ),
    (
        "settle",
        "client",
        "settle",
        "The bus is told what became of an event.",
        &["group"],
    ),
];

impl Registry {
    /// All that a package tells.
    pub(crate) fn of(
        model: &Model,
        subjects: &[Subject<'_>],
        catalogue: &Catalogue,
        package: &str,
    ) -> Registry {
        let mut known = Attributes::default();
        known.add_ours();
        let events = subjects
            .iter()
            .map(|subject| event(model, subject, &mut known));
        let events = events.collect();
        let spans = subjects.iter().flat_map(|subject| spans(model, subject));
        let spans = spans.collect();
        let metrics = metrics(catalogue, &mut known);
        Registry {
            // Nobody looks there: it is a name, and of a package alone.
            host: format!("{}.invalid", plain(package)),
            attributes: known.all(),
            events,
            spans,
            metrics,
        }
    }
}

/// Attributes by their keys.
#[derive(Default)]
struct Attributes(BTreeMap<String, Attribute>);

impl Attributes {
    fn add(&mut self, attribute: Attribute) {
        let Some(there) = self.0.get_mut(&attribute.key) else {
            self.0.insert(attribute.key.clone(), attribute);
            return;
        };
        if attribute.members.is_empty() || there.members.is_empty() {
            // Somewhere it may be anything.
            there.members.clear();
        } else {
            for member in attribute.members {
                if !there.members.contains(&member) {
                    there.members.push(member);
                }
            }
        }
        // Two events may say it differently.
        if there.ty != attribute.ty {
            there.ty = "any";
            there.members.clear();
        }
    }

    /// All of them; values whose letters and ciphers are the same are told apart by their places.
    fn all(self) -> Vec<Attribute> {
        let mut all: Vec<Attribute> = self.0.into_values().collect();
        for attribute in &mut all {
            let mut taken = BTreeSet::new();
            for (at, member) in attribute.members.iter_mut().enumerate() {
                if member.id.is_empty() || !taken.insert(member.id.clone()) {
                    member.id = format!("{}_{at}", member.id);
                }
            }
        }
        all
    }

    fn add_ours(&mut self) {
        let stability = |key: &str| match key.starts_with("messaging.") {
            true => DEVELOPMENT,
            false => STABLE,
        };
        for (key, ty, brief) in OURS {
            self.add(Attribute {
                key: (*key).to_owned(),
                ty,
                stability: stability(key),
                brief: (*brief).to_owned(),
                members: Vec::new(),
            });
        }
        for (key, words, brief) in WORDS {
            self.add(Attribute {
                key: (*key).to_owned(),
                ty: "string",
                stability: stability(key),
                brief: (*brief).to_owned(),
                members: words.iter().map(|word| member(word)).collect(),
            });
        }
    }
}

fn member(value: &str) -> Member {
    Member {
        id: plain(value).replace('-', "_"),
        value: value.to_owned(),
    }
}

/// Lower-case letters, ciphers and dashes.
fn plain(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let text: String = text.chars().map(plain).collect();
    text.trim_matches('-').to_owned()
}

fn refer(key: &str, level: &'static str) -> Ref {
    Ref {
        r#ref: key.to_owned(),
        level,
        failure: false,
        sampling: false,
    }
}

/// The fields of an event that have a name in telemetry.
fn told<'m>(model: &'m Model, subject: &Subject<'_>) -> Vec<(&'m str, &'m Field)> {
    let TypeKind::Record(record) = &model.get(subject.newest.ty).kind else {
        return Vec::new();
    };
    let named = |field: &'m Field| Some((field.obs.attr.as_deref()?, field));
    record.fields.iter().filter_map(named).collect()
}

fn event(model: &Model, subject: &Subject<'_>, known: &mut Attributes) -> Signal {
    let newest = subject.newest;
    let fields = told(model, subject);
    for (key, field) in &fields {
        let (ty, members) = ty(model, field);
        let doc = field.doc.as_deref();
        known.add(Attribute {
            key: (*key).to_owned(),
            ty,
            stability: STABLE,
            brief: doc.map_or_else(
                || format!("`{}` of {}.", field.wire, subject.name()),
                str::to_owned,
            ),
            members,
        });
    }
    let level = |field: &Field| match field.optional {
        true => "recommended",
        false => "required",
    };
    let doc = model.get(newest.ty).doc.clone();
    Signal {
        name: subject.name().to_owned(),
        stability: STABLE,
        brief: doc.unwrap_or_else(|| format!("The event {}.", subject.name())),
        deprecated: newest.deprecated.as_ref().map(|said| {
            said.replacement
                .as_ref()
                .map_or_else(|| "It goes.".to_owned(), |other| format!("Use {other}."))
        }),
        attributes: fields
            .iter()
            .map(|(key, field)| refer(key, level(field)))
            .collect(),
    }
}

/// The type of an attribute, and its values where they are few.
fn ty(model: &Model, field: &Field) -> (&'static str, Vec<Member>) {
    // What is personal is told as a text that stands for it.
    if field.obs.pii.is_some_and(|how| how != Redaction::Drop) {
        return ("string", Vec::new());
    }
    shape(model, &field.ty)
}

fn shape(model: &Model, ty: &Type) -> (&'static str, Vec<Member>) {
    let word = match &ty.shape {
        Shape::Bool => "boolean",
        Shape::I32 | Shape::I64 | Shape::U64 => "int",
        Shape::F32 | Shape::F64 => "double",
        Shape::Option { inner, .. } => return shape(model, inner),
        Shape::Named(id) => match &model.get(*id).kind {
            TypeKind::Enum(all) => {
                let members = all.symbols.iter().map(|symbol| member(&symbol.wire));
                return ("string", members.collect());
            }
            TypeKind::Newtype(ty) => return shape(model, ty),
            _ => "string",
        },
        _ => "string",
    };
    (word, Vec::new())
}

fn spans(model: &Model, subject: &Subject<'_>) -> Vec<Span> {
    let fields = told(model, subject);
    let topic = &subject.newest.topic;
    let span = |(ty, kind, name, brief, has): &(&str, &'static str, &str, &str, &[&str])| {
        let start = [
            "system",
            "operation.name",
            "operation.type",
            "destination.name",
        ];
        let mut all: Vec<Ref> = start
            .iter()
            .map(|key| refer(&format!("messaging.{key}"), "required"))
            .collect();
        if has.contains(&"group") {
            all.push(refer("messaging.consumer.group.name", "required"));
        }
        if *ty != "receive" {
            all.extend(["event.type", "event.version"].map(|key| refer(key, "required")));
        }
        all.extend(["server.address", "server.port"].map(|key| refer(key, "recommended")));
        for one in &mut all {
            one.sampling = true;
        }
        all.push(Ref {
            failure: true,
            ..refer("error.type", "required")
        });
        let mut more: Vec<&str> = Vec::new();
        for (group, keys) in [
            (
                "id",
                &[
                    "event.id",
                    "messaging.message.id",
                    "messaging.message.conversation_id",
                ][..],
            ),
            (
                "gone",
                &["event.tombstone", "messaging.kafka.message.tombstone"],
            ),
            ("batch", &["messaging.batch.message_count"]),
            (
                "place",
                &[
                    "messaging.destination.partition.id",
                    "messaging.kafka.offset",
                ],
            ),
        ] {
            if has.contains(&group) {
                more.extend(keys);
            }
        }
        more.extend(["sampling.reason", "sampling.truncated"]);
        all.extend(more.iter().map(|key| refer(key, "recommended")));
        if has.contains(&"id") && *ty != "publish.made" {
            all.extend(fields.iter().map(|(key, _)| refer(key, "recommended")));
        }
        Span {
            ty: format!("{}.{ty}", subject.name()),
            kind,
            stability: DEVELOPMENT,
            brief: (*brief).to_owned(),
            name: format!("{name} {topic}"),
            attributes: all,
        }
    };
    OPERATIONS.iter().map(span).collect()
}

fn metrics(catalogue: &Catalogue, known: &mut Attributes) -> Vec<Metric> {
    let mut all = Vec::new();
    for (name, told) in &catalogue.families {
        if family::OF_SCRAPES.iter().any(|of| of.name == *name) {
            continue;
        }
        for (label, values) in told.labels.iter().flatten() {
            let members = values.iter().flatten().map(|value| member(value));
            known.add(Attribute {
                key: label.clone(),
                ty: "string",
                stability: STABLE,
                brief: format!("The label `{label}` of metrics."),
                members: members.collect(),
            });
        }
        all.push(Metric {
            // In a meter a counter goes without its ending; exporters to Prometheus put it on again.
            name: name.strip_suffix("_total").unwrap_or(name).to_owned(),
            instrument: match told.kind {
                Kind::Counter => "counter",
                Kind::Histogram | Kind::Summary => "histogram",
                Kind::Gauge | Kind::Info => "gauge",
                Kind::Recorded => continue,
            },
            unit: match told.unit.as_str() {
                "" | "ratio" => "1".to_owned(),
                "seconds" => "s".to_owned(),
                "bytes" => "By".to_owned(),
                other => format!("{{{other}}}"),
            },
            stability: STABLE,
            brief: told.help.clone(),
            attributes: told
                .labels
                .iter()
                .flatten()
                .map(|(label, _)| refer(label, "recommended"))
                .collect(),
        });
    }
    all
}
