//! The way out: which call of the writer writes a value.

use super::json_text;
use crate::emit::paths::Scope;
use crate::emit::printer::{Code, lit};
use crate::emit::traits::every_shape;
use crate::emit::value::Value;
use crate::model::{Field, Logical, Record, Shape, Type, Unknown};

/// A call that writes a value, without its semicolon.
pub(super) fn value(scope: &Scope<'_>, ty: &Type, value: &Value) -> String {
    let bare = value.bare(ty);
    match &ty.shape {
        Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. }
            if is_plain(inner) =>
        {
            format!(
                "{}::JsonCodec::write_json({}, w)",
                scope.obs,
                bare.borrowed()
            )
        }
        Shape::Null => "w.null()".to_owned(),
        Shape::Bool => format!("w.bool({})", bare.copied()),
        Shape::I32 => format!("w.i32({})", bare.copied()),
        Shape::I64 => format!("w.i64({})", bare.copied()),
        Shape::U64 => format!("w.u64({})", bare.copied()),
        Shape::F32 => format!("w.f32({})", bare.copied()),
        Shape::F64 => format!("w.f64({})", bare.copied()),
        Shape::Bytes => format!("w.bytes({})", bare.borrowed()),
        Shape::String => format!("w.string({})", bare.borrowed()),
        Shape::Json => format!("w.json({})", bare.borrowed()),
        Shape::Array(item) => format!("w.array({}, {})", bare.borrowed(), each(scope, item)),
        Shape::Map(entry) => format!("w.map({}, {})", bare.borrowed(), each(scope, entry)),
        Shape::Option { inner, .. } => {
            format!("w.option({}, {})", bare.borrowed(), each(scope, inner))
        }
        Shape::Tuple(items) => tuple(scope, items, &bare),
        Shape::Logical(logical) => self::logical(scope, *logical, &bare),
        Shape::Named(_) | Shape::Rust(_) => {
            let write = scope.codec(&ty.shape, "JsonCodec", "write_json");
            format!("{write}({}, w)", bare.borrowed())
        }
    }
}

/// Whether the runtime writes a value as the schema wants it. A closure is a function of its own to the compiler, and
/// costs as much as three fields.
fn is_plain(ty: &Type) -> bool {
    match &ty.shape {
        Shape::Bool | Shape::I32 | Shape::I64 | Shape::U64 | Shape::F32 | Shape::F64 => true,
        Shape::String | Shape::Json | Shape::Named(_) => true,
        Shape::Logical(logical) => !matches!(
            logical,
            Logical::Decimal { .. }
                | Logical::BigDecimal
                | Logical::Duration
                | Logical::Uuid { fixed: true }
        ),
        Shape::Array(inner) | Shape::Map(inner) | Shape::Option { inner, .. } => is_plain(inner),
        Shape::Null | Shape::Bytes | Shape::Tuple(_) | Shape::Rust(_) => false,
    }
}

/// Logical types are what they are on top of, in JSON too.
fn logical(scope: &Scope<'_>, logical: Logical, bare: &Value) -> String {
    let it = bare.receiver();
    match logical {
        Logical::Decimal {
            precision,
            scale,
            fixed: None,
        } => {
            format!("{it}.write_json_bytes(w, {precision}, {scale})")
        }
        Logical::Decimal {
            precision,
            scale,
            fixed: Some(size),
        } => {
            format!("{it}.write_json_fixed(w, {size}, {precision}, {scale})")
        }
        Logical::BigDecimal | Logical::Duration => format!("{it}.write_json_bytes(w)"),
        Logical::Uuid { fixed: true } => format!("w.bytes(&{it}.0)"),
        Logical::Date | Logical::TimeMillis => format!("w.i32({it}.0)"),
        Logical::Uuid { fixed: false } => {
            format!(
                "{}::JsonCodec::write_json({}, w)",
                scope.obs,
                bare.borrowed()
            )
        }
        _ => format!("w.i64({it}.0)"),
    }
}

/// The closure that writes one element.
fn each(scope: &Scope<'_>, ty: &Type) -> String {
    let binding = if ty.shape == Shape::Null { "_" } else { "x" };
    format!(
        "|w, {binding}| {}",
        value(scope, ty, &Value::reference("x"))
    )
}

/// A fixed run of values: an array with its brackets and commas in place.
fn tuple(scope: &Scope<'_>, items: &[Type], bare: &Value) -> String {
    let mut text = String::from("{ ");
    for (at, item) in items.iter().enumerate() {
        text.push_str(if at == 0 {
            "w.raw(\"[\"); "
        } else {
            "w.raw(\",\"); "
        });
        let place = Value::place(format!("{}.{at}", bare.receiver()));
        text.push_str(&value(scope, item, &place));
        text.push_str("; ");
    }
    text.push_str(if items.is_empty() {
        "w.raw(\"[]\") }"
    } else {
        "w.raw(\"]\") }"
    });
    text
}

