//! Spans to the exporters of `opentelemetry_sdk`.

#[cfg(feature = "tokio")]
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, Wake};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{self, SpanKind, Status};
use opentelemetry::{Context, InstrumentationScope, Key, KeyValue, StringValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::{ExportError, SpanExporter};
use crate::clock;
use crate::context::SpanContext;
use crate::context::foreign::show as context;
use crate::span::{Batch, FinishedSpan, Kind, Stated, Value};

/// How long an exporter may take for a batch, unless told otherwise: what the specification says.
const PATIENCE: Duration = Duration::from_secs(30);

/// An exporter of `opentelemetry_sdk`, as an exporter of ours.
///
/// ```
/// use obs_runtime::export::OpenTelemetry;
/// use obs_runtime::export::opentelemetry_sdk::{Resource, trace::SpanExporter};
///
/// fn exporter(theirs: impl SpanExporter + 'static) -> OpenTelemetry {
///     let resource = Resource::builder().with_service_name("checkout").build();
///     OpenTelemetry::new(theirs).with_resource(resource)
/// }
/// ```
///
/// | exporter | how |
/// |---|---|
/// | `opentelemetry-stdout`, those for tests, any that waits for nothing | [`new`](OpenTelemetry::new) |
/// | `opentelemetry-otlp` over HTTP with `reqwest-blocking-client` | [`new`](OpenTelemetry::new) |
/// | `opentelemetry-otlp` over gRPC, or HTTP with an async client | [`on_tokio`](OpenTelemetry::on_tokio): it has a runtime of its own in the thread `obs-flush`, so it works whatever the program runs on, one thread included. With `new` its batches are late, for nobody drives its connection while it is waited for |
///
/// An exporter that is not done with a batch after 30 seconds is left alone with it; the batch counts as lost.
///
/// # Versions
///
/// Exporters, tracers and [`tracing-opentelemetry`] have to be of the version of `opentelemetry` that is re-exported
/// here. An exporter of another version does not compile (“the trait `SpanExporter` is not implemented”). A tracer of
/// another version compiles, and has a current context of its own: its spans and ours do not see each other, and each
/// begins traces of its own. `cargo tree -d` shows whether there are two.
///
/// [`tracing-opentelemetry`]: https://docs.rs/tracing-opentelemetry
pub struct OpenTelemetry {
    exporter: Box<dyn Exporter>,
    patience: Duration,
    scope: InstrumentationScope,
    #[cfg(feature = "tokio")]
    runtime: Own,
}

/// The exporters of the SDK, without their types.
trait Exporter: Send {
    fn export(&self, spans: Vec<SpanData>) -> Exporting<'_>;
    fn shutdown(&self, patience: Duration) -> OTelSdkResult;
    fn describe(&mut self, resource: &Resource);
}

type Exporting<'a> = Pin<Box<dyn Future<Output = OTelSdkResult> + Send + 'a>>;

impl<E: opentelemetry_sdk::trace::SpanExporter> Exporter for E {
    fn export(&self, spans: Vec<SpanData>) -> Exporting<'_> {
        Box::pin(opentelemetry_sdk::trace::SpanExporter::export(self, spans))
    }

    fn shutdown(&self, patience: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(patience)
    }

    fn describe(&mut self, resource: &Resource) {
        self.set_resource(resource);
    }
}

impl OpenTelemetry {
    /// One that needs no runtime.
    pub fn new(exporter: impl opentelemetry_sdk::trace::SpanExporter + 'static) -> OpenTelemetry {
        let mut exporter = Box::new(exporter);
        exporter.describe(&Resource::builder().build());
        OpenTelemetry {
            exporter,
            patience: PATIENCE,
            scope: InstrumentationScope::builder("obs")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
            #[cfg(feature = "tokio")]
            runtime: Own(None),
        }
    }

