//! What is counted of an operation: a function that is observed.

use std::sync::{Mutex, OnceLock};

use obs_schema::names::DURATION_BOUNDS_NS;

use super::bank::{Bank, LINE, Line, bucket};
use super::exemplar::Slot;
use super::published::Cells;
use super::text::Lines;
use crate::clock::Moment;
use crate::context::SpanContext;
use crate::event::LabelInfo;
use crate::lane::lock;
use crate::span::Value;

const DURATIONS: usize = DURATION_BOUNDS_NS.len() + 1;

/// The cells of an outcome: its buckets, and the sum of its durations.
const EACH: usize = DURATIONS + 1;

// The cells of a row. What most calls touch fills one line, the first: a good outcome, and the start.
const STARTED: usize = EACH;
const OTHERS: usize = STARTED + 1;
const NAMES: usize = OTHERS + EACH * (Outcome::ALL.len() - 1);
const CELLS: usize = (NAMES + MOST_NAMES + 1).next_multiple_of(LINE);

/// Series that each combination of labels makes, but for those of errors with a name: four histograms, three ways to
/// fail, and what goes on.
pub(super) const OPERATION_SERIES: usize = Outcome::ALL.len() * (DURATIONS + 2) + 3 + 1;

/// Series that the labels of an operation may make.
pub(super) const MOST_OPERATION_SERIES: usize = 10_000;

/// Names of errors that an operation tells apart; what comes after is counted as `_OTHER`.
const MOST_NAMES: usize = 16;

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Ok,
    Error,
    Panic,
    Cancelled,
}

impl Outcome {
    pub(crate) const ALL: [Outcome; 4] = [
        Outcome::Ok,
        Outcome::Error,
        Outcome::Panic,
        Outcome::Cancelled,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Panic => "panic",
            Outcome::Cancelled => "cancelled",
        }
    }

    /// Where its cells begin.
    const fn place(self) -> usize {
        match self {
            Outcome::Ok => 0,
            other => OTHERS + EACH * (other as usize - 1),
        }
    }
}

/// The cells of one operation. Its series are there from its first call on.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(super) labels: &'static [LabelInfo],
    /// Attributes that all its spans have.
    pub(super) fixed: &'static [(&'static str, Value<'static>)],
    /// Combinations of labels, each with a row of cells of its own.
    pub(super) series: usize,
    cells: Bank,
    /// Made for the first one.
    exemplars: OnceLock<Box<[Slot]>>,
    /// Names of errors, in the order in which they were met.
    names: [OnceLock<&'static str>; MOST_NAMES],
    /// Rendered at the first scrape.
    pub(super) lines: OnceLock<[Lines; 2]>,
}

/// All operations, by name.
static OPERATIONS: Mutex<Vec<&'static Operation>> = Mutex::new(Vec::new());

/// The operation of this name. To be asked for once: it stays for as long as the program runs.
///
/// Functions of one name are one operation: two series may not be called the same.
pub(crate) fn operation(
    name: &'static str,
    labels: &'static [LabelInfo],
    fixed: &'static [(&'static str, Value<'static>)],
) -> &'static Operation {
    let mut all = lock(&OPERATIONS);
    match all.binary_search_by(|one| one.name.cmp(name)) {
        Ok(at) => all[at],
        Err(at) => {
            let new = Operation::new(name, labels).saying(fixed);
            let new: &'static Operation = Box::leak(Box::new(new));
            all.insert(at, new);
            new
        }
    }
}

/// All operations, by name.
pub(crate) fn operations() -> Vec<&'static Operation> {
    lock(&OPERATIONS).clone()
}

impl Operation {
    pub(crate) fn new(name: &'static str, labels: &'static [LabelInfo]) -> Operation {
        let mut series: usize = 1;
        for label in labels {
            series = series.saturating_mul(label.count().max(1));
        }
        // What is over the budget does not compile; this is for those who make one by hand.
        let series = series.min(MOST_OPERATION_SERIES / OPERATION_SERIES);
        Operation {
            name,
            labels,
            fixed: &[],
            series,
            cells: Bank::new(CELLS * series),
            exemplars: OnceLock::new(),
            names: [const { OnceLock::new() }; MOST_NAMES],
            lines: OnceLock::new(),
        }
    }

    /// The same with attributes that all its spans have.
    pub(crate) fn saying(mut self, fixed: &'static [(&'static str, Value<'static>)]) -> Operation {
        self.fixed = fixed;
        self
    }

