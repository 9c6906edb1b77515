//! # A family with a name that is taken
//!
//! Each event feeds families of ours (`event_published_total`, `event_publish_duration_seconds`, …) without being asked.
//! A family of a spec under such a name would mix with them.
//!
//! ```json
//! "metrics": [{ "name": "event_published_total", "type": "counter" }]
//! ```
//!
//! Use a name that says what the event means: `users_registered_total`.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::is_family;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    for feed in &event.keys.metrics {
        if is_family(&feed.value.name) {
            let message = format!("family `{}` is one of ours", feed.value.name);
            cx.push(
                Diagnostic::error("reserved-metric", feed.value.name_loc, message)
                    .help("give it a name of your own domain"),
            );
        }
    }
}
