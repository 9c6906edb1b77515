//! Constructors, setters and what stands in for absent members.
//!
//! `new` asks for what only the caller can know. What the schema itself says (a default, a constant, absence)
//! is filled in and has a setter. Struct literals stay possible beside all this.

use super::defaults;
use super::paths::{Scope, bare};
use super::printer::Code;
use crate::model::{Assertion, Dialect, Field, Record, Shape, Type, TypeDef, TypeKind, Unknown};
use obs_schema::json::Json;

/// `new`, `with_…` and `…_or_default` of a struct, as far as the settings and the schema ask for them.
pub(crate) fn record(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, record: &Record) {
    let obs = scope.obs;
    let initial: Vec<Option<String>> = record
        .fields
        .iter()
        .map(|field| initial(scope, ty, field))
        .collect();
    let accessors: Vec<(&Field, String)> = record
        .fields
        .iter()
        .filter_map(|field| Some((field, or_default(scope, field)?)))
        .collect();
    let setters = scope.settings.setters;
    if !setters && accessors.is_empty() {
        return;
    }
    code.blank();
    code.open(format_args!("impl {}", ty.name.ident));
    if setters {
        new(code, scope, record, &initial);
        for (field, initial) in record.fields.iter().zip(&initial) {
            // What the schema fixes is not set.
            let fixed = !field.optional
                && (constant(field).is_some() || only_symbol(scope, &field.ty).is_some());
            if initial.is_some() && !fixed {
                setter(code, scope, field);
            }
        }
    }
    for (field, default) in accessors {
        accessor(code, scope, field, &default);
    }
    code.close();

    if setters && initial.iter().all(Option::is_some) {
        code.blank();
        code.raw("#[automatically_derived]");
        code.open(format_args!("impl {obs}::Default for {}", ty.name.ident));
        code.open(format_args!("fn default() -> Self"));
        code.raw("Self::new()");
        code.close();
        code.close();
    }
}

/// What a field holds when the caller does not say, as an expression; `None` when the caller must.
pub(crate) fn initial(scope: &Scope<'_>, ty: &TypeDef, field: &Field) -> Option<String> {
    if field.optional {
        return Some(format!("{}::None", scope.obs));
    }
    if let Some(value) = constant(field) {
        return defaults::expression(scope, &field.ty, value);
    }
    if let Some(symbol) = only_symbol(scope, &field.ty) {
        return Some(symbol);
    }
    // A default of JSON Schema speaks of absence; a member that is required is never absent.
    if ty.dialect == Dialect::JsonSchema {
        return None;
    }
    defaults::expression(scope, &field.ty, field.default.as_ref()?)
}

/// What the schema says the value always is.
fn constant(field: &Field) -> Option<&Json> {
    field
        .ty
        .assertions
        .iter()
        .find_map(|assertion| match assertion {
            Assertion::Const(value) => Some(value),
            _ => None,
        })
}

/// An enum of one symbol leaves nothing to choose: a constant of JSON Schema looks like this.
fn only_symbol(scope: &Scope<'_>, ty: &Type) -> Option<String> {
    let Shape::Named(id) = ty.shape else {
        return None;
    };
    let def = scope.model.get(id);
    match &def.kind {
        TypeKind::Enum(symbols)
            if symbols.symbols.len() == 1
                && def.dialect == Dialect::JsonSchema
                && def.extern_path.is_none()
                && ty.sensitive.is_none()
                && !ty.boxed =>
        {
            Some(format!(
                "{}::{}",
                scope.named_text(id),
                symbols.symbols[0].ident
            ))
        }
        _ => None,
    }
}

