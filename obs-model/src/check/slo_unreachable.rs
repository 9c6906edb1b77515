//! # An objective whose burn alerts can never fire
//!
//! An alert waits until the budget burns so many times too fast: 14.4 times within an hour, for a period of thirty days.
//! If a tenth of all messages may fail, they cannot fail more than ten times as often, even when all of them do.
//! A period that is too short has no window to look at before it is over.
//!
//! ```json
//! "slo": [{ "objective": "publish-success", "target": 90 }]
//! ```
//!
//! Use a higher `target`, or a shorter `window`, whose budget burns less fast: an objective of 90 % over seven days can be watched.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    for slo in &event.keys.slos {
        let (objective, target) = (&slo.value.objective, slo.value.target);
        let fastest = slo.value.burns().next();
        let (message, help) = match fastest {
            None => (
                format!("the period of `{objective}` is too short for any alert"),
                "write a `window` of three hours or more",
            ),
            Some((_, factor)) if slo.value.threshold(factor) >= 1.0 => {
                let most = 1.0 / slo.value.budget();
                (
                    format!(
                        "`{objective}` of {target} % burns {most:.1} times too fast at most, and its alert waits for {factor} times"
                    ),
                    "write a higher `target`, or a shorter `window`",
                )
            }
            Some(_) => continue,
        };
        cx.push(Diagnostic::error("slo-unreachable", slo.loc, message).help(help));
    }
}
