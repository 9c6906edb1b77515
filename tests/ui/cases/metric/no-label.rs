use obs_runtime::MetricSet;
use obs_runtime::metric::Counter;

#[derive(MetricSet)]
struct Orders {
    /// Orders by user.
    orders: Counter<String>,
}

fn main() {}
