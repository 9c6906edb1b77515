//! The way in: which call of the reader reads a value.

use super::json_text;
use crate::emit::defaults;
use crate::emit::paths::{Scope, logical_name, wrapper};
use crate::emit::printer::{Code, join, lit};
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

/// The function that reads one element. A closure is a function of its own to the compiler, so a name is preferred.
pub(super) fn each(scope: &Scope<'_>, dialect: Dialect, ty: &Type) -> String {
    let call = value(scope, dialect, ty);
    let method = |call: &str| Some(call.strip_prefix("r.")?.strip_suffix("()")?.to_owned());
    match (call.strip_suffix("(r)"), method(&call)) {
        // rustc speaks of the whole call when such a function does not exist, and of the type when it is called.
        (Some(function), _) if !function.starts_with('<') => function.to_owned(),
        (_, Some(method)) if !method.contains('(') => {
            format!("{}::json::Reader::{method}", scope.obs)
        }
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

/// What holds a member while its record is read.
struct Slot {
    /// What it holds when the member is absent.
    start: String,
    /// An `Option` around the member stands in for a type that has no value to begin with.
    held: bool,
    /// The default of such a member, which is only made when it is needed.
    default: Option<String>,
    required: bool,
}

impl Slot {
    /// A default of Avro stands in for a member that an older writer does not know; a default of JSON Schema speaks
    /// about absence and is never written back.
    fn of(scope: &Scope<'_>, ty: &TypeDef, field: &Field) -> Slot {
        let default = match ty.dialect {
            Dialect::JsonSchema => None,
            Dialect::Avro | Dialect::Rust => field.default.as_ref(),
        };
        let none = || format!("{}::None", scope.obs);
        let slot = Slot {
            start: String::new(),
            held: false,
            default: None,
            required: false,
        };
        if field.optional {
            return Slot {
                start: none(),
                ..slot
            };
        }
        match default.and_then(|default| defaults::expression(scope, &field.ty, default)) {
            Some(start) if defaults::is_cheap(&start) => Slot { start, ..slot },
            Some(default) => Slot {
                start: none(),
                held: true,
                default: Some(default),
                ..slot
            },
            None => {
                let blank = defaults::blank(scope, &field.ty);
                Slot {
                    held: blank.is_none(),
                    start: blank.unwrap_or_else(none),
                    required: true,
                    ..slot
                }
            }
        }
    }
}

/// The body of `read_json` for a struct: what it begins as, and what becomes of each member.
///
/// A struct that can begin as itself is filled in place; any other is a tuple until all of its members are there.
pub(super) fn members(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, record: &Record) {
    let obs = scope.obs;
    if record.fields.is_empty() && !matches!(record.unknown, Unknown::Keep(_)) {
        code.raw(&match record.unknown {
            Unknown::Refuse => {
                format!("r.object(|r, key| {obs}::Err(r.unknown_member(key)))?;")
            }
            _ => "r.object(|r, _| r.skip())?;".to_owned(),
        });
        return code.line(format_args!("{obs}::Ok(Self {{}})"));
    }
    let (mut slots, mut idents, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut required = vec![0_u64; record.fields.len().div_ceil(64)];
    for (at, field) in record.fields.iter().enumerate() {
        let slot = Slot::of(scope, ty, field);
        required[at / 64] |= u64::from(slot.required) << (at % 64);
        slots.push(slot);
        idents.push(&*field.ident);
        names.push(lit(&field.wire));
    }
    if let Unknown::Keep(_) = record.unknown {
        idents.push(&record.unknown_ident);
        slots.push(Slot {
            start: format!("{obs}::{}::new()", scope.map_name()),
            held: false,
            default: None,
            required: false,
        });
    }
    let in_place = slots.iter().all(|slot| !slot.held);
    let required = join(required.iter().map(|word| format!("{word:#x}")), ", ");
    let plain = |name: &str| json_text(name).len() == name.len() + 2;
    let method = match record.fields.iter().all(|field| plain(&field.wire)) {
        true => "record",
        false => "record_escaped",
    };
    let line = format!(
        "let mut m = r.{method}(&[{}], [{required}]);",
        names.join(", ")
    );
    if line.len() <= code.room() {
        code.raw(&line);
    } else {
        code.enter(format_args!("let mut m = r.{method}("));
        code.enter(format_args!("&["));
        code.fill(&names);
        code.leave("],");
        code.line(format_args!("[{required}],"));
        code.leave(");");
    }
    code.enter(format_args!(
        "let mut it = {}",
        if in_place { "Self {" } else { "(" }
    ));
    for (at, slot) in slots.iter().enumerate() {
        let ident = idents[at];
        if in_place {
            code.line(format_args!("{ident}: {},", slot.start));
        } else {
            code.line(format_args!("{},", slot.start));
        }
    }
    code.leave(if in_place { "};" } else { ");" });
    let place = |at: usize| match in_place {
        true => format!("it.{}", idents[at]),
        false => format!("it.{at}"),
    };
    code.open(format_args!("while m.more()"));
    for (at, field) in record.fields.iter().enumerate() {
        let may_be_absent = field.optional || slots[at].held;
        code.raw(&put(
            scope,
            ty.dialect,
            &field.ty,
            &place(at),
            may_be_absent,
        ));
    }
    match &record.unknown {
        Unknown::Refuse => {}
        Unknown::Skip => code.raw("m.skip_others();"),
        Unknown::Keep(kept) => {
            let place = place(record.fields.len());
            let read = each(scope, ty.dialect, kept);
            code.line(format_args!("m.keep_others(&mut {place}, {read});"));
        }
    }
    code.close();
    if in_place {
        return code.raw("m.end(it)");
    }
    code.raw("let it = m.end(it)?;");
    code.enter(format_args!("{obs}::Ok(Self {{"));
    for (at, slot) in slots.iter().enumerate() {
        let (ident, place) = (idents[at], place(at));
        let taken = match &slot.default {
            Some(default) => format!("{place}.unwrap_or_else(|| {default})"),
            None if slot.held => format!("r.required({place}, {})?", names[at]),
            None => place,
        };
        code.line(format_args!("{ident}: {taken},"));
    }
    code.leave("})");
}

/// The statement that reads a member when it is due.
fn put(scope: &Scope<'_>, dialect: Dialect, ty: &Type, place: &str, may_be_absent: bool) -> String {
    let call = value(scope, dialect, ty);
    let plain = ty.sensitive.is_none() && !ty.boxed;
    match &ty.shape {
        _ if may_be_absent => format!("m.some(&mut {place}, {});", each(scope, dialect, ty)),
        Shape::Bool
        | Shape::I32
        | Shape::I64
        | Shape::U64
        | Shape::F32
        | Shape::F64
        | Shape::Bytes
        | Shape::String
            if plain =>
        {
            let word = call.trim_start_matches("r.").trim_end_matches("()");
            format!("m.{word}(&mut {place});")
        }
        Shape::Option { .. } if plain && call.starts_with("r.nullable(") => {
            call.replacen("r.nullable(", &format!("m.nullable(&mut {place}, "), 1) + ";"
        }
        _ => format!("m.read(&mut {place}, {});", each(scope, dialect, ty)),
    }
}