    /// Where this thread counts what most calls touch, for a combination of labels. `None`: not alone.
    #[inline]
    pub(crate) fn own(&self, series: usize) -> Option<Own<'_>> {
        let line = CELLS / LINE * series.min(self.series - 1);
        Some(Own(self.cells.own(line)?))
    }

    /// The trace of a call that ended well, which this thread [counts](Own::ended): a span that is exported, with the
    /// moment of its end.
    #[inline]
    pub(crate) fn exemplar(&self, series: usize, nanos: u64, (span, at): (SpanContext, Moment)) {
        let took = self.from(series) + Outcome::Ok.place() + bucket(&DURATION_BOUNDS_NS, nanos);
        if let Some(slot) = self.slots().get(took) {
            slot.offer(span, at, nanos);
        }
    }

    #[inline]
    fn slots(&self) -> &[Slot] {
        self.exemplars
            .get_or_init(|| Slot::many(CELLS * self.series))
    }

    /// A call begins.
    #[inline]
    pub(crate) fn started(&self, series: usize) {
        self.cells.mine().add(self.from(series) + STARTED, 1);
    }

    /// Where the cells of a combination of labels begin. Functions of one name may differ in their labels: what one has
    /// more than the first is counted together.
    #[inline]
    fn from(&self, series: usize) -> usize {
        CELLS * series.min(self.series - 1)
    }

    /// A call has ended. `error` is its `error.type`, when it has failed with an error.
    ///
    /// The span is one that is exported, with the moment of its end.
    #[inline]
    pub(crate) fn ended(
        &self,
        series: usize,
        outcome: Outcome,
        error: Option<&'static str>,
        nanos: u64,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let row_from = self.from(series);
        let from = row_from + outcome.place();
        let took = from + bucket(&DURATION_BOUNDS_NS, nanos);
        let row = self.cells.mine();
        row.add(took, 1);
        row.add(from + DURATIONS, nanos);
        let slots = exemplar.map(|it| (it, self.slots()));
        if let Some(((span, at), slots)) = slots {
            slots[took].offer(span, at, nanos);
        }
        if let Some(error) = error {
            let counted = row_from + NAMES + self.name(error);
            row.add(counted, 1);
            if let Some(((span, at), slots)) = slots {
                slots[counted].offer(span, at, 1);
            }
        }
    }

    /// Makes series of names, at zero, before any error has one of them.
    #[inline]
    pub(crate) fn know(&self, names: &'static [&'static str]) {
        if let (Some(first), None) = (names.first(), self.names[0].get()) {
            self.name(first);
            for name in names {
                self.name(name);
            }
        }
    }

    /// The place of the name of an error.
    #[cold]
    fn name(&self, error: &'static str) -> usize {
        // `_OTHER` has a place of its own behind all names.
        if error != OTHER {
            for (place, slot) in self.names.iter().enumerate() {
                if *slot.get_or_init(|| error) == error {
                    return place;
                }
            }
        }
        MOST_NAMES
    }

    /// What all lanes have counted.
    pub(super) fn read(&self) -> Reading<'_> {
        Reading {
            operation: self,
            cells: self.cells.counts(),
        }
    }
}

/// What most calls touch of the cells of an operation, in a thread that counts there alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a>(&'a Line);

impl Own<'_> {
    /// A call begins.
    #[inline]
    pub(crate) fn started(self) {
        self.0.add(STARTED, 1);
    }

    /// A call has ended well.
    #[inline]
    pub(crate) fn ended(self, nanos: u64) {
        self.0.add(bucket(&DURATION_BOUNDS_NS, nanos), 1);
        self.0.add(DURATIONS, nanos);
    }
}

const _: () = assert!(Outcome::Ok.place() == 0 && STARTED < LINE);

/// An error that has no name.
const OTHER: &str = crate::ErrorType::Other.as_str();

/// What was counted, at one moment or nearly.
pub(super) struct Reading<'a> {
    operation: &'a Operation,
    cells: Vec<u64>,
}

