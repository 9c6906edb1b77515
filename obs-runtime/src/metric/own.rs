//! What we say about ourselves: what was dropped, what could not be handed over, what is held.
//!
//! These happen seldom, so one cell each will do for all threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use obs_schema::names::{LEVELS, label};

use crate::bus::Origin;
use crate::lane::lock;
use crate::log::Counts;

/// What telemetry is made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Signal {
    Spans,
    Logs,
    Metrics,
}

impl Signal {
    pub(crate) const ALL: [Signal; 3] = [Signal::Spans, Signal::Logs, Signal::Metrics];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Signal::Spans => "spans",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }
}

/// Why something did not arrive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Reason {
    /// There was no room for it.
    Full,
    /// It, or what it belongs to, is over a limit.
    Limit,
    /// It lay for too long.
    Age,
    /// The exporter refused it, or could not be reached.
    Export,
    /// The exporter took too long.
    Timeout,
    /// The exporter panicked.
    Panic,
    /// Everything is shut down.
    Closed,
}

impl Reason {
    pub(crate) const ALL: [Reason; 7] = [
        Reason::Full,
        Reason::Limit,
        Reason::Age,
        Reason::Export,
        Reason::Timeout,
        Reason::Panic,
        Reason::Closed,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Reason::Full => "full",
            Reason::Limit => "limit",
            Reason::Age => "age",
            Reason::Export => "export",
            Reason::Timeout => "timeout",
            Reason::Panic => "panic",
            Reason::Closed => "closed",
        }
    }
}

const SIGNALS: usize = Signal::ALL.len();
type Table = [[AtomicU64; Reason::ALL.len()]; SIGNALS];

const fn table() -> Table {
    [const { [const { AtomicU64::new(0) }; Reason::ALL.len()] }; SIGNALS]
}

static DROPPED: Table = table();
static EXPORT_FAILURES: Table = table();
static REDACTION_FAILURES: [AtomicU64; SIGNALS] = [const { AtomicU64::new(0) }; SIGNALS];
static BUFFERED: [AtomicU64; SIGNALS] = [const { AtomicU64::new(0) }; SIGNALS];
static LABEL_OVERFLOWS: AtomicU64 = AtomicU64::new(0);
static LINES: [AtomicU64; LEVELS.len()] = [const { AtomicU64::new(0) }; LEVELS.len()];

/// What is running, once somebody has said so.
static BUILD: Mutex<Option<Build>> = Mutex::new(None);

/// Labels with their values.
pub(crate) type Build = Vec<(&'static str, String)>;

/// What an origin may say of the build, and the labels that say the same.
const OF_ORIGIN: [(&str, &str); 3] = [
    ("sourceVersion", label::VERSION),
    ("gitCommit", label::REVISION),
    ("gitBranch", label::BRANCH),
];

/// So many spans or lines were dropped.
pub(crate) fn dropped(signal: Signal, reason: Reason, count: u64) {
    if cfg!(not(feature = "off-metrics")) {
        DROPPED[signal as usize][reason as usize].fetch_add(count, Relaxed);
    }
}

/// How many were dropped so far.
pub(crate) fn drops(signal: Signal, reason: Reason) -> u64 {
    DROPPED[signal as usize][reason as usize].load(Relaxed)
}

/// A batch could not be handed over.
pub(crate) fn export_failed(signal: Signal, reason: Reason) {
    if cfg!(not(feature = "off-metrics")) {
        EXPORT_FAILURES[signal as usize][reason as usize].fetch_add(1, Relaxed);
    }
}

/// How many batches could not be handed over so far.
pub(crate) fn export_failures(signal: Signal, reason: Reason) -> u64 {
    EXPORT_FAILURES[signal as usize][reason as usize].load(Relaxed)
}

/// A sensitive value could not be redacted, and was left out.
pub(crate) fn redaction_failed(signal: Signal) {
    if cfg!(not(feature = "off-metrics")) {
        REDACTION_FAILURES[signal as usize].fetch_add(1, Relaxed);
    }
}

/// How many values could not be redacted so far.
pub(crate) fn redaction_failures(signal: Signal) -> u64 {
    REDACTION_FAILURES[signal as usize].load(Relaxed)
}

/// So many bytes wait to be handed over now.
pub(crate) fn buffered(signal: Signal, bytes: u64) {
    if cfg!(not(feature = "off-metrics")) {
        BUFFERED[signal as usize].store(bytes, Relaxed);
    }
}

/// How many bytes wait.
pub(crate) fn buffer_bytes(signal: Signal) -> u64 {
    BUFFERED[signal as usize].load(Relaxed)
}

/// So many lines of each level have been written.
pub(crate) fn lines_written(counts: &Counts) {
    if cfg!(not(feature = "off-metrics")) {
        for (line, count) in LINES.iter().zip(counts) {
            line.fetch_add(*count, Relaxed);
        }
    }
}

/// How many lines were written so far.
pub(crate) fn lines() -> Counts {
    let mut counts = Counts::default();
    for (count, line) in counts.iter_mut().zip(&LINES) {
        *count = line.load(Relaxed);
    }
    counts
}

/// This is running. What an origin leaves open has no label.
pub(crate) fn running(origin: &Origin) {
    if cfg!(feature = "off-metrics") {
        return;
    }
    let mut build = vec![(label::SOURCE, origin.name().to_owned())];
    for (name, label) in OF_ORIGIN {
        let known = origin.metadata().iter().find(|(known, _)| known == name);
        build.extend(known.map(|(_, value)| (label, value.clone())));
    }
    build.push((label::OBS_VERSION, env!("CARGO_PKG_VERSION").to_owned()));
    *lock(&BUILD) = Some(build);
}

/// What is running, if anybody has said so.
pub(crate) fn build() -> Option<Build> {
    lock(&BUILD).clone()
}

/// A combination of labels had no series of its own.
pub(crate) fn label_overflow() {
    if cfg!(not(feature = "off-metrics")) {
        LABEL_OVERFLOWS.fetch_add(1, Relaxed);
    }
}

/// How many combinations had none so far.
pub(crate) fn label_overflows() -> u64 {
    LABEL_OVERFLOWS.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn each_signal_and_reason_has_a_cell_of_its_own() {
        // Nothing in these tests shuts metrics down, so the cell is ours.
        dropped(Signal::Metrics, Reason::Closed, 3);
        assert_eq!(drops(Signal::Metrics, Reason::Closed), 3);
        export_failed(Signal::Metrics, Reason::Closed);
        assert_eq!(export_failures(Signal::Metrics, Reason::Closed), 1);
        redaction_failed(Signal::Metrics);
        assert_eq!(redaction_failures(Signal::Metrics), 1);
        buffered(Signal::Metrics, 5);
        assert_eq!(buffer_bytes(Signal::Metrics), 5);
        for (at, signal) in Signal::ALL.iter().enumerate() {
            assert_eq!(*signal as usize, at);
        }
        for (at, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, at);
        }
        let signals = Signal::ALL.iter().map(|signal| signal.as_str());
        assert!(signals.eq(obs_schema::names::SIGNALS.iter().copied()));
    }
}