    /// One that is made and used in a tokio runtime of its own.
    ///
    /// ```
    /// use obs_runtime::export::OpenTelemetry;
    /// use obs_runtime::export::opentelemetry_sdk::trace::SpanExporter;
    ///
    /// fn exporter<E: SpanExporter + 'static>(
    ///     // `opentelemetry_otlp::SpanExporter::builder().with_tonic().build()`
    ///     build: impl FnOnce() -> Result<E, std::io::Error>,
    /// ) -> Result<OpenTelemetry, Box<dyn std::error::Error + Send + Sync>> {
    ///     OpenTelemetry::on_tokio(build)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the closure, and that there can be no runtime.
    #[cfg(feature = "tokio")]
    pub fn on_tokio<E, X>(
        make: impl FnOnce() -> Result<E, X>,
    ) -> Result<OpenTelemetry, Box<dyn Error + Send + Sync>>
    where
        E: opentelemetry_sdk::trace::SpanExporter + 'static,
        X: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = Own(Some(builder.enable_all().build()?));
        let exporter = {
            let _entered = runtime.0.as_ref().map(tokio::runtime::Runtime::enter);
            make().map_err(Into::into)?
        };
        Ok(OpenTelemetry {
            runtime,
            ..OpenTelemetry::new(exporter)
        })
    }

    /// The same, telling about another resource than what the environment says of one.
    #[must_use]
    pub fn with_resource(mut self, resource: Resource) -> OpenTelemetry {
        self.exporter.describe(&resource);
        self
    }

    /// The same, with another bound on the time that a batch may take.
    #[must_use]
    pub fn with_timeout(mut self, patience: Duration) -> OpenTelemetry {
        self.patience = patience;
        self
    }

    /// Waits for a batch to be gone. `None`: not in time.
    fn drive(&self, spans: Vec<SpanData>) -> Option<OTelSdkResult> {
        // An exporter that is traced itself would never come to an end.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let exporting = self.exporter.export(spans);
        #[cfg(feature = "tokio")]
        if let Some(runtime) = &self.runtime.0 {
            let bounded = async { tokio::time::timeout(self.patience, exporting).await };
            return runtime.block_on(bounded).ok();
        }
        wait(exporting, self.patience)
    }
}

/// A runtime that is let go of without waiting for it, which async code may not.
#[cfg(feature = "tokio")]
struct Own(Option<tokio::runtime::Runtime>);

#[cfg(feature = "tokio")]
impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for OpenTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetry").finish_non_exhaustive()
    }
}

impl SpanExporter for OpenTelemetry {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let spans = spans.iter().map(|span| self.data(&span)).collect();
        match self.drive(spans) {
            Some(Ok(())) => Ok(()),
            // What they say may hold what a server has said, which we do not repeat.
            Some(Err(error)) => Err(failure(&error)),
            None => Err(ExportError::Late),
        }
    }

    fn shutdown(&mut self) {
        #[cfg(feature = "tokio")]
        let _entered = self.runtime.0.as_ref().map(tokio::runtime::Runtime::enter);
        // Nobody is left to tell.
        let _ = self.exporter.shutdown(self.patience);
    }
}

fn failure(error: &OTelSdkError) -> ExportError {
    let why = match error {
        OTelSdkError::Timeout(_) => return ExportError::Late,
        OTelSdkError::AlreadyShutdown => "the exporter is shut down",
        OTelSdkError::InternalFailure(_) => "the exporter failed",
    };
    ExportError::Failed(why.to_owned())
}

/// Wakes the thread that waits.
struct Waiter(Thread);

impl Wake for Waiter {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future, for so long at most.
fn wait<F: Future>(future: F, patience: Duration) -> Option<F::Output> {
    let waker = Arc::new(Waiter(thread::current())).into();
    let mut cx = task::Context::from_waker(&waker);
    let mut future = pin!(future);
    let start = clock::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        let waited = Duration::from_nanos(clock::now().nanos_since(start));
        let left = patience
            .checked_sub(waited)
            .filter(|left| !left.is_zero())?;
        thread::park_timeout(left);
    }
}

