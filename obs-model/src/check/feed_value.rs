//! # A family measures something that is no number
//!
//! The value of a family is a number: of a field, or of a difference or quotient of two.
//!
//! ```json
//! "metrics": [{ "name": "order_value", "type": "histogram", "value": "currency" }]
//! ```
//!
//! Use a numeric field, or count with a counter that has no `value`. Times work in a `difference`, which is in seconds.

use super::Facts;
use super::shape::Sort;
use crate::model::{Event, FeedRole};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    for feed in event
        .keys
        .metrics
        .iter()
        .flat_map(|feed| &feed.value.fields)
    {
        if feed.role != FeedRole::Value {
            continue;
        }
        let Some(field) = facts.field(event, &feed.field) else {
            continue;
        };
        let sort = facts.sort(&field.ty);
        if matches!(sort, Sort::Number | Sort::Time | Sort::Foreign) {
            continue;
        }
        let message = format!(
            "`{}` is {}, and a value is a number",
            feed.field,
            sort.words()
        );
        cx.push(
            Diagnostic::error("feed-value", feed.loc, message)
                .other(field.loc, "declared here")
                .help("name a numeric field, or leave `value` out of a counter"),
        );
    }
}
