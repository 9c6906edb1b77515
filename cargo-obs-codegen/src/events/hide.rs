//! What of a payload may be seen: everything but what a spec marks as personal or secret.

use obs_model::model::{Dialect, Model, Record, Shape, Type, TypeDef, TypeKind, Unknown};
use obs_schema::json::Json;

/// What stands for what is not shown.
const STARS: &str = "***";

fn stars() -> Json {
    Json::String(STARS.to_owned())
}

/// A value of a type without what is sensitive in it. It need not be a value of that type: what has no place in it is
/// not shown either, for nobody has said what it is.
pub(super) fn hidden(model: &Model, def: &TypeDef, value: &Json) -> Json {
    if !def.sensitive {
        return value.clone();
    }
    match (&def.kind, value) {
        (_, Json::Null) => Json::Null,
        (TypeKind::Record(record), Json::Object(members)) => {
            let hide =
                |(name, value): &(String, Json)| (name.clone(), member(model, record, name, value));
            Json::Object(members.iter().map(hide).collect())
        }
        (TypeKind::Newtype(inner), value) => shown(model, inner, value),
        // In the JSON of Avro the branch has its name around it.
        (TypeKind::Union(union), Json::Object(members))
            if members.len() == 1 && def.dialect == Dialect::Avro =>
        {
            let (name, value) = &members[0];
            match union.branches.iter().find(|branch| branch.wire == *name) {
                Some(branch) => Json::Object(vec![(name.clone(), shown(model, &branch.ty, value))]),
                None => stars(),
            }
        }
        _ => stars(),
    }
}

fn member(model: &Model, record: &Record, name: &str, value: &Json) -> Json {
    let field = record.fields.iter().find(|field| field.wire == name);
    match (field, &record.unknown) {
        (Some(field), _) if field.obs.pii.is_some() || field.obs.secret => guarded(value),
        (Some(field), _) => shown(model, &field.ty, value),
        (None, Unknown::Keep(ty)) => match ty.shape {
            Shape::Json => stars(),
            _ => shown(model, ty, value),
        },
        (None, _) => stars(),
    }
}

/// That something is absent is no secret.
fn guarded(value: &Json) -> Json {
    match value {
        Json::Null => Json::Null,
        _ => stars(),
    }
}

fn shown(model: &Model, ty: &Type, value: &Json) -> Json {
    if ty.sensitive.is_some() {
        return guarded(value);
    }
    match (&ty.shape, value) {
        (Shape::Named(id), value) => hidden(model, model.get(*id), value),
        (Shape::Option { inner, .. }, value) => shown(model, inner, value),
        (Shape::Array(inner), Json::Array(items)) => {
            Json::Array(items.iter().map(|item| shown(model, inner, item)).collect())
        }
        (Shape::Map(inner), Json::Object(members)) => {
            let hide = |(name, value): &(String, Json)| (name.clone(), shown(model, inner, value));
            Json::Object(members.iter().map(hide).collect())
        }
        (Shape::Tuple(types), Json::Array(items)) => {
            let each = items.iter().enumerate();
            let hide = |(at, item): (usize, &Json)| {
                types
                    .get(at)
                    .map_or_else(stars, |ty| shown(model, ty, item))
            };
            Json::Array(each.map(hide).collect())
        }
        // A list where text was due, and the like: it is not what the spec speaks of.
        (Shape::Array(_) | Shape::Map(_) | Shape::Tuple(_), _) => guarded(value),
        (_, Json::Array(_) | Json::Object(_)) if ty.shape != Shape::Json => stars(),
        _ => value.clone(),
    }
}

/// Text that a terminal does nothing with but show it: what would move its cursor, turn letters round or end the line
/// is written as JSON writes it.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let formats = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{61c}');
        if c.is_control() || formats {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_terminal_is_told_nothing() {
        for (text, shown) in [
            ("plain ✓ ünï", "plain ✓ ünï"),
            ("\x1b[2J\x07", "\\u001b[2J\\u0007"),
            ("a\u{9b}31m\u{7f}", "a\\u009b31m\\u007f"),
            ("one\ntwo\r", "one\\u000atwo\\u000d"),
            ("abc\u{202e}fed", "abc\\u202efed"),
            ("\u{feff}\u{200b}", "\\ufeff\\u200b"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
