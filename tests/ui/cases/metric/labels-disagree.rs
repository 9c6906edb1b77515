use obs_runtime::metric::{Counter, Info};
use obs_runtime::{Label, MetricSet};

#[derive(Clone, Copy, Label)]
enum Plan {
    Free,
    Team,
}

#[derive(MetricSet)]
struct Orders {
    /// Orders.
    #[metric(labels = ["plan"])]
    orders: Counter<(Plan, bool)>,
    /// What runs.
    #[metric(labels = ["version", "commit"])]
    release: Info<1>,
}

fn main() {}
