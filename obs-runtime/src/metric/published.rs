//! What is counted of the events one source publishes.

use std::sync::OnceLock;

use crate::clock::Moment;
use crate::context::SpanContext;
use crate::error_type::ErrorType;
use crate::event::{Descriptor, LabelInfo};
use obs_schema::names::{DURATION_BOUNDS_NS, PAYLOAD_BOUNDS};

use super::bank::{Bank, bucket};
use super::exemplar::Slot;
use super::exposition::Prefixes;
use super::family::Family;
use super::feed::Feeds;
use super::keys::Times;
use super::own;

/// Series that the labels of one event may make in one source; what comes after is counted together.
pub(crate) const MOST_SERIES: usize = 10_000;

const DURATIONS: usize = DURATION_BOUNDS_NS.len() + 1;
const SIZES: usize = PAYLOAD_BOUNDS.len() + 1;

// The cells of a row, the busiest first. Exemplars have the same places.
const DURATION: usize = 0;
const DURATION_SUM: usize = DURATION + DURATIONS;
const SIZE: usize = DURATION_SUM + 1;
const SIZE_SUM: usize = SIZE + SIZES;
const ERRORS: usize = SIZE_SUM + 1;
const SERIES: usize = ERRORS + ErrorType::ALL.len();

/// The cells of one event of one source. All its series are there from the start.
#[derive(Debug)]
pub(crate) struct Published {
    /// Whose they are.
    pub(crate) about: &'static Descriptor,
    /// Who publishes.
    pub(crate) source: Box<str>,
    /// How many combinations its labels have.
    pub(crate) series: usize,
    cells: Bank,
    exemplars: Box<[Slot]>,
    /// Further families it feeds.
    families: Box<[&'static Family]>,
    /// Times that it marks or asks for.
    times: Box<[&'static Times]>,
    /// Rendered at the first scrape.
    prefixes: OnceLock<Prefixes>,
}

impl Published {
    pub(crate) fn new(
        about: &'static Descriptor,
        source: &str,
        families: Box<[&'static Family]>,
        times: Box<[&'static Times]>,
    ) -> Published {
        let series = combinations(about).min(MOST_SERIES);
        Published {
            about,
            source: source.into(),
            series,
            cells: Bank::new(SERIES + series),
            exemplars: Slot::many(SERIES + series),
            families,
            times,
            prefixes: OnceLock::new(),
        }
    }

    /// An event was published: its labels, how long it took, and how many bytes it had.
    ///
    /// The span is one that is exported, with the moment of its end.
    #[inline]
    pub(crate) fn success(
        &self,
        series: usize,
        nanos: u64,
        body: usize,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let series = if series < self.series {
            series
        } else {
            self.overflow()
        };
        let counted = SERIES + series;
        let took = DURATION + bucket(&DURATION_BOUNDS_NS, nanos);
        let body = body as u64;
        let size = SIZE + bucket(&PAYLOAD_BOUNDS, body);
        let row = self.cells.mine();
        row.add(counted, 1);
        row.add(took, 1);
        row.add(DURATION_SUM, nanos);
        row.add(size, 1);
        row.add(SIZE_SUM, body);
        if let Some((span, at)) = exemplar {
            self.exemplars[counted].offer(span, at, 1);
            self.exemplars[took].offer(span, at, nanos);
            self.exemplars[size].offer(span, at, body);
        }
    }

    /// An event was not published. It took its time all the same.
    pub(crate) fn failure(
        &self,
        error: ErrorType,
        nanos: u64,
        exemplar: Option<(SpanContext, Moment)>,
    ) {
        let counted = ERRORS + error.index();
        let took = DURATION + bucket(&DURATION_BOUNDS_NS, nanos);
        let row = self.cells.mine();
        row.add(counted, 1);
        row.add(took, 1);
        row.add(DURATION_SUM, nanos);
        if let Some((span, at)) = exemplar {
            self.exemplars[counted].offer(span, at, 1);
            self.exemplars[took].offer(span, at, nanos);
        }
    }

    /// The families that an event feeds, if there are any. The span is one that is exported.
    #[inline]
    pub(crate) fn feeds(
        &self,
        at: Moment,
        exemplar: Option<(SpanContext, Moment)>,
    ) -> Option<Feeds<'_>> {
        let any = !(self.families.is_empty() && self.times.is_empty());
        any.then_some(Feeds {
            families: &self.families,
            times: &self.times,
            at,
            exemplar,
        })
    }

    /// The times it marks or asks for.
    pub(crate) fn times(&self) -> &[&'static Times] {
        &self.times
    }

    /// The families it feeds beside its own.
    pub(crate) fn families(&self) -> &[&'static Family] {
        &self.families
    }

    /// More combinations than there is room for: the last one stands for the rest.
    #[cold]
    fn overflow(&self) -> usize {
        own::label_overflow();
        self.series - 1
    }

    /// The lines of its series, up to their numbers.
    pub(crate) fn prefixes(&self) -> &Prefixes {
        self.prefixes.get_or_init(|| Prefixes::of(self))
    }

    /// What all lanes have counted.
    pub(crate) fn read(&self) -> Reading<'_> {
        Reading {
            cells: self.cells.counts(),
            exemplars: &self.exemplars,
        }
    }
}

/// How many combinations the labels of an event have; one when it has none.
fn combinations(about: &'static Descriptor) -> usize {
    let mut all: usize = 1;
    for label in labels(about) {
        all = all.saturating_mul(label.count().max(1));
    }
    all
}

/// The labels of an event, in the order of its fields. The last one changes fastest.
pub(crate) fn labels(about: &'static Descriptor) -> Vec<LabelInfo> {
    let mut labels = Vec::new();
    for field in about.fields {
        labels.extend(field.label);
    }
    labels
}

/// What was counted, at one moment or nearly.
pub(crate) struct Reading<'a> {
    cells: Vec<u64>,
    exemplars: &'a [Slot],
}

/// Some cells, with the place for an exemplar beside each.
pub(crate) type Cells<'a> = (&'a [u64], &'a [Slot]);

impl Reading<'_> {
    fn part(&self, from: usize, count: usize) -> Cells<'_> {
        (
            &self.cells[from..from + count],
            &self.exemplars[from..from + count],
        )
    }

    /// Successes, by combination of labels.
    pub(crate) fn successes(&self) -> Cells<'_> {
        self.part(SERIES, self.exemplars.len() - SERIES)
    }

    /// Failures, by [`ErrorType`].
    pub(crate) fn failures(&self) -> Cells<'_> {
        self.part(ERRORS, ErrorType::ALL.len())
    }

    /// Durations by bucket, and their sum in nanoseconds.
    pub(crate) fn durations(&self) -> (Cells<'_>, u64) {
        (self.part(DURATION, DURATIONS), self.cells[DURATION_SUM])
    }

    /// Sizes of bodies by bucket, and their sum in bytes.
    pub(crate) fn sizes(&self) -> (Cells<'_>, u64) {
        (self.part(SIZE, SIZES), self.cells[SIZE_SUM])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FieldInfo;
    use crate::ids::{SpanId, TraceId};

    const LABEL: LabelInfo = LabelInfo {
        name: "plan",
        values: &["free", "team"],
        ..LabelInfo::BLANK
    };
    const FIELD: FieldInfo = FieldInfo {
        wire: "plan",
        label: Some(LABEL),
        ..FieldInfo::BLANK
    };
    static ABOUT: Descriptor = Descriptor {
        event_type: "thing.published",
        fields: &[
            FIELD,
            FieldInfo::BLANK,
            FieldInfo {
                label: Some(LabelInfo {
                    name: "channel",
                    values: &["web", "app", "other"],
                    clamped: true,
                    ..LabelInfo::BLANK
                }),
                ..FIELD
            },
        ],
        ..Descriptor::BLANK
    };

    #[test]
    fn all_series_are_there_from_the_start_at_zero() {
        let published = Published::new(&ABOUT, "shop", Box::default(), Box::default());
        let reading = published.read();
        assert_eq!(reading.successes().0, [0; 6]);
        assert_eq!(reading.failures().0, [0; 13]);
        assert_eq!(reading.durations().1 + reading.sizes().1, 0);
    }

    #[test]
    fn a_publish_is_counted_and_measured_once() {
        let published = Published::new(&ABOUT, "shop", Box::default(), Box::default());
        let span = SpanContext {
            trace: TraceId::new(7).unwrap(),
            span: SpanId::new(8).unwrap(),
            sampled: true,
            remote: false,
        };
        published.success(4, 1_500_000, 100, Some((span, Moment(9))));
        published.success(4, 20_000_000_000, 64, None);
        published.failure(ErrorType::Timeout, 500, None);
        let reading = published.read();
        assert_eq!(reading.successes().0, [0, 0, 0, 0, 2, 0]);
        assert_eq!(reading.failures().0[ErrorType::Timeout.index()], 1);
        let ((durations, slots), sum) = reading.durations();
        assert_eq!((durations[0], durations[1], durations[13]), (1, 1, 1));
        assert_eq!(durations.iter().sum::<u64>(), 3);
        assert_eq!(sum, 20_001_500_500);
        let exemplar = slots[1].read().unwrap();
        assert_eq!(
            (exemplar.trace, exemplar.span, exemplar.value, exemplar.at),
            (span.trace, span.span, 1_500_000, Moment(9))
        );
        assert_eq!((slots[0].read(), slots[13].read()), (None, None));
        let ((sizes, _), bytes) = reading.sizes();
        assert_eq!((sizes[0], sizes[1], bytes), (1, 1, 164));
    }

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn combinations_beyond_the_table_are_counted_together_and_told() {
        let published = Published::new(&ABOUT, "shop", Box::default(), Box::default());
        let before = own::label_overflows();
        published.success(6, 0, 0, None);
        published.success(usize::MAX, 0, 0, None);
        assert_eq!(published.read().successes().0, [0, 0, 0, 0, 0, 2]);
        assert!(own::label_overflows() >= before + 2);
    }
}
