//! Defaults and constants of a schema as Rust expressions.

use super::paths::Scope;
use super::printer::{byte_lit, float_lit, lit};
use crate::model::{Dialect, Logical, Record, Shape, Type, TypeDef, TypeKind, Unknown};
use obs_schema::json::{Json, Number};

/// Defaults of fields of defaults may lead in circles; nothing sensible nests this deep.
const MAX_DEPTH: usize = 16;

/// The value as an expression of the type, or nothing when it has none that is worth writing.
pub(crate) fn expression(scope: &Scope<'_>, ty: &Type, value: &Json) -> Option<String> {
    of_type(scope, ty, value, MAX_DEPTH)
}

/// Whether making the value allocates nothing.
pub(crate) fn is_cheap(expression: &str) -> bool {
    !expression.contains("::from(") && !expression.contains("::Box::new(")
}

/// A value of a type for a reader to begin with, or nothing where none is at hand or cheap.
pub(crate) fn blank(scope: &Scope<'_>, ty: &Type) -> Option<String> {
    let obs = scope.obs;
    if ty.boxed {
        return None;
    }
    let text = match &ty.shape {
        Shape::Null => "()".to_owned(),
        Shape::Bool => "false".to_owned(),
        Shape::I32 | Shape::I64 | Shape::U64 => "0".to_owned(),
        Shape::F32 | Shape::F64 => "0.0".to_owned(),
        Shape::String => format!("{obs}::String::new()"),
        Shape::Bytes | Shape::Array(_) => format!("{obs}::Vec::new()"),
        // In a derive the map is of the user's choice.
        Shape::Map(_) | Shape::Logical(_) => format!("{obs}::Default::default()"),
        Shape::Option { .. } => format!("{obs}::None"),
        Shape::Json => format!("{obs}::Json::Null"),
        Shape::Named(id) => {
            let def = scope.model.get(*id);
            let path = scope.named_text(*id);
            match &def.kind {
                _ if def.extern_path.is_some() => return None,
                TypeKind::Enum(symbols) => format!("{path}::{}", symbols.symbols.first()?.ident),
                TypeKind::Fixed { size } => format!("{path}([0; {size}])"),
                TypeKind::Newtype(inner) => format!("{path}({})", blank(scope, inner)?),
                TypeKind::Record(_) | TypeKind::Union(_) => return None,
            }
        }
        Shape::Tuple(_) | Shape::Rust(_) => return None,
    };
    Some(match ty.sensitive {
        Some(sensitivity) => format!("{obs}::{}::new({text})", super::paths::wrapper(sensitivity)),
        None => text,
    })
}

fn of_type(scope: &Scope<'_>, ty: &Type, value: &Json, depth: usize) -> Option<String> {
    let obs = scope.obs;
    let mut text = of_shape(scope, &ty.shape, value, depth.checked_sub(1)?)?;
    if let Some(sensitivity) = ty.sensitive {
        text = format!("{obs}::{}::new({text})", super::paths::wrapper(sensitivity));
    }
    if ty.boxed {
        text = format!("{obs}::Box::new({text})");
    }
    Some(text)
}

fn of_shape(scope: &Scope<'_>, shape: &Shape, value: &Json, depth: usize) -> Option<String> {
    let obs = scope.obs;
    match (shape, value) {
        (Shape::Null, Json::Null) => Some("()".to_owned()),
        (Shape::Bool, Json::Bool(value)) => Some(value.to_string()),
        (Shape::I32, Json::Number(number)) => {
            Some(i32::try_from(number.as_i64()?).ok()?.to_string())
        }
        (Shape::I64, Json::Number(number)) => Some(number.as_i64()?.to_string()),
        (Shape::U64, Json::Number(Number::UInt(value))) => Some(value.to_string()),
        (Shape::U64, Json::Number(number)) => {
            Some(u64::try_from(number.as_i64()?).ok()?.to_string())
        }
        (Shape::F64, Json::Number(number)) => finite(number.as_f64()),
        (Shape::F32, Json::Number(number)) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the schema's number, as a float of the schema"
            )]
            let value = number.as_f64() as f32;
            value.is_finite().then(|| format!("{value:?}"))
        }
        (Shape::Bytes, Json::String(text)) => {
            let bytes = latin1(text)?;
            if bytes.is_empty() {
                return Some(format!("{obs}::Vec::new()"));
            }
            Some(format!("{obs}::Vec::from(*{})", byte_lit(&bytes)))
        }
        (Shape::String, Json::String(text)) if text.is_empty() => {
            Some(format!("{obs}::String::new()"))
        }
        (Shape::String, Json::String(text)) => Some(format!("{obs}::String::from({})", lit(text))),
        (Shape::Array(_), Json::Array(items)) if items.is_empty() => {
            Some(format!("{obs}::Vec::new()"))
        }
        (Shape::Array(item), Json::Array(items)) => {
            let items = each(items.iter(), |value| of_type(scope, item, value, depth))?;
            Some(format!("{obs}::Vec::from([{}])", items.join(", ")))
        }
        (Shape::Map(_), Json::Object(members)) if members.is_empty() => {
            Some(format!("{obs}::{}::new()", scope.map_name()))
        }
        (Shape::Map(ty), Json::Object(members)) => {
            let members = each(members.iter(), |(name, value)| {
                let value = of_type(scope, ty, value, depth)?;
                Some(format!("({obs}::String::from({}), {value})", lit(name)))
            })?;
            Some(format!(
                "{obs}::{}::from([{}])",
                scope.map_name(),
                members.join(", ")
            ))
        }
        (Shape::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let items = each(types.iter().zip(items), |(ty, value)| {
                of_type(scope, ty, value, depth)
            })?;
            Some(if items.len() == 1 {
                format!("({},)", items[0])
            } else {
                format!("({})", items.join(", "))
            })
        }
        (Shape::Option { .. }, Json::Null) => Some(format!("{obs}::None")),
        (Shape::Option { inner, .. }, value) => Some(format!(
            "{obs}::Some({})",
            of_type(scope, inner, value, depth)?
        )),
        (Shape::Named(id), value) => {
            let ty = scope.model.get(*id);
            if ty.extern_path.is_some() || ty.dialect == Dialect::Rust {
                return None;
            }
            of_named(scope, ty, &scope.named_text(*id), value, depth)
        }
        (Shape::Logical(logical), Json::Number(number)) => logical_number(scope, *logical, number),
        (Shape::Json, Json::Null) => Some(format!("{obs}::Json::Null")),
        (Shape::Json, Json::Bool(value)) => Some(format!("{obs}::Json::Bool({value})")),
        (Shape::Json, Json::String(text)) => Some(format!(
            "{obs}::Json::String({obs}::String::from({}))",
            lit(text)
        )),
        _ => None,
    }
}