impl Reading<'_> {
    fn part(&self, from: usize, count: usize) -> Cells<'_> {
        let slots = self.operation.exemplars.get();
        (
            &self.cells[from..from + count],
            slots.map_or(&[], |slots| &slots[from..from + count]),
        )
    }

    /// Durations by bucket, and their sum in nanoseconds.
    pub(super) fn durations(&self, series: usize, outcome: Outcome) -> (Cells<'_>, u64) {
        let from = CELLS * series + outcome.place();
        (self.part(from, DURATIONS), self.cells[from + DURATIONS])
    }

    fn count(&self, series: usize, outcome: Outcome) -> u64 {
        let ((counts, _), _) = self.durations(series, outcome);
        counts.iter().sum()
    }

    /// Calls that have not ended, as far as the cells of other threads are known here.
    pub(super) fn in_flight(&self, series: usize) -> u64 {
        let mut ended = 0;
        for outcome in Outcome::ALL {
            ended += self.count(series, outcome);
        }
        self.cells[CELLS * series + STARTED].saturating_sub(ended)
    }

    /// Failures by `error.type`: how a call may end that gives nothing, what has no name, and what has one.
    pub(super) fn failures(&self, series: usize) -> Vec<(&'static str, u64, Option<&Slot>)> {
        let (counts, slots) = self.part(CELLS * series + NAMES, MOST_NAMES + 1);
        let mut failures = Vec::with_capacity(MOST_NAMES + 3);
        for outcome in [Outcome::Cancelled, Outcome::Panic] {
            failures.push((outcome.as_str(), self.count(series, outcome), None));
        }
        let lost = failures.len();
        failures.push((OTHER, counts[MOST_NAMES], slots.get(MOST_NAMES)));
        for (at, name) in self.operation.names.iter().enumerate() {
            let Some(name) = name.get() else {
                break;
            };
            // An error may be called `cancelled` too, and there is one series of each name.
            match failures[..lost].iter_mut().find(|lost| lost.0 == *name) {
                Some(same) => same.1 += counts[at],
                None => failures.push((*name, counts[at], slots.get(at))),
            }
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &[LabelInfo] = &[LabelInfo {
        name: "plan",
        values: &["free", "team"],
        ..LabelInfo::BLANK
    }];

    #[test]
    fn a_name_is_one_operation() {
        let one = operation("operation::tested", &[], &[]);
        assert!(std::ptr::eq(one, operation("operation::tested", &[], &[])));
        let named = operations().into_iter().filter(|it| it.name == one.name);
        assert_eq!(named.count(), 1);
    }

    #[test]
    fn each_call_is_counted_once_and_those_that_go_on_are_known() {
        let operation = Operation::new("counted", LABELS);
        for _ in 0..6 {
            operation.started(1);
        }
        operation.ended(1, Outcome::Ok, None, 1_500_000, None);
        operation.ended(1, Outcome::Error, Some("Timeout"), 500, None);
        operation.ended(1, Outcome::Error, Some("_OTHER"), 500, None);
        operation.know(&["panic", "Never"]);
        operation.started(1);
        operation.ended(1, Outcome::Error, Some("panic"), 500, None);
        operation.ended(1, Outcome::Panic, None, 7, None);
        operation.ended(1, Outcome::Cancelled, None, 8, None);
        let reading = operation.read();
        assert_eq!(reading.durations(0, Outcome::Ok).1, 0);
        let ((counts, _), sum) = reading.durations(1, Outcome::Ok);
        assert_eq!(
            (counts[1], counts.iter().sum::<u64>(), sum),
            (1, 1, 1_500_000)
        );
        assert_eq!(reading.durations(1, Outcome::Error).1, 1_500);
        assert_eq!(reading.in_flight(1), 1);
        let failures = reading.failures(1).into_iter();
        let failures: Vec<_> = failures.map(|(name, count, _)| (name, count)).collect();
        assert_eq!(
            failures,
            [
                ("cancelled", 1),
                ("panic", 2),
                ("_OTHER", 1),
                ("Timeout", 1)
            ]
        );
    }

    #[test]
    fn labels_beyond_those_of_the_first_are_counted_together() {
        let operation = Operation::new("labelled", LABELS);
        operation.started(7);
        assert_eq!(operation.read().in_flight(1), 1);
    }

    #[test]
    fn names_beyond_the_table_are_counted_together() {
        static NAMES: [&str; 20] = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
            "r", "s", "t",
        ];
        let operation = Operation::new("named", &[]);
        for name in NAMES {
            operation.ended(0, Outcome::Error, Some(name), 1, None);
        }
        operation.ended(0, Outcome::Error, Some("b"), 1, None);
        let reading = operation.read();
        let count = |wanted: &str| {
            let mut all = reading.failures(0).into_iter();
            all.find(|(name, ..)| *name == wanted)
                .map(|(_, count, _)| count)
        };
        assert_eq!(
            (count("a"), count("b"), count("p")),
            (Some(1), Some(2), Some(1))
        );
        assert_eq!((count("q"), count("_OTHER")), (None, Some(4)));
    }
}
