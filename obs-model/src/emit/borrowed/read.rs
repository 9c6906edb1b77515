//! Reading a twin: as the codec reads its type, and what stands in the bytes stays there.

use crate::emit::avro;
use crate::emit::paths::{Scope, wrapper};
use crate::emit::printer::{Code, lit};
use crate::model::{Record, Shape, Type, TypeKind, Union};

/// `decode_avro`
pub(super) fn decode(code: &mut Code, scope: &Scope<'_>) {
    let obs = scope.obs;
    code.raw("/// Reads a value that fills the input; text and bytes stay where they are.");
    code.open(format_args!(
        "pub fn decode_avro(bytes: &'a [u8]) -> {obs}::Result<Self, {obs}::DecodeError>"
    ));
    code.line(format_args!("let mut r = {obs}::avro::Reader::new(bytes);"));
    code.raw("let value = Self::__read_avro(&mut r)?;");
    code.line(format_args!("r.finish()?;"));
    code.line(format_args!("{obs}::Ok(value)"));
    code.close();
    code.blank();
    code.raw("#[doc(hidden)]");
}

/// One expression a field.
pub(super) fn record(code: &mut Code, scope: &Scope<'_>, record: &Record, recursive: bool) {
    let obs = scope.obs;
    head(code, scope, "__read_avro", "");
    if recursive {
        code.enter(format_args!("r.nested(|r| {{"));
    }
    code.enter(format_args!("{obs}::Ok(Self {{"));
    for field in &record.fields {
        let text = value(scope, &field.ty);
        code.line(format_args!(
            "{}: {text}.within({})?,",
            field.ident,
            lit(&field.wire)
        ));
    }
    code.leave("})");
    if recursive {
        code.leave("})");
    }
    code.close();
}

/// The branches by index, which an `Option` around the union may have read already.
pub(super) fn union(code: &mut Code, scope: &Scope<'_>, union: &Union) {
    let (obs, count) = (scope.obs, union.branches.len());
    head(code, scope, "__read_avro", "");
    code.line(format_args!("let index = r.index({count})?;"));
    code.raw("Self::__read_branch(r, index)");
    code.close();
    code.blank();
    code.raw("#[doc(hidden)]");
    head(code, scope, "__read_branch", ", index: usize");
    code.open(format_args!("match index"));
    for branch in &union.branches {
        let text = value(scope, &branch.ty);
        code.line(format_args!(
            "{} => {text}.map(Self::{}),",
            branch.index, branch.ident
        ));
    }
    code.line(format_args!(
        "_ => {obs}::Err(r.fail({obs}::DecodeErrorKind::IndexOutOfRange {{ count: {count} }})),"
    ));
    code.close();
    code.close();
}

fn head(code: &mut Code, scope: &Scope<'_>, name: &str, more: &str) {
    let obs = scope.obs;
    code.open(format_args!(
        "pub fn {name}(r: &mut {obs}::avro::Reader<'a>{more}) -> {obs}::Result<Self, {obs}::DecodeError>"
    ));
}

/// An expression of type `Result`.
fn value(scope: &Scope<'_>, ty: &Type) -> String {
    let twins = &scope.traits.twins;
    if !twins.borrows(ty) {
        return avro::read_call(scope, ty);
    }
    let obs = scope.obs;
    let mut text = match &ty.shape {
        Shape::String => "r.str_ref()".to_owned(),
        Shape::Bytes => "r.bytes_ref()".to_owned(),
        Shape::Array(item) => format!("r.array(|r| {})", value(scope, item)),
        // A map is an array of pairs, byte for byte.
        Shape::Map(entry) => {
            format!(
                "r.array(|r| {obs}::Ok((r.str_ref()?, {}?)))",
                value(scope, entry)
            )
        }
        Shape::Option { inner, null_index } => match union_of(scope, inner) {
            Some((path, count)) => {
                let read = wrapped(scope, inner, format!("{path}::__read_branch(r, index)"));
                format!("r.nullable({null_index}, {}, |r, index| {read})", count + 1)
            }
            None => format!("r.option({null_index}, |r| {})", value(scope, inner)),
        },
        Shape::Named(id) => match twins.get(*id) {
            Some(name) => format!("{}::__read_avro(r)", scope.name_text(name)),
            None => return avro::read_call(scope, ty),
        },
        _ => return avro::read_call(scope, ty),
    };
    text = wrapped(scope, ty, text);
    text
}

/// A union with a twin: the path of the twin and how many branches it has.
fn union_of(scope: &Scope<'_>, ty: &Type) -> Option<(String, usize)> {
    let Shape::Named(id) = ty.shape else {
        return None;
    };
    let name = scope.traits.twins.get(id)?;
    match &scope.model.get(id).kind {
        TypeKind::Union(union) => Some((scope.name_text(name), union.branches.len())),
        _ => None,
    }
}

/// The wrapper and the box of a position around what is read.
fn wrapped(scope: &Scope<'_>, ty: &Type, mut text: String) -> String {
    let obs = scope.obs;
    if let Some(sensitivity) = ty.sensitive {
        text = format!("{text}.map({obs}::{}::new)", wrapper(sensitivity));
    }
    if ty.boxed {
        text = format!("{text}.map({obs}::Box::new)");
    }
    text
}