impl OpenTelemetry {
    fn data(&self, span: &FinishedSpan<'_>) -> SpanData {
        let mut events = SpanEvents::default();
        events.dropped_count = span.dropped_events();
        events.events = span
            .events()
            .map(|event| {
                trace::Event::new(
                    event.name(),
                    time(event.unix_nanos()),
                    event.stated().map(pair).collect(),
                    event.dropped_attributes(),
                )
            })
            .collect();
        let mut links = SpanLinks::default();
        links.dropped_count = span.dropped_links();
        links.links = span
            .links()
            .map(|link| {
                trace::Link::new(
                    context(link.to(), None),
                    link.stated().map(pair).collect(),
                    link.dropped_attributes(),
                )
            })
            .collect();
        SpanData {
            span_context: context(
                SpanContext {
                    trace: span.trace(),
                    span: span.span(),
                    // It leaves.
                    sampled: true,
                    remote: false,
                },
                span.trace_state(),
            ),
            parent_span_id: span
                .parent()
                .map_or(trace::SpanId::INVALID, |parent| parent.get().into()),
            parent_span_is_remote: span.parent_is_remote(),
            span_kind: match span.kind() {
                Kind::Internal => SpanKind::Internal,
                Kind::Server => SpanKind::Server,
                Kind::Client => SpanKind::Client,
                Kind::Producer => SpanKind::Producer,
                Kind::Consumer => SpanKind::Consumer,
            },
            name: span.name().into(),
            start_time: time(span.start_unix_nanos()),
            end_time: time(span.end_unix_nanos()),
            attributes: span.stated().map(pair).collect(),
            dropped_attributes_count: span.dropped_attributes(),
            events,
            links,
            status: span
                .error()
                .map_or(Status::Unset, |(_, text)| Status::error(text.to_owned())),
            instrumentation_scope: self.scope.clone(),
        }
    }
}

fn time(unix_nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_nanos)
}

fn pair(stated: Stated<'_>) -> KeyValue {
    let value = match (stated.value, stated.word) {
        (_, Some(word)) => opentelemetry::Value::String(StringValue::from(word)),
        (Value::Bool(value), None) => value.into(),
        (Value::Int(value), None) => value.into(),
        (Value::Float(value), None) => value.into(),
        (Value::Text(text), None) => text.to_owned().into(),
    };
    KeyValue::new(Key::from_static_str(stated.key), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::finished;
    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use std::future::{pending, poll_fn};

    #[test]
    fn a_future_is_waited_for_within_bounds() {
        assert_eq!(wait(async { 7 }, Duration::ZERO), Some(7));
        assert_eq!(wait(pending::<()>(), Duration::from_millis(1)), None);
        let mut asked = false;
        let elsewhere = poll_fn(|cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread::spawn(|| waker.wake());
            Poll::Pending
        });
        assert_eq!(wait(elsewhere, Duration::from_secs(60)), Some(()));
    }

    #[derive(Debug)]
    enum Bad {
        Fails,
        Hangs,
    }

    impl opentelemetry_sdk::trace::SpanExporter for Bad {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            match self {
                Bad::Fails => Err(OTelSdkError::InternalFailure("user=ada".to_owned())),
                Bad::Hangs => pending().await,
            }
        }
    }

    #[test]
    fn what_goes_wrong_is_told_without_what_they_say() {
        for (exporter, why) in [
            (
                Bad::Fails,
                ExportError::Failed("the exporter failed".to_owned()),
            ),
            (Bad::Hangs, ExportError::Late),
        ] {
            let mut exporter = OpenTelemetry::new(exporter).with_timeout(Duration::from_millis(1));
            let result = exporter.export(finished(1).batch());
            assert_eq!(result, Err(why));
        }
    }

    #[test]
    fn the_end_is_passed_on() {
        let theirs = InMemorySpanExporter::default();
        let mut exporter = OpenTelemetry::new(theirs.clone());
        exporter.export(finished(3).batch()).unwrap();
        assert_eq!(theirs.get_finished_spans().unwrap().len(), 3);
        SpanExporter::shutdown(&mut exporter);
        assert!(theirs.is_shutdown_called());
    }

    /// Needs a task of the runtime it was made in, as channels of gRPC do.
    #[cfg(feature = "tokio")]
    #[derive(Debug)]
    struct ThroughTask(std::sync::Mutex<Option<tokio::task::JoinHandle<()>>>);

    #[cfg(feature = "tokio")]
    impl opentelemetry_sdk::trace::SpanExporter for ThroughTask {
        async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
            let task = crate::lane::lock(&self.0).take();
            task.unwrap().await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(())
        }
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn an_exporter_on_tokio_needs_nothing_of_the_runtime_of_the_program() {
        let program = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        program.block_on(async {
            let exporter = OpenTelemetry::on_tokio(|| {
                let task = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
                Ok::<_, std::io::Error>(ThroughTask(Some(task).into()))
            });
            let mut exporter = exporter.unwrap();
            // It blocks the one thread that there is.
            let exported = thread::spawn(move || exporter.export(finished(1).batch()));
            assert_eq!(exported.join().unwrap(), Ok(()));
            let failed = OpenTelemetry::on_tokio(|| Err::<ThroughTask, _>("no address"));
            assert_eq!(failed.unwrap_err().to_string(), "no address");
        });
    }
}
