//! The families of OpenTelemetry's messaging conventions, beside ours, for those who ask for them.
//!
//! They tell of the same spans as ours do, by system, operation and destination instead of by event.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use super::bank::{Bank, bucket};
use super::exemplar::Slot;
use super::exposition::MessagingLines;
use super::published::Cells;
use crate::bus::Place;
use crate::clock::Moment;
use crate::context::SpanContext;
use crate::error_type::ErrorType;
use crate::lane::lock;

/// The bounds that the conventions advise, in nanoseconds.
pub(super) const BOUNDS_NS: [u64; 14] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    7_500_000_000,
    10_000_000_000,
];

const DURATIONS: usize = BOUNDS_NS.len() + 1;

/// How it may end: well, or with an error of some type.
pub(super) const RESULTS: usize = 1 + ErrorType::ALL.len();

// The cells of a row: for each result its buckets and their sum, then for each result the messages.
const EACH: usize = DURATIONS + 1;
const MESSAGES: usize = RESULTS * EACH;
const CELLS: usize = MESSAGES + RESULTS;

/// Somebody has asked for these families.
static WANTED: AtomicBool = AtomicBool::new(false);

/// All operations.
static ALL: Mutex<Vec<&'static Messaging>> = Mutex::new(Vec::new());

/// Makes these families, for publishers and consumers that are made from now on.
pub(crate) fn want() {
    WANTED.store(true, Relaxed);
}

/// What the conventions call an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Create,
    Send,
    #[cfg(feature = "tokio")]
    Receive,
    #[cfg(feature = "tokio")]
    Process,
    #[cfg(feature = "tokio")]
    Settle,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Kind::Create => "create",
            Kind::Send => "send",
            #[cfg(feature = "tokio")]
            Kind::Receive => "receive",
            #[cfg(feature = "tokio")]
            Kind::Process => "process",
            #[cfg(feature = "tokio")]
            Kind::Settle => "settle",
        }
    }
}

/// An operation on a destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct About {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    /// What the system calls it.
    pub(crate) name: &'static str,
    pub(crate) destination: &'static str,
    /// The group of consumers, of those who consume.
    pub(crate) group: Option<Box<str>>,
}

/// The cells of an operation.
#[derive(Debug)]
pub(crate) struct Messaging {
    pub(crate) about: About,
    cells: Bank,
    exemplars: Box<[Slot]>,
    /// Rendered at the first scrape.
    pub(super) lines: OnceLock<MessagingLines>,
}

/// The cells of an operation, if anybody has asked for these families. To be asked for once, as they stay.
pub(crate) fn messaging(about: About) -> Option<&'static Messaging> {
    if cfg!(feature = "off-metrics") || !WANTED.load(Relaxed) {
        return None;
    }
    let mut all = lock(&ALL);
    if let Some(known) = all.iter().find(|known| known.about == about) {
        return Some(known);
    }
    let new: &'static Messaging = Box::leak(Box::new(Messaging::new(about)));
    all.push(new);
    Some(new)
}

/// All of them.
pub(crate) fn all() -> Vec<&'static Messaging> {
    lock(&ALL).clone()
}

fn place(error: Option<ErrorType>) -> usize {
    error.map_or(0, |error| 1 + error.index())
}

impl Messaging {
    pub(crate) fn new(about: About) -> Messaging {
        Messaging {
            about,
            cells: Bank::new(CELLS),
            exemplars: Slot::many(CELLS),
            lines: OnceLock::new(),
        }
    }

    /// An operation has ended. The span is one that is exported, with the moment of its end.
    pub(crate) fn ended(
        &self,
        error: Option<ErrorType>,
        nanos: u64,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let from = place(error) * EACH;
        let took = from + bucket(&BOUNDS_NS, nanos);
        let row = self.cells.mine();
        row.add(took, 1);
        row.add(from + DURATIONS, nanos);
        if let Some((span, at)) = exemplar {
            self.exemplars[took].offer(span, at, nanos);
        }
    }

    /// So many messages were tried to be sent, or have come.
    pub(crate) fn messages(&self, error: Option<ErrorType>, count: u64) {
        self.cells.mine().add(MESSAGES + place(error), count);
    }

    /// What all lanes have counted.
    pub(super) fn read(&self) -> Reading<'_> {
        Reading {
            cells: self.cells.counts(),
            exemplars: &self.exemplars,
        }
    }
}

/// What was counted, at one moment or nearly.
pub(super) struct Reading<'a> {
    cells: Vec<u64>,
    exemplars: &'a [Slot],
}

impl Reading<'_> {
    /// Durations by bucket, and their sum in nanoseconds, of what ended so.
    pub(super) fn durations(&self, result: usize) -> (Cells<'_>, u64) {
        let from = result * EACH;
        let buckets = from..from + DURATIONS;
        (
            (&self.cells[buckets.clone()], &self.exemplars[buckets]),
            self.cells[from + DURATIONS],
        )
    }

    pub(super) fn messages(&self, result: usize) -> u64 {
        self.cells[MESSAGES + result]
    }
}
