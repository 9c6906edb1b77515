//! The same families three times.

use obs_runtime::metric::{Counter, Histogram};
use obs_runtime::{Label, MetricSet, SpanContext};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::exemplar::{CounterWithExemplar, HistogramWithExemplars};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::{counter, histogram};
use std::time::SystemTime;

/// Series of counters: 20 regions, 20 kinds and 25 channels.
pub(crate) const COUNTERS: usize = 10_000;
/// Series of histograms, with 16 samples each.
pub(crate) const HISTOGRAMS: usize = 625;

const BOUNDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

macro_rules! words {
    ($($name:ident: [$($word:literal)*]),*) => {$(
        #[derive(Clone, Copy)]
        pub(crate) struct $name(usize);

        impl Label for $name {
            const VALUES: &'static [&'static str] = &[$($word),*];

            fn index(&self) -> usize {
                self.0
            }
        }
    )*};
}

words! {
    Region: ["r00" "r01" "r02" "r03" "r04" "r05" "r06" "r07" "r08" "r09" "r10" "r11" "r12" "r13" "r14" "r15" "r16" "r17" "r18" "r19"],
    Kind: ["alpha" "beta" "gamma" "delta" "epsilon" "zeta" "eta" "theta" "iota" "kappa" "lambda" "mu" "nu" "xi" "omikron" "pi" "rho" "sigma" "tau" "phi"],
    Channel: ["c00" "c01" "c02" "c03" "c04" "c05" "c06" "c07" "c08" "c09" "c10" "c11" "c12" "c13" "c14" "c15" "c16" "c17" "c18" "c19" "c20" "c21" "c22" "c23" "c24"]
}

/// The labels of a counter.
pub(crate) fn place(at: usize) -> (Region, Kind, Channel) {
    (Region(at / 500 % 20), Kind(at / 25 % 20), Channel(at % 25))
}

/// The labels of a histogram.
pub(crate) fn kind(at: usize) -> (Channel, Side) {
    (Channel(at / 25 % 25), Side(at % 25))
}

words! {
    Side: ["s00" "s01" "s02" "s03" "s04" "s05" "s06" "s07" "s08" "s09" "s10" "s11" "s12" "s13" "s14" "s15" "s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23" "s24"]
}

/// Ours.
#[derive(MetricSet)]
#[metrics(prefix = "bench", max_series = 30_000)]
pub(crate) struct Ours {
    /// Counters.
    #[metric(name = "bench_counters_total")]
    pub(crate) counter: Counter<(Region, Kind, Channel)>,
    /// Histograms.
    #[metric(name = "bench_histograms_seconds", unit = "seconds")]
    pub(crate) histogram: Histogram<(Channel, Side)>,
}

/// The crate prometheus.
pub(crate) struct Usual {
    counters: IntCounterVec,
    histograms: HistogramVec,
    registries: [prometheus::Registry; 2],
}

impl Usual {
    pub(crate) fn new() -> Usual {
        let counters = IntCounterVec::new(
            Opts::new("bench_counters_total", "Counters."),
            &["region", "kind", "channel"],
        )
        .expect("good names");
        let options = HistogramOpts::new("bench_histograms_seconds", "Histograms.");
        let histograms = HistogramVec::new(options.buckets(BOUNDS.to_vec()), &["channel", "side"])
            .expect("good names");
        let registries = [prometheus::Registry::new(), prometheus::Registry::new()];
        registries[0]
            .register(Box::new(counters.clone()))
            .expect("new");
        registries[1]
            .register(Box::new(histograms.clone()))
            .expect("new");
        Usual {
            counters,
            histograms,
            registries,
        }
    }

    pub(crate) fn counter(&self, at: usize) -> IntCounter {
        let (region, kind, channel) = place(at);
        self.counters
            .with_label_values(&[region.as_str(), kind.as_str(), channel.as_str()])
    }

    pub(crate) fn histogram(&self, at: usize) -> prometheus::Histogram {
        let (channel, side) = kind(at);
        self.histograms
            .with_label_values(&[channel.as_str(), side.as_str()])
    }

    pub(crate) fn registry(&self, scenario: &str) -> &prometheus::Registry {
        &self.registries[usize::from(scenario == "histograms")]
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OfCounter {
    region: &'static str,
    kind: &'static str,
    channel: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OfHistogram {
    channel: &'static str,
    side: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct Trace {
    trace_id: String,
    span_id: String,
}

impl Trace {
    fn of(span: SpanContext) -> Trace {
        Trace {
            trace_id: span.trace.to_string(),
            span_id: span.span.to_string(),
        }
    }
}

type ClientHistogram = HistogramWithExemplars<Trace>;

/// The crate prometheus-client.
pub(crate) struct Client {
    counters: Family<OfCounter, CounterWithExemplar<Trace>>,
    histograms: Family<OfHistogram, ClientHistogram, fn() -> ClientHistogram>,
    registries: [prometheus_client::registry::Registry; 2],
}

impl Client {
    pub(crate) fn new() -> Client {
        let make: fn() -> ClientHistogram = || ClientHistogram::new(BOUNDS.into_iter());
        let (counters, histograms) = (Family::default(), Family::new_with_constructor(make));
        let mut registries = [
            prometheus_client::registry::Registry::default(),
            prometheus_client::registry::Registry::default(),
        ];
        registries[0].register("bench_counters", "Counters", Family::clone(&counters));
        registries[1].register(
            "bench_histograms_seconds",
            "Histograms",
            Family::clone(&histograms),
        );
        Client {
            counters,
            histograms,
            registries,
        }
    }

    pub(crate) fn count(&self, at: usize, by: u64, span: SpanContext) {
        let (region, kind, channel) = place(at);
        let labels = OfCounter {
            region: region.as_str(),
            kind: kind.as_str(),
            channel: channel.as_str(),
        };
        let counter = self.counters.get_or_create(&labels);
        counter.inc_by(by, Some(Trace::of(span)), Some(SystemTime::now()));
    }

    pub(crate) fn observe(&self, at: usize, value: f64, span: SpanContext) {
        let (channel, side) = kind(at);
        let labels = OfHistogram {
            channel: channel.as_str(),
            side: side.as_str(),
        };
        let histogram = self.histograms.get_or_create(&labels);
        histogram.observe(value, Some(Trace::of(span)), Some(SystemTime::now()));
    }

    pub(crate) fn plain_counter(&self) -> counter::Counter {
        counter::Counter::default()
    }

    pub(crate) fn plain_histogram(&self) -> histogram::Histogram {
        histogram::Histogram::new(BOUNDS.into_iter())
    }

    pub(crate) fn registry(&self, scenario: &str) -> &prometheus_client::registry::Registry {
        &self.registries[usize::from(scenario == "histograms")]
    }
}
