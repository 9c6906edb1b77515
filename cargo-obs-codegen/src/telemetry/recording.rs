//! Recording rules of events: what dashboards ask for over and over, for all events at once.

use super::promql::{rate, series, sum};
use super::rule::Rule;
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

/// The windows that are recorded, in seconds.
const WINDOWS: [u64; 2] = [300, 3_600];

/// The rules.
pub(crate) fn rules() -> Vec<Rule> {
    let by = [label::EVENT_TYPE, label::SOURCE];
    let mut rules = Vec::new();
    for window in WINDOWS {
        let short = super::promql::duration(window);
        for family in [
            &families::EVENT_PUBLISHED_TOTAL,
            &families::EVENT_PUBLISH_ERRORS_TOTAL,
        ] {
            let expr = sum(&by, &rate(family.name, window));
            rules.push(Rule::record(name(family, &format!("rate{short}")), expr));
        }
        let family = &families::EVENT_PUBLISH_DURATION_SECONDS;
        let buckets = rate(&series(family, "_bucket", &[]), window);
        let by = [label::LE, label::EVENT_TYPE, label::SOURCE];
        let expr = format!("histogram_quantile(\n  0.99,\n  {}\n)", sum(&by, &buckets));
        rules.push(Rule::record(name(family, &format!("p99_{short}")), expr));
    }
    rules
}

/// `event_type_source:event_published:rate5m`: the level, the family without its ending, and what was done.
fn name(family: &Family, operation: &str) -> String {
    let family = family.name.strip_suffix("_total").unwrap_or(family.name);
    format!(
        "{}_{}:{family}:{operation}",
        label::EVENT_TYPE,
        label::SOURCE
    )
}
