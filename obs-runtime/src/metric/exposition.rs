//! What is counted, as text for whoever scrapes: OpenMetrics 1.0 and the older text format 0.0.4.

mod clients;
#[cfg(feature = "tokio")]
mod consumed;
mod families;
pub(super) use families::combination;
mod messaging;
mod operations;
#[cfg(test)]
mod tests;

#[cfg(feature = "tokio")]
use super::backlog::Backlog;
#[cfg(feature = "tokio")]
use super::consumed::Consumed;
use super::exemplar::Slot;
use super::family::{Family, Refusal};
use super::messaging::Messaging;
use super::operation::Operation;
use super::own::{self, Reason, Signal};
use super::published::{Cells, Published, labels};
use super::queues;
use super::text::{Lines, LinesIter, Number, bound, exemplar};
use crate::clock::{self, SECOND};
use crate::error_type::ErrorType;
pub(crate) use messaging::MessagingLines;
use std::sync::atomic::Ordering::Relaxed;

#[cfg(feature = "tokio")]
pub(crate) use consumed::Prefixes as ConsumedPrefixes;
use obs_schema::names::{DURATION_BOUNDS_NS, LEVELS, PAYLOAD_BOUNDS};

/// The formats a scraper may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Prometheus text 0.0.4.
    Text,
}

impl Format {
    /// What to put into `content-type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The lines of one event of one source.
#[derive(Debug)]
pub(crate) struct Prefixes {
    successes: Lines,
    failures: Lines,
    durations: Lines,
    sizes: Lines,
    schema: Lines,
}

impl Prefixes {
    pub(crate) fn of(published: &Published) -> Prefixes {
        let about = published.about;
        let base = [
            ("event_type", about.event_type),
            ("event_version", about.version),
            ("source", &*published.source),
        ];
        let mut successes = Lines::default();
        let sets = labels(about);
        let mut pairs = base.to_vec();
        for series in 0..published.series {
            pairs.truncate(base.len());
            pairs.extend_from_slice(&families::combination(&sets, series));
            successes.push("event_published_total", &pairs);
        }
        let mut failures = Lines::default();
        for error in ErrorType::ALL {
            pairs.truncate(base.len());
            pairs.push(("error_type", error.as_str()));
            failures.push("event_publish_errors_total", &pairs);
        }
        let mut schema = Lines::default();
        let fingerprint = format!("{:016x}", about.rabin);
        let facts = [base[0], base[1], ("fingerprint", fingerprint.as_str())];
        schema.push("event_schema_info", &facts);
        Prefixes {
            successes,
            failures,
            durations: histogram(
                "event_publish_duration_seconds",
                &base,
                &DURATION_BOUNDS_NS,
                SECOND,
            ),
            sizes: histogram("event_payload_bytes", &base[..1], &PAYLOAD_BOUNDS, 1),
            schema,
        }
    }
}

fn histogram(name: &str, labels: &[(&str, &str)], bounds: &[u64], unit: u64) -> Lines {
    let mut lines = Lines::default();
    for at in 0..=bounds.len() {
        let bound = match bounds.get(at) {
            Some(value) => bound(*value as f64 / unit as f64),
            None => "+Inf".to_owned(),
        };
        let mut labels = labels.to_vec();
        labels.push(("le", &bound));
        lines.push(&format!("{name}_bucket"), &labels);
    }
    lines.push(&format!("{name}_sum"), labels);
    lines.push(&format!("{name}_count"), labels);
    lines
}

/// A document in the making.
struct Document<'a> {
    out: &'a mut Vec<u8>,
    /// How many samples it has so far.
    samples: u64,
    format: Format,
}

