//! `impl AvroCodec`: straight lines in the order of the schema, no serde, no tree of values.
//!
//! Writing has no `?`: the writer keeps its first refusal. Reading is one expression a field,
//! each of which names its field when it fails.

mod read;
mod write;

use super::paths::Scope;
use super::printer::Code;
use super::value::Value;
use crate::model::{Logical, Shape, Type, TypeDef, TypeId, TypeKind, Union};
use obs_schema::table::Numbered;

/// The codec of a type.
pub(crate) fn codec(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    let obs = scope.obs;
    let ident = &ty.name.ident;
    if let TypeKind::Union(union) = &ty.kind {
        branches(code, scope, ident, union);
    }
    code.blank();
    code.raw("#[automatically_derived]");
    code.open(format_args!("impl {obs}::AvroCodec for {ident}"));
    // A record without fields writes nothing.
    let empty = matches!(&ty.kind, TypeKind::Record(record) if record.fields.is_empty());
    let (w, r) = if empty { ("_", "_") } else { ("w", "r") };
    code.open(format_args!(
        "fn write_avro(&self, {w}: &mut {obs}::avro::Writer)"
    ));
    if scope.roots.contains(&id.number()) && !empty {
        code.line(format_args!("w.reserve({});", hint(scope, id)));
    }
    match &ty.kind {
        TypeKind::Record(record) => write::record(code, scope, record),
        TypeKind::Enum(symbols) => write::enum_(code, scope, symbols),
        TypeKind::Union(union) => write::union(code, scope, union),
        TypeKind::Newtype(inner) => write::value(code, scope, inner, &Value::place("self.0"), ";"),
        TypeKind::Fixed { .. } => code.raw("w.fixed(&self.0);"),
    }
    code.close();
    code.blank();
    code.open(format_args!(
        "fn read_avro({r}: &mut {obs}::avro::Reader<'_>) -> {obs}::Result<Self, {obs}::DecodeError>"
    ));
    match &ty.kind {
        TypeKind::Record(record) => read::record(code, scope, record, scope.traits.recursive(id)),
        TypeKind::Enum(symbols) => read::enum_(code, scope, symbols),
        TypeKind::Union(union) => {
            code.line(format_args!(
                "let index = r.index({})?;",
                union.branches.len()
            ));
            code.raw("Self::__read_avro(r, index)");
        }
        TypeKind::Newtype(inner) => {
            let text = read::result(scope, inner);
            code.line(format_args!("{text}.map(Self)"));
        }
        TypeKind::Fixed { .. } => code.raw("r.fixed().map(Self)"),
    }
    code.close();
    code.close();
}

/// An expression of type `Result` that reads a value from `r`, for the twins that borrow.
pub(crate) fn read_call(scope: &Scope<'_>, ty: &Type) -> String {
    read::result(scope, ty)
}

/// A union's branches by index. Where null is one of them, the reader of the `Option` around the union has read
/// the index already.
fn branches(code: &mut Code, scope: &Scope<'_>, ident: &str, union: &Union) {
    let obs = scope.obs;
    code.blank();
    code.open(format_args!("impl {ident}"));
    code.raw("#[doc(hidden)]");
    code.list(
        "pub fn __read_avro(",
        &[
            format!("r: &mut {obs}::avro::Reader<'_>"),
            "index: usize".to_owned(),
        ],
        &format!(") -> {obs}::Result<Self, {obs}::DecodeError> {{"),
    );
    code.indented(|code| {
        code.open(format_args!("match index"));
        for branch in &union.branches {
            let text = read::result(scope, &branch.ty);
            code.line(format_args!(
                "{} => {text}.map(Self::{}),",
                branch.index, branch.ident
            ));
        }
        let count = union.branches.len();
        code.line(format_args!(
            "_ => {obs}::Err(r.fail({obs}::DecodeErrorKind::IndexOutOfRange {{ count: {count} }})),"
        ));
        code.close();
    });
    code.raw("}");
    code.close();
}

/// Whether a list, a map or a nullable value is encoded by the runtime as the schema wants it.
///
/// Each closure in generated code is a function of its own to the compiler, and costs as much as three fields;
/// so plain containers are left to the runtime.
fn is_plain_container(scope: &Scope<'_>, shape: &Shape) -> bool {
    match shape {
        Shape::Array(inner) | Shape::Map(inner) => is_plain(scope, inner),
        Shape::Option {
            inner,
            null_index: 0,
        } => is_plain(scope, inner) && is_union(scope, inner).is_none(),
        _ => false,
    }
}

fn is_plain(scope: &Scope<'_>, ty: &Type) -> bool {
    match &ty.shape {
        Shape::Bool | Shape::I32 | Shape::I64 | Shape::F32 | Shape::F64 | Shape::String => true,
        // The runtime's containers count a level for themselves, which types that contain themselves cannot spare.
        Shape::Named(id) => !scope.traits.recursive(*id),
        Shape::Logical(logical) => !matches!(
            logical,
            Logical::Decimal { .. } | Logical::Uuid { fixed: true }
        ),
        shape => is_plain_container(scope, shape),
    }
}

/// Whether a type in a position is a union of several branches, which writes its own index.
fn is_union(scope: &Scope<'_>, ty: &Type) -> Option<usize> {
    match ty.shape {
        Shape::Named(id) => match &scope.model.get(id).kind {
            TypeKind::Union(union) => Some(union.branches.len()),
            _ => None,
        },
        _ => None,
    }
}

/// A likely size of the encoded value, so that a fresh buffer grows once.
fn hint(scope: &Scope<'_>, id: TypeId) -> usize {
    let sum = named_hint(scope, id, 2);
    sum.clamp(16, 4096).next_multiple_of(16)
}

fn named_hint(scope: &Scope<'_>, id: TypeId, depth: usize) -> usize {
    let Some(depth) = depth.checked_sub(1) else {
        return 16;
    };
    match &scope.model.get(id).kind {
        TypeKind::Record(record) => record
            .fields
            .iter()
            .map(|field| type_hint(scope, &field.ty, depth))
            .sum(),
        TypeKind::Enum(_) => 1,
        TypeKind::Union(union) => {
            1 + union
                .branches
                .iter()
                .map(|branch| type_hint(scope, &branch.ty, depth))
                .max()
                .unwrap_or(0)
        }
        TypeKind::Newtype(inner) => type_hint(scope, inner, depth),
        TypeKind::Fixed { size } => *size,
    }
}

fn type_hint(scope: &Scope<'_>, ty: &Type, depth: usize) -> usize {
    match &ty.shape {
        Shape::Null => 0,
        Shape::Bool => 1,
        Shape::I32 => 3,
        Shape::I64 | Shape::U64 => 5,
        Shape::F32 => 4,
        Shape::F64 => 8,
        Shape::Bytes | Shape::String | Shape::Json | Shape::Rust(_) => 16,
        Shape::Array(item) | Shape::Map(item) => 2 + 2 * type_hint(scope, item, depth),
        Shape::Tuple(items) => items.iter().map(|item| type_hint(scope, item, depth)).sum(),
        Shape::Option { inner, .. } => 1 + type_hint(scope, inner, depth),
        Shape::Named(id) => named_hint(scope, *id, depth),
        Shape::Logical(logical) => match logical {
            Logical::Uuid { fixed: false } => 37,
            Logical::Uuid { fixed: true } => 16,
            Logical::Decimal {
                fixed: Some(size), ..
            } => *size,
            Logical::Date => 3,
            Logical::Duration => 12,
            _ => 8,
        },
    }
}
