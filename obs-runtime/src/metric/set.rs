//! Sets of families, and what they may cost.

use super::family::{FamilyInfo, Kind};
use super::operation::{MOST_OPERATION_SERIES, OPERATION_SERIES};
use crate::event::{Descriptor, LabelInfo};

/// Families of things that are no event, as a struct of instruments.
///
/// Implemented by `#[derive(MetricSet)]`, or by `build.rs` from a `*.metrics.yaml` document.
///
/// ```
/// use obs_runtime::metric::{Counter, Format, Gauge, Histogram, Info, Summary, exposition};
/// use obs_runtime::{Label, MetricSet};
///
/// #[derive(Clone, Copy, Label)]
/// #[label(rename_all = "lowercase")]
/// enum Channel {
///     Web,
///     App,
/// }
///
/// #[derive(MetricSet)]
/// #[metrics(prefix = "checkout", max_series = 100)]
/// struct Checkout {
///     /// Carts that were paid.
///     paid: Counter<Channel>,
///     /// Money that came in.
///     #[metric(unit = "euros", labels = ["channel", "gift"])]
///     turnover: Counter<(Channel, bool), f64>,
///     /// Carts that are open now.
///     open_carts: Gauge,
///     /// How long paying took.
///     #[metric(unit = "seconds", buckets = [0.1, 0.5, 2.5])]
///     payment_duration: Histogram<Channel>,
///     /// Things in a cart.
///     #[metric(quantiles = [0.5, 0.99], window = "10m")]
///     cart_size: Summary,
///     /// What runs.
///     #[metric(labels = ["version", "commit"])]
///     build: Info<2>,
/// }
///
/// let checkout = Checkout::get();
/// checkout.paid.at(Channel::Web).inc();
/// checkout.turnover.at((Channel::App, true)).add(12.5);
/// checkout.open_carts.set(3);
/// checkout.payment_duration.at(Channel::Web).observe(0.3);
/// checkout.cart_size.observe(5.0);
/// checkout.build.set(["1.2.0", "c0ffee"]);
///
/// let text = String::from_utf8(exposition(Format::Text))?;
/// for line in [
///     "checkout_paid_total{channel=\"web\"} 1",
///     "checkout_paid_total{channel=\"app\"} 0",
///     "checkout_turnover_euros_total{channel=\"app\",gift=\"true\"} 12.5",
///     "checkout_open_carts 3",
///     "checkout_payment_duration_seconds_bucket{channel=\"web\",le=\"0.5\"} 1",
///     "checkout_cart_size_count 1",
///     "checkout_build_info{version=\"1.2.0\",commit=\"c0ffee\"} 1",
/// ] {
///     assert!(text.lines().any(|found| found == line), "{line}\n{text}");
/// }
/// # Ok::<(), std::string::FromUtf8Error>(())
/// ```
///
/// On the struct: `#[metrics(prefix = "…", max_series = 100)]`. On a field, all of it optional: `#[metric(…)]` with
///
/// | key | meaning | default |
/// |---|---|---|
/// | `name` | the family's name | prefix, field, unit, and `_total` or `_info` |
/// | `help` | what it tells | the first paragraph of the documentation |
/// | `unit` | the unit of its values | none |
/// | `labels` | the names of its labels | the types' names in snake case |
/// | `buckets` | bounds of a histogram | those of durations |
/// | `quantiles` | quantiles of a summary | 0.5, 0.9, 0.99 |
/// | `window` | how long a summary remembers | `10m` |
///
/// All series of a set exist, at zero, from its first `get` on. A set that makes more than `max_series` (10,000 unless
/// said) does not compile, and the message shows why.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of metrics",
    note = "put `#[derive(MetricSet)]` on a struct of counters, gauges, histograms, summaries and infos"
)]
pub trait MetricSet: Sized + Send + Sync + 'static {
    /// Its families, in the order of the fields.
    const FAMILIES: &'static [FamilyInfo];

    /// The set. There is one in a program.
    fn get() -> &'static Self;
}

