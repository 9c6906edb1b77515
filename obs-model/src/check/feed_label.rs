//! # A family is labelled by an open field
//!
//! Every value of a label is a time series of its own. A field anything can stand in makes series without end,
//! which is how metric stores die.
//!
//! ```json
//! "metrics": [{ "name": "logins_total", "type": "counter", "labels": ["userAgent", "age"] }]
//! ```
//!
//! Use an enum, a boolean, a string whose common values are listed (`"label": true, "top": […]` on the field),
//! a number put into buckets (`{ "field": "age", "name": "age_bucket", "bounds": [18, 65] }`),
//! or the symbols of a list, one by one (`{ "field": "tags", "each": true }`).

use super::Facts;
use super::shape::{self, Sort};
use crate::model::{Event, FeedRole};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    for feed in event
        .keys
        .metrics
        .iter()
        .flat_map(|feed| &feed.value.fields)
    {
        let FeedRole::Label { bounds, each, .. } = &feed.role else {
            continue;
        };
        let Some(field) = facts.field(event, &feed.field) else {
            continue;
        };
        // A sensitive field cannot be a label of any kind, and `sensitive-label` has said so.
        if shape::sensitive(field).is_some() {
            continue;
        }
        let mut sort = facts.sort(&field.ty);
        let mut complain = |message: String, help: &str| {
            cx.push(
                Diagnostic::error("feed-label", feed.loc, message)
                    .other(field.loc, "declared here")
                    .help(help),
            );
        };
        if *each {
            let Some(item) = facts.item(&field.ty) else {
                let message = format!(
                    "`{}` is {}, and `each` goes through a list",
                    feed.field,
                    sort.words()
                );
                complain(message, "remove `each`");
                continue;
            };
            sort = facts.sort(item);
        }
        if bounds.is_some() {
            if !matches!(sort, Sort::Number | Sort::Foreign) {
                let message = format!(
                    "`{}` is {}, and `bounds` are for numbers",
                    feed.field,
                    sort.words()
                );
                complain(message, "remove `bounds`");
            }
            continue;
        }
        let topped = field
            .keys
            .label
            .as_ref()
            .is_some_and(|label| !label.value.top.is_empty());
        if sort.is_closed() || topped {
            continue;
        }
        let help = match sort {
            Sort::Number => {
                "put it into buckets: `{ \"field\": …, \"name\": …, \"bounds\": [1, 10] }`"
            }
            Sort::Text => "list its common values in `top`, or label by an enum or a boolean",
            Sort::List => "go through its symbols: `{ \"field\": …, \"each\": true }`",
            _ => "label by an enum or a boolean",
        };
        let message = format!(
            "`{}` is {}, and a label needs a closed field",
            feed.field,
            sort.words()
        );
        complain(message, help);
    }
}
