//! The way in: which call of the reader reads a value.

use crate::emit::defaults;
use crate::emit::paths::{Scope, logical_name, wrapper};
use crate::emit::printer::{Code, lit};
use crate::model::{Dialect, Field, Logical, Record, Shape, Type, TypeDef, TypeKind, Unknown};

/// An expression of type `Result<_, DecodeError>` that reads a value.
pub(super) fn value(scope: &Scope<'_>, dialect: Dialect, ty: &Type) -> String {
    let obs = scope.obs;
    let mut text = match &ty.shape {
        Shape::Null => "r.null()".to_owned(),
        Shape::Bool => "r.bool()".to_owned(),
        Shape::I32 => "r.i32()".to_owned(),
        Shape::I64 => "r.i64()".to_owned(),
        Shape::U64 => "r.u64()".to_owned(),
        Shape::F32 => "r.f32()".to_owned(),
        Shape::F64 => "r.f64()".to_owned(),
        Shape::Bytes => "r.bytes()".to_owned(),
        Shape::String => "r.string()".to_owned(),
        Shape::Json => "r.json()".to_owned(),
        Shape::Array(item) => format!("r.array({})", each(scope, dialect, item)),
        Shape::Map(entry) => format!("r.map({})", each(scope, dialect, entry)),
        Shape::Option { inner, .. } => {
            let read = each(scope, dialect, inner);
            match tag(scope, dialect, inner) {
                Some(tag) => format!("r.nullable({}, {read})", lit(&tag)),
                None => format!("r.option({read})"),
            }
        }
        Shape::Tuple(items) => {
            let items: Vec<String> = items
                .iter()
                .enumerate()
                .map(|(at, item)| format!("r.item({at}, {})?", each(scope, dialect, item)))
                .collect();
            let comma = if items.len() == 1 { "," } else { "" };
            format!("r.tuple(|r| {obs}::Ok(({}{comma})))", items.join(", "))
        }
        Shape::Logical(logical) => self::logical(scope, *logical),
        Shape::Named(_) | Shape::Rust(_) => {
            format!("{}(r)", scope.codec(&ty.shape, "JsonCodec", "read_json"))
        }
    };
    if let Some(sensitivity) = ty.sensitive {
        text.push_str(&format!(".map({obs}::{}::new)", wrapper(sensitivity)));
    }
    if ty.boxed {
        text.push_str(&format!(".map({obs}::Box::new)"));
    }
    text
}

/// Logical types are what they are on top of; their readable form is taken too where nothing else looks like it.
fn logical(scope: &Scope<'_>, logical: Logical) -> String {
    let obs = scope.obs;
    let ty = format!("{obs}::types::{}", logical_name(logical));
    match logical {
        Logical::Decimal {
            scale, fixed: None, ..
        } => format!("{ty}::read_json_bytes(r, {scale})"),
        Logical::Decimal {
            scale,
            fixed: Some(size),
            ..
        } => {
            format!("{ty}::read_json_fixed(r, {size}, {scale})")
        }
        Logical::BigDecimal | Logical::Duration => format!("{ty}::read_json_bytes(r)"),
        Logical::Uuid { fixed: true } => format!("r.fixed().map({ty})"),
        _ => format!("{obs}::JsonCodec::read_json(r)"),
    }
}

/// The function that reads one element.
pub(super) fn each(scope: &Scope<'_>, dialect: Dialect, ty: &Type) -> String {
    let call = value(scope, dialect, ty);
    match call.strip_suffix("(r)") {
        // rustc speaks of the whole call when such a function does not exist, and of the type when it is called.
        Some(function) if !function.starts_with('<') => function.to_owned(),
        _ => format!("|r| {call}"),
    }
}

/// The name under which Avro's own JSON form has the value of `["null", T]`: `{"string": "a"}`.
///
/// We write such a value plainly and read both forms, unless the plain value could be an object that looks the same.
pub(super) fn tag(scope: &Scope<'_>, dialect: Dialect, ty: &Type) -> Option<String> {
    if dialect == Dialect::JsonSchema {
        return None;
    }
    let name = match &ty.shape {
        Shape::Bool => "boolean",
        Shape::I32 => "int",
        Shape::I64 => "long",
        Shape::F32 => "float",
        Shape::F64 => "double",
        Shape::Bytes => "bytes",
        Shape::String => "string",
        Shape::Array(_) => "array",
        Shape::Logical(logical) => match logical {
            Logical::Decimal { fixed: None, .. } | Logical::BigDecimal => "bytes",
            Logical::Uuid { fixed: false } => "string",
            Logical::Date | Logical::TimeMillis => "int",
            Logical::TimeMicros
            | Logical::TimestampMillis
            | Logical::TimestampMicros
            | Logical::TimestampNanos
            | Logical::LocalTimestampMillis
            | Logical::LocalTimestampMicros
            | Logical::LocalTimestampNanos => "long",
            Logical::Decimal { .. } | Logical::Uuid { .. } | Logical::Duration => return None,
        },
        Shape::Named(id) => {
            let ty = scope.model.get(*id);
            return match &ty.kind {
                TypeKind::Enum(_) | TypeKind::Fixed { .. } => Some(ty.wire_name.clone()),
                TypeKind::Record(record) => {
                    let plain = record.fields.iter().any(|field| field.wire == ty.wire_name);
                    (!plain).then(|| ty.wire_name.clone())
                }
                TypeKind::Union(_) | TypeKind::Newtype(_) => None,
            };
        }
        Shape::Null
        | Shape::U64
        | Shape::Map(_)
        | Shape::Tuple(_)
        | Shape::Option { .. }
        | Shape::Json
        | Shape::Rust(_) => return None,
    };
    Some(name.to_owned())
}

