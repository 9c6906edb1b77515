//! `encode`, `decode` and `validate`: bodies by schema, without generated types.

use crate::cli::{Cli, Data};
use crate::package::{self, Failure};
use crate::report;
use obs_model::model::{Dialect, Event};
use obs_schema::avro::dynamic::{self, Options};
use obs_schema::json::Json;
use obs_schema::json_schema::{Validator, ValidatorOptions};
use obs_schema::{avro, framing};
use std::io::Read;

/// `encode`
pub(crate) fn encode(cli: &Cli, arguments: &Data) -> Result<bool, Failure> {
    let packages = package::all(cli)?;
    let (_, event) = package::event(&packages, &arguments.event)?;
    let json = input_json()?;
    let body = match event.dialect {
        Dialect::Avro => {
            let set = set(event)?;
            let mut out = Vec::new();
            if arguments.framed {
                framing::Framing::SingleObject(event.rabin).write(&mut out);
            }
            let violations = dynamic::validate(schema(&set)?, &json, &Options::default());
            if !violations.is_empty() {
                return Err(listed(&violations).into());
            }
            dynamic::encode(schema(&set)?, &json, &Options::default(), &mut out)?;
            out
        }
        Dialect::JsonSchema | Dialect::Rust => json.to_string().into_bytes(),
    };
    report::say(body)?;
    Ok(true)
}

/// `decode`
pub(crate) fn decode(cli: &Cli, arguments: &Data) -> Result<bool, Failure> {
    let packages = package::all(cli)?;
    let (_, event) = package::event(&packages, &arguments.event)?;
    let body = input()?;
    let body = if arguments.framed {
        framing::Framing::detect(&body).1
    } else {
        &body
    };
    let json = match event.dialect {
        Dialect::Avro => {
            let set = set(event)?;
            dynamic::decode(schema(&set)?, body, &Options::default())?
        }
        Dialect::JsonSchema | Dialect::Rust => Json::parse(body)?,
    };
    report::say(format!("{json}\n"))?;
    Ok(true)
}

/// `validate`
pub(crate) fn validate(cli: &Cli, arguments: &Data) -> Result<bool, Failure> {
    let packages = package::all(cli)?;
    let (_, event) = package::event(&packages, &arguments.event)?;
    let violations = violations(event, &input_json()?)?;
    for violation in &violations {
        report::say(format!("{violation}\n"))?;
    }
    Ok(violations.is_empty())
}

/// What of a payload its schema does not take.
pub(crate) fn violations(event: &Event, json: &Json) -> Result<Vec<String>, Failure> {
    Ok(match event.dialect {
        Dialect::Avro => {
            let set = set(event)?;
            let violations = dynamic::validate(schema(&set)?, json, &Options::default());
            violations.iter().map(ToString::to_string).collect()
        }
        Dialect::JsonSchema | Dialect::Rust => {
            let validator = Validator::from_text(&event.schema, ValidatorOptions::default())
                .map_err(|_| "the schema cannot be read by itself")?;
            validator
                .validate(json)
                .iter()
                .map(ToString::to_string)
                .collect()
        }
    })
}

fn set(event: &Event) -> Result<avro::Set, Failure> {
    avro::parse::read_text(&event.schema).map_err(|_| "the schema cannot be read by itself".into())
}

fn schema(set: &avro::Set) -> Result<avro::Schema<'_>, Failure> {
    avro::Schema::of_set(set).ok_or_else(|| "the schema stands for nothing".into())
}

fn input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn input_json() -> Result<Json, Failure> {
    Json::parse(&input()?).map_err(|error| format!("standard input is no JSON: {error}").into())
}

fn listed(violations: &[impl ToString]) -> String {
    violations
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
