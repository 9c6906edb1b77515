//! # An event makes more series than its budget
//!
//! Each combination of label values is a time series, and labels multiply: three labels with ten values each are a
//! thousand series per service. `max_series` on an event, or for all of them in `obs.toml`, is the most you want to pay for.
//! Counted are the series that the event's own labels make: of `event_published_total`, and of each family under `metrics`
//! (a histogram is its buckets and three more).
//!
//! ```text
//! `user.registered` makes 312 series and may make 100: event_published_total 312 (plan 3 × country 26 × channel 4)
//! ```
//!
//! Use fewer labels, list fewer values in `top`, or raise the budget knowingly.

use super::Facts;
use crate::model::{Event, FeedRole, MetricFeed};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    let (Some(budget), Some(written)) = (event.max_series, &event.keys.max_series) else {
        return;
    };
    let families = families(facts, event).into_iter();
    let Some(message) = over(&event.event_type, budget, families) else {
        return;
    };
    let fields = facts.fields(event).iter();
    let labels = fields.filter_map(|field| Some((field, field.obs.label.as_ref()?)));
    let largest = labels.max_by_key(|(_, label)| label.values.len());
    let mut diagnostic = Diagnostic::error("max-series", written.loc, message);
    if let Some((field, label)) = largest {
        let loc = field
            .keys
            .label
            .as_ref()
            .map_or(field.loc, |label| label.loc);
        diagnostic = diagnostic.other(loc, format!("{} values", label.values.len()));
    }
    cx.push(diagnostic.help("remove a label, list fewer values in `top`, or raise `max_series`"));
}

/// What to say when families make more series than they may.
pub(super) fn over(
    name: &str,
    budget: u64,
    families: impl Iterator<Item = Family>,
) -> Option<String> {
    let (mut total, mut parts) = (0_u64, Vec::new());
    for family in families {
        total = total.saturating_add(family.series());
        parts.push(family.arithmetic());
    }
    let parts = parts.join(", ");
    (total > budget)
        .then(|| format!("`{name}` makes {total} series and may make {budget}: {parts}"))
}

/// A family with its labels and how many values each has.
pub(super) struct Family {
    pub(super) name: String,
    /// Series of one combination.
    pub(super) each: u64,
    pub(super) labels: Vec<(String, u64)>,
}

impl Family {
    fn series(&self) -> u64 {
        self.labels
            .iter()
            .fold(self.each, |all, (_, values)| all.saturating_mul(*values))
    }

    fn arithmetic(&self) -> String {
        let mut factors: Vec<String> = self
            .labels
            .iter()
            .map(|(name, values)| format!("{name} {values}"))
            .collect();
        if self.each > 1 {
            factors.push(format!("{} each", self.each));
        }
        let series = self.series();
        if factors.is_empty() {
            return format!("{} {series}", self.name);
        }
        format!("{} {series} ({})", self.name, factors.join(" × "))
    }
}

fn families(facts: &Facts<'_>, event: &Event) -> Vec<Family> {
    let mut labels = Vec::new();
    for field in facts.fields(event) {
        if let Some(label) = &field.obs.label {
            labels.push((label.name.clone(), (label.values.len() as u64).max(1)));
        }
    }
    let mut all = vec![Family {
        name: "event_published_total".to_owned(),
        each: 1,
        labels,
    }];
    for feed in &event.metrics {
        all.push(Family {
            name: feed.name.clone(),
            each: feed.series,
            labels: feed_labels(facts, event, feed),
        });
    }
    all
}

fn feed_labels(facts: &Facts<'_>, event: &Event, feed: &MetricFeed) -> Vec<(String, u64)> {
    let label = |used: &crate::model::FeedField| {
        let FeedRole::Label { name, bounds, each } = &used.role else {
            return None;
        };
        let field = facts.field(event, &used.field)?;
        let values = if let Some(bounds) = bounds {
            // Bounds cut the line of numbers into one piece more than there are cuts.
            bounds + 1
        } else if *each {
            facts
                .item(&field.ty)
                .map_or(1, |item| facts.symbols(item).len() as u64)
        } else {
            let clamped = field.obs.label.as_ref().map(|label| label.values.len());
            clamped.unwrap_or_else(|| facts.symbols(&field.ty).len()) as u64
        };
        Some((
            name.clone().unwrap_or_else(|| used.field.clone()),
            values.max(1),
        ))
    };
    feed.fields.iter().filter_map(label).collect()
}
