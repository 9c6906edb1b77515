//! Families of things that are no event: what they are, their numbers, and the list of all.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use super::bank::Bank;
use super::exemplar::Slot;
use super::keys::{Remembered, Tracked};
use super::published::MOST_SERIES;
use super::sketch::{SLICES, Sketch};
use super::snapshot;
use super::text::Lines;
use crate::clock::{self, Moment, SECOND};
use crate::context::{Context, SpanContext};
use crate::event::LabelInfo;
use crate::lane::lock;

/// What a family is. Generated code fills it in with `..FamilyInfo::BLANK`, so that it can grow.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FamilyInfo {
    /// Its name, as it stands in the exposition.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it tells.
    pub help: &'static str,
    /// The unit of its values, which is the end of its name too; or nothing.
    pub unit: &'static str,
    /// Its labels. Those of an information have no values here.
    pub labels: &'static [LabelInfo],
    /// Where the buckets of a histogram end, ascending and finite.
    pub buckets: &'static [f64],
    /// Which quantiles a summary tells.
    pub quantiles: &'static [f64],
    /// How long a summary remembers, in seconds.
    pub window: u64,
    /// What a gauge works out of keys that are remembered.
    pub tracked: Tracked,
}

impl FamilyInfo {
    /// A family without anything: what generated code leaves out is taken from here.
    pub const BLANK: FamilyInfo = FamilyInfo {
        name: "",
        kind: Kind::Counter,
        help: "",
        unit: "",
        labels: &[],
        buckets: &DURATION_BUCKETS,
        quantiles: &[0.5, 0.9, 0.99],
        window: 600,
        tracked: Tracked::Nothing,
    };

    /// How many combinations its labels have.
    fn combinations(&self) -> usize {
        if self.kind == Kind::Info {
            return 1;
        }
        let mut all: usize = 1;
        for label in self.labels {
            all = all.saturating_mul(label.count().max(1));
        }
        all
    }
}

/// The bounds of duration histograms, in seconds.
const DURATION_BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// What a family holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Whole numbers that only grow.
    Counter,
    /// Numbers that only grow.
    FloatCounter,
    /// Whole numbers.
    Gauge,
    /// Numbers.
    FloatGauge,
    /// How many values fell into which bucket.
    Histogram,
    /// Quantiles of the values of late.
    Summary,
    /// Words that describe something.
    Info,
}

/// A family with its numbers. All its series are there from the start, at zero.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) about: FamilyInfo,
    /// How many series it has.
    pub(crate) series: usize,
    pub(crate) numbers: Numbers,
    exemplars: OnceLock<Box<[Slot]>>,
    pub(super) remembered: Remembered,
    /// Events whose combination of labels has no series, and keys that there was no room for.
    pub(crate) overflows: AtomicU64,
    /// Rendered at the first scrape.
    pub(super) lines: OnceLock<Lines>,
}

/// The numbers of a family.
#[derive(Debug)]
pub(crate) enum Numbers {
    /// A count a series, or a floating-point number.
    Counter(Bank),
    /// A number a series.
    Gauge(Box<[AtomicU64]>),
    /// For each series a count a bucket, and the sum of the values.
    Histogram(Bank),
    /// For each series a count and a sum of all, and a sketch of what came lately.
    Summary {
        all: Bank,
        lately: Box<[Sketch]>,
        turned: Mutex<Moment>,
    },
    /// The values of the labels, once they are known.
    Info(Mutex<Vec<String>>),
}

/// All families, by name.
static FAMILIES: Mutex<Vec<&'static Family>> = Mutex::new(Vec::new());

/// Numbers that were no numbers, families that had the name of another one, and times of events that are not known.
static REFUSED: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

/// Why something that was to be measured was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// It is infinite, or no number, or makes a counter fall.
    Value,
    /// There is a family of this name already, and it is another.
    Name,
    /// It is counted from an event of the same key that is not remembered.
    Unmatched,
    /// It waited for an event of the same key, and there was no room to remember it for longer.
    Forgotten,
}

impl Refusal {
    pub(crate) const ALL: [Refusal; 4] = [
        Refusal::Value,
        Refusal::Name,
        Refusal::Unmatched,
        Refusal::Forgotten,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Refusal::Value => "value",
            Refusal::Name => "name",
            Refusal::Unmatched => "unmatched",
            Refusal::Forgotten => "forgotten",
        }
    }

    pub(crate) fn count(self) {
        self.add(1);
    }

    pub(crate) fn add(self, count: u64) {
        REFUSED[self as usize].fetch_add(count, Relaxed);
    }

    pub(crate) fn counted(self) -> u64 {
        REFUSED[self as usize].load(Relaxed)
    }
}

/// The family that is described so. To be asked for once: it stays for as long as the program runs.
///
/// Whoever describes the same family counts in the same series. Of two that have only the name in common, the second
/// one counts where nobody looks, which is told by `obs_metrics_dropped_total`.
pub(crate) fn family(about: &FamilyInfo) -> &'static Family {
    let mut all = lock(&FAMILIES);
    let at = all.binary_search_by(|one| one.about.name.cmp(about.name));
    let known = at.ok().map(|at| all[at]);
    if let Some(known) = known.filter(|known| known.is(about)) {
        return known;
    }
    let new: &'static Family = Box::leak(Box::new(Family::new(*about)));
    match at {
        Ok(_) => Refusal::Name.count(),
        Err(at) => {
            snapshot::adopt(new);
            all.insert(at, new);
        }
    }
    new
}

