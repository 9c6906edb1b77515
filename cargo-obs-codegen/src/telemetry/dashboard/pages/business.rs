//! What events say about the business: the families they feed.

use super::super::super::catalogue::{Kind as Measured, kind};
use super::super::super::promql::sum;
use super::{Dashboard, Draft, Facts, Kind, Layout, dashboard, job, legend, pick, quantile_of};
use obs_model::model::feed::Feed;
use obs_schema::names::label;

/// A family that an event feeds.
pub(super) fn fed(feed: &Feed) -> Draft {
    let labels: Vec<&str> = feed
        .labels
        .iter()
        .map(|by| by.label.name.as_str())
        .collect();
    let title = feed.name.replace('_', " ");
    let unit = unit_of(&feed.unit);
    let help = if feed.help.is_empty() {
        "What an event feeds."
    } else {
        &feed.help
    };
    let draft = Draft::new(Kind::Lines, title, unit, help);
    measured(draft, kind(feed.kind), &labels, &[], &|ending| {
        pick(&feed.name, ending, &[])
    })
}

/// What a family of a kind tells, by labels: how much it grew, where it stands, how its values lie.
pub(crate) fn measured(
    draft: Draft,
    kind: Measured,
    by: &[&str],
    quantiles: &[f64],
    select: &dyn Fn(&str) -> String,
) -> Draft {
    let whole = |inner: &str| {
        if by.is_empty() {
            format!("sum({inner})")
        } else {
            sum(by, inner)
        }
    };
    let shown = if by.is_empty() {
        select("").split('{').next().unwrap_or_default().to_owned()
    } else {
        legend(by)
    };
    match kind {
        Measured::Counter => {
            let grown = format!("increase({}[$__rate_interval])", select(""));
            draft.query(whole(&grown), shown)
        }
        Measured::Histogram => {
            let usual: &[f64] = &[0.5, 0.99];
            let quantiles = if quantiles.is_empty() {
                usual
            } else {
                quantiles
            };
            quantiles.iter().fold(draft, |draft, share| {
                let name = match *share {
                    0.5 => "half".to_owned(),
                    0.99 => "one in a hundred".to_owned(),
                    share => format!("{share}"),
                };
                let query = quantile_of(*share, by, &select("_bucket"));
                draft.query(query, format!("{shown} {name}"))
            })
        }
        Measured::Gauge => draft.query(whole(&select("")), shown),
        Measured::Summary | Measured::Info | Measured::Recorded => {
            let quantiles: &[&str] = if kind == Measured::Summary {
                &[label::QUANTILE]
            } else {
                &[]
            };
            let by = [by, quantiles].concat();
            let largest = format!("max by ({}) ({})", by.join(", "), select(""));
            draft.query(largest, legend(&by))
        }
    }
}

/// Units by the names that Grafana has for them.
pub(crate) fn unit_of(unit: &str) -> &'static str {
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
