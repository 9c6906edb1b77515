//! What is counted.

use obs_runtime::metric::{Counter, Gauge};
use obs_runtime::{ErrorType, MetricSet};

#[derive(MetricSet)]
#[metrics(prefix = "nats", max_series = 40)]
pub(crate) struct Counts {
    /// Records that did not get there, and that nobody waited for.
    #[metric(name = "nats_records_lost_total", labels = ["cause"])]
    pub(crate) lost: Counter<ErrorType>,
    /// Records that are sent again, because nobody acknowledged them.
    #[metric(labels = ["cause"])]
    pub(crate) publish_retries: Counter<ErrorType>,
    /// Times that members asked for records and were told something else.
    pub(crate) pull_errors: Counter,
    /// Connections that were made.
    pub(crate) connects: Counter,
    /// Connections that are up.
    pub(crate) connections_up: Gauge,
}

pub(crate) fn counts() -> &'static Counts {
    Counts::get()
}