/// The values of a label; none when there is no such label, which [`labels_agree`] has said.
#[must_use]
pub const fn values_at(
    sets: &'static [&'static [&'static str]],
    at: usize,
) -> &'static [&'static str] {
    if at < sets.len() { sets[at] } else { &[] }
}

/// Refuses families whose labels have more or fewer names than types.
pub const fn labels_agree(sets: &[&[&str]], names: usize, message: &str) {
    if sets.len() != names {
        panic!("{}", message);
    }
}

/// Refuses families that together make more series than they may, and shows the arithmetic.
pub const fn within_budget(set: &str, families: &[FamilyInfo], budget: u64) {
    let (mut total, mut at) = (0_u64, 0);
    while at < families.len() {
        total = total.saturating_add(series(&families[at]));
        at += 1;
    }
    if total <= budget {
        return;
    }
    let mut text = over(set, total, budget);
    at = 0;
    while at < families.len() {
        if at > 0 {
            text = text.word(", ");
        }
        text = arithmetic(text, &families[at]);
        at += 1;
    }
    panic!("{}", text.as_str());
}

/// Refuses an event whose families together make more series than it may, and shows the arithmetic.
pub const fn event_within_budget(event: &Descriptor, budget: u64) {
    let (mut total, mut own) = (1_u64, Text::new());
    let (mut at, mut sign) = (0, " (");
    while at < event.fields.len() {
        if let Some(label) = &event.fields[at].label {
            let count = label.count() as u64;
            total = total.saturating_mul(count);
            own = own.word(sign).word(label.name).word(" ").number(count);
            sign = " × ";
        }
        at += 1;
    }
    if sign.len() > 2 {
        own = own.word(")");
    }
    let parts = Text::new().word("event_published_total ").number(total);
    let mut parts = parts.word(own.as_str());
    at = 0;
    while at < event.feeds.len() {
        total = total.saturating_add(series(&event.feeds[at]));
        parts = arithmetic(parts.word(", "), &event.feeds[at]);
        at += 1;
    }
    if total > budget {
        let text = over(event.event_type, total, budget).word(parts.as_str());
        panic!("{}", text.as_str());
    }
}

/// Refuses a function whose labels make more series than it may, and shows the arithmetic.
pub const fn operation_within_budget(name: &str, labels: &[LabelInfo]) {
    let each = OPERATION_SERIES as u64;
    let (mut total, mut at) = (each, 0);
    while at < labels.len() {
        total = total.saturating_mul(labels[at].count() as u64);
        at += 1;
    }
    let budget = MOST_OPERATION_SERIES as u64;
    if total <= budget {
        return;
    }
    let mut text = over(name, total, budget);
    at = 0;
    while at < labels.len() {
        let label = &labels[at];
        let count = label.count() as u64;
        text = text.word(label.name).word(" ").number(count).word(" × ");
        at += 1;
    }
    text = text.number(each).word(" each");
    panic!("{}", text.as_str());
}

/// `` `shop` makes 312 series and may make 100: ``
const fn over(name: &str, total: u64, budget: u64) -> Text {
    Text::new()
        .word("`")
        .word(name)
        .word("` makes ")
        .number(total)
        .word(" series and may make ")
        .number(budget)
        .word(": ")
}

/// Series of one combination of labels.
const fn each(family: &FamilyInfo) -> u64 {
    match family.kind {
        // Each bucket, the infinite one, the sum and the count.
        Kind::Histogram => family.buckets.len() as u64 + 3,
        Kind::Summary => family.quantiles.len() as u64 + 2,
        Kind::Counter | Kind::FloatCounter | Kind::Gauge | Kind::FloatGauge | Kind::Info => 1,
    }
}

const fn values(family: &FamilyInfo, label: usize) -> u64 {
    let values = family.labels[label].count() as u64;
    // The words of an information are not known, and there is one of each.
    if values == 0 { 1 } else { values }
}