/// The body of `write_json` for a struct.
///
/// Names are prebuilt text with their comma. Only until the first member that is always there does the comma
/// depend on what came before, and only then does the code keep count.
pub(super) fn members(code: &mut Code, scope: &Scope<'_>, record: &Record) {
    let obs = scope.obs;
    let keeps = matches!(record.unknown, Unknown::Keep(_));
    if record.fields.is_empty() && !keeps {
        return code.raw("w.raw(\"{}\");");
    }
    reserve(code, record);
    // What stands before the next member: nothing yet, either brace or comma, or surely a comma.
    let counted = record.fields.first().is_none_or(|field| field.optional);
    let mut lead = Lead::Brace;
    if counted {
        code.raw("w.raw(\"{\");");
        code.raw("let mut first = true;");
        lead = Lead::Counted;
    }
    for field in &record.fields {
        let place = format!("self.{}", field.ident);
        if field.optional {
            let binding = if bare_null(field) { "_" } else { "x" };
            code.open(format_args!("if let {obs}::Some({binding}) = &{place}"));
            named(code, scope, field, lead, &Value::reference("x"));
            code.close();
        } else {
            named(code, scope, field, lead, &Value::place(place));
            lead = Lead::Comma;
        }
    }
    if let Unknown::Keep(ty) = &record.unknown {
        let first = match lead {
            Lead::Comma => "false",
            Lead::Brace | Lead::Counted => "first",
        };
        let each = each(scope, ty);
        code.line(format_args!(
            "w.entries(&mut {first}, &self.{}, {each});",
            record.unknown_ident
        ));
    }
    code.raw("w.raw(\"}\");");
}

/// The statements that write a member: one, where the name is text and the value a word or may be refused.
fn named(code: &mut Code, scope: &Scope<'_>, field: &Field, lead: Lead, place: &Value) {
    let value = member(scope, field, place);
    let name = name_call(lead, &field.wire);
    let Some(text) = name
        .strip_prefix("w.raw(")
        .and_then(|name| name.strip_suffix(')'))
    else {
        code.line(format_args!("{name};"));
        return code.line(format_args!("{value};"));
    };
    let plain = field.ty.sensitive.is_none() && !field.ty.boxed;
    let (bare, wire) = (place.bare(&field.ty), lit(&field.wire));
    let one = match &field.ty.shape {
        Shape::F32 if plain => format!("w.f32_after({text}, {wire}, {})", bare.copied()),
        Shape::F64 if plain => format!("w.f64_after({text}, {wire}, {})", bare.copied()),
        Shape::Bool | Shape::I32 | Shape::I64 | Shape::U64 | Shape::Bytes | Shape::String => {
            value.replacen('(', &format!("_after({text}, "), 1)
        }
        _ => match value.strip_prefix(&format!("{}::json_at(", scope.obs)) {
            Some(rest) => format!("{}::json_after({text}, {rest}", scope.obs),
            None => format!("{name};\n{value}"),
        },
    };
    code.paste(&format!("{one};"));
}

/// The call that writes the value of a member. Where that may be refused, the refusal has to name the member.
fn member(scope: &Scope<'_>, field: &Field, place: &Value) -> String {
    let name = lit(&field.wire);
    if !refuses(scope, &field.ty) {
        value(scope, &field.ty, place)
    } else if is_plain(&field.ty) {
        format!("{}::json_at({name}, {}, w)", scope.obs, place.borrowed())
    } else {
        format!("w.at({name}, |w| {})", value(scope, &field.ty, place))
    }
}

/// Whether writing a value may be refused: JSON has no NaN, and nobody sends symbols that nobody knows.
fn refuses(scope: &Scope<'_>, ty: &Type) -> bool {
    !every_shape(ty, &mut |shape| match shape {
        Shape::F32 | Shape::F64 | Shape::Rust(_) | Shape::Logical(Logical::Decimal { .. }) => false,
        // A type without `Eq` may hold a float.
        Shape::Named(id) => scope.traits.writes(*id) && scope.traits.eq(*id),
        _ => true,
    })
}

/// What stands before a member.
#[derive(Clone, Copy)]
enum Lead {
    /// The opening brace: this is the first one.
    Brace,
    /// Nothing or a comma, as `first` says.
    Counted,
    /// A comma.
    Comma,
}

/// The call that writes a name.
fn name_call(lead: Lead, name: &str) -> String {
    let name = json_text(name);
    match lead {
        Lead::Brace => format!("w.raw({})", lit(&format!("{{{name}:"))),
        Lead::Comma => format!("w.raw({})", lit(&format!(",{name}:"))),
        Lead::Counted => format!("w.key(&mut first, {})", lit(&format!("{name}:"))),
    }
}

/// Whether the value itself says nothing: an optional member that can only be null.
fn bare_null(field: &Field) -> bool {
    field.ty.shape == Shape::Null
}

/// One reservation for everything whose size is known, and a little for each text; the writer grows by itself beyond
/// it. To ask the texts for their lengths would take more of the compiler than to write them.
fn reserve(code: &mut Code, record: &Record) {
    let size: usize = record
        .fields
        .iter()
        .map(|field| {
            let value = match &field.ty.shape {
                Shape::Null | Shape::Bool => 5,
                Shape::I32 => 11,
                Shape::I64 | Shape::U64 => 20,
                Shape::F32 | Shape::F64 => 24,
                _ => 34,
            };
            json_text(&field.wire).len() + 2 + value
        })
        .sum();
    code.line(format_args!("w.reserve({});", 2 + size));
}
