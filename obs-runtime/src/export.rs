//! From the blocks of the threads to whoever exports.
//!
//! Exporters run in the thread that flushes. One that panics is counted and asked again with the next batch; what it
//! was given is lost.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::lane::{self, Blocks};
use crate::span::Spans;

/// Finished spans of all threads.
pub(crate) static BLOCKS: Blocks<Spans> = Blocks::new();

/// Whether anybody wants spans.
static ACTIVE: AtomicBool = AtomicBool::new(false);

static EXPORTERS: Mutex<Vec<Box<dyn SpanExporter>>> = Mutex::new(Vec::new());

/// Batches that an exporter refused or panicked over.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Why spans did not get to an exporter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Drop {
    /// The block of the thread was full.
    Full,
    /// It ended while another span of the thread was written.
    Nested,
    /// Its thread was ending.
    ThreadEnded,
}

static DROPPED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Counts spans that nobody gets.
#[cold]
pub(crate) fn dropped(why: Drop, count: u64) {
    DROPPED[why as usize].fetch_add(count, Relaxed);
}

/// Spans that nobody got, by reason.
pub(crate) fn drops() -> [(&'static str, u64); 3] {
    [
        ("queue_full", Drop::Full),
        ("nested", Drop::Nested),
        ("thread_ended", Drop::ThreadEnded),
    ]
    .map(|(reason, why)| (reason, DROPPED[why as usize].load(Relaxed)))
}

/// Batches that were lost in an exporter.
pub(crate) fn failures() -> u64 {
    FAILURES.load(Relaxed)
}

/// Takes finished spans out of the program.
///
/// ```
/// use obs_runtime::export::{ExportError, SpanExporter};
/// use obs_runtime::span::Spans;
///
/// #[derive(Debug)]
/// struct Names;
///
/// impl SpanExporter for Names {
///     fn export(&mut self, spans: &Spans) -> Result<(), ExportError> {
///         for span in spans.iter() {
///             println!("{} {}", span.trace(), span.name());
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait SpanExporter: fmt::Debug + Send + 'static {
    /// Takes a batch, which is never empty.
    fn export(&mut self, spans: &Spans) -> Result<(), ExportError>;
}

/// A batch that was not exported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportError(
    /// Why, without anything out of the spans.
    pub String,
);

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spans were not exported: {}", self.0)
    }
}

impl std::error::Error for ExportError {}

/// Whether anybody wants spans.
#[inline]
pub(crate) fn active() -> bool {
    ACTIVE.load(Relaxed)
}

/// From now on an exporter gets what is flushed.
pub(crate) fn add(exporter: Box<dyn SpanExporter>) {
    lane::lock(&EXPORTERS).push(exporter);
    ACTIVE.store(true, Relaxed);
}

/// Gives everything that has ended to the exporters.
pub(crate) fn flush() {
    // Held all the way, so that a flush that returns has exported what ended before it.
    let mut exporters = lane::lock(&EXPORTERS);
    let mut all = Spans::default();
    BLOCKS.gather(|block| all.append(block));
    if all.is_empty() {
        return;
    }
    for exporter in exporters.iter_mut() {
        let exported = catch_unwind(AssertUnwindSafe(|| exporter.export(&all)));
        if !matches!(exported, Ok(Ok(()))) {
            FAILURES.fetch_add(1, Relaxed);
        }
    }
}
