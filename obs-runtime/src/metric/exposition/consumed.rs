//! What consumers count, as lines.

use obs_schema::names::DURATION_BOUNDS_NS;

use super::{All, Document, histogram};
use crate::clock::SECOND;
use crate::error_type::ErrorType;
use crate::metric::backlog::Backlog;
use crate::metric::consumed::Consumed;
use crate::metric::text::{Lines, Number};

const DURATION: &str = "event_consume_duration_seconds";
const ERRORS: &str = "event_consume_errors_total";
const RETRIES: &str = "event_consume_retries_total";
const CONSUMED: &str = "event_consumed_total";
const DEAD: &str = "event_dead_lettered_total";
const DELIVERY: &str = "event_delivery_duration_seconds";
const UNKNOWN: &str = "event_unknown_version_total";

/// The lines of one event of one consumer.
#[derive(Debug)]
pub(crate) struct Prefixes {
    successes: Lines,
    failures: Lines,
    durations: Lines,
    deliveries: Lines,
    /// Retries, dead letters, unknown versions.
    rest: [Lines; 3],
}

impl Prefixes {
    pub(crate) fn of(consumed: &Consumed) -> Prefixes {
        let base = [
            ("event_type", consumed.event_type),
            ("consumer", &*consumed.consumer),
        ];
        let mut successes = Lines::default();
        for version in &consumed.versions {
            successes.push(CONSUMED, &[base[0], ("event_version", version), base[1]]);
        }
        let mut failures = Lines::default();
        for error in ErrorType::ALL {
            failures.push(ERRORS, &[base[0], base[1], ("error_type", error.as_str())]);
        }
        Prefixes {
            successes,
            failures,
            durations: histogram(DURATION, &base, &DURATION_BOUNDS_NS, SECOND),
            deliveries: histogram(DELIVERY, &base, &DURATION_BOUNDS_NS, SECOND),
            rest: [RETRIES, DEAD, UNKNOWN].map(|name| {
                let mut lines = Lines::default();
                lines.push(name, &base);
                lines
            }),
        }
    }
}

/// Appends what consumers have counted, and what waits for them.
pub(super) fn write(to: &mut Document<'_>, all: &All<'_>) {
    write_backlogs(to, all.backlogs);
    write_counts(to, all.consumed);
}

fn write_counts(to: &mut Document<'_>, all: &[&Consumed]) {
    if all.is_empty() {
        return;
    }
    let mut both = Vec::with_capacity(all.len());
    for one in all {
        both.push((one.prefixes(), one.read()));
    }
    to.family(
        DURATION,
        "histogram",
        "seconds",
        "How long attempts to process took.",
    );
    for (prefixes, reading) in &both {
        let (cells, sum) = reading.durations();
        to.histogram(&mut prefixes.durations.iter(), cells, sum, Number::Seconds);
    }
    to.family(ERRORS, "counter", "", "Attempts to process that failed.");
    for (prefixes, reading) in &both {
        to.counters(&prefixes.failures, reading.failures());
    }
    to.family(CONSUMED, "counter", "", "Events that were processed.");
    for (prefixes, reading) in &both {
        to.counters(&prefixes.successes, reading.successes());
    }
    to.family(
        DELIVERY,
        "histogram",
        "seconds",
        "How old events were when they had been processed.",
    );
    for (prefixes, reading) in &both {
        let (cells, sum) = reading.deliveries();
        to.histogram(&mut prefixes.deliveries.iter(), cells, sum, Number::Seconds);
    }
    for (at, (name, help)) in [
        (RETRIES, "Attempts that were not the first."),
        (DEAD, "Events that were put aside."),
        (UNKNOWN, "Events of versions that are not known."),
    ]
    .into_iter()
    .enumerate()
    {
        to.family(name, "counter", "", help);
        for (prefixes, reading) in &both {
            let counts = [
                reading.retries(),
                reading.dead_letters(),
                reading.unknown_versions(),
            ];
            to.counters(&prefixes.rest[at], (&counts[at..=at], &[]));
        }
    }
}

fn write_backlogs(to: &mut Document<'_>, backlogs: &[Backlog]) {
    let lags = backlogs.iter().any(|one| one.records.is_some());
    if lags {
        to.family(
            "event_consumer_lag",
            "gauge",
            "",
            "Records that wait for a consumer.",
        );
    }
    for one in backlogs {
        if let Some(records) = one.records {
            let labels = [("topic", &*one.topic), ("consumer", &*one.consumer)];
            to.own("event_consumer_lag", &labels, records);
        }
    }
    if !backlogs.is_empty() {
        to.family(
            "event_oldest_unprocessed_seconds",
            "gauge",
            "seconds",
            "How old the oldest event is that a consumer works on.",
        );
    }
    for one in backlogs {
        let mut line = Lines::default();
        let labels = [("topic", &*one.topic), ("consumer", &*one.consumer)];
        line.push("event_oldest_unprocessed_seconds", &labels);
        for prefix in line.iter() {
            to.line(prefix, one.oldest_nanos, Number::Seconds);
        }
    }
}
