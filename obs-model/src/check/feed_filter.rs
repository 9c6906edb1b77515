//! # A family filters by something that is no closed field
//!
//! `when`, `enter` and `leave` compare a field with known values, so the field has to be an enum, a boolean or a
//! string with `top`, and the values have to be among its own. A misspelt symbol would count nothing for ever.
//!
//! ```json
//! "metrics": [{ "name": "orders_paid_total", "type": "counter", "when": { "status": ["PAYED"] } }]
//! ```
//!
//! Use the symbols as the schema writes them: `"when": { "status": ["PAID"] }`.

use super::Facts;
use super::shape::Sort;
use crate::model::{Event, FeedRole};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::json::Json;

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    for feed in event
        .keys
        .metrics
        .iter()
        .flat_map(|feed| &feed.value.fields)
    {
        let FeedRole::When { values } = &feed.role else {
            continue;
        };
        let Some(field) = facts.field(event, &feed.field) else {
            continue;
        };
        let sort = facts.sort(&field.ty);
        let top = field
            .keys
            .label
            .as_ref()
            .map_or(&[][..], |label| &label.value.top);
        if !sort.is_closed() && top.is_empty() {
            let message = format!(
                "`{}` is {}, and a filter needs a closed field",
                feed.field,
                sort.words()
            );
            cx.push(
                Diagnostic::error("feed-filter", feed.loc, message)
                    .other(field.loc, "declared here")
                    .help("filter by an enum or a boolean"),
            );
            continue;
        }
        let known = if top.is_empty() {
            facts.symbols(&field.ty)
        } else {
            top.iter().map(String::as_str).chain(["other"]).collect()
        };
        for (value, loc) in values {
            let fits = match (sort, value) {
                (Sort::Foreign, _) | (Sort::Bool, Json::Bool(_)) => true,
                (Sort::Bool, _) => false,
                (_, Json::String(text)) => known.contains(&text.as_str()),
                _ => false,
            };
            if fits {
                continue;
            }
            let message = format!("`{}` is never {value}", feed.field);
            let near = value
                .as_str()
                .and_then(|text| nearest(text, known.iter().copied()));
            let help = match (near, sort) {
                (_, Sort::Bool) => "write `true` or `false`, without quotes".to_owned(),
                (Some(near), _) => format!("write `{near}`"),
                (None, _) => format!(
                    "write one of {}",
                    crate::keys::listed(known.iter().copied())
                ),
            };
            cx.push(
                Diagnostic::error("feed-filter", *loc, message)
                    .other(field.loc, "declared here")
                    .help(help),
            );
        }
    }
}
