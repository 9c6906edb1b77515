//! `x-obs` on a field.

use super::value::{boolean, listed, object, text, texts, unknown_key, word, wrong_kind};
use crate::draft::{FieldKeys, LabelKey, Located};
use crate::model::Redaction;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::Loc;

/// Every key a field may have.
pub const KEYS: &[&str] = &[
    "key",
    "attr",
    "label",
    "top",
    "log",
    "pii",
    "secret",
    "tenant",
    "correlation",
];

const REDACTIONS: &[(&str, Redaction)] = &[
    ("drop", Redaction::Drop),
    ("mask", Redaction::Mask),
    ("hash", Redaction::Hash),
    ("truncate", Redaction::Truncate),
];

pub(super) fn read(cx: &mut Diagnostics, node: &Node, keys: &mut FieldKeys) {
    let help = "write `\"x-obs\": { … }`";
    let Some(members) = object(cx, "`x-obs`", node, help) else {
        return;
    };
    keys.loc = keys.loc.or(Some(node.loc));
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "key" => mark(cx, member, &mut keys.key),
            "log" => mark(cx, member, &mut keys.log),
            "secret" => mark(cx, member, &mut keys.secret),
            "tenant" => mark(cx, member, &mut keys.tenant),
            "correlation" => mark(cx, member, &mut keys.correlation),
            "attr" => attr(cx, value, keys),
            "pii" => pii(cx, value, keys),
            "label" => label(cx, member, keys),
            "top" => {}
            _ => unknown_key(cx, member, "on a field", KEYS),
        }
    }
    // `top` may stand beside `label` or inside it; beside it, it is read when `label` is known, whatever their order.
    if let Some(member) = node.member("top") {
        let Some(top) = top(cx, &member.value) else {
            return;
        };
        match &mut keys.label {
            Some(label) => label.value.top = top,
            None => cx.push(
                Diagnostic::error(
                    "misplaced-key",
                    member.name_loc,
                    "`top` stands without `label`",
                )
                .help("add `label`, or remove `top`"),
            ),
        }
    }
}

/// `key: true`. `false` takes the mark away, which an overlay may want.
fn mark(cx: &mut Diagnostics, member: &Member, slot: &mut Option<Loc>) {
    if let Some(value) = boolean(cx, &format!("`{}`", member.name), &member.value) {
        *slot = value.then_some(member.name_loc.to(member.value.loc));
    }
}

fn attr(cx: &mut Diagnostics, node: &Node, keys: &mut FieldKeys) {
    match node.value {
        Value::Bool(false) => keys.attr = None,
        Value::Bool(true) => {
            let help = "name the span attribute: `\"attr\": \"user.id\"`";
            wrong_kind(cx, "`attr`", node, "a string", help);
        }
        _ => {
            let Some(name) = text(cx, "`attr`", node) else {
                return;
            };
            let parts = || name.value.split('.');
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if parts().all(|part| !part.is_empty() && part.chars().all(plain)) {
                keys.attr = Some(name);
                return;
            }
            let message = format!("`{}` is no name for a span attribute", name.value);
            let help = "write words joined by dots: `user.id`";
            cx.push(Diagnostic::error("invalid-attr-name", name.loc, message).help(help));
        }
    }
}

fn pii(cx: &mut Diagnostics, node: &Node, keys: &mut FieldKeys) {
    match node.value {
        Value::Bool(false) => keys.pii = None,
        Value::Bool(true) => {
            let words = listed(REDACTIONS.iter().map(|(word, _)| *word));
            let help = format!("say how it may appear in telemetry: {words}");
            wrong_kind(cx, "`pii`", node, "a word", &help);
        }
        _ => keys.pii = word(cx, "`pii`", node, REDACTIONS).or(keys.pii.take()),
    }
}

fn label(cx: &mut Diagnostics, member: &Member, keys: &mut FieldKeys) {
    let node = &member.value;
    let loc = member.name_loc.to(node.loc);
    match &node.value {
        Value::Bool(false) => keys.label = None,
        Value::Bool(true) => {
            keys.label = Some(Located {
                value: LabelKey::default(),
                loc,
            });
        }
        Value::Object(members) => {
            let mut label = LabelKey::default();
            for member in members {
                match member.name.as_str() {
                    "name" => label.name = label_name(cx, "`label.name`", &member.value),
                    "top" => label.top = top(cx, &member.value).unwrap_or_default(),
                    _ => unknown_key(cx, member, "in `label`", &["name", "top"]),
                }
            }
            keys.label = Some(Located { value: label, loc });
        }
        _ => {
            let help = "write `true`, or `{ \"name\": …, \"top\": [ … ] }`";
            wrong_kind(cx, "`label`", node, "`true` or an object", help);
        }
    }
}

/// A name Prometheus takes for a label.
pub(super) fn label_name(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<String> {
    let text = text(cx, name, node)?;
    is_label_name(cx, &text.value, text.loc).then_some(text.value)
}

/// Whether it is one; complains when not.
pub(crate) fn is_label_name(cx: &mut Diagnostics, name: &str, loc: Loc) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let first = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain && first && !name.starts_with("__") {
        return true;
    }
    let message = format!("`{name}` is no name for a metric label");
    let help = "write letters, digits and underscores, a letter first";
    cx.push(Diagnostic::error("invalid-label-name", loc, message).help(help));
    false
}

/// The values a string label keeps.
fn top(cx: &mut Diagnostics, node: &Node) -> Option<Vec<String>> {
    let values = texts(cx, "`top`", node)?;
    if values.is_empty() && node.as_array().is_some_and(<[Node]>::is_empty) {
        let help = "list the values worth a series of their own; the rest becomes `other`";
        cx.push(Diagnostic::error("empty-value", node.loc, "`top` is empty").help(help));
    }
    let mut out = Vec::with_capacity(values.len());
    for value in values {
        if value.value == "other" {
            let message = "`top` lists `other`, which is there anyway";
            let help = "remove it; values that are not listed become `other`";
            cx.push(Diagnostic::error("duplicate-value", value.loc, message).help(help));
            continue;
        }
        out.push(value.value);
    }
    Some(out)
}
