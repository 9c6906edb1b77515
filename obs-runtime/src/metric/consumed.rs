//! What is counted of the events one consumer gets.

use std::sync::{Mutex, OnceLock};

use obs_schema::names::DURATION_BOUNDS_NS;

use super::bank::{Bank, bucket};
use super::exemplar::Slot;
use super::exposition::ConsumedPrefixes;
use super::published::Cells;
use crate::clock::Moment;
use crate::context::SpanContext;
use crate::error_type::ErrorType;
use crate::lane::lock;

const DURATIONS: usize = DURATION_BOUNDS_NS.len() + 1;

// The cells of a row, the busiest first. Exemplars have the same places.
const DURATION: usize = 0;
const DURATION_SUM: usize = DURATION + DURATIONS;
const DELIVERY: usize = DURATION_SUM + 1;
const DELIVERY_SUM: usize = DELIVERY + DURATIONS;
const RETRIES: usize = DELIVERY_SUM + 1;
const DEAD: usize = RETRIES + 1;
const UNKNOWN: usize = DEAD + 1;
const ERRORS: usize = UNKNOWN + 1;
const VERSIONS: usize = ERRORS + ErrorType::ALL.len();

/// The cells of one event of one consumer. All its series are there from the start.
#[derive(Debug)]
pub(crate) struct Consumed {
    pub(crate) event_type: &'static str,
    pub(crate) consumer: Box<str>,
    pub(crate) versions: Vec<&'static str>,
    cells: Bank,
    exemplars: Box<[Slot]>,
    /// Rendered at the first scrape.
    prefixes: OnceLock<ConsumedPrefixes>,
}

/// Everything that is consumed by this program.
static CONSUMED: Mutex<Vec<&'static Consumed>> = Mutex::new(Vec::new());

/// All of them.
pub(crate) fn all() -> Vec<&'static Consumed> {
    lock(&CONSUMED).clone()
}

/// The cells of an event of one consumer. To be asked for once, when the consumer starts.
///
/// They stay for as long as the program runs, as their series do.
pub(crate) fn consumed(
    event_type: &'static str,
    versions: &[&'static str],
    consumer: &str,
) -> &'static Consumed {
    let mut all = lock(&CONSUMED);
    let known = all
        .iter()
        .find(|one| one.event_type == event_type && *one.consumer == *consumer);
    if let Some(known) = known {
        return known;
    }
    let new: &'static Consumed = Box::leak(Box::new(Consumed::new(event_type, versions, consumer)));
    all.push(new);
    new
}

