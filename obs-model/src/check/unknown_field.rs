//! # A name no field has
//!
//! Families under `metrics`, and `fields` under `[events]` in `obs.toml`, name fields as the schema writes them, with dots into nested records.
//!
//! ```json
//! "fields": [{ "name": "userId", "type": "string" }],
//! "x-obs": { "metrics": [{ "name": "users_total", "type": "counter", "labels": ["user_id"] }] }
//! ```
//!
//! Use `userId`, the name on the wire.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    for used in event
        .keys
        .metrics
        .iter()
        .flat_map(|feed| &feed.value.fields)
    {
        if facts.field(event, &used.field).is_some() {
            continue;
        }
        let known = facts.fields(event).iter().map(|field| field.wire.as_str());
        let help = match nearest(&used.field, known) {
            Some(near) => format!("write `{near}`"),
            None => "name a field as it is called in the schema".to_owned(),
        };
        let message = format!("`{}` has no field `{}`", event.event_type, used.field);
        cx.push(Diagnostic::error("unknown-field", used.loc, message).help(help));
    }
}
