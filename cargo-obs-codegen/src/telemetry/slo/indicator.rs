//! What an objective is counted from.

use super::super::promql::{Pair, increase, inset, rate, series, sum};
use super::super::subject::Subject;
use super::super::trial::Wave;
use obs_model::model::Slo;
use obs_schema::names::family::{self as families, Family};
use obs_schema::names::{DURATION_BOUNDS_NS, label};

/// What an objective is counted from.
#[derive(Clone, Debug)]
pub(crate) enum Indicator<'a> {
    /// Two counters.
    Counted {
        /// What went well.
        good: &'static Family,
        /// What did not.
        bad: &'static Family,
        /// Whose.
        of: Of<'a>,
    },
    /// A histogram, and the bucket in which all is well.
    Bucket {
        /// The histogram.
        family: &'static Family,
        /// The bound.
        le: String,
        /// Whose.
        of: Of<'a>,
    },
    /// A gauge that should be low: the share of time in which it is not.
    Time {
        /// The gauge.
        family: &'static Family,
        /// The most that is well.
        most: f64,
        /// Whose.
        of: Of<'a>,
    },
}

/// So many a second, of the bad ones and of all.
pub(crate) type Count<'a> = &'a dyn Fn(f64, f64) -> f64;

/// Which series, and what of their labels is told apart.
#[derive(Clone, Debug)]
pub(crate) struct Of<'a> {
    matching: Pair<'a>,
    by: Option<Pair<'static>>,
    /// All that have the label are looked at, and told apart by it.
    all: bool,
}

impl<'a> Of<'a> {
    fn labels<'b>(&'b self, more: &[Pair<'b>]) -> Vec<Pair<'b>> {
        let own: &[Pair<'b>] = if self.all {
            &[]
        } else {
            std::slice::from_ref(&self.matching)
        };
        [own, more].concat()
    }

    fn kept(&self) -> Vec<&'a str> {
        let own = self.all.then_some(self.matching.0);
        own.into_iter()
            .chain(self.by.map(|(label, _)| label))
            .collect()
    }
}

