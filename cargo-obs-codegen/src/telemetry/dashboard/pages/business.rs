//! What events say about the business: the families they feed.

use super::super::super::promql::sum;
use super::{Dashboard, Draft, Facts, Kind, Layout, dashboard, job, legend, pick, quantile};
use obs_model::model::feed::Feed;
use obs_model::model::metrics::FamilyKind;
use obs_schema::names::label;

/// A family that an event feeds.
pub(super) fn fed(feed: &Feed) -> Draft {
    let labels: Vec<&str> = feed
        .labels
        .iter()
        .map(|by| by.label.name.as_str())
        .collect();
    let shown = if labels.is_empty() {
        feed.name.clone()
    } else {
        legend(&labels)
    };
    let title = feed.name.replace('_', " ");
    let unit = unit_of(&feed.unit);
    let help = if feed.help.is_empty() {
        "What an event feeds."
    } else {
        &feed.help
    };
    let whole = |inner: &str| {
        if labels.is_empty() {
            format!("sum({inner})")
        } else {
            sum(&labels, inner)
        }
    };
    match feed.kind {
        FamilyKind::Counter => {
            let grown = format!("increase({}[$__rate_interval])", pick(&feed.name, "", &[]));
            Draft::new(Kind::Lines, title, unit, help).query(whole(&grown), shown)
        }
        FamilyKind::Histogram => {
            let draft = Draft::new(Kind::Lines, title, unit, help);
            let half = quantile(0.5, &feed.name, &labels, &[]);
            let most = quantile(0.99, &feed.name, &labels, &[]);
            draft
                .query(half, format!("{shown} half"))
                .query(most, format!("{shown} one in a hundred"))
        }
        FamilyKind::Gauge => Draft::new(Kind::Lines, title, unit, help)
            .query(whole(&pick(&feed.name, "", &[])), shown),
        FamilyKind::Summary | FamilyKind::Info => {
            let quantiles = if feed.kind == FamilyKind::Summary {
                vec![label::QUANTILE]
            } else {
                Vec::new()
            };
            let by = [labels.clone(), quantiles].concat();
            let largest = format!("max by ({}) ({})", by.join(", "), pick(&feed.name, "", &[]));
            Draft::new(Kind::Lines, title, unit, help).query(largest, legend(&by))
        }
    }
}

/// Units by the names that Grafana has for them.
fn unit_of(unit: &str) -> &'static str {
    match unit {
        "seconds" => "s",
        "milliseconds" => "ms",
        "bytes" => "bytes",
        "ratio" => "percentunit",
        "percent" => "percent",
        "eur" => "currencyEUR",
        "usd" => "currencyUSD",
        _ => "short",
    }
}

pub(super) fn business(facts: &Facts<'_>) -> Option<Dashboard> {
    let mut layout = Layout::default();
    for subject in facts.subjects {
        if subject.newest.feeds.is_empty() {
            continue;
        }
        layout.row(subject.name());
        for feed in &subject.newest.feeds {
            layout.add(fed(feed));
        }
    }
    let something = !layout.panels.is_empty();
    something.then(|| {
        dashboard(
            "business",
            "Business",
            "What events say about the business.",
            vec![job()],
            layout,
            facts.from,
        )
    })
}
