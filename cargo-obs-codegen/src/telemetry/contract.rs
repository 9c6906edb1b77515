//! Events for those who read about them: a reference in Markdown, and AsyncAPI.

use super::Links;
use super::code::{self, Part};
use super::sample;
use super::subject::Subject;
use obs_model::model::{Encoding, Event, Field, Model, Shape, Type, TypeDef, TypeKind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An event, as its part of the reference shows it.
#[derive(Serialize, Debug)]
pub(crate) struct Entry {
    name: String,
    doc: String,
    team: String,
    service: String,
    domain: Option<String>,
    tags: String,
    topic: String,
    subject: String,
    body: String,
    objectives: Vec<String>,
    feeds: Vec<String>,
    versions: Vec<Version>,
    fields: Vec<Row>,
    /// A payload; nothing when none was found that the schema takes.
    sample: Option<String>,
    publishers: Vec<Place>,
    handlers: Vec<Place>,
}

/// A part of a program.
#[derive(Serialize, Debug)]
struct Place {
    name: String,
    package: String,
    file: String,
}

#[derive(Serialize, Debug)]
struct Version {
    version: String,
    topic: String,
    deprecated: String,
}

#[derive(Serialize, Debug)]
struct Row {
    name: String,
    ty: String,
    marks: String,
    doc: String,
}

/// A channel of AsyncAPI: a topic, and what goes through it.
#[derive(Serialize, Debug)]
pub(crate) struct Channel {
    id: String,
    address: String,
    messages: Vec<Message>,
}

#[derive(Serialize, Debug)]
struct Message {
    id: String,
    event: String,
    doc: String,
    body: String,
    content_type: &'static str,
    format: &'static str,
    schema: String,
}

/// The events of a package.
pub(crate) fn entries(
    model: &Model,
    subjects: &[Subject<'_>],
    links: &Links<'_>,
    parts: &BTreeSet<Part>,
) -> Vec<Entry> {
    let places = |subject: &Subject<'_>, emits| -> Vec<Place> {
        let found = code::of(parts, model, subjects, subject, emits).into_iter();
        let places = found.map(|part| Place {
            name: part.name.clone(),
            package: part.package.clone(),
            file: part.file.clone(),
        });
        places.collect()
    };
    let with_code = |subject| {
        let mut entry = entry(model, subject, links);
        entry.publishers = places(subject, true);
        entry.handlers = places(subject, false);
        entry
    };
    subjects.iter().map(with_code).collect()
}

fn entry(model: &Model, subject: &Subject<'_>, links: &Links<'_>) -> Entry {
    let newest = subject.newest;
    let def = model.get(newest.ty);
    let fields = match &def.kind {
        TypeKind::Record(record) => record
            .fields
            .iter()
            .map(|field| row(model, field))
            .collect(),
        _ => Vec::new(),
    };
    let version = |event: &&Event| Version {
        version: event.version.to_string(),
        topic: event.topic.clone(),
        deprecated: match &event.deprecated {
            None => String::new(),
            Some(said) => match (&said.sunset, &said.replacement) {
                (Some(day), Some(other)) => format!("deprecated until {day}, use {other}"),
                (Some(day), None) => format!("deprecated until {day}"),
                (None, Some(other)) => format!("deprecated, use {other}"),
                (None, None) => "deprecated".to_owned(),
            },
        },
    };
    let promise = |slo: &obs_model::model::Slo| format!("{}: {} %", slo.objective, slo.target);
    Entry {
        name: subject.name().to_owned(),
        doc: doc(def),
        team: subject.team().to_owned(),
        service: subject.service().unwrap_or(links.package).to_owned(),
        domain: newest.domain.clone(),
        tags: newest.tags.join(", "),
        topic: newest.topic.clone(),
        subject: newest.subject.clone(),
        body: body(newest),
        objectives: subject.slos().iter().map(promise).collect(),
        feeds: newest.feeds.iter().map(|feed| feed.name.clone()).collect(),
        versions: subject.versions.iter().map(version).collect(),
        fields,
        // A fence in it would end the one around it.
        sample: sample::of(model, newest).filter(|text| !text.contains("```")),
        publishers: Vec::new(),
        handlers: Vec::new(),
    }
}

/// What a type is for. A title that only names it says nothing.
fn doc(def: &TypeDef) -> String {
    let doc = def.doc.as_deref().unwrap_or_default();
    match doc.split_once("\n\n") {
        Some((title, rest)) if title == def.wire_name || title == def.name.ident => rest,
        _ => doc,
    }
    .to_owned()
}

/// `avro in envelope obs`
fn body(event: &Event) -> String {
    format!("{:?} in envelope {:?}", event.encoding, event.envelope).to_lowercase()
}

fn row(model: &Model, field: &Field) -> Row {
    let obs = &field.obs;
    let mut marks: Vec<String> = Vec::new();
    for (holds, mark) in [
        (obs.key, "key"),
        (obs.tenant, "tenant"),
        (obs.correlation, "correlation"),
        (obs.log, "in the log"),
        (obs.secret, "secret"),
        (field.optional, "may be absent"),
    ] {
        if holds {
            marks.push(mark.to_owned());
        }
    }
    marks.extend(obs.attr.iter().map(|name| format!("span attribute {name}")));
    marks.extend(
        obs.label
            .iter()
            .map(|label| format!("label {} ({})", label.name, label.values.join(", "))),
    );
    marks.extend(
        obs.pii
            .iter()
            .map(|how| format!("personal, {how:?}").to_lowercase()),
    );
    Row {
        name: field.wire.clone(),
        ty: words(model, &field.ty),
        marks: marks.join("; "),
        doc: field.doc.clone().unwrap_or_default(),
    }
}

/// A type in words.
fn words(model: &Model, ty: &Type) -> String {
    match &ty.shape {
        Shape::Null => "null".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::I32 | Shape::I64 | Shape::U64 => "whole number".to_owned(),
        Shape::F32 | Shape::F64 => "number".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::String => "text".to_owned(),
        Shape::Array(item) => format!("list of {}", words(model, item)),
        Shape::Map(value) => format!("map to {}", words(model, value)),
        Shape::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| words(model, item)).collect();
            format!("({})", items.join(", "))
        }
        Shape::Option { inner, .. } => format!("{} or null", words(model, inner)),
        Shape::Named(id) => model.get(*id).name.ident.clone(),
        Shape::Logical(logical) => {
            let text = format!("{logical:?}");
            let end = text.find([' ', '{']).unwrap_or(text.len());
            text[..end].to_owned()
        }
        Shape::Json => "anything".to_owned(),
        Shape::Rust(path) => path.clone(),
    }
}

