//! Recording rules of events: what dashboards ask for over and over, for all events at once.

use super::promql::{Pair, duration, rate, selector, series, sum};
use super::rule::Rule;
use super::trial::{Look, Trial, Wave};
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::label;

/// The windows that are recorded, in seconds.
const WINDOWS: [u64; 2] = [300, 3_600];

/// The rules.
pub(crate) fn rules() -> Vec<Rule> {
    let by = [label::EVENT_TYPE, label::SOURCE];
    let mut rules = Vec::new();
    for window in WINDOWS {
        let short = duration(window);
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

/// What holds them in place: counters begin to grow, and a fiftieth of what was fast becomes slow. Three fifths of a window later, three
/// fifths of the window are so: neither of twice nor of half of it.
pub(crate) fn trial() -> Trial {
    let (lead, after) = (130, 40);
    let own: [Pair<'_>; 2] = [(label::EVENT_TYPE, "order.placed"), (label::SOURCE, "shop")];
    let grows = |by: f64| Wave::default().hold(0.0, lead).ramp_on(by, after);
    let all = 60.0 * 1_000.0;
    let (bucket, total) = (&families::EVENT_PUBLISH_DURATION_SECONDS, lead + after);
    let mut inputs = Vec::new();
    for (family, by) in [
        (&families::EVENT_PUBLISHED_TOTAL, 600.0),
        (&families::EVENT_PUBLISH_ERRORS_TOTAL, 60.0),
    ] {
        inputs.push((series(family, "", &own), grows(by)));
    }
    for (le, slow) in [("0.001", 0.98), ("0.1", 0.98), ("0.25", 1.0), ("+Inf", 1.0)] {
        let labels = [own[0], own[1], (label::LE, le)];
        let until = all * (lead - 1) as f64;
        let wave = Wave::default().ramp(0.0, all, lead).ramp(
            until + slow * all,
            slow * all,
            total - lead + 1,
        );
        inputs.push((series(bucket, "_bucket", &labels), wave));
    }
    let mut looks = Vec::new();
    for window in WINDOWS {
        let at = lead + window / 60 * 3 / 5;
        let recorded =
            |family: &Family, operation: String| selector(&name(family, &operation), own);
        let short = duration(window);
        for (family, per_second) in [
            (&families::EVENT_PUBLISHED_TOTAL, 10.0),
            (&families::EVENT_PUBLISH_ERRORS_TOTAL, 1.0),
        ] {
            let series = recorded(family, format!("rate{short}"));
            looks.push(Look::about(at, &series, 0.6 * per_second));
        }
        // Twelve in a thousand are slow: two of the slowest ten are not.
        let series = recorded(bucket, format!("p99_{short}"));
        looks.push(Look::about(at, &series, 0.1 + 0.15 / 6.0));
    }
    Trial {
        name: "counters begin to grow, and some becomes slow".into(),
        step: 60,
        inputs,
        checks: Vec::new(),
        looks,
    }
}