impl Consumed {
    pub(crate) fn new(
        event_type: &'static str,
        versions: &[&'static str],
        consumer: &str,
    ) -> Consumed {
        let cells = VERSIONS + versions.len();
        Consumed {
            event_type,
            consumer: consumer.into(),
            versions: versions.to_vec(),
            cells: Bank::new(cells),
            exemplars: Slot::many(cells),
            prefixes: OnceLock::new(),
        }
    }

    /// An attempt has ended: well, for this version, or not. `delivery` is the time since the event happened, where that
    /// is known.
    ///
    /// The span is one that is exported, with the moment of its end.
    #[inline]
    pub(crate) fn ended(
        &self,
        result: Result<usize, ErrorType>,
        nanos: u64,
        delivery: Option<u64>,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let counted = match result {
            // There is one for each version that this consumer knows.
            Ok(version) => VERSIONS + version,
            Err(error) => ERRORS + error.index(),
        };
        let took = DURATION + bucket(&DURATION_BOUNDS_NS, nanos);
        let row = self.cells.mine();
        row.add(counted, 1);
        row.add(took, 1);
        row.add(DURATION_SUM, nanos);
        let delivered = delivery.map(|nanos| {
            let delivered = DELIVERY + bucket(&DURATION_BOUNDS_NS, nanos);
            row.add(delivered, 1);
            row.add(DELIVERY_SUM, nanos);
            (delivered, nanos)
        });
        if let Some((span, at)) = exemplar {
            let offer = |cell: usize, value| {
                if let Some(slot) = self.exemplars.get(cell) {
                    slot.offer(span, at, value);
                }
            };
            offer(counted, 1);
            offer(took, nanos);
            if let Some((delivered, nanos)) = delivered {
                offer(delivered, nanos);
            }
        }
    }

    /// It did not come to an attempt.
    pub(crate) fn refused(&self, error: ErrorType) {
        self.cells.mine().add(ERRORS + error.index(), 1);
    }

    /// It is tried again.
    pub(crate) fn retried(&self) {
        self.cells.mine().add(RETRIES, 1);
    }

    /// It was put aside.
    pub(crate) fn dead_lettered(&self) {
        self.cells.mine().add(DEAD, 1);
    }

    /// Its version is not known here.
    pub(crate) fn unknown_version(&self) {
        self.cells.mine().add(UNKNOWN, 1);
    }

    /// The lines of its series, up to their numbers.
    pub(crate) fn prefixes(&self) -> &ConsumedPrefixes {
        self.prefixes.get_or_init(|| ConsumedPrefixes::of(self))
    }

    /// What all lanes have counted.
    pub(crate) fn read(&self) -> Reading<'_> {
        Reading {
            cells: self.cells.counts(),
            exemplars: &self.exemplars,
        }
    }
}

/// What was counted, at one moment or nearly.
pub(crate) struct Reading<'a> {
    cells: Vec<u64>,
    exemplars: &'a [Slot],
}

impl Reading<'_> {
    fn part(&self, from: usize, count: usize) -> Cells<'_> {
        (
            &self.cells[from..from + count],
            &self.exemplars[from..from + count],
        )
    }

    /// Attempts that went well, by version.
    pub(crate) fn successes(&self) -> Cells<'_> {
        self.part(VERSIONS, self.exemplars.len() - VERSIONS)
    }

    /// Those that did not, by [`ErrorType`].
    pub(crate) fn failures(&self) -> Cells<'_> {
        self.part(ERRORS, ErrorType::ALL.len())
    }

    /// How long attempts took, and their sum in nanoseconds.
    pub(crate) fn durations(&self) -> (Cells<'_>, u64) {
        (self.part(DURATION, DURATIONS), self.cells[DURATION_SUM])
    }

    /// How old events were at the end of them, and the sum in nanoseconds.
    pub(crate) fn deliveries(&self) -> (Cells<'_>, u64) {
        (self.part(DELIVERY, DURATIONS), self.cells[DELIVERY_SUM])
    }

    pub(crate) fn retries(&self) -> u64 {
        self.cells[RETRIES]
    }

    pub(crate) fn dead_letters(&self) -> u64 {
        self.cells[DEAD]
    }

    pub(crate) fn unknown_versions(&self) -> u64 {
        self.cells[UNKNOWN]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_counted_and_measured_once() {
        let consumed = Consumed::new("thing.consumed", &["2.0.0", "1.0.0"], "mails");
        consumed.ended(Ok(1), 1_500_000, Some(20_000_000_000), None);
        consumed.ended(Err(ErrorType::Handler), 500, None, None);
        consumed.retried();
        consumed.refused(ErrorType::UnknownType);
        let reading = consumed.read();
        assert_eq!(reading.successes().0, [0, 1]);
        assert_eq!(reading.failures().0[ErrorType::Handler.index()], 1);
        assert_eq!(reading.failures().0[ErrorType::UnknownType.index()], 1);
        let ((durations, _), sum) = reading.durations();
        assert_eq!((durations[0], durations[1], sum), (1, 1, 1_500_500));
        let ((deliveries, _), sum) = reading.deliveries();
        assert_eq!((deliveries[13], sum), (1, 20_000_000_000));
        assert_eq!((reading.retries(), reading.dead_letters()), (1, 0));
    }
}
