//! Reading: expressions of type `Result`.

use super::super::paths::unrecognised;
use super::super::paths::{Scope, wrapper};
use super::super::printer::{Code, lit};
use super::{is_plain, is_plain_container, is_union};
use crate::model::{Enum, Logical, Record, Shape, Type, Unknown};

/// One expression a field. Only records that contain themselves count their depth: the others are as deep as
/// their schema.
pub(super) fn record(code: &mut Code, scope: &Scope<'_>, record: &Record, recursive: bool) {
    let obs = scope.obs;
    if recursive {
        code.enter(format_args!("r.nested(|r| {{"));
    }
    if record.fields.is_empty() {
        code.line(format_args!("{obs}::Ok(Self {{}})"));
    } else {
        code.line(format_args!("let mut r = {obs}::fields(r);"));
        code.enter(format_args!("let it = Self {{"));
        for field in &record.fields {
            let text = self::field(scope, &field.ty, &lit(&field.wire));
            code.line(format_args!("{}: {text},", field.ident));
        }
        if let Unknown::Keep(_) = record.unknown {
            code.line(format_args!(
                "{}: {obs}::Default::default(),",
                record.unknown_ident
            ));
        }
        code.leave("};");
        code.raw("r.end(it)");
    }
    if recursive {
        code.leave("})");
    }
}

/// An expression for a field: without `?` where its type has a value to stand in after a failure.
fn field(scope: &Scope<'_>, ty: &Type, name: &str) -> String {
    let wrapped = ty.sensitive.is_some() || ty.boxed;
    let word = match &ty.shape {
        _ if wrapped => "value",
        Shape::Bool => "bool",
        Shape::I32 => "int",
        Shape::I64 => "long",
        Shape::F32 => "float",
        Shape::F64 => "double",
        Shape::Bytes => "bytes",
        Shape::String => "string",
        _ => "value",
    };
    match &ty.shape {
        Shape::Named(_) => format!("r.part({name})?"),
        _ if word != "value" || is_plain(scope, ty) => format!("r.{word}({name})"),
        _ => format!("r.read({name}, |r| {})?", result(scope, ty)),
    }
}

/// A symbol by index. One that is not the schema's can only come out of a resolution plan.
pub(super) fn enum_(code: &mut Code, scope: &Scope<'_>, symbols: &Enum) {
    let obs = scope.obs;
    let count = symbols.symbols.len();
    code.enter(format_args!("{obs}::Ok(match r.symbol({count})? {{"));
    if scope.derived {
        for (at, symbol) in symbols.symbols.iter().enumerate() {
            code.line(format_args!(
                "{obs}::avro::Symbol::Index({at}) => Self::{},",
                symbol.ident
            ));
        }
        match symbols.default {
            Some(default) => code.line(format_args!(
                "_ => Self::{},",
                symbols.symbols[default].ident
            )),
            None => {
                code.line(format_args!(
                    "_ => return {obs}::Err(r.fail({obs}::DecodeErrorKind::UnknownSymbol)),"
                ));
            }
        }
    } else if let Some(default) = symbols.default {
        code.line(format_args!(
            "{obs}::avro::Symbol::Index(index) => Self::ALL[index],"
        ));
        let default = &symbols.symbols[default].ident;
        code.line(format_args!(
            "{obs}::avro::Symbol::Unrecognised(_) => Self::{default},"
        ));
    } else {
        let open = unrecognised(symbols);
        code.line(format_args!(
            "{obs}::avro::Symbol::Index(index) => Self::ALL[index].clone(),"
        ));
        code.line(format_args!(
            "{obs}::avro::Symbol::Unrecognised(symbol) => Self::{open}(symbol.into()),"
        ));
    }
    code.leave("})");
}

/// An expression of type `Result<T, DecodeError>`.
pub(super) fn result(scope: &Scope<'_>, ty: &Type) -> String {
    let obs = scope.obs;
    let mut text = shape(scope, &ty.shape);
    if let Some(sensitivity) = ty.sensitive {
        text = format!("{text}.map({obs}::{}::new)", wrapper(sensitivity));
    }
    if ty.boxed {
        text = format!("{text}.map({obs}::Box::new)");
    }
    text
}

fn shape(scope: &Scope<'_>, shape: &Shape) -> String {
    let obs = scope.obs;
    match shape {
        shape if is_plain_container(scope, shape) => format!("{obs}::AvroCodec::read_avro(r)"),
        Shape::Null => "r.null()".to_owned(),
        Shape::Bool => "r.bool()".to_owned(),
        Shape::I32 => "r.int()".to_owned(),
        Shape::I64 => "r.long()".to_owned(),
        Shape::F32 => "r.float()".to_owned(),
        Shape::F64 => "r.double()".to_owned(),
        Shape::Bytes => "r.bytes()".to_owned(),
        Shape::String => "r.string()".to_owned(),
        Shape::Array(item) => format!("r.array(|r| {})", result(scope, item)),
        Shape::Map(item) => format!("r.map(|r| {})", result(scope, item)),
        Shape::Option { inner, null_index } => match is_union(scope, inner) {
            Some(count) => {
                let Shape::Named(id) = inner.shape else {
                    return String::new();
                };
                let mut read = format!("{}::__read_avro(r, index)", scope.named_text(id));
                if let Some(sensitivity) = inner.sensitive {
                    read = format!("{read}.map({obs}::{}::new)", wrapper(sensitivity));
                }
                if inner.boxed {
                    read = format!("{read}.map({obs}::Box::new)");
                }
                format!("r.nullable({null_index}, {}, |r, index| {read})", count + 1)
            }
            None => format!("r.option({null_index}, |r| {})", result(scope, inner)),
        },
        Shape::Logical(logical) => self::logical(obs, *logical),
        Shape::Named(_) | Shape::Rust(_) | Shape::Json | Shape::Tuple(_) | Shape::U64 => {
            format!("{}(r)", scope.codec(shape, "AvroCodec", "read_avro"))
        }
    }
}

fn logical(obs: &str, logical: Logical) -> String {
    let name = super::super::paths::logical_name(logical);
    let ty = format!("{obs}::types::{name}");
    match logical {
        Logical::Date | Logical::TimeMillis => format!("r.int().map({ty})"),
        Logical::Decimal {
            scale, fixed: None, ..
        } => format!("{ty}::read_bytes(r, {scale})"),
        Logical::Decimal {
            scale,
            fixed: Some(size),
            ..
        } => format!("{ty}::read_fixed(r, {size}, {scale})"),
        Logical::BigDecimal | Logical::Duration => format!("{ty}::read_avro(r)"),
        Logical::Uuid { fixed: true } => format!("r.fixed().map({ty})"),
        Logical::Uuid { fixed: false } => format!("{ty}::read_text(r)"),
        _ => format!("r.long().map({ty})"),
    }
}
