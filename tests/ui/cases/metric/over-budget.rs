use obs_runtime::metric::{Counter, Histogram};
use obs_runtime::{Label, MetricSet};

#[derive(Clone, Copy, Label)]
enum Plan {
    Free,
    Team,
    Company,
}

#[derive(MetricSet)]
#[metrics(max_series = 50)]
struct Orders {
    /// Orders.
    #[metric(labels = ["plan", "gift"])]
    orders: Counter<(Plan, bool)>,
    /// How long they took.
    #[metric(unit = "seconds")]
    duration: Histogram<Plan>,
}

fn main() {}
