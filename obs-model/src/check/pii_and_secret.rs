//! # A field is both `pii` and `secret`
//!
//! Personal data may appear in telemetry in a redacted form; a secret may not appear at all. A field is one of them.
//!
//! ```json
//! { "name": "password", "type": "string", "x-obs": { "pii": "hash", "secret": true } }
//! ```
//!
//! Use `secret` alone for passwords, tokens and keys, and `pii` alone for names, addresses and the like.

use super::Facts;
use crate::model::Field;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    let (Some(pii), Some(secret)) = (&field.keys.pii, field.keys.secret) else {
        return;
    };
    let message = format!("`{}` is both `pii` and `secret`", field.wire);
    cx.push(
        Diagnostic::error("pii-and-secret", secret, message)
            .other(pii.loc, "marked `pii` here")
            .help("keep `secret` when it must never be seen, `pii` when its redacted form may be"),
    );
}