/// The body of `read_json` for a struct: a variable for each member, and one pass over the text.
pub(super) fn members(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, record: &Record) {
    let obs = scope.obs;
    let locals: Vec<String> = record
        .fields
        .iter()
        .map(|field| local(record, &field.ident))
        .collect();
    let extra = local(record, &record.unknown_ident);
    for local in &locals {
        code.line(format_args!("let mut {local} = {obs}::None;"));
    }
    if let Unknown::Keep(value) = &record.unknown {
        let map = scope.map_name();
        let value = scope.type_text(value);
        code.line(format_args!(
            "let mut {extra} = {obs}::{map}::<{obs}::String, {value}>::new();"
        ));
    }
    match (&record.unknown, record.fields.is_empty()) {
        (Unknown::Refuse, true) => {
            code.line(format_args!(
                "r.object(|r, key| {obs}::Err(r.unknown_member(key)))?;"
            ));
        }
        (Unknown::Skip, true) => code.raw("r.object(|r, _| r.skip())?;"),
        _ => arms(code, scope, ty, record, &locals, &extra),
    }
    let mut members: Vec<String> = Vec::new();
    for (field, local) in record.fields.iter().zip(&locals) {
        let taken = taken(scope, ty, field, local);
        members.push(if taken == field.ident {
            taken
        } else {
            format!("{}: {taken}", field.ident)
        });
    }
    if matches!(record.unknown, Unknown::Keep(_)) {
        members.push(if extra == record.unknown_ident {
            extra
        } else {
            format!("{}: {extra}", record.unknown_ident)
        });
    }
    if members.is_empty() {
        return code.line(format_args!("{obs}::Ok(Self {{}})"));
    }
    code.enter(format_args!("{obs}::Ok(Self {{"));
    for member in members {
        code.line(format_args!("{member},"));
    }
    code.leave("})");
}

/// One arm a member.
fn arms(
    code: &mut Code,
    scope: &Scope<'_>,
    ty: &TypeDef,
    record: &Record,
    locals: &[String],
    extra: &str,
) {
    let obs = scope.obs;
    code.enter(format_args!("r.object(|r, key| {{"));
    code.open(format_args!("match key"));
    for (field, local) in record.fields.iter().zip(locals) {
        let name = lit(&field.wire);
        let read = value(scope, ty.dialect, &field.ty);
        let arm = format!("{name} => {local} = {obs}::Some({read}?),");
        if arm.len() <= code.room() {
            code.raw(&arm);
        } else {
            code.open(format_args!("{name} =>"));
            code.line(format_args!("{local} = {obs}::Some({read}?);"));
            code.close();
        }
    }
    match &record.unknown {
        Unknown::Refuse => code.line(format_args!(
            "_ => return {obs}::Err(r.unknown_member(key)),"
        )),
        Unknown::Skip => code.raw("_ => r.skip()?,"),
        Unknown::Keep(kept) => {
            let read = value(scope, ty.dialect, kept);
            code.open(format_args!("_ =>"));
            code.line(format_args!(
                "{extra}.insert({obs}::String::from(key), {read}?);"
            ));
            code.close();
        }
    }
    code.close();
    code.line(format_args!("{obs}::Ok(())"));
    code.leave("})?;");
}

/// What a member's variable holds in the end. A default of Avro stands in for a member that an older writer does
/// not know; a default of JSON Schema speaks about absence and is never written back.
fn taken(scope: &Scope<'_>, ty: &TypeDef, field: &Field, local: &str) -> String {
    if field.optional {
        return local.to_owned();
    }
    let default = match ty.dialect {
        Dialect::JsonSchema => None,
        Dialect::Avro | Dialect::Rust => field
            .default
            .as_ref()
            .and_then(|default| defaults::expression(scope, &field.ty, default)),
    };
    match default {
        Some(default) if default.contains('(') => format!("{local}.unwrap_or_else(|| {default})"),
        Some(default) => format!("{local}.unwrap_or({default})"),
        None => format!("r.required({local}, {})?", lit(&field.wire)),
    }
}

/// The variable of a field: its own name, unless that is a name of ours.
fn local(record: &Record, ident: &str) -> String {
    let mut name = ident.to_owned();
    while matches!(name.as_str(), "r" | "key")
        || name != ident && record.fields.iter().any(|field| field.ident == name)
    {
        name.push('_');
    }
    name
}
