//! # A family's name breaks the naming practices
//!
//! Dashboards and people guess from a name what a family is: snake case, `_total` at the end of a counter and of nothing
//! else, no endings that histograms and summaries make themselves (`_bucket`, `_count`, `_sum`), no colons, which recording rules have.
//!
//! ```json
//! "metrics": [{ "name": "ordersPlaced", "type": "counter" }]
//! ```
//!
//! Use `orders_placed_total`. A name that dashboards already know may stay: write `"allow": ["metric-name"]` next to it.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, event: &Event) {
    for feed in &event.keys.metrics {
        let Some((what, better)) = fault(&feed.value.name, &feed.value.kind) else {
            continue;
        };
        let message = format!("family `{}` {what}", feed.value.name);
        cx.push(
            Diagnostic::warning("metric-name", feed.value.name_loc, message).help(format!(
                "write `{better}`, or keep it with `\"allow\": [\"metric-name\"]`"
            )),
        );
    }
}

/// What is wrong with the name of a family, and a better one.
pub(crate) fn fault(name: &str, kind: &str) -> Option<(&'static str, String)> {
    if name.contains(|c: char| c.is_ascii_uppercase() || c == ':') {
        let mut better = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !better.is_empty() && !better.ends_with('_') {
                better.push('_');
            }
            better.push(if c == ':' {
                '_'
            } else {
                c.to_ascii_lowercase()
            });
        }
        return Some(("is not in snake case", better));
    }
    if kind == "counter" && !name.ends_with("_total") {
        return Some((
            "is a counter and does not end in `_total`",
            format!("{name}_total"),
        ));
    }
    if kind != "counter" && name.ends_with("_total") {
        let better = name.trim_end_matches("_total").to_owned();
        return Some(("ends in `_total` and is no counter", better));
    }
    let ending = ["_bucket", "_count", "_sum"]
        .into_iter()
        .find(|ending| name.ends_with(ending))?;
    Some((
        "ends as parts of histograms do",
        name.trim_end_matches(ending).to_owned(),
    ))
}
