//! A Draft as a few readable lines.

use crate::draft::Draft;
use crate::model::{
    Assertion, CheckedBy, Sensitivity, Shape, Type, TypeDef, TypeId, TypeKind, Unknown,
};
use std::fmt::Write;

/// One line a type, then one for each event.
pub(super) fn draft(draft: &Draft) -> String {
    let mut out = String::new();
    for def in &draft.types {
        let _ = writeln!(out, "{}", definition(draft, def));
    }
    for event in &draft.events {
        let checked = match event.checked_by {
            CheckedBy::Nothing => "nothing",
            CheckedBy::Code => "code",
            CheckedBy::Schema => "schema",
        };
        let what = if event.referenced { "part" } else { "event" };
        let _ = writeln!(out, "{what} {} checked by {checked}", event.name);
    }
    out
}

fn name(draft: &Draft, id: TypeId) -> String {
    let name = &draft.types[id.0 as usize].name;
    let mut out = String::new();
    for module in &name.module {
        let _ = write!(out, "{module}::");
    }
    out + &name.ident
}

fn definition(draft: &Draft, def: &TypeDef) -> String {
    let mut out = def
        .name
        .module
        .iter()
        .fold(String::new(), |out, module| out + module + "::");
    out.push_str(&def.name.ident);
    match &def.kind {
        TypeKind::Record(record) => {
            let mut members: Vec<String> = record
                .fields
                .iter()
                .map(|field| {
                    let sign = if field.optional { "?" } else { "" };
                    format!("{}{sign}: {}", field.wire, ty(draft, &field.ty))
                })
                .collect();
            match &record.unknown {
                Unknown::Refuse => {}
                Unknown::Skip => members.push("..".to_owned()),
                Unknown::Keep(rest) => members.push(format!("..{}", ty(draft, rest))),
            }
            let _ = write!(
                out,
                " {{{}}}{}",
                members.join(", "),
                assertions(&record.assertions)
            );
        }
        TypeKind::Enum(enum_) => {
            let symbols: Vec<&str> = enum_.symbols.iter().map(|s| s.wire.as_str()).collect();
            let _ = write!(out, " = {}", symbols.join(" | "));
        }
        TypeKind::Union(union) => {
            let branches: Vec<String> = union
                .branches
                .iter()
                .map(|branch| {
                    let tag = branch.tag.as_ref();
                    let tag =
                        tag.map_or(String::new(), |(name, value)| format!("[{name}={value}]"));
                    format!("{}{tag} {}", branch.wire, ty(draft, &branch.ty))
                })
                .collect();
            let _ = write!(out, " = {}", branches.join(" / "));
        }
        TypeKind::Newtype(inner) => {
            let _ = write!(out, "({})", ty(draft, inner));
        }
        TypeKind::Fixed { size } => {
            let _ = write!(out, "[u8; {size}]");
        }
    }
    out
}

pub(super) fn ty(draft: &Draft, ty_: &Type) -> String {
    let shape = match &ty_.shape {
        Shape::Null => "()".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::I64 => "i64".to_owned(),
        Shape::U64 => "u64".to_owned(),
        Shape::F64 => "f64".to_owned(),
        Shape::String => "String".to_owned(),
        Shape::Json => "Json".to_owned(),
        Shape::Array(inner) => format!("[{}]", ty(draft, inner)),
        Shape::Map(inner) => format!("Map<{}>", ty(draft, inner)),
        Shape::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| ty(draft, item)).collect();
            format!("({})", items.join(", "))
        }
        Shape::Option { inner, .. } => format!("Option<{}>", ty(draft, inner)),
        Shape::Named(id) => name(draft, *id),
        other => format!("{other:?}"),
    };
    let text = shape + &assertions(&ty_.assertions);
    match ty_.sensitive {
        Some(Sensitivity::Pii) => format!("Pii<{text}>"),
        Some(Sensitivity::Secret) => format!("Secret<{text}>"),
        None => text,
    }
}

fn assertions(assertions: &[Assertion]) -> String {
    if assertions.is_empty() {
        return String::new();
    }
    let each = assertions.iter().map(|assertion| match assertion {
        Assertion::MinLength(n) => format!("length>={n}"),
        Assertion::MaxLength(n) => format!("length<={n}"),
        Assertion::Pattern(text) => format!("/{text}/"),
        Assertion::Format(name) => format!("format {name}"),
        Assertion::Minimum(n) => format!(">={n}"),
        Assertion::Maximum(n) => format!("<={n}"),
        Assertion::ExclusiveMinimum(n) => format!(">{n}"),
        Assertion::ExclusiveMaximum(n) => format!("<{n}"),
        Assertion::MultipleOf(n) => format!("multiple of {n}"),
        Assertion::MinItems(n) => format!("items>={n}"),
        Assertion::MaxItems(n) => format!("items<={n}"),
        Assertion::UniqueItems => "unique".to_owned(),
        Assertion::MinProperties(n) => format!("members>={n}"),
        Assertion::MaxProperties(n) => format!("members<={n}"),
        Assertion::Const(value) => format!("={value}"),
        Assertion::Enum(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("one of {}", values.join(","))
        }
    });
    format!("({})", each.collect::<Vec<_>>().join(", "))
}
