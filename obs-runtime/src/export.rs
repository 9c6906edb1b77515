//! From the blocks of the threads to whoever exports.
//!
//! Exporters run in the thread that flushes. One that panics is counted and asked again with the next batch; what it
//! was given is lost.

mod otlp_json;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

pub use otlp_json::OtlpJsonLines;

use crate::lane::{self, Blocks};
use crate::metric::{self, Reason, Signal};
use crate::span::Spans;

/// Finished spans of all threads.
pub(crate) static BLOCKS: Blocks<Spans> = Blocks::new();

/// Whether anybody wants spans.
static ACTIVE: AtomicBool = AtomicBool::new(false);

static EXPORTERS: Mutex<Vec<Box<dyn SpanExporter>>> = Mutex::new(Vec::new());

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

/// Gives everything that has ended to the exporters, and forgets them.
pub(crate) fn shutdown(patience: Duration) {
    flush(patience);
    ACTIVE.store(false, Relaxed);
    lane::lock(&EXPORTERS).clear();
}

/// Gives everything that has ended to the exporters. Says whether they were through in time.
pub(crate) fn flush(_patience: Duration) -> bool {
    // Held all the way, so that a flush that returns has exported what ended before it.
    let mut exporters = lane::lock(&EXPORTERS);
    let mut all = Spans::default();
    BLOCKS.gather(|block| all.append(block));
    if all.is_empty() {
        return true;
    }
    for exporter in exporters.iter_mut() {
        let exported = catch_unwind(AssertUnwindSafe(|| exporter.export(&all)));
        let why = match exported {
            Ok(Ok(())) => continue,
            Ok(Err(_)) => Reason::Export,
            Err(_) => Reason::Panic,
        };
        metric::export_failed(Signal::Spans, why);
        metric::dropped(Signal::Spans, why, all.len() as u64);
    }
    true
}
