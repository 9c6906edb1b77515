//! A set of metrics: names from fields, units, labels and attributes; and a module that shadows what it uses.

use obs_runtime::metric::{Counter, Gauge, Histogram, Info, Summary};
use obs_runtime::{Label, MetricSet};

#[derive(Clone, Copy, Label)]
pub enum PaymentMethod {
    Card,
    Invoice,
}

mod hostile {
    #[allow(dead_code)]
    struct Option;
    #[allow(dead_code)]
    struct Self_;

    #[derive(obs_runtime::MetricSet)]
    pub(crate) struct Hostile {
        /// A field named by a keyword.
        pub(crate) r#type: obs_runtime::metric::Gauge<super::PaymentMethod, f64>,
    }
}

/// Payments.
#[derive(MetricSet, Clone, Copy, Debug)]
#[metrics(prefix = "payments", max_series = 40)]
struct Payments {
    /// Payments that were tried.
    ///
    /// This paragraph is for readers of the code.
    #[metric(labels = ["payment_method", "repeated"])]
    attempts: Counter<(PaymentMethod, bool)>,
    /// Money.
    #[metric(unit = "euros")]
    paid_total: Counter<(), f64>,
    #[metric(name = "payments_open", help = "Open \"payments\".")]
    open: Gauge,
    /// How long a payment took.
    #[metric(unit = "seconds", buckets = [0.1, 1, 10])]
    duration: Histogram<PaymentMethod>,
    /// Sizes.
    #[metric(quantiles = [0.5], window = "1h")]
    size: Summary<(PaymentMethod,)>,
    /// What runs.
    #[metric(labels = ["version"])]
    build: Info<1>,
}

fn main() {
    let names: Vec<&str> = Payments::FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(
        names,
        [
            "payments_attempts_total",
            "payments_paid_euros_total",
            "payments_open",
            "payments_duration_seconds",
            "payments_size",
            "payments_build_info",
        ]
    );
    assert_eq!(Payments::FAMILIES[0].help, "Payments that were tried.");
    assert_eq!(Payments::FAMILIES[0].labels[0].values, ["Card", "Invoice"]);
    assert_eq!(Payments::FAMILIES[4].window, 3_600);
    Payments::get().attempts.at((PaymentMethod::Card, true)).inc();
    Payments::get().size.at((PaymentMethod::Invoice,)).observe(3.0);
    hostile::Hostile::get().r#type.at(PaymentMethod::Invoice).set(1.5);
    assert_eq!(hostile::Hostile::FAMILIES[0].name, "type");
}
