//! # A secret is asked for in telemetry
//!
//! A `secret` never leaves but in the payload: not in spans, not in logs, not in headers.
//!
//! ```json
//! { "name": "apiToken", "type": "string", "x-obs": { "secret": true, "log": true } }
//! ```
//!
//! Use `"pii": "hash"` when a redacted form has to be seen, or take the other mark away.

use super::Facts;
use crate::model::Field;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    let keys = &field.keys;
    let Some(secret) = keys.secret else { return };
    let asked = [
        ("attr", keys.attr.as_ref().map(|attr| attr.loc)),
        ("log", keys.log),
        ("tenant", keys.tenant),
        ("correlation", keys.correlation),
    ];
    for (mark, loc) in asked {
        let Some(loc) = loc else { continue };
        let message = format!("`{}` is `secret` and asked for by `{mark}`", field.wire);
        cx.push(
            Diagnostic::error("secret-telemetry", loc, message)
                .other(secret, "marked `secret` here")
                .help(format!(
                    "remove `{mark}`; a secret leaves in the payload only"
                )),
        );
    }
}
