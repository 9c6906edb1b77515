//! From spans that have ended to whoever exports them.
//!
//! Exporters run in one thread, `obs-flush`, one after the other. One that fails or panics is counted, loses the batch
//! it was given, and is asked again with the next one. One that hangs holds up the others: what ends meanwhile is kept
//! as far as there is room, then dropped and counted. Nothing of it holds up who ends a span.
//!
//! After a fork the child has no such thread: what it does leaves nothing.

mod console;
#[cfg(feature = "opentelemetry")]
mod otel;
mod otlp_json;
mod otlp_protobuf;
mod pipe;
mod protobuf;
mod sites;

use std::fmt;
use std::io;
use std::time::Duration;

pub use console::Console;
#[cfg(feature = "opentelemetry")]
pub use otel::OpenTelemetry;
pub use otlp_json::OtlpJsonLines;
pub use otlp_protobuf::OtlpProtobuf;
#[cfg(feature = "opentelemetry")]
pub use {::opentelemetry, ::opentelemetry_sdk};

use crate::metric::{self, Signal};
use crate::span::Batch;
use pipe::Tally;
pub(crate) use pipe::{Mine, Pipe};

/// Takes finished spans out of the program.
///
/// ```
/// use obs_runtime::export::{ExportError, SpanExporter};
/// use obs_runtime::span::Batch;
///
/// #[derive(Debug)]
/// struct Names;
///
/// impl SpanExporter for Names {
///     fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
///         for span in spans.iter() {
///             println!("{} {}", span.trace(), span.name());
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait SpanExporter: fmt::Debug + Send + 'static {
    /// Takes a batch: at least one span, and 512 at most. Other batches wait as long as this takes.
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError>;

    /// No batch comes after this.
    fn shutdown(&mut self) {}
}

/// A batch that was not exported.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExportError {
    /// It was refused, or could not be delivered: why, without anything out of the spans.
    Failed(String),
    /// It took too long.
    Late,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportError::Failed(why) => write!(f, "spans were not exported: {why}"),
            ExportError::Late => f.write_str("spans were not exported in time"),
        }
    }
}

impl std::error::Error for ExportError {}

/// The way of the spans of this program.
pub(crate) static PIPE: Pipe = Pipe::new(Tally {
    dropped: |reason, count| metric::dropped(Signal::Spans, reason, count),
    failed: |reason| metric::export_failed(Signal::Spans, reason),
});

/// The name of the thread that calls exporters.
pub(crate) const THREAD: &str = "obs-flush";

/// Whether anybody wants spans.
#[inline]
pub(crate) fn active() -> bool {
    cfg!(not(feature = "off-spans")) && PIPE.active()
}

/// Whether anybody exports, or did: then what does not leave is counted.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn wanted() -> bool {
    PIPE.wanted()
}

/// A span that would have left found nobody: counted once everything is shut down.
#[cold]
pub(crate) fn missed() {
    PIPE.missed();
}

/// From now on an exporter gets what ends. The first one starts the thread that calls them.
///
/// # Errors
///
/// The thread cannot be started.
pub(crate) fn add(exporter: Box<dyn SpanExporter>) -> io::Result<()> {
    PIPE.add(exporter)
}

/// Waits until everything that has ended so far has been given to the exporters, for so long at most; says whether it
/// has.
pub(crate) fn flush(patience: Duration) -> bool {
    cfg!(feature = "off-spans") || PIPE.flush(patience)
}

/// Gives the rest to the exporters, ends them, and takes nothing more. What they do not take in time is dropped and
/// counted, and an exporter that hangs is left alone with its thread. Another exporter may be added afterwards.
pub(crate) fn shutdown(patience: Duration) -> bool {
    cfg!(feature = "off-spans") || PIPE.shutdown(patience)
}
