//! `serde` derives and the attributes that make them say what the schema says.

use super::paths::Scope;
use super::printer::Code;
use crate::model::{Field, TypeDef};

/// The attribute lines above a type, when serde is wanted and nothing in it is sensitive.
pub(crate) fn derives(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef) {
    let _ = (code, scope, ty);
}

/// The attribute lines above a field of a struct.
pub(crate) fn field(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, field: &Field) {
    let _ = (code, scope, ty, field);
}

/// The attribute lines above a variant, given its name on the wire.
pub(crate) fn variant(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef, wire: &str) {
    let _ = (code, scope, ty, wire);
}

/// The attribute lines above the field that keeps unknown members.
pub(crate) fn unknown(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef) {
    let _ = (code, scope, ty);
}

/// The attribute lines above the variant for symbols of newer schemas.
pub(crate) fn unrecognised(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef) {
    let _ = (code, scope, ty);
}