const fn series(family: &FamilyInfo) -> u64 {
    let (mut all, mut label) = (each(family), 0);
    while label < family.labels.len() {
        all = all.saturating_mul(values(family, label));
        label += 1;
    }
    all
}

/// `orders_total 312 (plan 3 × country 26 × channel 4)`
const fn arithmetic(mut text: Text, family: &FamilyInfo) -> Text {
    text = text.word(family.name).word(" ").number(series(family));
    let (mut label, mut sign) = (0, " (");
    if !matches!(family.kind, Kind::Info) {
        while label < family.labels.len() {
            let values = values(family, label);
            text = text
                .word(sign)
                .word(family.labels[label].name)
                .word(" ")
                .number(values);
            sign = " × ";
            label += 1;
        }
    }
    if each(family) > 1 {
        text = text.word(sign).number(each(family)).word(" each");
        sign = "";
    }
    if sign.len() == 2 {
        text
    } else {
        text.word(")")
    }
}

/// A text that is put together while the program is compiled. What does not fit is left out.
#[derive(Clone, Copy)]
struct Text {
    bytes: [u8; Text::MOST],
    length: usize,
}

impl Text {
    const MOST: usize = 2_000;

    const fn new() -> Text {
        Text {
            bytes: [0; Text::MOST],
            length: 0,
        }
    }

    const fn word(mut self, word: &str) -> Text {
        let word = word.as_bytes();
        if self.length + word.len() > Text::MOST {
            return self;
        }
        let mut at = 0;
        while at < word.len() {
            self.bytes[self.length] = word[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    const fn number(mut self, number: u64) -> Text {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        if number >= 10 {
            self = self.number(number / 10);
        }
        self.word(DIGITS[(number % 10) as usize])
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "more series than the budget",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FieldInfo;

    const PLAN: LabelInfo = LabelInfo {
        name: "plan",
        values: &["a", "b", "c"],
        ..LabelInfo::BLANK
    };
    const COUNTER: FamilyInfo = FamilyInfo {
        name: "a_total",
        labels: &[PLAN, LabelInfo { name: "x", ..PLAN }],
        ..FamilyInfo::BLANK
    };

    #[test]
    fn the_arithmetic_is_shown() {
        for (family, text) in [
            (
                FamilyInfo {
                    labels: &[],
                    ..COUNTER
                },
                "a_total 1",
            ),
            (COUNTER, "a_total 9 (plan 3 × x 3)"),
            (
                FamilyInfo {
                    kind: Kind::Histogram,
                    buckets: &[1.0, 2.0],
                    labels: &[PLAN],
                    ..COUNTER
                },
                "a_total 15 (plan 3 × 5 each)",
            ),
            (
                FamilyInfo {
                    kind: Kind::Summary,
                    labels: &[],
                    ..COUNTER
                },
                "a_total 5 (5 each)",
            ),
            (
                FamilyInfo {
                    kind: Kind::Info,
                    labels: &[LabelInfo {
                        values: &[],
                        ..PLAN
                    }],
                    ..COUNTER
                },
                "a_total 1",
            ),
        ] {
            assert_eq!(arithmetic(Text::new(), &family).as_str(), text);
        }
        within_budget("a", &[COUNTER], 9);
    }

    #[test]
    #[should_panic = "`a.b` makes 12 series and may make 11: event_published_total 3 (plan 3), a_total 9 (plan 3 × x 3)"]
    fn an_event_over_its_budget_is_refused() {
        const EVENT: Descriptor = Descriptor {
            event_type: "a.b",
            fields: &[FieldInfo {
                label: Some(PLAN),
                ..FieldInfo::BLANK
            }],
            feeds: &[COUNTER],
            ..Descriptor::BLANK
        };
        event_within_budget(&EVENT, 12);
        event_within_budget(&EVENT, 11);
    }

    #[test]
    #[should_panic = "`a` makes 18 series and may make 17: a_total 9 (plan 3 × x 3), a_total 9 (plan 3 × x 3)"]
    fn what_is_over_the_budget_is_refused() {
        within_budget("a", &[COUNTER, COUNTER], 17);
    }
}
