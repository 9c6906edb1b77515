//! Families of things that are no event, in the exposition.

use std::sync::atomic::Ordering::Relaxed;

use super::Document;
use crate::clock::Moment;
use crate::event::LabelInfo;
use crate::lane::lock;
use crate::metric::exemplar::Slot;
use crate::metric::family::{Family, FamilyInfo, Kind, Numbers};
use crate::metric::text::{Lines, Number, bound};

/// The labels of each series, in their order.
pub(super) fn combinations(
    labels: &[LabelInfo],
    series: usize,
) -> impl Iterator<Item = Vec<(&'static str, &'static str)>> {
    (0..series).map(move |series| {
        let mut rest = series;
        let mut pairs: Vec<(&str, &str)> = labels
            .iter()
            .rev()
            .map(|label| {
                let count = label.count().max(1);
                let value = label.value(rest % count);
                rest /= count;
                (label.name, value.unwrap_or_default())
            })
            .collect();
        pairs.reverse();
        pairs
    })
}

fn lines(about: &FamilyInfo, series: usize) -> Lines {
    let mut lines = Lines::default();
    let infinite = "+Inf".to_owned();
    let bounds: Vec<String> = about
        .buckets
        .iter()
        .map(|value| bound(*value))
        .chain([infinite])
        .collect();
    let quantiles: Vec<String> = about.quantiles.iter().map(ToString::to_string).collect();
    let (bucket, sum, count) = (
        format!("{}_bucket", about.name),
        format!("{}_sum", about.name),
        format!("{}_count", about.name),
    );
    for pairs in combinations(about.labels, series) {
        let labels = || pairs.iter().copied();
        let extra = |name, values: &'_ [String], lines: &mut Lines, extra| {
            for value in values {
                lines.push(name, labels().chain([(extra, value.as_str())]));
            }
            lines.push(&sum, labels());
            lines.push(&count, labels());
        };
        match about.kind {
            Kind::Histogram => extra(&bucket, &bounds, &mut lines, "le"),
            Kind::Summary => extra(about.name, &quantiles, &mut lines, "quantile"),
            Kind::Counter | Kind::FloatCounter | Kind::Gauge | Kind::FloatGauge => {
                lines.push(about.name, labels());
            }
            Kind::Info => {}
        }
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
                let numbers = numbers.iter().map(|number| number.to_bits());
                samples(to, lines, numbers, slots, Number::Float);
            } else {
                samples(to, lines, bank.counts().into_iter(), slots, Number::Whole);
            }
        }
        Numbers::Gauge(numbers) => {
            let number = match about.kind {
                Kind::FloatGauge => Number::Float,
                _ => Number::Signed,
            };
            let numbers = numbers.iter().map(|number| number.load(Relaxed));
            samples(to, lines, numbers, &[], number);
        }
        Numbers::Histogram(bank) => {
            let (counts, sums) = (bank.counts(), bank.floats());
            let buckets = about.buckets.len() + 1;
            let mut lines = lines.iter();
            for (at, (counts, sum)) in counts
                .chunks(buckets)
                .zip(sums)
                .take(family.series)
                .enumerate()
            {
                let slots = slots.get(at * buckets..).unwrap_or_default();
                to.histogram(&mut lines, (counts, slots), sum.to_bits(), Number::Float);
            }
        }
        Numbers::Summary { all, lately, .. } => {
            family.turn(now);
            let (counts, sums) = (all.counts(), all.floats());
            let mut lines = lines.iter();
            for ((sketch, count), sum) in lately.iter().zip(counts).zip(sums) {
                let seen = sketch.read();
                let quantiles = about.quantiles.iter();
                // The lines come last in the zip, so that none is taken for which there is no quantile.
                for (share, prefix) in quantiles.zip(lines.by_ref()) {
                    to.line(prefix, seen.quantile(*share).to_bits(), Number::Float);
                }
                for (prefix, (number, how)) in lines
                    .by_ref()
                    .take(2)
                    .zip([(sum.to_bits(), Number::Float), (count, Number::Whole)])
                {
                    to.line(prefix, number, how);
                }
            }
        }
        Numbers::Info(words) => {
            let words = lock(words).clone();
            if !words.is_empty() {
                let names = about.labels.iter().map(|label| label.name);
                let labels: Vec<_> = names.zip(words.iter().map(String::as_str)).collect();
                to.own(about.name, &labels, 1);
            }
        }
    }
}

fn samples(
    to: &mut Document<'_>,
    lines: &Lines,
    numbers: impl Iterator<Item = u64>,
    slots: &[Slot],
    how: Number,
) {
    let slots = slots.iter().map(Some).chain(std::iter::repeat(None));
    for ((prefix, number), slot) in lines.iter().zip(numbers).zip(slots) {
        to.sample(prefix, number, how, slot, how);
    }
}
