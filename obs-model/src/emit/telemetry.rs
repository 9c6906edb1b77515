//! What an event tells beside its payload: span attributes, log fields, tenant, correlation, and its metric series.
//!
//! Generated code names fields and hands over values; what may be said of each, the runtime decides by the
//! descriptor. Numbers in calls are places among the descriptor's fields.

use super::paths::Scope;
use super::printer::{Code, lit};
use super::value::Value;
use crate::model::{Field, Label, Shape, Type, TypeKind};

/// The methods `tell` and `series`, where there is anything to tell or to label.
pub(super) fn methods(code: &mut Code, scope: &Scope<'_>, marked: &[&Field]) {
    let obs = scope.obs;
    let told: Vec<String> = (0..)
        .zip(marked)
        .filter(|(_, field)| {
            let keys = &field.obs;
            let asked = keys.attr.is_some() || keys.log || keys.tenant || keys.correlation;
            asked && !keys.secret
        })
        .filter_map(|(at, field)| tell(scope, at, field))
        .collect();
    if !told.is_empty() {
        code.blank();
        code.open(format_args!("fn tell(&self, to: &mut {obs}::Tell<'_>)"));
        for line in told {
            code.raw(&line);
        }
        code.close();
    }
    let labels: Vec<(&Field, &Label)> = marked
        .iter()
        .filter_map(|field| Some((*field, field.obs.label.as_ref()?)))
        .collect();
    if labels.is_empty() {
        return;
    }
    code.blank();
    code.open(format_args!("fn series(&self) -> ::core::primitive::usize"));
    let mut sum = String::new();
    for (field, label) in labels {
        let (index, count) = index(scope, "self", field, label);
        sum = if sum.is_empty() {
            index
        } else {
            format!("({sum}) * {count} + {index}")
        };
    }
    code.raw(&sum);
    code.close();
}

/// A call that tells one field.
fn tell(scope: &Scope<'_>, at: usize, field: &Field) -> Option<String> {
    let obs = scope.obs;
    let place = Value::place(format!("self.{}", field.ident));
    let (optional, ty, value) = open(field, &place);
    if let Some(plain) = plain(scope, ty, &value) {
        let call = format!("to.field({at}, {plain});");
        return Some(if optional {
            format!("if let {obs}::Some(v) = &self.{} {{ {call} }}", field.ident)
        } else {
            call
        });
    }
    if !field.obs.log {
        return None;
    }
    if hides(scope, &field.ty) {
        return Some(format!("to.hidden({at});"));
    }
    if !speaks_json(scope, &field.ty) {
        return None;
    }
    let call = format!(
        "to.json({at}, |w| {obs}::JsonCodec::write_json({}, w));",
        value.borrowed()
    );
    Some(if optional {
        format!("if let {obs}::Some(v) = &self.{} {{ {call} }}", field.ident)
    } else {
        call
    })
}

/// What is in a field: whether it may be absent, its type and itself when it is there.
fn open<'a>(field: &'a Field, place: &Value) -> (bool, &'a Type, Value) {
    if field.optional {
        return (true, &field.ty, Value::reference("v"));
    }
    match &field.ty.shape {
        Shape::Option { inner, .. } if field.ty.sensitive.is_none() && !field.ty.boxed => {
            (true, inner, Value::reference("v"))
        }
        _ => (false, &field.ty, place.clone()),
    }
}

