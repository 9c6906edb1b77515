//! Calls of `tracing` as lines of ours.

use std::cell::Cell;

use obs_schema::wire::json::Writer;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Metadata, Subscriber, dispatcher};
use tracing_subscriber::filter::{Filtered, LevelFilter};
use tracing_subscriber::layer::{Context as Cx, Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::members::Members;
use super::{EVENT_TARGET, Level, enabled, least};
use crate::clock;
use crate::context::Context;
use crate::envelope::Place;
use crate::metric::{self, Reason, Signal};

/// Writes calls of `tracing` as lines of ours: the layer inside of [`layer`].
///
/// A line has the level, the message and the target of the call, what the [context](crate::Context) around it says
/// (correlation, causation, tenant, and the trace: that of OpenTelemetry where a span of theirs is on top), and under
/// `context` the fields of the call and of the spans around it; where a name is said more than once, the innermost
/// counts. Fields called `request_id`, `client_ip`, `user_agent`, `error_type`, `error` or `exception` have places of
/// their own in front. Numbers that JSON does not know are text, texts are cut after 16 KiB, and a `Debug` that panics
/// costs its own value.
#[derive(Debug)]
pub struct Lines(());

/// Lets the level of the log pass, as [`set_level`](super::set_level) has set it: the filter inside of [`layer`].
#[derive(Debug)]
pub struct Threshold(());

/// A layer for a subscriber of your own: each call of `tracing` becomes a line in the very form and output of the
/// publishers' lines. [`init`](crate::init()) does this by itself where nobody has set a subscriber before.
///
/// Other layers beside it see what they would see without it. What we tell them of publishes comes under the target
/// [`EVENT_TARGET`], which this layer leaves out, so that no publish is told twice.
///
/// ```
/// use std::time::Duration;
///
/// use obs_runtime::log::{self, LogOutput};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// # #[derive(Clone, Default)]
/// # struct Memory(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
/// # impl std::io::Write for Memory {
/// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
/// #         self.0.lock().unwrap().write(bytes)
/// #     }
/// #     fn flush(&mut self) -> std::io::Result<()> {
/// #         Ok(())
/// #     }
/// # }
/// # let memory = Memory::default();
/// # let seen = memory.clone();
/// // Yours first: add `fmt`, an `EnvFilter`, or whatever else listens.
/// let subscriber = tracing_subscriber::registry().with(log::layer());
/// tracing::subscriber::set_global_default(subscriber)?;
/// let obs = obs_runtime::Setup::new().with_log(LogOutput::writer(memory)).init()?;
///
/// let request = tracing::info_span!("request", request_id = "r-1", user = 7);
/// request.in_scope(|| tracing::warn!(left = 3, "nearly full"));
///
/// assert!(obs.flush(Duration::from_secs(10)));
/// # let seen = String::from_utf8(seen.0.lock().unwrap().clone())?;
/// // {"timestamp":"…","level":"WARN","message":"nearly full","target":"app","service":"app",
/// //  "request_id":"r-1","context":{"left":3,"user":7}}
/// # assert!(seen.contains("\"level\":\"WARN\",\"message\":\"nearly full\""));
/// # assert!(seen.ends_with(",\"request_id\":\"r-1\",\"context\":{\"left\":3,\"user\":7}}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn layer<S>() -> Filtered<Lines, Threshold, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    Lines(()).with_filter(Threshold(()))
}

/// Puts the layer in place where there is no subscriber. Says whether calls of `tracing` reach us.
pub(crate) fn install() -> bool {
    let ours = tracing_subscriber::registry().with(layer());
    set_global_default(ours).is_ok()
        || dispatcher::get_default(|now| now.downcast_ref::<Lines>().is_some())
}

/// Our word for a level of theirs.
fn level(of: tracing::Level) -> Level {
    match of {
        tracing::Level::TRACE => Level::Trace,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::INFO => Level::Info,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::ERROR => Level::Error,
    }
}

/// Their word for a level of ours.
#[inline]
pub(super) fn level_of(level: Level) -> tracing::Level {
    match level {
        Level::Trace => tracing::Level::TRACE,
        Level::Debug => tracing::Level::DEBUG,
        Level::Info => tracing::Level::INFO,
        Level::Warn => tracing::Level::WARN,
        Level::Error => tracing::Level::ERROR,
    }
}

impl Threshold {
    fn passes(about: &Metadata<'_>) -> bool {
        enabled(level(*about.level())) && about.target() != EVENT_TARGET
    }
}

/// What passes is the same for all calls of a place in the code until the level is set anew, and
/// [`set_level`](super::set_level) has everybody ask again.
impl<S> Filter<S> for Threshold {
    fn enabled(&self, about: &Metadata<'_>, _: &Cx<'_, S>) -> bool {
        Threshold::passes(about)
    }

