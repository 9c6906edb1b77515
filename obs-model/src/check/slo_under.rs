//! # An objective and its threshold do not go together
//!
//! A latency or freshness objective promises a share of messages under some time, so it needs `under`.
//! A success objective has no time to be under.
//!
//! ```json
//! "slo": [{ "objective": "publish-latency", "target": 99 }]
//! ```
//!
//! Use `"under": "100ms"` on `publish-latency`, `process-latency` and `freshness`, and only there.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    for slo in &event.keys.slos {
        let objective = &slo.value.objective;
        let (loc, message, help) = match (objective.ends_with("-success"), slo.value.under_ns) {
            (false, None) => (
                slo.loc,
                format!("`{objective}` promises a time and does not say which"),
                "add `\"under\": \"100ms\"`",
            ),
            (true, Some(under)) => (
                under.loc,
                format!("`{objective}` is no time to be under"),
                "remove `under`",
            ),
            _ => continue,
        };
        cx.push(Diagnostic::error("slo-under", loc, message).help(help));
    }
}
