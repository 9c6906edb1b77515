//! # A topic no broker would take
//!
//! Topics may have 249 letters, digits, `.`, `_` and `-`, which is what Kafka allows and NATS understands.
//!
//! ```json
//! "topic": "users/registered"
//! ```
//!
//! Use `"users.registered"`.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

/// Kafka's bound.
const LONGEST: usize = 249;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let topic = event.topic.as_str();
    let message = if let Some(bad) = topic.chars().find(|c| !plain(*c)) {
        format!("topic `{topic}` contains `{bad}`")
    } else if topic.len() > LONGEST {
        format!(
            "topic `{topic}` has {} letters, and {LONGEST} are allowed",
            topic.len()
        )
    } else if topic.is_empty() || topic.split('.').any(str::is_empty) {
        format!("topic `{topic}` has an empty part")
    } else {
        return;
    };
    let loc = event
        .keys
        .topic
        .as_ref()
        .map_or(event.loc, |topic| topic.loc);
    cx.push(
        Diagnostic::error("topic-name", loc, message)
            .help("write letters, digits, `.`, `_` and `-`, as in `users.registered`"),
    );
}
