//! Families of things that are no event, in the exposition.

use std::sync::atomic::Ordering::Relaxed;

use super::Document;
use crate::clock::Moment;
use crate::event::LabelInfo;
use crate::lane::lock;
use crate::metric::exemplar::Slot;
use crate::metric::family::{Family, FamilyInfo, Kind, Numbers};
use crate::metric::text::{Lines, Number, bound};

/// The labels of a series, in their order.
pub(crate) fn combination(
    labels: &[LabelInfo],
    series: usize,
) -> Vec<(&'static str, &'static str)> {
    let mut rest = series;
    let mut pairs: Vec<(&str, &str)> = Vec::with_capacity(labels.len());
    for label in labels.iter().rev() {
        let count = label.count().max(1);
        let value = label.value(rest % count);
        rest /= count;
        pairs.push((label.name, value.unwrap_or_default()));
    }
    pairs.reverse();
    pairs
}

fn lines(about: &FamilyInfo, series: usize) -> Lines {
    let mut lines = Lines::default();
    let mut bounds: Vec<String> = Vec::new();
    for value in about.buckets {
        bounds.push(bound(*value));
    }
    bounds.push("+Inf".to_owned());
    let mut quantiles: Vec<String> = Vec::new();
    for share in about.quantiles {
        quantiles.push(share.to_string());
    }
    let (bucket, sum, count) = (
        format!("{}_bucket", about.name),
        format!("{}_sum", about.name),
        format!("{}_count", about.name),
    );
    for series in 0..series {
        let pairs = combination(about.labels, series);
        let (name, values, extra) = match about.kind {
            Kind::Histogram => (bucket.as_str(), &bounds, "le"),
            Kind::Summary => (about.name, &quantiles, "quantile"),
            Kind::Counter | Kind::FloatCounter | Kind::Gauge | Kind::FloatGauge => {
                lines.push(about.name, &pairs);
                continue;
            }
            Kind::Info => continue,
        };
        for value in values {
            let mut pairs = pairs.clone();
            pairs.push((extra, value));
            lines.push(name, &pairs);
        }
        lines.push(&sum, &pairs);
        lines.push(&count, &pairs);
    }
    lines
}

/// Appends a family with all its series.
pub(super) fn write(to: &mut Document<'_>, family: &Family, now: Moment) {
    let about = &family.about;
    let kind = match about.kind {
        Kind::Counter | Kind::FloatCounter => "counter",
        Kind::Gauge | Kind::FloatGauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
        Kind::Info => "info",
    };
    to.family(about.name, kind, about.unit, about.help);
    let lines = family.lines.get_or_init(|| lines(about, family.series));
    let slots = family.exemplars();
    match &family.numbers {
        Numbers::Counter(bank) => {
            // A sample can only have an exemplar where OpenMetrics takes it for a counter.
            let slots = if about.name.ends_with("_total") {
                slots
            } else {
                &[]
            };
            if about.kind == Kind::FloatCounter {
                let numbers = bank.floats();
                samples(to, lines, slots, Number::Float, &|at| {
                    Some(numbers.get(at)?.to_bits())
                });
            } else {
                let numbers = bank.counts();
                samples(to, lines, slots, Number::Whole, &|at| {
                    numbers.get(at).copied()
                });
            }
        }
        Numbers::Gauge(numbers) => {
            family.age(now.unix_nanos());
            let number = match about.kind {
                Kind::FloatGauge => Number::Float,
                _ => Number::Signed,
            };
            samples(to, lines, &[], number, &|at| {
                Some(numbers.get(at)?.load(Relaxed))
            });
        }
        Numbers::Histogram(bank) => {
            let (counts, sums) = (bank.counts(), bank.floats());
            let buckets = about.buckets.len() + 1;
            let mut lines = lines.iter();
            for (at, sum) in sums[..family.series].iter().enumerate() {
                let from = at * buckets;
                let slots = slots.get(from..).unwrap_or_default();
                let counts = counts.get(from..from + buckets).unwrap_or_default();
                to.histogram(&mut lines, (counts, slots), sum.to_bits(), Number::Float);
            }
        }
        Numbers::Summary { all, lately, .. } => {
            family.turn(now);
            let (counts, sums) = (all.counts(), all.floats());
            let mut lines = lines.iter();
            for (at, sketch) in lately.iter().enumerate() {
                let seen = sketch.read();
                for share in about.quantiles {
                    let quantile = seen.quantile(*share).to_bits();
                    to.next(&mut lines, quantile, Number::Float, None, Number::Float);
                }
                let sum = sums[at].to_bits();
                to.next(&mut lines, sum, Number::Float, None, Number::Float);
                to.next(&mut lines, counts[at], Number::Whole, None, Number::Whole);
            }
        }
        Numbers::Info(words) => {
            let words = lock(words).clone();
            if !words.is_empty() {
                let mut labels: Vec<(&str, &str)> = Vec::new();
                for (label, word) in about.labels.iter().zip(&words) {
                    labels.push((label.name, word));
                }
                to.own(about.name, &labels, 1);
            }
        }
    }
}

fn samples(
    to: &mut Document<'_>,
    lines: &Lines,
    slots: &[Slot],
    how: Number,
    number: &dyn Fn(usize) -> Option<u64>,
) {
    for (at, prefix) in lines.iter().enumerate() {
        let Some(number) = number(at) else {
            return;
        };
        to.sample(prefix, number, how, slots.get(at), how);
    }
}
