//! # Two fields become one metric label
//!
//! A series has one value for each label. Labels are called after their fields in snake case, so `planType` and `plan_type` meet.
//!
//! ```json
//! { "name": "planType",  "type": "Plan", "x-obs": { "label": true } },
//! { "name": "plan_type", "type": "Tier", "x-obs": { "label": true } }
//! ```
//!
//! Use `"label": { "name": "tier" }` on one of them.

use super::{Facts, shape};
use crate::model::{Record, TypeId};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::table::Table;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, _: TypeId, record: &Record) {
    let mut seen: Table<&str, _> = Table::default();
    for field in &record.fields {
        let (Some(name), Some(label)) = (shape::label_name(field), &field.keys.label) else {
            continue;
        };
        let Some((first, wire)) = seen.insert(name, (label.loc, &field.wire)) else {
            continue;
        };
        let message = format!(
            "`{wire}` and `{}` both become the label `{name}`",
            field.wire
        );
        cx.push(
            Diagnostic::error("duplicate-label", label.loc, message)
                .other(first, "first used here")
                .help("give one of them another name: `\"label\": { \"name\": … }`"),
        );
    }
}
