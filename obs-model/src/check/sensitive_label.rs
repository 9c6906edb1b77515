//! # A sensitive field as a metric label
//!
//! Labels are kept for months, copied to every store and shown on every dashboard, and nothing can be taken out of
//! them again. So a `pii` or `secret` field is never a label, in no form.
//!
//! ```json
//! { "name": "email", "type": "string", "x-obs": { "pii": "hash", "label": true } }
//! ```
//!
//! Use a closed field that says what you want to know (`plan`, `country`), or `attr`, where `pii` appears redacted.

use super::{Facts, shape};
use crate::model::{FeedRole, Field};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>) {
    for (_, record) in facts.records() {
        for field in &record.fields {
            if let Some(label) = &field.keys.label {
                judge(cx, field, label.loc, facts.closed_beside(&record.fields));
            }
        }
    }
    for event in &facts.model.events {
        for used in event
            .keys
            .metrics
            .iter()
            .flat_map(|feed| &feed.value.fields)
        {
            if let FeedRole::Label { .. } = used.role
                && let Some(field) = facts.field(event, &used.field)
            {
                judge(
                    cx,
                    field,
                    used.loc,
                    facts.closed_beside(facts.fields(event)),
                );
            }
        }
    }
}

fn judge(cx: &mut Diagnostics, field: &Field, label: Loc, better: Option<&str>) {
    let Some((word, marked)) = shape::sensitive(field) else {
        return;
    };
    let message = format!("`{}` is `{word}` and cannot be a metric label", field.wire);
    let help = match better {
        Some(other) => format!("remove `label`, or label by a closed field such as `{other}`"),
        None => "remove `label`, or label by a closed field".to_owned(),
    };
    cx.push(
        Diagnostic::error("sensitive-label", label, message)
            .label("asked to be a label here")
            .other(marked, "marked sensitive here")
            .help(help),
    );
}

impl Facts<'_> {
    /// A field that could be a label instead.
    fn closed_beside<'f>(&self, fields: &'f [Field]) -> Option<&'f str> {
        let good =
            |field: &&Field| self.sort(&field.ty).is_closed() && shape::sensitive(field).is_none();
        fields.iter().find(good).map(|field| field.wire.as_str())
    }
}
