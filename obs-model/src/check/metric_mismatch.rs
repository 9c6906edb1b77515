//! # Two events feed one family in different ways
//!
//! Several events may feed one family, but a family has one type and one set of labels; a scrape that mixes them is refused as a whole.
//!
//! ```json
//! order-placed.avsc     "metrics": [{ "name": "orders_total", "type": "counter", "labels": ["channel"] }]
//! order-cancelled.avsc  "metrics": [{ "name": "orders_total", "type": "gauge" }]
//! ```
//!
//! Use the same `type` and the same label names wherever the family is fed, or another name. Entities that one event
//! brings into a state and another one takes out of it are one family too, with the same `max` in both.

use super::Facts;
use crate::draft::Located;
use crate::model::{FeedRole, MetricFeed};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Json;
use obs_schema::table::{self, Table};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>) {
    let mut seen: Table<&str, &Located<MetricFeed>> = Table::default();
    for feed in facts
        .model
        .events
        .iter()
        .flat_map(|event| &event.keys.metrics)
    {
        let first = *seen.get_or(feed.value.name.as_str(), || feed);
        let what = if first.value.kind != feed.value.kind {
            format!("a {} and a {}", first.value.kind, feed.value.kind)
        } else if labels(&first.value) != labels(&feed.value) {
            "fed with different labels".to_owned()
        } else if remembered(&first.value) != remembered(&feed.value) {
            "remembered in different ways".to_owned()
        } else {
            continue;
        };
        let message = format!("family `{}` is {what}", feed.value.name);
        cx.push(
            Diagnostic::error("metric-mismatch", feed.value.name_loc, message)
                .other(first.value.name_loc, "first described here")
                .help("describe it alike everywhere, or give one of them another name"),
        );
    }
}

/// What a gauge remembers by a key, and how many of them.
fn remembered(feed: &MetricFeed) -> (bool, bool, Option<&Json>, Option<&Json>) {
    let (entities, age) = (feed.said.get("entities"), feed.said.get("age"));
    let max = entities.or(age).and_then(|said| said.get("max"));
    let every = age.and_then(|said| said.get("every"));
    (entities.is_some(), age.is_some(), max, every)
}

fn labels(feed: &MetricFeed) -> Vec<&str> {
    let labels = feed.fields.iter().filter_map(|used| match &used.role {
        FeedRole::Label { name, .. } => Some(name.as_deref().unwrap_or(&used.field)),
        _ => None,
    });
    let mut labels: Vec<&str> = labels.collect();
    table::sort(&mut labels, |a, b| a.cmp(b));
    labels.dedup();
    labels
}
