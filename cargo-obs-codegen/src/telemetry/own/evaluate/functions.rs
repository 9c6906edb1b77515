//! Functions over windows, and quantiles of buckets, as Prometheus computes them.

use super::{Edges, Labels, Sample};
use obs_schema::names::label;
use std::collections::BTreeMap;

/// A function over the samples of a window; nothing inside when there are too few of them, and nothing at all when it is not known.
pub(super) fn over(
    name: &str,
    samples: &[(f64, f64)],
    end: f64,
    window: f64,
    edges: Edges,
) -> Option<Option<f64>> {
    let values = || samples.iter().map(|(_, value)| *value);
    let known = match name {
        "increase" => return Some(growth(samples, end, window, edges)),
        "rate" => {
            return Some(growth(samples, end, window, edges).map(|growth| growth / window));
        }
        "max_over_time" => values().reduce(f64::max),
        "min_over_time" => values().reduce(f64::min),
        "sum_over_time" => values().reduce(|sum, value| sum + value),
        "avg_over_time" => values()
            .reduce(|sum, value| sum + value)
            .map(|sum| sum / samples.len() as f64),
        _ => return None,
    };
    Some(known)
}

/// How much a counter grew: what lies between the samples, and as much as it would have grown up to the edges of the window.
fn growth(samples: &[(f64, f64)], end: f64, window: f64, edges: Edges) -> Option<f64> {
    let [(start, first), .., (last, _)] = samples else {
        return None;
    };
    let steps = samples.windows(2).map(|pair| match pair {
        [(_, before), (_, now)] if now < before => *now,
        [(_, before), (_, now)] => now - before,
        _ => 0.0,
    });
    let grown: f64 = steps.sum();
    let covered = last - start;
    let apart = covered / (samples.len() - 1) as f64;
    let near = |gap: f64| if gap < apart * 1.1 { gap } else { apart / 2.0 };
    let gap = start - (end - window);
    // A counter was never less than nothing; the two versions ask that in another order.
    let from_zero = if grown > 0.0 && *first >= 0.0 {
        covered * (first / grown)
    } else {
        f64::INFINITY
    };
    let before = match edges {
        Edges::Closed => near(gap.min(from_zero)),
        Edges::LeftOpen => near(gap).min(from_zero),
    };
    Some(grown * (covered + before + near(end - last)) / covered)
}

/// A quantile of each histogram among some buckets.
pub(super) fn quantile(share: f64, buckets: Vec<Sample>) -> Option<Vec<Sample>> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, count) in buckets {
        let Some(bound) = labels.remove(label::LE) else {
            continue;
        };
        let bound = if bound == "+Inf" {
            f64::INFINITY
        } else {
            bound.parse().ok()?
        };
        histograms.entry(labels).or_default().push((bound, count));
    }
    let one = |mut buckets: Vec<(f64, f64)>| {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (highest, total) = *buckets.last()?;
        if highest.is_finite() || buckets.len() < 2 || total == 0.0 || total.is_nan() {
            return Some(f64::NAN);
        }
        let rank = share * total;
        let at = buckets.iter().position(|(_, count)| *count >= rank)?;
        if at == buckets.len() - 1 {
            return Some(buckets[at - 1].0);
        }
        let (from, below) = at.checked_sub(1).map_or((0.0, 0.0), |at| buckets[at]);
        let (to, count) = buckets[at];
        Some(from + (to - from) * (rank - below) / (count - below))
    };
    let histograms = histograms.into_iter();
    histograms
        .map(|(labels, buckets)| Some((labels, one(buckets)?)))
        .collect()
}