impl Document<'_> {
    /// What a family is. `name` is the one of the samples.
    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        let open = self.format == Format::OpenMetrics;
        // OpenMetrics wants the endings of counters and informations; a family that goes without is something else.
        let (name, kind) = match (open, kind) {
            (true, "counter") => match name.strip_suffix("_total") {
                Some(name) => (name, kind),
                None => (name, "unknown"),
            },
            (true, "info") => match name.strip_suffix("_info") {
                Some(name) => (name, kind),
                None => (name, "gauge"),
            },
            (false, "info") => (name, "gauge"),
            _ => (name, kind),
        };
        let mut text = format!("# HELP {name} ");
        for c in help.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '"' if open => text.push_str("\\\""),
                c => text.push(c),
            }
        }
        text += &format!("\n# TYPE {name} {kind}\n");
        let named = name
            .strip_suffix(unit)
            .is_some_and(|name| name.ends_with('_'));
        if open && !unit.is_empty() && named {
            text += &format!("# UNIT {name} {unit}\n");
        }
        self.out.extend_from_slice(text.as_bytes());
    }

    fn line(&mut self, prefix: &[u8], number: u64, how: Number) {
        self.sample(prefix, number, how, None, how);
    }

    #[inline]
    fn sample(
        &mut self,
        prefix: &[u8],
        number: u64,
        how: Number,
        slot: Option<&Slot>,
        value: Number,
    ) {
        self.samples += 1;
        self.out.extend_from_slice(prefix);
        how.write(self.out, number);
        if self.format == Format::OpenMetrics
            && let Some(one) = slot.and_then(Slot::read)
        {
            exemplar(self.out, &one, value);
        }
        self.out.push(b'\n');
    }

    fn own(&mut self, name: &str, labels: &[(&str, &str)], number: u64) {
        let mut line = Lines::default();
        line.push(name, labels);
        for prefix in line.iter() {
            self.line(prefix, number, Number::Whole);
        }
    }

    fn counters(&mut self, lines: &Lines, (counts, slots): Cells<'_>) {
        for (at, prefix) in lines.iter().enumerate() {
            let Some(count) = counts.get(at) else {
                return;
            };
            self.sample(prefix, *count, Number::Whole, slots.get(at), Number::Whole);
        }
    }

    /// The next line; none is taken for which there is no number.
    #[inline]
    fn next(
        &mut self,
        lines: &mut LinesIter<'_>,
        number: u64,
        how: Number,
        slot: Option<&Slot>,
        value: Number,
    ) {
        if let Some(prefix) = lines.next() {
            self.sample(prefix, number, how, slot, value);
        }
    }

    /// One series: its buckets, its sum and its count. There may be no places for exemplars.
    fn histogram(
        &mut self,
        lines: &mut LinesIter<'_>,
        (counts, slots): Cells<'_>,
        sum: u64,
        how: Number,
    ) {
        let mut below: u64 = 0;
        for (at, count) in counts.iter().enumerate() {
            below = below.wrapping_add(*count);
            self.next(lines, below, Number::Whole, slots.get(at), how);
        }
        self.next(lines, sum, how, None, how);
        self.next(lines, below, Number::Whole, None, Number::Whole);
    }
}

/// Everything that is told in one document.
#[derive(Clone, Copy)]
pub(crate) struct All<'a> {
    pub(crate) published: &'a [&'a Published],
    #[cfg(feature = "tokio")]
    pub(crate) consumed: &'a [&'a Consumed],
    /// What waits for consumers.
    #[cfg(feature = "tokio")]
    pub(crate) backlogs: &'a [Backlog],
    pub(crate) families: &'a [&'a Family],
    pub(crate) operations: &'a [&'a Operation],
    pub(crate) messaging: &'a [&'a Messaging],
}

/// Appends everything these have counted, and what we say about ourselves.
pub(crate) fn write(everything: &All<'_>, format: Format, out: &mut Vec<u8>) {
    let (all, families) = (everything.published, everything.families);
    let now = clock::now();
    let mut both = Vec::with_capacity(all.len());
    for one in all {
        both.push((*one, one.read()));
    }
    let mut to = Document {
        out,
        samples: 0,
        format,
    };
    write_queues(&mut to);
    #[cfg(feature = "tokio")]
    consumed::write(&mut to, everything);
    if !all.is_empty() {
        to.family(
            "event_payload_bytes",
            "histogram",
            "bytes",
            "Sizes of published bodies.",
        );
        for (at, (one, reading)) in both.iter().enumerate() {
            // Versions and sources of an event share these series: the first one writes for all.
            let same = |other: &Published| other.about.event_type == one.about.event_type;
            if all[..at].iter().any(|other| same(other)) {
                continue;
            }
            let ((counts, slots), mut sum) = reading.sizes();
            let mut counts = counts.to_vec();
            for (other, reading) in &both[at + 1..] {
                if !same(other) {
                    continue;
                }
                let ((more, _), bytes) = reading.sizes();
                sum = sum.wrapping_add(bytes);
                for (bucket, count) in counts.iter_mut().enumerate() {
                    *count = count.wrapping_add(more[bucket]);
                }
            }
            to.histogram(
                &mut one.prefixes().sizes.iter(),
                (&counts, slots),
                sum,
                Number::Whole,
            );
        }
        to.family(
            "event_publish_duration_seconds",
            "histogram",
            "seconds",
            "How long publishing took.",
        );
        for (one, reading) in &both {
            let (cells, sum) = reading.durations();
            to.histogram(
                &mut one.prefixes().durations.iter(),
                cells,
                sum,
                Number::Seconds,
            );
        }
        to.family(
            "event_publish_errors_total",
            "counter",
            "",
            "Events that were not published.",
        );
        for (one, reading) in &both {
            to.counters(&one.prefixes().failures, reading.failures());
        }
        to.family(
            "event_published_total",
            "counter",
            "",
            "Events that were published.",
        );
        for (one, reading) in &both {
            to.counters(&one.prefixes().successes, reading.successes());
        }
        to.family("event_schema_info", "info", "", "The schemas in use.");
        for (at, one) in all.iter().enumerate() {
            let same = |other: &&Published| {
                other.about.event_type == one.about.event_type
                    && other.about.version == one.about.version
            };
            if !all[..at].iter().any(same) {
                for prefix in one.prefixes().schema.iter() {
                    to.line(prefix, 1, Number::Whole);
                }
            }
        }
    }
    messaging::write(&mut to, everything.messaging);
    operations::write(&mut to, everything.operations);
    clients::write(&mut to, everything.operations);
    for family in families {
        families::write(&mut to, family, now);
    }
    write_own(&mut to, families);
    if format == Format::OpenMetrics {
        out.extend_from_slice(b"# EOF\n");
    }
}

