//! # One objective is promised twice
//!
//! Recording rules and alerts are named by objective and threshold. Two of the same would overwrite each other.
//!
//! ```json
//! "slo": [
//!   { "objective": "publish-success", "target": 99.9 },
//!   { "objective": "publish-success", "target": 99 }
//! ]
//! ```
//!
//! Use one of them, or, for a latency, another `under`: 99 % under 100 ms and 99.9 % under 1 s are two promises.

use super::Facts;
use crate::draft::Located;
use crate::model::{Event, Slo};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    let slos = &event.keys.slos;
    for (at, slo) in slos.iter().enumerate() {
        let promise = |slo: &Located<Slo>| {
            let under = slo.value.under_ns.map(|under| under.value);
            (slo.value.objective.clone(), under)
        };
        let same = |other: &&Located<Slo>| promise(other) == promise(slo);
        let Some(first) = slos[..at].iter().find(same) else {
            continue;
        };
        let message = format!("objective `{}` is promised twice", slo.value.objective);
        cx.push(
            Diagnostic::error("duplicate-slo", slo.loc, message)
                .other(first.loc, "first promised here")
                .help("remove one of the two, or give a latency another `under`"),
        );
    }
}
