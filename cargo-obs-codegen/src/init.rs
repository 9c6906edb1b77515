//! `init` and `new`: a package that works at once, and one more event.

use crate::cli::{Cli, Dialect, Init, New};
use crate::package::{self, Failure};
use crate::report;
use obs_codegen::fs;
use obs_model::resolve::type_ident;
use std::path::Path;

/// `init`
pub(crate) fn run(cli: &Cli, arguments: &Init) -> Result<bool, Failure> {
    let root = package::root(cli)?;
    fresh(cli, &root, "obs.toml", &settings())?;
    fresh(
        cli,
        &root,
        "specs/user-registered.v1.0.0.avsc",
        &spec("user.registered", Dialect::Avro),
    )?;
    if arguments.checked_in {
        report::note(
            cli,
            "now: cargo obs-codegen generate, and `mod events;` in your code",
        );
    } else {
        fresh(
            cli,
            &root,
            "build.rs",
            "fn main() {\n    obs_codegen::build(\"specs\");\n}\n",
        )?;
        report::note(
            cli,
            "now: cargo add obs-runtime && cargo add --build obs-codegen, and in your code\n\n    mod events {\n        obs_runtime::include_events!();\n    }\n",
        );
    }
    Ok(true)
}

/// `new`
pub(crate) fn new_event(cli: &Cli, arguments: &New) -> Result<bool, Failure> {
    let event = &arguments.event;
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if !event.split('.').all(word) {
        return Err(format!("`{event}` is no event type\nhelp: write words in lower case with dots between, such as user.registered").into());
    }
    let ending = match arguments.dialect {
        Dialect::Avro => "avsc",
        Dialect::JsonSchema => "schema.json",
    };
    let name = format!("specs/{}.v1.0.0.{ending}", event.replace(['.', '_'], "-"));
    fresh(
        cli,
        &package::root(cli)?,
        &name,
        &spec(event, arguments.dialect),
    )?;
    Ok(true)
}

/// Writes a file that is not there yet; what is there stays.
fn fresh(cli: &Cli, root: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(name);
    if path.exists() {
        report::note(cli, &format!("kept {name}"));
    } else {
        fs::write_if_changed(&path, text).map_err(package::unwritable)?;
        report::note(cli, &format!("wrote {name}"));
    }
    Ok(())
}

fn settings() -> String {
    "# Where the specs are, and how they become code. `cargo obs-codegen schema obs-toml` describes every key.\n\
     specs = [\"specs\"]\n\n\
     [build]\n\
     # serde = true      # Serialize and Deserialize, save for types with sensitive fields\n\
     # borrowed = true   # twins that decode Avro without copying text\n\n\
     [defaults]\n\
     owner = \"my-team\"\n"
        .to_owned()
}

fn spec(event: &str, dialect: Dialect) -> String {
    let name = type_ident(event);
    match dialect {
        Dialect::Avro => format!(
            r#"{{
  "type": "record", "name": "{name}", "namespace": "events",
  "doc": "What happened, in a sentence.",
  "x-obs": {{ "event": "{event}" }},
  "fields": [
    {{ "name": "id", "type": "string", "x-obs": {{ "key": true }} }},
    {{ "name": "at", "type": {{ "type": "long", "logicalType": "timestamp-micros" }} }},
    {{ "name": "email", "type": ["null", "string"], "default": null, "x-obs": {{ "pii": "hash" }} }}
  ]
}}
"#
        ),
        Dialect::JsonSchema => format!(
            r#"{{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "{name}",
  "description": "What happened, in a sentence.",
  "x-obs": {{ "event": "{event}" }},
  "type": "object",
  "additionalProperties": false,
  "required": ["id"],
  "properties": {{
    "id": {{ "type": "string", "minLength": 1, "x-obs": {{ "key": true }} }},
    "email": {{ "type": ["string", "null"], "format": "email", "x-obs": {{ "pii": "hash" }} }}
  }}
}}
"#
        ),
    }
}