/// All families, by name.
pub(crate) fn all() -> Vec<&'static Family> {
    lock(&FAMILIES).clone()
}

impl Family {
    pub(crate) fn new(about: FamilyInfo) -> Family {
        let series = about.combinations().min(MOST_SERIES);
        let numbers = match about.kind {
            Kind::Counter => Numbers::Counter(Bank::new(series)),
            Kind::FloatCounter => Numbers::Counter(Bank::with_floats(0, series)),
            Kind::Gauge | Kind::FloatGauge => {
                let mut gauges = Vec::with_capacity(series);
                for _ in 0..series {
                    gauges.push(AtomicU64::default());
                }
                Numbers::Gauge(gauges.into())
            }
            Kind::Histogram => {
                let buckets = about.buckets.len() + 1;
                Numbers::Histogram(Bank::with_floats(series * buckets, series))
            }
            Kind::Summary => {
                let mut lately = Vec::with_capacity(series);
                for _ in 0..series {
                    lately.push(Sketch::new());
                }
                Numbers::Summary {
                    all: Bank::with_floats(series, series),
                    lately: lately.into(),
                    turned: Mutex::new(clock::now()),
                }
            }
            Kind::Info => Numbers::Info(Mutex::new(Vec::new())),
        };
        Family {
            about,
            series,
            numbers,
            exemplars: OnceLock::new(),
            remembered: Remembered::new(about.tracked),
            overflows: AtomicU64::new(0),
            lines: OnceLock::new(),
        }
    }

    /// Whether this describes it too. In what they say about it descriptions may differ.
    pub(crate) fn is(&self, about: &FamilyInfo) -> bool {
        let words = FamilyInfo {
            help: self.about.help,
            unit: self.about.unit,
            ..*about
        };
        self.about == words
    }

    /// Whether it may have no room: for combinations of labels, or for keys.
    pub(crate) fn is_clamped(&self) -> bool {
        self.about.combinations() > self.series || self.about.tracked != Tracked::Nothing
    }

