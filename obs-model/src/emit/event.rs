//! `impl Event`: the static facts of an event, and what telemetry may see of a value.

use super::paths::Scope;
use super::printer::Code;
use crate::model::{Event, TypeDef};

/// The implementation for one version of an event.
pub(crate) fn event(code: &mut Code, scope: &Scope<'_>, event: &Event, ty: &TypeDef) {
    let _ = (code, scope, event, ty);
}