fn new(code: &mut Code, scope: &Scope<'_>, record: &Record, initial: &[Option<String>]) {
    let mut parameters = Vec::new();
    let mut members = Vec::new();
    for (field, initial) in record.fields.iter().zip(initial) {
        let ident = &field.ident;
        match initial {
            Some(expression) => members.push(format!("{ident}: {expression}")),
            None => {
                let (ty, converted) = parameter(scope, &field.ty);
                parameters.push(format!("{ident}: {ty}"));
                members.push(if converted {
                    format!("{ident}: {ident}.into()")
                } else {
                    ident.clone()
                });
            }
        }
    }
    if let Unknown::Keep(_) = record.unknown {
        members.push(format!(
            "{}: {}::Default::default()",
            record.unknown_ident, scope.obs
        ));
    }
    code.raw(if parameters.len() == record.fields.len() {
        "/// All of its fields."
    } else {
        "/// The required fields; the others as the schema says."
    });
    code.raw("#[must_use]");
    code.list("pub fn new(", &parameters, ") -> Self {");
    code.indented(|code| code.list("Self { ", &members, " }"));
    code.raw("}");
}

/// The type a caller may give, and whether it needs `.into()`.
///
/// Scalars stay as they are, because a literal would not know what to become.
fn parameter(scope: &Scope<'_>, ty: &Type) -> (String, bool) {
    let text = scope.type_text(ty);
    let generous = ty.boxed
        || ty.sensitive.is_some()
        || matches!(ty.shape, Shape::String)
        || is_union(scope, ty);
    if generous {
        (format!("impl {}::Into<{text}>", scope.obs), true)
    } else {
        (text, false)
    }
}

fn is_union(scope: &Scope<'_>, ty: &Type) -> bool {
    matches!(ty.shape, Shape::Named(id) if matches!(scope.model.get(id).kind, TypeKind::Union(_)))
}

fn setter(code: &mut Code, scope: &Scope<'_>, field: &Field) {
    let ident = &field.ident;
    // Who sets a field has a value for it: the outer `Option` is ours to write.
    let (ty, wrap) = match &field.ty.shape {
        _ if field.optional => (&field.ty, true),
        Shape::Option { inner, .. } if field.ty.sensitive.is_none() && !field.ty.boxed => {
            (&**inner, true)
        }
        _ => (&field.ty, false),
    };
    let (text, converted) = parameter(scope, ty);
    let value = if converted {
        format!("{ident}.into()")
    } else {
        ident.clone()
    };
    let value = if wrap {
        format!("{}::Some({value})", scope.obs)
    } else {
        value
    };
    code.blank();
    code.line(format_args!("/// Sets `{}`.", bare(ident)));
    code.raw("#[must_use]");
    code.open(format_args!(
        "pub fn with_{}(mut self, {ident}: {text}) -> Self",
        bare(ident)
    ));
    code.line(format_args!("self.{ident} = {value};"));
    code.raw("self");
    code.close();
}

/// The default of a member that may be absent, as an expression.
fn or_default(scope: &Scope<'_>, field: &Field) -> Option<String> {
    if !field.optional {
        return None;
    }
    defaults::expression(scope, &field.ty, field.default.as_ref()?)
}

/// A default is read, never written back: an absent member stays absent.
fn accessor(code: &mut Code, scope: &Scope<'_>, field: &Field, default: &str) {
    let ident = &field.ident;
    code.blank();
    code.line(format_args!(
        "/// `{}`, or what the schema says of its absence.",
        bare(ident)
    ));
    code.raw("#[must_use]");
    let name = bare(ident);
    let plain = field.ty.sensitive.is_none() && !field.ty.boxed;
    match (&field.ty.shape, &field.default) {
        (Shape::String, Some(Json::String(text))) if plain => {
            code.open(format_args!("pub fn {name}_or_default(&self) -> &str"));
            code.line(format_args!(
                "self.{ident}.as_deref().unwrap_or({})",
                super::printer::lit(text)
            ));
        }
        _ => {
            let ty = scope.type_text(&field.ty);
            code.open(format_args!("pub fn {name}_or_default(&self) -> {ty}"));
            code.line(format_args!(
                "self.{ident}.clone().unwrap_or_else(|| {default})"
            ));
        }
    }
    code.close();
}
