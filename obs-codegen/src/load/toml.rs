//! TOML to the located tree, for `obs.toml`.

use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Number;
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::{FileId, Loc};
use toml_span::value::ValueInner;

/// Reads a TOML text.
pub fn parse(cx: &mut Diagnostics, file: FileId, text: &str) -> Option<Node> {
    match toml_span::parse(text) {
        Ok(value) => Some(convert(file, value)),
        Err(error) => {
            let loc = Loc::new(file, error.span.start, error.span.end);
            cx.push(
                Diagnostic::error("toml-syntax", loc, error.to_string())
                    .help("correct the line; see toml.io for the syntax"),
            );
            None
        }
    }
}

fn convert(file: FileId, mut value: toml_span::Value<'_>) -> Node {
    let loc = Loc::new(file, value.span.start, value.span.end);
    let value = match value.take() {
        ValueInner::String(text) => Value::String(text.into_owned()),
        ValueInner::Integer(number) => Value::Number(Number::Int(number)),
        ValueInner::Float(number) => Value::Number(Number::Float(number)),
        ValueInner::Boolean(value) => Value::Bool(value),
        ValueInner::Array(items) => {
            Value::Array(items.into_iter().map(|item| convert(file, item)).collect())
        }
        ValueInner::Table(table) => {
            let mut members: Vec<Member> = table
                .into_iter()
                .map(|(key, value)| Member {
                    name: key.name.into_owned(),
                    name_loc: Loc::new(file, key.span.start, key.span.end),
                    value: convert(file, value),
                })
                .collect();
            members.sort_by_key(|member| member.name_loc.start);
            Value::Object(members)
        }
    };
    Node { loc, value }
}
