//! What rules say about sets of metrics. The pages are those of the rules for events.

use super::Facts;
use super::max_series;
use crate::keys;
use crate::model::metrics::{FamilyKind, LabelOf, MetricSet};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::DURATION_BOUNDS_NS;
use obs_schema::source::Loc;
use obs_schema::table::Table;

/// Quantiles of a summary that names none.
const USUAL_QUANTILES: usize = 3;

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>) {
    let model = facts.model;
    let mut taken: Table<&str, Loc> = Table::default();
    for event in &model.events {
        for feed in &event.keys.metrics {
            taken.insert(&feed.value.name, feed.loc);
        }
    }
    for set in &model.metric_sets {
        keys::check_names(cx, &set.families);
        for family in &set.families {
            if let Some(first) = taken.get(family.name.as_str()) {
                let message = format!("another family is called `{}`", family.name);
                cx.push(
                    Diagnostic::error("duplicate-value", family.name_loc, message)
                        .other(*first, "first declared here")
                        .help("give one of them another `name`"),
                );
            }
        }
        for family in &set.families {
            taken.insert(&family.name, family.name_loc);
        }
        budget(cx, set);
    }
}

fn budget(cx: &mut Diagnostics, set: &MetricSet) {
    let count = |list: &Option<Vec<f64>>, usual: usize| {
        list.as_ref().map_or(usual, |list| list.len()) as u64
    };
    let families = set.families.iter().map(|family| max_series::Family {
        name: family.name.clone(),
        each: match family.kind {
            // Each bucket, the infinite one, the sum and the count.
            FamilyKind::Histogram => count(&family.buckets, DURATION_BOUNDS_NS.len()) + 3,
            FamilyKind::Summary => count(&family.quantiles, USUAL_QUANTILES) + 2,
            FamilyKind::Counter | FamilyKind::Gauge | FamilyKind::Info => 1,
        },
        labels: family
            .labels
            .iter()
            .filter_map(|label| match label.of {
                LabelOf::Declared(at) => {
                    Some((label.name.clone(), set.labels[at].values.len() as u64))
                }
                LabelOf::Bool => Some((label.name.clone(), 2)),
                LabelOf::Words => None,
            })
            .collect(),
    });
    let name = set.name.ident.trim_start_matches("r#");
    if let Some(message) = max_series::over(name, set.max_series, families) {
        let help = "remove a label or values of one, or raise `max_series`";
        cx.push(Diagnostic::error("max-series", set.loc, message).help(help));
    }
}
