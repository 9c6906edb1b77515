//! # A dropped field is asked for in telemetry
//!
//! `pii: drop` keeps a field out of spans and logs altogether; `attr` and `log` ask for it there.
//!
//! ```json
//! { "name": "email", "type": "string", "x-obs": { "pii": "drop", "log": true } }
//! ```
//!
//! Use `"pii": "hash"` to follow one person without knowing them, `mask` or `truncate`, or take `attr` and `log` away.

use super::Facts;
use crate::model::{Field, Redaction};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    let keys = &field.keys;
    let Some(pii) = keys.pii.as_ref().filter(|pii| pii.value == Redaction::Drop) else {
        return;
    };
    let asked = [
        ("attr", keys.attr.as_ref().map(|attr| attr.loc)),
        ("log", keys.log),
    ];
    for (mark, loc) in asked {
        let Some(loc) = loc else { continue };
        let message = format!(
            "`{}` is dropped from telemetry and asked for by `{mark}`",
            field.wire
        );
        cx.push(
            Diagnostic::error("pii-drop", loc, message)
                .other(pii.loc, "dropped here")
                .help(format!(
                    "remove `{mark}`, or redact with `hash`, `mask` or `truncate`"
                )),
        );
    }
}