fn write_queues(to: &mut Document<'_>) {
    let depths = queues::depths();
    if depths.is_empty() {
        return;
    }
    to.family(
        "bus_queue_capacity",
        "gauge",
        "",
        "The most a bus may hold.",
    );
    for (system, depth) in &depths {
        to.own("bus_queue_capacity", &[("bus", system)], depth.capacity);
    }
    to.family("bus_queue_depth", "gauge", "", "What a bus holds.");
    for (system, depth) in &depths {
        to.own("bus_queue_depth", &[("bus", system)], depth.records);
    }
}

fn write_own(to: &mut Document<'_>, families: &[&Family]) {
    if let Some(build) = own::build() {
        to.family("build_info", "info", "", "What is running.");
        let mut labels = Vec::with_capacity(build.len());
        for (name, value) in &build {
            labels.push((*name, value.as_str()));
        }
        to.own("build_info", &labels, 1);
    }
    to.family(
        "log_lines_total",
        "counter",
        "",
        "Log lines that were written.",
    );
    for (level, count) in LEVELS.iter().zip(own::lines()) {
        to.own("log_lines_total", &[("level", level)], count);
    }
    to.family(
        "obs_buffer_bytes",
        "gauge",
        "bytes",
        "What waits to be handed over.",
    );
    for signal in Signal::ALL {
        let bytes = own::buffer_bytes(signal);
        to.own("obs_buffer_bytes", &[("signal", signal.as_str())], bytes);
    }
    to.family(
        "obs_export_failures_total",
        "counter",
        "",
        "Batches that could not be handed over.",
    );
    for signal in Signal::ALL {
        for reason in Reason::ALL {
            let labels = [("signal", signal.as_str()), ("reason", reason.as_str())];
            let count = own::export_failures(signal, reason);
            to.own("obs_export_failures_total", &labels, count);
        }
    }
    to.family(
        "obs_label_overflow_total",
        "counter",
        "",
        "Events that had no series of their own.",
    );
    let overflows = own::label_overflows();
    to.own(
        "obs_label_overflow_total",
        &[("family", "event_published_total")],
        overflows,
    );
    for family in families.iter().filter(|family| family.is_clamped()) {
        let labels = [("family", family.about.name)];
        let overflows = family.overflows.load(Relaxed);
        to.own("obs_label_overflow_total", &labels, overflows);
    }
    to.family(
        "obs_metrics_dropped_total",
        "counter",
        "",
        "What could not be measured.",
    );
    for reason in Refusal::ALL {
        let labels = [("reason", reason.as_str())];
        to.own("obs_metrics_dropped_total", &labels, reason.counted());
    }
    for (name, signal) in [
        ("obs_logs_dropped_total", Signal::Logs),
        ("obs_spans_dropped_total", Signal::Spans),
    ] {
        let help = format!("Dropped {}.", signal.as_str());
        to.family(name, "counter", "", &help);
        for reason in Reason::ALL {
            let count = own::drops(signal, reason);
            to.own(name, &[("reason", reason.as_str())], count);
        }
    }
    to.family(
        "obs_redaction_failures_total",
        "counter",
        "",
        "Sensitive values that could only be left out.",
    );
    for signal in Signal::ALL {
        let count = own::redaction_failures(signal);
        to.own(
            "obs_redaction_failures_total",
            &[("signal", signal.as_str())],
            count,
        );
    }
    to.family("obs_series", "gauge", "", "How many samples this has.");
    let samples = to.samples + 1;
    to.own("obs_series", &[], samples);
}