fn of_named(
    scope: &Scope<'_>,
    ty: &TypeDef,
    path: &str,
    value: &Json,
    depth: usize,
) -> Option<String> {
    match (&ty.kind, value) {
        (TypeKind::Enum(symbols), Json::String(text)) => {
            let symbol = symbols.symbols.iter().find(|symbol| symbol.wire == *text)?;
            Some(format!("{path}::{}", symbol.ident))
        }
        (TypeKind::Fixed { size }, Json::String(text)) => {
            let bytes = latin1(text)?;
            (bytes.len() == *size).then(|| format!("{path}(*{})", byte_lit(&bytes)))
        }
        (TypeKind::Newtype(inner), value) => {
            Some(format!("{path}({})", of_type(scope, inner, value, depth)?))
        }
        (TypeKind::Union(union), value) => union.branches.iter().find_map(|branch| {
            let value = of_type(scope, &branch.ty, value, depth)?;
            Some(format!("{path}::{}({value})", branch.ident))
        }),
        (TypeKind::Record(record), Json::Object(members)) => {
            of_record(scope, ty.dialect, record, path, members, depth)
        }
        _ => None,
    }
}

fn of_record(
    scope: &Scope<'_>,
    dialect: Dialect,
    record: &Record,
    path: &str,
    members: &[(String, Json)],
    depth: usize,
) -> Option<String> {
    let known = |name: &String| record.fields.iter().any(|field| field.wire == *name);
    if !members.iter().all(|(name, _)| known(name)) {
        return None;
    }
    let mut parts = each(record.fields.iter(), |field| {
        let given = members
            .iter()
            .find(|(name, _)| *name == field.wire)
            .map(|(_, value)| value);
        let value = match given {
            Some(value) => {
                let value = of_type(scope, &field.ty, value, depth)?;
                if field.optional {
                    format!("{}::Some({value})", scope.obs)
                } else {
                    value
                }
            }
            None if field.optional => format!("{}::None", scope.obs),
            // Avro: a field's own default stands in for a member that a default leaves out.
            None if dialect == Dialect::Avro => {
                of_type(scope, &field.ty, field.default.as_ref()?, depth)?
            }
            None => return None,
        };
        Some(format!("{}: {value}", field.ident))
    })?;
    if let Unknown::Keep(_) = record.unknown {
        parts.push(format!(
            "{}: {}::Default::default()",
            record.unknown_ident, scope.obs
        ));
    }
    Some(format!("{path} {{ {} }}", parts.join(", ")))
}

/// Logical types on int and long are their number in a wrapper.
fn logical_number(scope: &Scope<'_>, logical: Logical, number: &Number) -> Option<String> {
    let value = number.as_i64()?;
    match logical {
        Logical::Decimal { .. }
        | Logical::BigDecimal
        | Logical::Uuid { .. }
        | Logical::Duration => return None,
        Logical::Date | Logical::TimeMillis => {
            i32::try_from(value).ok()?;
        }
        _ => {}
    }
    Some(format!(
        "{}::types::{}({value})",
        scope.obs,
        super::paths::logical_name(logical)
    ))
}

fn finite(value: f64) -> Option<String> {
    value.is_finite().then(|| float_lit(value))
}

/// Avro writes bytes in JSON as characters U+0000 to U+00FF.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect()
}

fn each<I: Iterator>(
    items: I,
    mut text: impl FnMut(I::Item) -> Option<String>,
) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for item in items {
        texts.push(text(item)?);
    }
    Some(texts)
}
