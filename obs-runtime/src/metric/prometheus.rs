//! Everything we count, in a registry of the crate `prometheus`.

pub use ::prometheus;

use std::collections::BTreeMap;

use self::prometheus::core::{Collector, Desc};
use self::prometheus::proto;
use super::gathered::{Gathered, Sample, gather};

/// Everything we count, for a [`prometheus::Registry`]: its own exposition then holds ours too.
///
/// There are no exemplars in it, since that crate has none; [`exposition`](super::exposition) writes them.
///
/// ```
/// use obs_runtime::metric::prometheus::{AllFamilies, prometheus::Registry};
///
/// let registry = Registry::new();
/// registry.register(Box::new(AllFamilies))?;
/// assert!(registry.gather().iter().any(|family| family.name() == "obs_buffer_bytes"));
/// # Ok::<(), obs_runtime::metric::prometheus::prometheus::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AllFamilies;

impl Collector for AllFamilies {
    /// Families come to life when somebody publishes or measures, so none can be promised beforehand.
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        gather().into_iter().map(family).collect()
    }
}

fn family(gathered: Gathered) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    let samples = &gathered.samples;
    let (kind, metrics) = match gathered.kind.as_str() {
        "counter" => (
            proto::MetricType::COUNTER,
            plain(samples, |metric, value| {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }),
        ),
        "histogram" => (
            proto::MetricType::HISTOGRAM,
            grouped(samples, "le", |metric, group| {
                metric.set_histogram(histogram(group))
            }),
        ),
        "summary" => (
            proto::MetricType::SUMMARY,
            grouped(samples, "quantile", |metric, group| {
                metric.set_summary(summary(group))
            }),
        ),
        _ => (
            proto::MetricType::GAUGE,
            plain(samples, |metric, value| {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }),
        ),
    };
    family.set_name(gathered.name);
    family.set_help(gathered.help);
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

type Labels = Vec<(String, String)>;

fn labelled(labels: Labels) -> proto::Metric {
    let pairs = labels.into_iter().map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name);
        pair.set_value(value);
        pair
    });
    let mut metric = proto::Metric::default();
    metric.set_label(pairs.collect());
    metric
}

fn plain(samples: &[Sample], set: impl Fn(&mut proto::Metric, f64)) -> Vec<proto::Metric> {
    let metrics = samples.iter().map(|sample| {
        let mut metric = labelled(sample.labels.clone());
        set(&mut metric, sample.value);
        metric
    });
    metrics.collect()
}

/// The samples of one series: its buckets or quantiles, its sum and its count.
#[derive(Default)]
struct Group {
    parts: Vec<(f64, f64)>,
    sum: f64,
    count: f64,
}

fn grouped(
    samples: &[Sample],
    label: &str,
    set: impl Fn(&mut proto::Metric, Group),
) -> Vec<proto::Metric> {
    let mut groups: BTreeMap<Labels, Group> = BTreeMap::new();
    for sample in samples {
        let (labels, part) = sample.without(label);
        let group = groups.entry(labels).or_default();
        match part {
            Some(part) => group.parts.push((part, sample.value)),
            None if sample.name.ends_with("_sum") => group.sum = sample.value,
            None => group.count = sample.value,
        }
    }
    let metrics = groups.into_iter().map(|(labels, group)| {
        let mut metric = labelled(labels);
        set(&mut metric, group);
        metric
    });
    metrics.collect()
}

fn histogram(group: Group) -> proto::Histogram {
    // Their exposition adds the infinite bucket itself.
    let finite = group.parts.iter().filter(|(bound, _)| bound.is_finite());
    let buckets = finite.map(|(bound, below)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(whole(*below));
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_sum(group.sum);
    histogram.set_sample_count(whole(group.count));
    histogram
}

fn summary(group: Group) -> proto::Summary {
    let quantiles = group.parts.iter().map(|(share, value)| {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(*share);
        quantile.set_value(*value);
        quantile
    });
    let mut summary = proto::Summary::default();
    summary.set_quantile(quantiles.collect());
    summary.set_sample_sum(group.sum);
    summary.set_sample_count(whole(group.count));
    summary
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a count, as it was written"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::family::{FamilyInfo, Kind, family};
    use prometheus::{Encoder, Registry, TextEncoder};

    const HISTOGRAM: FamilyInfo = FamilyInfo {
        name: "registered_seconds",
        help: "Says \\ and \"more\".",
        kind: Kind::Histogram,
        buckets: &[0.1, 1.0],
        ..FamilyInfo::BLANK
    };

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn their_exposition_is_ours() {
        family(&HISTOGRAM).observe(0, 0.5);
        family(&FamilyInfo {
            name: "registered_sizes",
            kind: Kind::Summary,
            ..HISTOGRAM
        })
        .observe(0, 1.0);
        let registry = Registry::new();
        registry.register(Box::new(AllFamilies)).unwrap();
        assert!(registry.register(Box::new(AllFamilies)).is_err());
        let mut out = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut out)
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "# TYPE registered_seconds histogram",
            "registered_seconds_bucket{le=\"0.1\"} 0",
            "registered_seconds_bucket{le=\"1\"} 1",
            "registered_seconds_bucket{le=\"+Inf\"} 1",
            "registered_seconds_sum 0.5",
            "registered_seconds_count 1",
            "registered_sizes_count 1",
            "# TYPE obs_spans_dropped_total counter",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(
            text.contains("registered_sizes{quantile=\"0.5\"} 1.0"),
            "{text}"
        );
    }
}