/// Whose name stands in trials.
const CONSUMER: Pair<'static> = (label::CONSUMER, "mailer");
const SAMPLE: [Pair<'static>; 2] = [(label::SOURCE, "shop"), (label::ERROR_TYPE, "timeout")];

impl<'a> Indicator<'a> {
    /// What is counted for an objective; nothing when it is none that we know.
    pub(crate) fn of(subject: &Subject<'a>, slo: &Slo) -> Option<Indicator<'a>> {
        let event = (label::EVENT_TYPE, subject.name());
        let published = Of {
            matching: event,
            by: None,
            all: false,
        };
        let consumed = Of {
            matching: event,
            by: Some(CONSUMER),
            all: false,
        };
        let under = slo.under_ns.as_ref().map_or(0, |under| under.value);
        let le = || format!("{:?}", under as f64 / 1e9);
        Some(match slo.objective.as_str() {
            "publish-success" => Indicator::Counted {
                good: &families::EVENT_PUBLISHED_TOTAL,
                bad: &families::EVENT_PUBLISH_ERRORS_TOTAL,
                of: published,
            },
            "publish-latency" => Indicator::Bucket {
                family: &families::EVENT_PUBLISH_DURATION_SECONDS,
                le: le(),
                of: published,
            },
            "process-success" => Indicator::Counted {
                good: &families::EVENT_CONSUMED_TOTAL,
                bad: &families::EVENT_CONSUME_ERRORS_TOTAL,
                of: consumed,
            },
            "process-latency" => Indicator::Bucket {
                family: &families::EVENT_CONSUME_DURATION_SECONDS,
                le: le(),
                of: consumed,
            },
            "freshness" if DURATION_BOUNDS_NS.contains(&under) => Indicator::Bucket {
                family: &families::EVENT_DELIVERY_DURATION_SECONDS,
                le: le(),
                of: consumed,
            },
            "freshness" => Indicator::Time {
                family: &families::EVENT_OLDEST_UNPROCESSED_SECONDS,
                most: under as f64 / 1e9,
                of: Of {
                    matching: (label::TOPIC, subject.newest.topic.as_str()),
                    by: Some(CONSUMER),
                    all: false,
                },
            },
            _ => return None,
        })
    }

    /// The same of all events at once, told apart by the label that names them.
    pub(crate) fn of_all(&self) -> Indicator<'a> {
        let mut all = self.clone();
        match &mut all {
            Indicator::Counted { of, .. }
            | Indicator::Bucket { of, .. }
            | Indicator::Time { of, .. } => of.all = true,
        }
        all
    }

    fn whose(&self) -> &Of<'a> {
        match self {
            Indicator::Counted { of, .. }
            | Indicator::Bucket { of, .. }
            | Indicator::Time { of, .. } => of,
        }
    }

    /// The labels that recorded series keep, with the values they have in trials.
    pub(crate) fn kept(&self) -> Option<Pair<'static>> {
        self.whose().by
    }

    fn sum(&self, inner: &str) -> String {
        let kept = self.whose().kept();
        if kept.is_empty() {
            format!("sum({inner})")
        } else {
            sum(&kept, inner)
        }
    }

    fn speed(&self, family: &Family, ending: &str, more: &[Pair<'_>], window: u64) -> String {
        let labels = self.whose().labels(more);
        self.sum(&rate(&series(family, ending, &labels), window))
    }

    /// How much was bad, a second.
    pub(crate) fn bad(&self, window: u64) -> String {
        match self {
            // Whoever has not failed yet may have no series for it.
            Indicator::Counted { good, bad, .. } => format!(
                "(\n  {}\n  or\n  0 * {}\n)",
                self.speed(bad, "", &[], window),
                self.speed(good, "", &[], window)
            ),
            Indicator::Bucket { family, le, .. } => format!(
                "(\n  {}\n  - {}\n)",
                self.speed(family, "_count", &[], window),
                self.speed(family, "_bucket", &[(label::LE, le)], window)
            ),
            Indicator::Time { most, .. } => self.slices(&format!("> bool {most}"), window),
        }
    }

    /// How much there was, a second.
    pub(crate) fn total(&self, window: u64) -> String {
        match self {
            Indicator::Counted { good, .. } => format!(
                "(\n  {}\n  +\n{}\n)",
                self.speed(good, "", &[], window),
                inset(&self.bad(window), 2)
            ),
            Indicator::Bucket { family, .. } => self.speed(family, "_count", &[], window),
            Indicator::Time { .. } => self.slices(">= bool 0", window),
        }
    }

    fn slices(&self, condition: &str, window: u64) -> String {
        let of = self.whose();
        let Indicator::Time { family, .. } = self else {
            return String::new();
        };
        let gauge = format!(
            "max by ({}) ({})",
            of.kept().join(", "),
            series(family, "", &of.labels(&[]))
        );
        let window = super::duration(window);
        format!("avg_over_time(({gauge} {condition})[{window}:30s])")
    }

    /// How many were bad in a window, where they can be counted.
    pub(crate) fn stray(&self) -> Option<impl Fn(u64) -> String> {
        let count = |family: &Family, ending, more: &[Pair<'_>], window| {
            let labels = self.whose().labels(more);
            self.sum(&increase(&series(family, ending, &labels), window))
        };
        if matches!(self, Indicator::Time { .. }) {
            return None;
        }
        Some(move |window| match self {
            Indicator::Counted { bad, .. } => count(bad, "", &[], window),
            Indicator::Bucket { family, le, .. } => format!(
                "(\n  {}\n  - {}\n)",
                count(family, "_count", &[], window),
                count(family, "_bucket", &[(label::LE, le)], window)
            ),
            Indicator::Time { .. } => String::new(),
        })
    }

    /// A series that is there as long as anybody can tell.
    pub(crate) fn heartbeat(&self) -> String {
        let (family, ending) = match self {
            Indicator::Counted { good, .. } => (good, ""),
            Indicator::Bucket { family, .. } => (family, "_count"),
            Indicator::Time { family, .. } => (family, ""),
        };
        series(family, ending, &[self.whose().matching])
    }

    /// The labels that are left when it is absent.
    pub(crate) fn heartbeat_labels(&self) -> Pair<'a> {
        self.whose().matching
    }

    /// Series for trials: the course of what is counted, or that of a gauge that is high while things are bad.
    pub(crate) fn inputs(
        &self,
        course: &dyn Fn(Count<'_>) -> Wave,
        level: &dyn Fn(f64) -> Wave,
    ) -> Vec<(String, Wave)> {
        let of = self.whose();
        let name = |family: &Family, ending: &str, more: &[Pair<'_>]| {
            let mut labels = vec![of.matching];
            labels.extend(of.by);
            labels.extend(
                SAMPLE
                    .iter()
                    .filter(|(name, _)| family.labels.contains(name)),
            );
            labels.extend_from_slice(more);
            series(family, ending, &labels)
        };
        let good = |bad: f64, total: f64| total - bad;
        match self {
            Indicator::Counted {
                good: well, bad, ..
            } => vec![
                (name(bad, "", &[]), course(&|bad, _| bad)),
                (name(well, "", &[]), course(&good)),
            ],
            Indicator::Bucket { family, le, .. } => vec![
                (name(family, "_count", &[]), course(&|_, total| total)),
                (name(family, "_bucket", &[(label::LE, le)]), course(&good)),
            ],
            Indicator::Time { family, most, .. } => {
                vec![(name(family, "", &[]), level(2.0 * most))]
            }
        }
    }
}
