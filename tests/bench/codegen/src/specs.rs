//! Specs of ten fields, as many as wanted.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Every tenth is JSON Schema, the others are Avro.
pub fn mixed(folder: &Path, count: usize) -> io::Result<()> {
    write(folder, count, |at| {
        if at % 10 == 9 {
            (format!("event{at}.schema.json"), json_schema(at))
        } else {
            (format!("event{at}.avsc"), avro(at))
        }
    })
}

/// Flat Avro events: five texts, two doubles of which one is optional, an int, a long, a boolean.
pub fn flat(folder: &Path, count: usize) -> io::Result<()> {
    write(folder, count, |at| {
        (format!("event{at}.avsc"), flat_avro(at))
    })
}

/// The same as JSON Schemas, open and with constraints.
pub fn flat_json(folder: &Path, count: usize) -> io::Result<()> {
    write(folder, count, |at| {
        (format!("event{at}.schema.json"), json_schema(at))
    })
}

fn write(folder: &Path, count: usize, spec: impl Fn(usize) -> (String, String)) -> io::Result<()> {
    for at in 0..count {
        let (name, text) = spec(at);
        // Folders as people have them: one for each team.
        let folder = folder.join(format!("team{}", at % 16));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn record(at: usize, fields: &[(&str, &str)]) -> String {
    let mut text = format!(
        "{{\n  \"type\": \"record\",\n  \"name\": \"Event{at}Happened\",\n  \"namespace\": \"bench.team{}\",\n  \"doc\": \"What happened, number {at}.\",\n  \"x-obs\": {{ \"owner\": \"team{}\" }},\n  \"fields\": [",
        at % 16,
        at % 16
    );
    for (index, (name, ty)) in fields.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}\n    {{ \"name\": \"{name}\", \"type\": {ty} }}"
        );
    }
    text + "\n  ]\n}\n"
}

fn avro(at: usize) -> String {
    let kind = format!(
        r#"{{ "type": "enum", "name": "Event{at}Kind", "symbols": ["NEW", "CHANGED", "GONE"], "default": "NEW" }}"#
    );
    record(
        at,
        &[
            ("id", r#"{ "type": "string", "logicalType": "uuid" }"#),
            (
                "happenedAt",
                r#"{ "type": "long", "logicalType": "timestamp-millis" }"#,
            ),
            ("customer", r#""string""#),
            ("note", r#"["null", "string"], "default": null"#),
            (
                "amount",
                r#"{ "type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2 }"#,
            ),
            ("count", r#""int", "default": 1"#),
            ("weight", r#"["null", "double"], "default": null"#),
            (
                "tags",
                r#"{ "type": "array", "items": "string" }, "default": []"#,
            ),
            (
                "labels",
                r#"{ "type": "map", "values": "string" }, "default": {}"#,
            ),
            ("kind", &kind),
        ],
    )
}

fn flat_avro(at: usize) -> String {
    record(
        at,
        &[
            ("device", r#""string""#),
            ("site", r#""string""#),
            ("sensor", r#""string""#),
            ("unit", r#""string""#),
            ("firmware", r#""string""#),
            ("value", r#""double""#),
            ("previous", r#"["null", "double"], "default": null"#),
            ("sequence", r#""int""#),
            ("takenAt", r#""long""#),
            ("valid", r#""boolean""#),
        ],
    )
}

fn json_schema(at: usize) -> String {
    format!(
        r#"{{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Event{at}Happened",
  "description": "What happened, number {at}.",
  "x-obs": {{ "owner": "team{}" }},
  "type": "object",
  "required": ["id", "happenedAt", "customer", "amount", "kind"],
  "properties": {{
    "id": {{ "type": "string", "format": "uuid" }},
    "happenedAt": {{ "type": "string", "format": "date-time" }},
    "customer": {{ "type": "string", "minLength": 1, "maxLength": 64 }},
    "note": {{ "type": ["string", "null"] }},
    "amount": {{ "type": "number", "minimum": 0 }},
    "count": {{ "type": "integer", "minimum": 1, "default": 1 }},
    "weight": {{ "type": "number" }},
    "tags": {{ "type": "array", "items": {{ "type": "string" }}, "maxItems": 8 }},
    "labels": {{ "type": "object", "additionalProperties": {{ "type": "string" }} }},
    "kind": {{ "enum": ["new", "changed", "gone"] }}
  }}
}}
"#,
        at % 16
    )
}
