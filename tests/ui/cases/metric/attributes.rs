use obs_runtime::MetricSet;
use obs_runtime::metric::{Counter, Gauge, Histogram, Summary};

#[derive(MetricSet)]
#[metrics(prefixes = "a", max_series = 0)]
struct Orders {
    orders: Counter,
    /// Gifts.
    gifts: Counter<bool>,
    /// Open ones.
    #[metric(buckets = [1, 2])]
    open: Gauge,
    /// Sizes.
    #[metric(buckets = [2, 1], windw = "1m")]
    sizes: Histogram,
    /// Prices.
    #[metric(name = "2x", quantiles = [1.5], window = "soon")]
    prices: Summary,
    /// By source.
    #[metric(labels = ["source", "by", "by"])]
    by: Counter<(bool, bool, bool)>,
    /// Published ones.
    #[metric(name = "event_published_total")]
    published: Counter,
    /// Twice.
    #[metric(name = "gifts_total")]
    again: Counter,
    /// No instrument.
    text: String,
}

fn main() {
    let _ = Orders::get();
}
