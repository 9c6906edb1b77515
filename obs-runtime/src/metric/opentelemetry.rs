//! Counters and gauges in a meter of OpenTelemetry.

use std::sync::{Arc, Mutex};

use ::opentelemetry::KeyValue;
use ::opentelemetry::metrics::Meter;

use super::gathered::{Gathered, gather};
use crate::clock::{self, Moment, SECOND};
use crate::lane::lock;

/// Everything we count, as last looked at.
#[derive(Debug, Default)]
struct Look {
    at: Moment,
    families: Vec<Gathered>,
}

impl Look {
    /// The callbacks of one collection come together, and look once.
    fn renew(&mut self) {
        let now = clock::now();
        if self.families.is_empty() || now.nanos_since(self.at) > SECOND / 10 {
            self.at = now;
            self.families = gather();
        }
    }
}

/// Lets a meter observe all counters and gauges there are now.
///
/// Families come to life when a publisher is made or a set of metrics is got: call it after that. Histograms and
/// summaries stay with [`exposition`](super::exposition), because a meter only takes their single values.
///
/// ```
/// use obs_runtime::export::opentelemetry::global;
///
/// obs_runtime::metric::observe_in(&global::meter("shop"));
/// ```
pub fn observe_in(meter: &Meter) {
    let look: Arc<Mutex<Look>> = Arc::default();
    for family in gather() {
        let name = family.name.clone();
        let shared = Arc::clone(&look);
        let each = move |observe: &dyn Fn(f64, &[KeyValue])| {
            let mut look = lock(&shared);
            look.renew();
            let family = look.families.iter().find(|family| family.name == name);
            for sample in family.into_iter().flat_map(|family| &family.samples) {
                let labels = sample.labels.iter();
                let labels: Vec<KeyValue> = labels
                    .map(|(name, value)| KeyValue::new(name.clone(), value.clone()))
                    .collect();
                observe(sample.value, &labels);
            }
        };
        match family.kind.as_str() {
            "counter" => {
                // Exporters to Prometheus put the ending on again.
                let name = family.name.trim_end_matches("_total").to_owned();
                meter
                    .f64_observable_counter(name)
                    .with_description(family.help)
                    .with_callback(move |to| each(&|value, labels| to.observe(value, labels)))
                    .build();
            }
            "gauge" => {
                meter
                    .f64_observable_gauge(family.name)
                    .with_description(family.help)
                    .with_callback(move |to| each(&|value, labels| to.observe(value, labels)))
                    .build();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::family::{FamilyInfo, Kind, family};
    use ::opentelemetry::metrics::MeterProvider as _;
    use ::opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
    use ::opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn a_meter_observes_counters_and_gauges() {
        let counter = family(&FamilyInfo {
            name: "metered_total",
            help: "Metered.",
            ..FamilyInfo::BLANK
        });
        let gauge = family(&FamilyInfo {
            name: "metered_now",
            help: "Metered.",
            kind: Kind::Gauge,
            ..FamilyInfo::BLANK
        });
        counter.count(0, 3);
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .build();
        observe_in(&provider.meter("obs"));
        if let Some(number) = gauge.gauge(0) {
            number.store(5, std::sync::atomic::Ordering::Relaxed);
        }
        provider.force_flush().unwrap();
        let mut found = Vec::new();
        for metrics in exporter.get_finished_metrics().unwrap() {
            for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
                let AggregatedMetrics::F64(data) = metric.data() else {
                    continue;
                };
                let values: Vec<f64> = match data {
                    MetricData::Sum(sum) => sum.data_points().map(|point| point.value()).collect(),
                    MetricData::Gauge(gauge) => {
                        gauge.data_points().map(|point| point.value()).collect()
                    }
                    _ => continue,
                };
                if metric.name().starts_with("metered") {
                    found.push((metric.name().to_owned(), values));
                }
            }
        }
        found.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(
            found,
            [
                ("metered".to_owned(), vec![3.0]),
                ("metered_now".to_owned(), vec![5.0])
            ]
        );
    }
}
