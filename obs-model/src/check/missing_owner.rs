//! # Nobody owns an event
//!
//! Alerts, dashboards and the catalogue name the team that answers for an event. Without `owner` they go to nobody.
//!
//! ```json
//! "x-obs": { "event": "user.registered" }
//! ```
//!
//! Use `"owner": "identity"` in the spec, or `owner` under `[defaults]` in `obs.toml` when one team owns them all.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    // Only the newest version is anybody's business still.
    if event.owner.is_none() && event.newest {
        let message = format!("nobody owns `{}`", event.event_type);
        cx.push(
            Diagnostic::warning("missing-owner", event.loc, message)
                .help("add `owner` to `x-obs`, or to `[defaults]` in obs.toml"),
        );
    }
}
