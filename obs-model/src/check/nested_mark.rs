//! # A mark on a part, not on an event
//!
//! The message key, span attributes, labels, log fields, tenant and correlation are taken from the event's own fields.
//! On a field of a nested record these marks do nothing. (`pii` and `secret` work at any depth.)
//!
//! ```json
//! { "name": "address", "type": { "type": "record", "name": "Address", "fields": [
//!   { "name": "city", "type": "string", "x-obs": { "log": true } } ] } }
//! ```
//!
//! Use a field of the event itself, or take the mark away.

use super::Facts;
use crate::model::{Record, TypeId};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::table::Numbered;

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, id: TypeId, record: &Record) {
    if facts.payloads.contains(&id.number()) {
        return;
    }
    for field in &record.fields {
        let keys = &field.keys;
        let marks = [
            ("key", keys.key),
            ("attr", keys.attr.as_ref().map(|attr| attr.loc)),
            ("label", keys.label.as_ref().map(|label| label.loc)),
            ("log", keys.log),
            ("tenant", keys.tenant),
            ("correlation", keys.correlation),
        ];
        for (mark, loc) in marks {
            let Some(loc) = loc else { continue };
            let message = format!(
                "`{mark}` on `{}` does nothing: it is a field of a part, not of an event",
                field.wire
            );
            cx.push(
                Diagnostic::warning("nested-mark", loc, message)
                    .help("remove it, or put the value into a field of the event"),
            );
        }
    }
}
