//! `impl JsonCodec` for every kind of type: straight lines of prebuilt text on the way out, one `match` on the
//! member's name on the way in. No serde and no tree of values.
//!
//! Generated code runs where a user's record may be called `Option` and no trait but the prelude's is surely in
//! scope, so it names everything by path and calls inherent methods only.

mod read;
#[cfg(feature = "specs")]
mod union;
mod write;

use super::paths::Scope;
use super::paths::unrecognised;
use super::printer::{Code, lit};
use super::value::Value;
#[cfg(feature = "specs")]
use crate::model::{Dialect, Union};
use crate::model::{Enum, Record, Type, TypeDef, TypeId, TypeKind};

/// The codec of a type.
pub(crate) fn codec(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    match &ty.kind {
        TypeKind::Record(record) => self::record(code, scope, ty, record),
        TypeKind::Enum(symbols) => enum_(code, scope, ty, symbols),
        #[cfg(feature = "specs")]
        TypeKind::Union(union) => self::union(code, scope, id, ty, union),
        TypeKind::Newtype(inner) => newtype(code, scope, id, ty, inner),
        TypeKind::Fixed { size } => fixed(code, scope, ty, *size),
        // A derive's own type is a struct or an enum of words.
        #[cfg(not(feature = "specs"))]
        TypeKind::Union(_) => {}
    }
}

/// For a struct.
fn record(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, record: &Record) {
    halves(code, scope, ty, |code, part| match part {
        Part::Write => write::members(code, scope, record),
        Part::Read => read::members(code, scope, ty, record),
    });
}

/// For an enum of symbols.
fn enum_(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, symbols: &Enum) {
    let obs = scope.obs;
    // The author of a derive's enum wrote its variants; no other symbol has a place there.
    let own = scope.derived;
    let open = unrecognised(symbols);
    halves(code, scope, ty, |code, part| match part {
        Part::Write => {
            code.open(format_args!("match self"));
            for symbol in &symbols.symbols {
                let text = lit(&json_text(&symbol.wire));
                code.line(format_args!("Self::{} => w.raw({text}),", symbol.ident));
            }
            if symbols.default.is_none() && !own {
                code.line(format_args!(
                    "Self::{open}(_) => w.refuse({obs}::EncodeErrorKind::Unrecognised, \"\"),"
                ));
            }
            code.close();
        }
        Part::Read if own => {
            code.enter(format_args!("{obs}::Ok(match &*r.str()? {{"));
            for symbol in &symbols.symbols {
                let wire = lit(&symbol.wire);
                code.line(format_args!("{wire} => Self::{},", symbol.ident));
            }
            match symbols.default {
                Some(at) => code.line(format_args!("_ => Self::{},", symbols.symbols[at].ident)),
                None => code.line(format_args!(
                    "_ => return {obs}::Err(r.fail({obs}::DecodeErrorKind::UnknownSymbol)),"
                )),
            }
            code.leave("})");
        }
        Part::Read => {
            code.raw("let text = r.str()?;");
            match symbols.default {
                Some(at) => code.line(format_args!(
                    "{obs}::Ok(Self::from_symbol(&text).unwrap_or(Self::{}))",
                    symbols.symbols[at].ident
                )),
                None => code.line(format_args!(
                    "{obs}::Ok(Self::from_symbol(&text).unwrap_or_else(|| Self::{open}(text.into_owned().into_boxed_str())))"
                )),
            }
        }
    });
}

/// For an enum of branches.
#[cfg(feature = "specs")]
fn union(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef, union: &Union) {
    halves(code, scope, ty, |code, part| match (part, ty.dialect) {
        (Part::Write, Dialect::JsonSchema) => union::write_plain(code, scope, union),
        (Part::Read, Dialect::JsonSchema) => {
            nested(code, scope, id, |code| {
                union::read_plain(code, scope, id, union)
            });
        }
        (Part::Write, Dialect::Avro | Dialect::Rust) => union::write_tagged(code, scope, union),
        (Part::Read, Dialect::Avro | Dialect::Rust) => union::read_tagged(code, scope, union),
    });
}

/// For a tuple struct around a type.
fn newtype(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef, inner: &Type) {
    halves(code, scope, ty, |code, part| match part {
        Part::Write => {
            let text = write::value(scope, inner, &Value::place("self.0"));
            code.line(format_args!("{text};"));
        }
        Part::Read => {
            let text = read::value(scope, ty.dialect, inner);
            nested(code, scope, id, |code| {
                code.line(format_args!("{text}.map(Self)"))
            });
        }
    });
}

/// A reader that can lead back to itself without an object in between counts its depth.
fn nested(code: &mut Code, scope: &Scope<'_>, id: TypeId, body: impl FnOnce(&mut Code)) {
    if !scope.traits.recursive(id) {
        return body(code);
    }
    code.enter(format_args!("r.nested(|r| {{"));
    body(code);
    code.leave("})");
}

/// For a byte array: text in which each byte is a character, as Avro has it.
fn fixed(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, size: usize) {
    halves(code, scope, ty, |code, part| match part {
        Part::Write => code.raw("w.bytes(&self.0);"),
        Part::Read => code.line(format_args!("r.fixed::<{size}>().map(Self)")),
    });
}

/// A call that writes a value to the writer `w`, for emitters that look at the JSON of a value.
pub(crate) fn write_call(scope: &Scope<'_>, ty: &Type, value: &Value) -> String {
    write::value(scope, ty, value)
}

/// The two halves of a codec.
#[derive(Clone, Copy)]
enum Part {
    Write,
    Read,
}

/// The `impl` around the bodies of both halves.
fn halves(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, body: impl Fn(&mut Code, Part)) {
    let (obs, name) = (scope.obs, scope.name_text(&ty.name));
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::JsonCodec for {name}"));
    code.open(format_args!(
        "fn write_json(&self, w: &mut {obs}::json::Writer)"
    ));
    body(code, Part::Write);
    code.close();
    code.blank();
    code.open(format_args!(
        "fn read_json(r: &mut {obs}::json::Reader<'_>) -> {obs}::Result<Self, {obs}::DecodeError>"
    ));
    body(code, Part::Read);
    code.close();
    code.close();
}

/// A text as a JSON string literal.
fn json_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    obs_schema::json::write_string(&mut out, text);
    out
}

#[cfg(test)]
mod tests;
