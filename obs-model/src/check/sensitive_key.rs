//! # A sensitive field decides where a message goes
//!
//! Message keys stand in the open: brokers log them, tools show them, compacted topics keep them for ever. The same holds
//! for the tenant and the correlation id, which travel in headers.
//! Personal data may be a key in its hashed form, which still keeps the order per person; a secret may not be one.
//!
//! ```json
//! { "name": "email", "type": "string", "x-obs": { "key": true, "pii": "mask" } }
//! ```
//!
//! Use `"pii": "hash"`, or a key that is no personal data, such as an internal id.

use super::Facts;
use crate::model::{Field, Redaction};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    let keys = &field.keys;
    if let (Some(key), Some(secret)) = (keys.key, keys.secret) {
        let message = format!("`{}` is `secret` and cannot be the message key", field.wire);
        cx.push(
            Diagnostic::error("sensitive-key", key, message)
                .other(secret, "marked `secret` here")
                .help("use another field as the key"),
        );
        return;
    }
    let Some(pii) = keys.pii.as_ref().filter(|pii| pii.value != Redaction::Hash) else {
        return;
    };
    let asked = [
        ("key", keys.key),
        ("tenant", keys.tenant),
        ("correlation", keys.correlation),
    ];
    for (mark, loc) in asked {
        let Some(loc) = loc else { continue };
        let message = format!("`{}` is `pii` and a `{mark}` only when hashed", field.wire);
        cx.push(
            Diagnostic::error("sensitive-key", loc, message)
                .other(pii.loc, "redacted otherwise here")
                .help(format!("write `hash` for `pii`, or remove `{mark}`")),
        );
    }
}
