//! # Two fields become one span attribute
//!
//! A span has one value for each attribute: of two fields with the same `attr`, one would be lost, and nobody could say which.
//!
//! ```json
//! { "name": "userId",  "type": "string", "x-obs": { "attr": "user.id" } },
//! { "name": "ownerId", "type": "string", "x-obs": { "attr": "user.id" } }
//! ```
//!
//! Use another name for one of them, such as `owner.id`, or take one `attr` away.

use super::Facts;
use crate::model::{Record, TypeId};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::table::Table;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, _: TypeId, record: &Record) {
    let mut seen: Table<&str, _> = Table::default();
    for field in &record.fields {
        let Some(attr) = &field.keys.attr else {
            continue;
        };
        let Some((first, wire)) = seen.insert(&attr.value, (attr.loc, &field.wire)) else {
            continue;
        };
        let message = format!(
            "`{wire}` and `{}` both become the attribute `{}`",
            field.wire, attr.value
        );
        cx.push(
            Diagnostic::error("duplicate-attr", attr.loc, message)
                .other(first, "first used here")
                .help("give one of them another name"),
        );
    }
}
