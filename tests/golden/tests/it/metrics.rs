//! Documents of metrics.

use golden::metrics::Bare;
use golden::metrics::golden::billing::{Payments, Provider};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::{Label, MetricSet};

#[test]
fn a_document_is_a_set_of_instruments() {
    assert_eq!(Provider::VALUES, ["stripe", "adyen", "Type"]);
    let payments = Payments::get();
    payments.attempts.at((Provider::Type, true)).inc();
    payments.r#type.at(Provider::Adyen).add(12.5);
    payments.open.set(-2);
    payments.duration_seconds.at(true).observe(0.5);
    payments.payment_sizes.observe(3.0);
    payments.gateway.set(["1.2", "eu"]);
    Bare::get().jobs.inc();
    let text = String::from_utf8(exposition(Format::OpenMetrics)).unwrap();
    for line in [
        "payments_attempts_total{provider=\"Type\",repeated=\"true\"} 1",
        "payments_attempts_total{provider=\"stripe\",repeated=\"false\"} 0",
        "# UNIT payments_type_euros euros",
        "payments_type_euros_total{provider=\"adyen\"} 12.5",
        "payments_open -2",
        "payments_duration_seconds_bucket{repeated=\"true\",le=\"2.5e+06\"} 1",
        "# HELP paymentSizes Say \\\"how much\\\", \\\\ and more.",
        "paymentSizes_count 1",
        "payments_gateway_info{version=\"1.2\",region=\"eu\"} 1",
        "jobs_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
