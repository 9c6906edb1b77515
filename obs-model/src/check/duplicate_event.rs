//! # One version of an event is described twice
//!
//! Event type and version together name a contract. Two descriptions of one contract can disagree, and
//! consumers could not tell which of them a message follows.
//!
//! ```text
//! specs/user-registered.avsc        "event": "user.registered", "version": "2.0.0"
//! specs/user-registered-copy.avsc   "event": "user.registered", "version": "2.0.0"
//! ```
//!
//! Use another `version` when one is the successor, another `event` when they are different things, or remove one file.
//! A schema without `x-obs` is called after its record: of two records of one name in different namespaces, one needs an `event`.
//! Where the schema is not yours to change, obs.toml has it, under the schema's full name:
//!
//! ```text
//! [events."acme.billing.User"]
//! event = "billing.user"
//! ```

use super::Facts;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>) {
    for pair in facts.model.events.windows(2) {
        let [first, second] = pair else { continue };
        if (&first.event_type, first.version) != (&second.event_type, second.version) {
            continue;
        }
        let place = |event: &crate::model::Event| {
            event
                .keys
                .event
                .as_ref()
                .map_or(event.loc, |event| event.loc)
        };
        let message = format!(
            "event `{}` {} is described twice",
            second.event_type, second.version
        );
        cx.push(
            Diagnostic::error("duplicate-event", place(second), message)
                .other(place(first), "first described here")
                .help(
                    "give one of them another `event` or `version`, in its `x-obs` or in obs.toml under its full name, \
                     or remove it",
                ),
        );
    }
}