    /// The series of a combination of labels; those beyond the last one are counted together.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> usize {
        if index < self.series {
            return index;
        }
        self.overflows.fetch_add(1, Relaxed);
        self.series - 1
    }

    /// Counts in a series of whole numbers.
    #[inline]
    pub(crate) fn count(&self, series: usize, by: u64) {
        if let Numbers::Counter(bank) = &self.numbers {
            bank.mine().add(series, by);
            self.exemplar(series, by);
        }
    }

    /// Adds to a series of numbers.
    #[inline]
    pub(crate) fn count_float(&self, series: usize, by: f64) {
        if !(by.is_finite() && by >= 0.0) {
            return Refusal::Value.count();
        }
        if let Numbers::Counter(bank) = &self.numbers {
            bank.mine().add_float(series, by);
            self.exemplar(series, by.to_bits());
        }
    }

    /// The number of a gauge.
    #[inline]
    pub(crate) fn gauge(&self, series: usize) -> Option<&AtomicU64> {
        match &self.numbers {
            Numbers::Gauge(numbers) => numbers.get(series),
            _ => None,
        }
    }

    /// Measures: in a histogram or a summary.
    #[inline]
    pub(crate) fn observe(&self, series: usize, value: f64) {
        if !value.is_finite() {
            return Refusal::Value.count();
        }
        match &self.numbers {
            Numbers::Histogram(bank) => {
                let cell = self.measure(bank, series, value);
                self.exemplar(cell, value.to_bits());
            }
            Numbers::Summary { all, lately, .. } => {
                let row = all.mine();
                row.add(series, 1);
                row.add_float(series, value);
                if let Some(sketch) = lately.get(series) {
                    sketch.count(value);
                }
            }
            _ => {}
        }
    }

    /// Counts, sets or measures on behalf of an event.
    pub(crate) fn feed(&self, series: usize, value: f64, exemplar: Option<(SpanContext, Moment)>) {
        if !value.is_finite() {
            return Refusal::Value.count();
        }
        let (cell, bits) = match (&self.numbers, self.about.kind) {
            (Numbers::Counter(_), _) if value < 0.0 => return Refusal::Value.count(),
            (Numbers::Counter(bank), Kind::Counter) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "what feeds it is a whole number, and none below zero"
                )]
                let by = value as u64;
                bank.mine().add(series, by);
                (series, by)
            }
            (Numbers::Counter(bank), _) => {
                bank.mine().add_float(series, value);
                (series, value.to_bits())
            }
            (Numbers::Gauge(numbers), _) => {
                if let Some(number) = numbers.get(series) {
                    number.store(value.to_bits(), Relaxed);
                }
                return;
            }
            (Numbers::Histogram(bank), _) => (self.measure(bank, series, value), value.to_bits()),
            (Numbers::Summary { .. }, _) => return self.observe(series, value),
            (Numbers::Info(_), _) => return,
        };
        if let Some((span, at)) = exemplar
            && let Some(slot) = self.slots().get(cell)
        {
            slot.offer(span, at, bits);
        }
    }

    /// Counts a value in its bucket, and says in which cell.
    #[inline]
    fn measure(&self, bank: &Bank, series: usize, value: f64) -> usize {
        let bounds = self.about.buckets;
        // A count without a branch: the processor cannot guess wrong, and there are few bounds.
        let bucket: usize = bounds.iter().map(|bound| usize::from(value > *bound)).sum();
        let cell = series * (bounds.len() + 1) + bucket;
        let row = bank.mine();
        row.add(cell, 1);
        row.add_float(series, value);
        cell
    }

    /// Keeps the span that is going on as an exemplar, when one is wanted. The clock is only looked at then.
    #[inline]
    fn exemplar(&self, cell: usize, value: u64) {
        let due = match self.exemplars.get() {
            Some(slots) => slots.get(cell).is_some_and(Slot::is_due),
            None => true,
        };
        if due {
            self.offer(cell, value);
        }
    }

    #[cold]
    fn offer(&self, cell: usize, value: u64) {
        let span = Context::look(Context::span);
        let Some(span) = span.filter(|span| span.sampled) else {
            return;
        };
        if let Some(slot) = self.slots().get(cell) {
            slot.offer(span, clock::now(), value);
        }
    }

    /// Places for exemplars: one a counter, one a bucket.
    fn slots(&self) -> &[Slot] {
        self.exemplars.get_or_init(|| {
            Slot::many(match self.about.kind {
                Kind::Histogram => self.series * (self.about.buckets.len() + 1),
                _ => self.series,
            })
        })
    }

    /// The exemplars, when there ever was one.
    pub(crate) fn exemplars(&self) -> &[Slot] {
        self.exemplars.get().map_or(&[], |slots| slots)
    }

    /// Moves the window of a summary on to this moment.
    pub(crate) fn turn(&self, now: Moment) {
        let Numbers::Summary { lately, turned, .. } = &self.numbers else {
            return;
        };
        let slice = (self.about.window * SECOND / SLICES as u64).max(1);
        let mut turned = lock(turned);
        let slices = now.nanos_since(*turned) / slice;
        if slices > 0 {
            turned.0 += slices * slice;
            let slices = usize::try_from(slices).unwrap_or(SLICES);
            lately.iter().for_each(|sketch| sketch.turn(slices));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTER: FamilyInfo = FamilyInfo {
        name: "family_tested_total",
        ..FamilyInfo::BLANK
    };

    #[test]
    fn a_family_is_there_once() {
        let first = family(&COUNTER);
        assert!(std::ptr::eq(first, family(&COUNTER)));
        let before = Refusal::Name.counted();
        let other = family(&FamilyInfo {
            kind: Kind::Gauge,
            ..COUNTER
        });
        assert!(!std::ptr::eq(first, other));
        assert!(Refusal::Name.counted() > before);
        let named = all()
            .into_iter()
            .filter(|one| one.about.name == COUNTER.name);
        assert_eq!(named.count(), 1);
    }

    #[test]
    fn combinations_beyond_the_table_are_counted_together() {
        let few = Family::new(COUNTER);
        assert!(!few.is_clamped());
        few.count(few.at(0), 1);
        few.count(few.at(7), 2);
        assert_eq!(few.overflows.load(Relaxed), 1);
        let Numbers::Counter(bank) = &few.numbers else {
            unreachable!()
        };
        assert_eq!(bank.get(0), 3);
    }

    #[test]
    fn a_window_moves_on_when_somebody_looks() {
        let summary = Family::new(FamilyInfo {
            kind: Kind::Summary,
            window: 50,
            ..COUNTER
        });
        let Numbers::Summary { lately, turned, .. } = &summary.numbers else {
            unreachable!()
        };
        summary.observe(0, 3.0);
        let start = *lock(turned);
        summary.turn(Moment(start.0 + 49 * SECOND));
        assert!(!lately[0].read().quantile(0.5).is_nan());
        summary.turn(Moment(start.0 + 50 * SECOND));
        assert!(lately[0].read().quantile(0.5).is_nan());
    }

    #[test]
    fn what_is_no_number_is_refused_and_told() {
        let before = Refusal::Value.counted();
        let histogram = Family::new(FamilyInfo {
            kind: Kind::Histogram,
            ..COUNTER
        });
        let counter = Family::new(FamilyInfo {
            kind: Kind::FloatCounter,
            ..COUNTER
        });
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            histogram.observe(0, value);
            counter.count_float(0, value);
        }
        counter.count_float(0, -1.0);
        assert!(Refusal::Value.counted() >= before + 7);
        let Numbers::Histogram(bank) = &histogram.numbers else {
            unreachable!()
        };
        assert_eq!(bank.counts().iter().sum::<u64>(), 0);
        assert_eq!(bank.floats()[0], 0.0);
    }
}