/// The topics of a package, with what goes through them.
pub(crate) fn channels(model: &Model) -> Vec<Channel> {
    let mut by_topic: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in &model.events {
        by_topic.entry(&event.topic).or_default().push(event);
    }
    let channel = |(topic, events): (&str, Vec<&Event>)| Channel {
        id: plain(topic),
        address: topic.to_owned(),
        messages: events
            .into_iter()
            .map(|event| message(model, event))
            .collect(),
    };
    by_topic.into_iter().map(channel).collect()
}

fn plain(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    text.chars().map(plain).collect()
}

fn message(model: &Model, event: &Event) -> Message {
    let id = plain(&format!("{}-{}", event.event_type, event.version));
    let (content_type, format) = match (event.encoding, event.dialect) {
        (encoding, obs_model::model::Dialect::Avro) => (
            if encoding == Encoding::Avro {
                "application/avro"
            } else {
                "application/json"
            },
            "application/vnd.apache.avro+json;version=1.9.0",
        ),
        _ => (
            "application/json",
            "application/schema+json;version=draft-07",
        ),
    };
    // What a schema refers to within itself is now further in.
    let schema = event
        .schema
        .replace("\"#/", &format!("\"#/components/schemas/{id}/schema/"));
    Message {
        event: event.event_type.clone(),
        doc: doc(model.get(event.ty)),
        body: body(event),
        content_type,
        format,
        schema,
        id,
    }
}
