//! # A label with a name that is taken
//!
//! Prometheus sets `job`, `instance`, `le` and `quantile`; our families carry `event_type`, `event_version`, `source`,
//! `consumer`, `error_type` and some more. A label of a spec under such a name would be overwritten or refused.
//!
//! ```json
//! { "name": "source", "type": "Channel", "x-obs": { "label": true } }
//! ```
//!
//! Use another name for the label: `"label": { "name": "channel" }`.

use super::{Facts, shape};
use crate::model::FeedRole;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::RESERVED_LABELS;
use obs_schema::source::Loc;

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>) {
    for (_, record) in facts.records() {
        for field in &record.fields {
            if let (Some(name), Some(label)) = (shape::label_name(field), &field.keys.label) {
                judge(cx, name, label.loc);
            }
        }
    }
    for feed in facts
        .model
        .events
        .iter()
        .flat_map(|event| &event.keys.metrics)
    {
        for used in &feed.value.fields {
            if let FeedRole::Label { name, .. } = &used.role {
                judge(cx, name.as_deref().unwrap_or(&used.field), used.loc);
            }
        }
    }
}

fn judge(cx: &mut Diagnostics, name: &str, loc: Loc) {
    if RESERVED_LABELS.contains(&name) || name.starts_with("__") {
        cx.push(
            Diagnostic::error(
                "reserved-label",
                loc,
                format!("the label `{name}` is taken"),
            )
            .help("give it another name: `\"label\": { \"name\": … }`"),
        );
    }
}
