//! `emit`: an event from the shell, the same record that the service's publisher would send.

mod body;
mod key;

use crate::bus::{self, Access};
use crate::cli::{Cli, Emit};
use crate::events::{self, Events, Known};
use crate::package::Failure;
use crate::report;
use crate::tail::{Line, place};
use obs_codegen::fs;
use obs_model::model::TypeKind;
use obs_runtime::bus::{Header, Receipt};
use obs_runtime::untyped::{Untyped, UntypedPublisher};
use obs_runtime::{Bus, Context, Key, OwnedRecord, Record};
use obs_schema::diag::nearest;
use obs_schema::json::Json;
use std::io::Read;
use std::path::Path;

/// `emit`
pub(crate) fn run(cli: &Cli, arguments: &Emit) -> Result<bool, Failure> {
    let Some(packages) = events::packages(cli)? else {
        return Ok(false);
    };
    let events = Events::of(&packages);
    let known = events.named(&packages, &arguments.event)?;
    let json = data(&arguments.data)?;
    let violations = known.violations(&json)?;
    if !violations.is_empty() {
        for violation in &violations {
            report::complain(&format!("error: {}", events::harmless(violation)));
        }
        let about = format!(
            "`cargo obs-codegen show {}` tells what it is made of",
            known.about.event_type
        );
        let meant = misspelt(known, &json).unwrap_or(about);
        report::complain(&format!("help: {}", events::harmless(&meant)));
        return Ok(false);
    }
    let record = record(known, &json, arguments)?;
    if arguments.dry_run {
        let line = Line::of(&events, &record.as_record(), Receipt::default(), true);
        report::say(line.with_headers().text(arguments.format))?;
        return Ok(true);
    }
    let bus = bus::open(&arguments.address, Access::Send)?;
    let receipt = bus.send_confirmed(&record.as_record()).wait();
    let receipt = receipt.map_err(|error| bus::told(&error))?;
    let id = ["event-id", "ce_id"];
    let id = id.iter().find_map(|name| record.headers().text(name));
    let place = place(record.topic(), receipt);
    report::say(format!("{}  {place}\n", id.unwrap_or_default()))?;
    Ok(true)
}

/// The first member that no field is called after, though one nearly is.
fn misspelt(known: &Known<'_>, json: &Json) -> Option<String> {
    let TypeKind::Record(record) = &known.model.get(known.event.ty).kind else {
        return None;
    };
    let fields = || record.fields.iter().map(|field| field.wire.as_str());
    let mut members = json.as_object()?.iter().map(|(name, _)| name.as_str());
    members.find_map(|name| {
        let near = (!fields().any(|field| field == name)).then(|| nearest(name, fields()))?;
        near.map(|near| format!("write `{near}` instead of `{name}`"))
    })
}

/// The value that was given: itself, in a file, or on standard input.
fn data(given: &str) -> Result<Json, Failure> {
    let (name, bytes) = match given.strip_prefix('@') {
        Some(path) => {
            let bytes = fs::read(Path::new(path)).map_err(|error| {
                format!("cannot read {path}: {error}\nhelp: name a file with JSON in it")
            })?;
            (path.to_owned(), bytes)
        }
        None if given == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes)?;
            ("standard input".to_owned(), bytes)
        }
        None => ("`--data`".to_owned(), given.as_bytes().to_vec()),
    };
    Json::parse(&bytes).map_err(|error| {
        format!("{name} is no JSON: {error}\nhelp: write a JSON object; `--data @FILE` reads one from a file, `--data -` from standard input")
            .into()
    })
}

/// The record that the publisher of the generated type would make, and what was asked for beside it.
fn record(known: &Known<'_>, json: &Json, arguments: &Emit) -> Result<OwnedRecord, Failure> {
    let (json, payload) = body::encode(known, json)?;
    let key = match &arguments.key {
        Some(key) => Key::from(key.clone()),
        None => key::of(known, &json)?,
    };
    let event = Untyped {
        payload: &payload,
        json: &json,
        key: &key,
    };
    // Where it goes does not matter yet.
    let bus = Bus::null().for_source(source(known, arguments));
    let made = UntypedPublisher::new(&bus, known.about).prepare(&event, &context()?)?;
    let made = made.as_record();
    let asked: Vec<Header<'_>> = arguments
        .header
        .iter()
        .map(|(name, value)| Header::new(name, value))
        .collect();
    let kept = made
        .headers
        .iter()
        .filter(|header| asked.iter().all(|other| other.name != header.name));
    let headers: Vec<Header<'_>> = kept.chain(asked.iter().copied()).collect();
    let record = Record {
        topic: arguments.topic.as_deref().unwrap_or(made.topic),
        headers: headers.as_slice().into(),
        ..made
    };
    Ok(record.owned())
}

fn source<'a>(known: &'a Known<'_>, arguments: &'a Emit) -> &'a str {
    let source = arguments.source.as_deref();
    source
        .or(known.event.service.as_deref())
        .unwrap_or("cargo-obs-codegen")
}

/// The trace that the shell is in.
fn context() -> Result<Context, Failure> {
    let mut carrier = Vec::new();
    for (variable, name) in [("TRACEPARENT", "traceparent"), ("TRACESTATE", "tracestate")] {
        if let Some(value) = fs::variable(variable).filter(|value| !value.is_empty()) {
            carrier.push((name, value));
        }
    }
    let context = Context::extract(&carrier);
    let named = carrier.iter().any(|(name, _)| *name == "traceparent");
    if named && context.span().is_none() {
        return Err(
            "TRACEPARENT does not say a trace\nhelp: it looks like `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`; unset it to begin a trace here"
                .into(),
        );
    }
    Ok(context)
}