    fn callsite_enabled(&self, about: &'static Metadata<'static>) -> Interest {
        if Threshold::passes(about) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(least().map_or(LevelFilter::OFF, |level| level_of(level).into()))
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn on_new_span(&self, about: &Attributes<'_>, id: &Id, cx: Cx<'_, S>) {
        let mut said = Members::NEW;
        about.record(&mut said);
        if let (Some(span), false) = (cx.span(id), said.is_empty()) {
            span.extensions_mut().replace(said);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Cx<'_, S>) {
        // A `Debug` may log, which looks at the spans around it: so it is asked before the span is held.
        let mut said = Members::NEW;
        values.record(&mut said);
        let Some(span) = cx.span(id) else {
            return;
        };
        let mut held = span.extensions_mut();
        match held.get_mut::<Members>() {
            Some(before) => before.replaced_by(said),
            None => {
                held.replace(said);
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Cx<'_, S>) {
        let Some(_within) = Depth::enter() else {
            metric::dropped(Signal::Logs, Reason::Limit, 1);
            return;
        };
        let mut said = SCRATCH.try_with(Cell::take).unwrap_or_default();
        event.record(&mut said);
        for span in cx.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Members>() {
                said.inherit(outer);
            }
        }
        let about = event.metadata();
        let level = level(*about.level());
        // Nothing of anybody else is called while the context is looked at.
        Context::look(|around| {
            super::line(level, around.recorder(), |w| {
                write(w, level, about, &said, around);
            });
        });
        if said.capacity() <= super::SCRATCH_LIMIT {
            said.clear();
            let _ = SCRATCH.try_with(|scratch| scratch.set(said));
        }
    }
}

thread_local! {
    /// The fields of one call, in memory that is there already.
    static SCRATCH: Cell<Members> = const { Cell::new(Members::NEW) };

    /// How many calls are being written at once: a `Debug` may log.
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// A `Debug` that logs itself would never end.
const DEEPEST: u8 = 4;

struct Depth(());

impl Depth {
    fn enter() -> Option<Depth> {
        let depth = DEPTH.get();
        (depth < DEEPEST).then(|| {
            DEPTH.set(depth + 1);
            Depth(())
        })
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// What has a place of its own instead of one under `context`.
const PLACED: [&str; 7] = [
    "message",
    "request_id",
    "client_ip",
    "user_agent",
    "error_type",
    "error",
    "exception",
];

/// How `tracing-log` passes records of the crate `log` on: under one name, and with what they are about in fields.
const RECORD: &str = "log event";
const RECORD_FIELDS: &str = "log.";

fn write(w: &mut Writer, level: Level, about: &Metadata<'_>, said: &Members, around: &Context) {
    super::begin(w, clock::now());
    w.raw("\",\"level\":\"");
    w.raw(level.as_str());
    w.raw("\"");
    w.raw(",\"message\":");
    w.raw_bytes(said.get("message").unwrap_or(b"\"\""));
    let record = about.name() == RECORD;
    w.raw(",\"target\":");
    match said.get("log.target") {
        Some(target) if record => w.raw_bytes(target),
        _ => w.string(about.target()),
    }
    super::whose(w);
    known(w, "correlation_id", around.correlation());
    known(w, "causation_id", around.causation());
    placed(w, said, "request_id");
    known(w, "tenant_id", around.tenant());
    placed(w, said, "client_ip");
    placed(w, said, "user_agent");
    if let Some(span) = around.span() {
        let place = Place::of(span);
        w.raw(",\"trace_id\":\"");
        w.raw_bytes(place.trace_hex());
        w.raw("\",\"span_id\":\"");
        w.raw_bytes(place.span_hex());
        w.raw("\"");
    }
    placed(w, said, "error_type");
    placed(w, said, "error");
    placed(w, said, "exception");
    let mut first = true;
    for (name, value) in said.iter() {
        if PLACED.contains(&name) || record && name.starts_with(RECORD_FIELDS) {
            continue;
        }
        if first {
            w.raw(",\"context\":{");
        }
        w.name(&mut first, name);
        w.raw_bytes(value);
    }
    w.raw(if first { "" } else { "}" });
    match (said.get("log.file"), said.get("log.line")) {
        (file, line) if record => super::record_place(w, file, line),
        _ => super::place(w, about.file(), about.line()),
    }
    w.raw("}");
}

fn known(w: &mut Writer, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        w.name(&mut false, name);
        w.string(text);
    }
}

fn placed(w: &mut Writer, said: &Members, name: &str) {
    if let Some(value) = said.get(name) {
        w.name(&mut false, name);
        w.raw_bytes(value);
    }
}
