use obs_runtime::MetricSet;
use obs_runtime::metric::Counter;

#[derive(MetricSet)]
struct Generic<T> {
    /// A.
    a: Counter<T>,
}

#[derive(MetricSet)]
struct Tuple(Counter);

#[derive(MetricSet)]
enum Words {
    One,
}

fn main() {}
