//! `impl JsonCodec` for every kind of type.

use super::paths::Scope;
use super::printer::Code;
use crate::model::{Enum, Record, Type, TypeDef, Union};

/// For a struct.
pub(crate) fn record(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, record: &Record) {
    let _ = (code, scope, ty, record);
}

/// For an enum of symbols.
pub(crate) fn enum_(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, symbols: &Enum) {
    let _ = (code, scope, ty, symbols);
}

/// For an enum of branches.
pub(crate) fn union(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, union: &Union) {
    let _ = (code, scope, ty, union);
}

/// For a tuple struct around a type.
pub(crate) fn newtype(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, inner: &Type) {
    let _ = (code, scope, ty, inner);
}

/// For a byte array.
pub(crate) fn fixed(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, size: usize) {
    let _ = (code, scope, ty, size);
}