/// A reference to a plain value or a list of them, as the runtime tells them.
fn plain(scope: &Scope<'_>, ty: &Type, at: &Value) -> Option<String> {
    let obs = scope.obs;
    let at = &at.bare(ty);
    Some(match &ty.shape {
        Shape::Bool
        | Shape::I32
        | Shape::I64
        | Shape::U64
        | Shape::F32
        | Shape::F64
        | Shape::String
        | Shape::Logical(_)
        | Shape::Rust(_) => at.borrowed(),
        Shape::Bytes => format!("&{obs}::Octets({})", at.borrowed()),
        Shape::Named(id) => {
            let def = scope.model.get(*id);
            match &def.kind {
                _ if def.extern_path.is_some() => return None,
                TypeKind::Enum(_) => format!("{}.as_str()", at.receiver()),
                TypeKind::Fixed { .. } => format!("&{}.0", at.receiver()),
                TypeKind::Newtype(inner) => {
                    plain(scope, inner, &Value::place(format!("{}.0", at.receiver())))?
                }
                TypeKind::Record(_) | TypeKind::Union(_) => return None,
            }
        }
        Shape::Array(item) => {
            let each = plain(scope, item, &Value::reference("v"))?;
            if matches!(item.shape, Shape::Array(_)) {
                return None;
            }
            format!(
                "&{obs}::Iterator::collect::<{obs}::Vec<_>>({}.iter().map(|v| {each}))",
                at.receiver()
            )
        }
        Shape::Null | Shape::Map(_) | Shape::Tuple(_) | Shape::Option { .. } | Shape::Json => {
            return None;
        }
    })
}

/// Whether something inside of a value is sensitive, though the field itself may not be.
fn hides(scope: &Scope<'_>, ty: &Type) -> bool {
    ty.sensitive.is_some()
        || match &ty.shape {
            Shape::Named(id) => {
                let def = scope.model.get(*id);
                // Nobody knows what is in a type of the user's.
                def.sensitive || def.extern_path.is_some()
            }
            Shape::Array(item) | Shape::Map(item) => hides(scope, item),
            Shape::Option { inner, .. } => hides(scope, inner),
            Shape::Tuple(items) => items.iter().any(|item| hides(scope, item)),
            _ => false,
        }
}

/// Whether the trait of the JSON codec is there for a type.
fn speaks_json(scope: &Scope<'_>, ty: &Type) -> bool {
    match &ty.shape {
        Shape::Named(id) => scope.has_json(scope.model.get(*id)),
        Shape::Array(item) | Shape::Map(item) => speaks_json(scope, item),
        Shape::Option { inner, .. } => speaks_json(scope, inner),
        Shape::Tuple(_) => false,
        _ => true,
    }
}

/// Which value of its label a field has, and how many there are, as expressions. `base` is the record it stands in.
pub(super) fn index(
    scope: &Scope<'_>,
    base: &str,
    field: &Field,
    label: &Label,
) -> (String, String) {
    let obs = scope.obs;
    let count = label.values.len();
    let other = count.saturating_sub(1);
    let (optional, ty, value) = open(field, &Value::place(format!("{base}.{}", field.ident)));
    let at = value.bare(ty);
    let (found, count) = match &ty.shape {
        Shape::Bool => (
            format!("::core::primitive::usize::from({})", at.copied()),
            count.to_string(),
        ),
        Shape::Named(id) if matches!(&scope.model.get(*id).kind, TypeKind::Enum(symbols) if symbols.default.is_some()) => {
            (format!("{}.index()", at.receiver()), count.to_string())
        }
        Shape::Named(_) => (
            format!("{}.index().unwrap_or({other})", at.receiver()),
            count.to_string(),
        ),
        Shape::Rust(path) if label.values.is_empty() => {
            let values = format!("<{path} as {obs}::Label>::VALUES.len()");
            let found = format!("<{path} as {obs}::Label>::index({})", at.borrowed());
            if !optional {
                return (found, values);
            }
            (found, format!("({values} + 1)"))
        }
        _ => {
            let absent = usize::from(optional);
            let clamp = usize::from(label.clamped);
            let top = &label.values[..count.saturating_sub(absent + clamp)];
            let top: Vec<String> = top.iter().map(|value| lit(value)).collect();
            (
                format!(
                    "{obs}::top(&[{}], {}).unwrap_or({other})",
                    top.join(", "),
                    at.borrowed()
                ),
                count.to_string(),
            )
        }
    };
    if !optional {
        return (found, count);
    }
    // `none` stands behind the values of the type, before `other`.
    let none = match &ty.shape {
        Shape::Rust(path) if label.values.is_empty() => {
            format!("<{path} as {obs}::Label>::VALUES.len()")
        }
        _ => (label.values.len() - usize::from(label.clamped) - 1).to_string(),
    };
    let ident = &field.ident;
    (
        format!("{base}.{ident}.as_ref().map_or({none}, |v| {found})"),
        count,
    )
}
