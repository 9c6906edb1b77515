//! Writing: statements.

use super::super::paths::Scope;
use super::super::printer::{Code, lit};
use super::super::value::Value;
use super::{is_plain, is_plain_container, is_union};
use crate::model::{Enum, Logical, Record, Shape, Type, Union};

/// One statement a field.
pub(super) fn record(code: &mut Code, scope: &Scope<'_>, record: &Record) {
    for field in &record.fields {
        let place = Value::place(format!("self.{}", field.ident));
        if scope.traits.type_refuses(&field.ty) {
            // Only what may be refused pays for naming its field.
            let name = lit(&field.wire);
            if is_plain(scope, &field.ty) {
                let place = place.borrowed();
                code.line(format_args!("{}::avro_at({name}, {place}, w);", scope.obs));
            } else {
                let text = inline(scope, &field.ty, &place);
                code.line(format_args!("w.at({name}, |w| {text});"));
            }
        } else {
            value(code, scope, &field.ty, &place, ";");
        }
    }
}

/// The index of the symbol; a symbol that is not the schema's has none.
pub(super) fn enum_(code: &mut Code, scope: &Scope<'_>, symbols: &Enum) {
    let obs = scope.obs;
    if scope.derived {
        // The enum is the user's, and so are its methods.
        code.open(format_args!("w.index(match self"));
        for (at, symbol) in symbols.symbols.iter().enumerate() {
            code.line(format_args!("Self::{} => {at},", symbol.ident));
        }
        code.leave("});");
    } else if symbols.default.is_some() {
        code.raw("w.index(self.index());");
    } else {
        code.open(format_args!("match self.index()"));
        code.line(format_args!("{obs}::Some(index) => w.index(index),"));
        code.line(format_args!(
            "{obs}::None => w.refuse({obs}::EncodeErrorKind::Unrecognised, \"\"),"
        ));
        code.close();
    }
}

/// The index of the branch, then its value.
pub(super) fn union(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    code.open(format_args!("match self"));
    for branch in &union.branches {
        let index = branch.index;
        if branch.ty.shape == Shape::Null {
            code.line(format_args!(
                "Self::{}(()) => w.index({index}),",
                branch.ident
            ));
            continue;
        }
        code.open(format_args!("Self::{}(v) =>", branch.ident));
        code.line(format_args!("w.index({index});"));
        value(code, scope, &branch.ty, &Value::reference("v"), ";");
        code.close();
    }
    code.close();
}

/// Statements for a value: one line where that fits.
pub(super) fn value(code: &mut Code, scope: &Scope<'_>, ty: &Type, at: &Value, tail: &str) {
    let text = inline(scope, ty, at);
    if text.len() + tail.len() <= code.room() {
        code.line(format_args!("{text}{tail}"));
        return;
    }
    let at = &at.bare(ty);
    match &ty.shape {
        shape if is_plain_container(scope, shape) => code.line(format_args!("{text}{tail}")),
        Shape::Array(item) => {
            code.enter(format_args!("w.array({}, |w, v| {{", at.borrowed()));
            value(code, scope, item, &Value::reference("v"), ";");
            code.leave(&format!("}}){tail}"));
        }
        Shape::Map(item) => {
            code.enter(format_args!("w.map({}.iter(), |w, v| {{", at.receiver()));
            value(code, scope, item, &Value::reference("v"), ";");
            code.leave(&format!("}}){tail}"));
        }
        Shape::Option { inner, null_index } if is_union(scope, inner).is_none() => {
            code.enter(format_args!(
                "w.option({null_index}, {}, |w, v| {{",
                at.borrowed()
            ));
            value(code, scope, inner, &Value::reference("v"), ";");
            code.leave(&format!("}}){tail}"));
        }
        _ => code.line(format_args!("{text}{tail}")),
    }
}

/// The whole of it as one expression.
fn inline(scope: &Scope<'_>, ty: &Type, at: &Value) -> String {
    let at = &at.bare(ty);
    match &ty.shape {
        shape if is_plain_container(scope, shape) => {
            format!("{}::AvroCodec::write_avro({}, w)", scope.obs, at.borrowed())
        }
        Shape::Null => "w.null()".to_owned(),
        Shape::Bool => format!("w.bool({})", at.copied()),
        Shape::I32 => format!("w.int({})", at.copied()),
        Shape::I64 => format!("w.long({})", at.copied()),
        Shape::F32 => format!("w.float({})", at.copied()),
        Shape::F64 => format!("w.double({})", at.copied()),
        Shape::Bytes => format!("w.bytes({})", at.borrowed()),
        Shape::String => format!("w.string({})", at.borrowed()),
        Shape::Array(item) => {
            format!(
                "w.array({}, |w, v| {})",
                at.borrowed(),
                inline(scope, item, &Value::reference("v"))
            )
        }
        Shape::Map(item) => {
            format!(
                "w.map({}.iter(), |w, v| {})",
                at.receiver(),
                inline(scope, item, &Value::reference("v"))
            )
        }
        Shape::Option { inner, null_index } => {
            let value = inline(scope, inner, &Value::reference("v"));
            // A union of several branches writes its own index.
            let method = if is_union(scope, inner).is_some() {
                "nullable"
            } else {
                "option"
            };
            format!(
                "w.{method}({null_index}, {}, |w, v| {value})",
                at.borrowed()
            )
        }
        Shape::Logical(logical) => self::logical(*logical, at),
        // Named types have a codec, a user's own type must have one, and rustc says so where none can exist.
        Shape::Named(_) | Shape::Rust(_) | Shape::Json | Shape::Tuple(_) | Shape::U64 => {
            let write = scope.codec(&ty.shape, "AvroCodec", "write_avro");
            format!("{write}({}, w)", at.borrowed())
        }
    }
}

/// Logical types: the number in the wrapper, or what the wrapper makes of its value.
fn logical(logical: Logical, at: &Value) -> String {
    let at = at.receiver();
    match logical {
        Logical::Date | Logical::TimeMillis => format!("w.int({at}.0)"),
        Logical::Decimal {
            precision,
            scale,
            fixed: None,
        } => format!("{at}.write_bytes(w, {precision}, {scale})"),
        Logical::Decimal {
            precision,
            scale,
            fixed: Some(size),
        } => {
            format!("{at}.write_fixed(w, {size}, {precision}, {scale})")
        }
        Logical::BigDecimal => format!("{at}.write_avro(w)"),
        Logical::Uuid { fixed: true } => format!("w.fixed(&{at}.0)"),
        Logical::Uuid { fixed: false } => format!("{at}.write_text(w)"),
        Logical::Duration => format!("{at}.write_avro(w)"),
        _ => format!("w.long({at}.0)"),
    }
}
