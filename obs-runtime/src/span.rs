//! Spans: pieces of work with a start and an end.
//!
//! ```
//! use obs_runtime::span::{self, SpanMeta};
//!
//! static CHARGE: SpanMeta = SpanMeta::new("charge card");
//!
//! fn charge(card: &str) -> Result<u32, std::num::ParseIntError> {
//!     CHARGE.try_run(|| {
//!         span::set("card.length", card.len());
//!         card.parse()
//!     })
//! }
//!
//! assert_eq!(charge("41"), Ok(41));
//! assert!(charge("forty-one").is_err(), "and the span says so");
//! ```
//!
//! [`SpanMeta::run`] and [`SpanMeta::follow`] put a span around a closure and a future; publishers make their own.
//! Whatever happens inside has that span as its parent.
//!
//! # What leaves
//!
//! Ids are drawn when a span starts. When its trace is sampled, it leaves as it ends: a plain record in a block of its
//! thread, which [`crate::export`] gathers. When it is not, its record waits beside those of the other spans that this
//! program has in the trace. As soon as one of them fails, takes longer than it may, or is audited, all that wait
//! leave, and so do those that end later; their `sampling.reason` says why (`error`, `slow`, `audit`). When the
//! outermost of them, the local root, ends and none has, nothing leaves. A span that ends after its local root follows
//! it if that has left, and speaks for itself otherwise.
//!
//! A local root without children, as most publishes are, waits for nothing and allocates nothing.
//!
//! What waits is bounded: 10,000 spans and 8 MiB a trace, 4,096 traces and 64 MiB in all, five minutes. Beyond that a
//! trace that leaves consists of what it had, of the spans that failed, and of those around them; its local root
//! tells how many are missing as `sampling.truncated`, and `obs_spans_dropped_total` counts them.
//!
//! # What cannot be rescued
//!
//! - What another program has dropped. A rescued span may have a parent that nobody has.
//! - What a tracer of somebody else in this program has dropped, as `opentelemetry_sdk` does with spans that are not
//!   sampled, those of `tracing-opentelemetry` included: spans of ours below it and above it are rescued, with a gap in
//!   between; see [`crate::context`].
//! - Spans of a local root that ended well before a late child fails.
//! - Spans that end while nobody exports.

#[cfg(all(feature = "tokio", not(feature = "off-spans")))]
pub(crate) mod attempt;
mod attributes;
mod carried;
mod finished;
mod inside;
mod leaf;
mod limits;
mod local;
mod record;
mod ring;
mod work;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

pub use attributes::{Attributes, Value};
pub(crate) use carried::Carried;
pub(crate) use finished::ID;
#[cfg(feature = "opentelemetry")]
pub(crate) use finished::Stated;
pub use finished::{Batch, FinishedEvent, FinishedLink, FinishedSpan};
pub(crate) use inside::{Inside, inside_of, leave, stand, vanishes};
pub(crate) use leaf::Leaf;
pub use limits::SpanLimits;
pub(crate) use local::{sweep, waiting_bytes};
pub(crate) use record::{Record, Spans};
pub(crate) use ring::{Block, Due, Number, Plain, Writer};
#[cfg(feature = "tokio")]
pub(crate) use work::say;
pub use work::{InSpan, event, failed, link, set};
pub(crate) use work::{Open, Scope};

use crate::clock::Moment;
use crate::context::{Context, Parts, SpanContext};
use crate::ids::{SpanId, TraceId};
use crate::metric::{self, Signal};
use crate::testing::Recording;
use crate::{export, sample};
use attributes::Said;
use local::Local;
use record::Reason;

/// What a span is to its peers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Nothing: it stays within the program.
    Internal,
    /// It serves a request.
    Server,
    /// It makes a request.
    Client,
    /// It makes a message.
    Producer,
    /// It takes a message.
    Consumer,
}

/// What is known of spans before they start.
///
/// ```
/// use obs_runtime::span::{Kind, SpanMeta};
///
/// static CHARGE: SpanMeta = SpanMeta::new("charge card").with_kind(Kind::Client).with_slow_nanos(1_000_000_000);
/// assert_eq!(CHARGE.name(), "charge card");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpanMeta {
    name: &'static str,
    kind: Kind,
    fixed: &'static [(&'static str, Value<'static>)],
    slow: u64,
    audit: bool,
}

impl SpanMeta {
    /// Spans of this name: internal, slow from 250 ms on.
    #[must_use]
    pub const fn new(name: &'static str) -> SpanMeta {
        SpanMeta {
            name,
            kind: Kind::Internal,
            fixed: &[],
            slow: 250_000_000,
            audit: false,
        }
    }

    /// The same of another kind.
    #[must_use]
    pub const fn with_kind(mut self, kind: Kind) -> SpanMeta {
        self.kind = kind;
        self
    }

    /// The same with attributes that every span has.
    #[must_use]
    pub const fn with_fixed(
        mut self,
        fixed: &'static [(&'static str, Value<'static>)],
    ) -> SpanMeta {
        self.fixed = fixed;
        self
    }

    /// The same, slow from so many nanoseconds on.
    #[must_use]
    pub const fn with_slow_nanos(mut self, nanos: u64) -> SpanMeta {
        self.slow = nanos;
        self
    }

    /// The same, and every span leaves.
    #[must_use]
    pub const fn audited(mut self) -> SpanMeta {
        self.audit = true;
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn fixed(&self) -> &'static [(&'static str, Value<'static>)] {
        self.fixed
    }

    /// Their name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// How a piece of work ended.
#[derive(Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// Well, as far as anyone knows.
    Fine,
    /// Not well.
    Failed(Failure<'a>),
}

/// What went wrong. Nothing of a payload is in it.
#[derive(Clone, Copy)]
pub struct Failure<'a> {
    /// One of a closed set: `error.type`.
    pub error_type: &'static str,
    /// The type of the error, as the program calls it. Without one there is no exception to tell of.
    pub exception: &'static str,
    /// What the error says.
    pub message: Option<&'a dyn fmt::Display>,
}

impl Failure<'_> {
    /// Whoever waited for it went away.
    pub(crate) const CANCELLED: Failure<'static> = Failure {
        error_type: "cancelled",
        exception: "",
        message: None,
    };
}

impl fmt::Debug for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("error_type", &self.error_type)
            .field("exception", &self.exception)
            .finish_non_exhaustive()
    }
}

/// Whether a span left. An exemplar may mention those that did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Somebody exports it.
    Exported,
    /// It stays, or waits for what becomes of its trace.
    Dropped,
}

/// A span that has not ended. One that is dropped without an end leaves no trace.
#[derive(Debug)]
#[must_use = "a span that is not ended leaves no trace"]
pub(crate) struct Span {
    meta: &'static SpanMeta,
    context: SpanContext,
    parent: Option<SpanContext>,
    state: Option<Arc<str>>,
    start: Moment,
    /// What its trace waits with; none where every span decides alone, and as long as none waits for a root.
    local: Option<Arc<Local>>,
    /// Whether what waits is decided when it ends.
    root: bool,
    /// A test that gets it instead of the exporters, whatever the sampling says.
    recorder: Option<Arc<Recording>>,
}

impl Span {
    /// Starts one under the span of a context. It has no children in this program.
    #[inline]
    #[cfg_attr(feature = "off-spans", allow(dead_code, reason = "nobody carries one"))]
    pub(crate) fn start(meta: &'static SpanMeta, cx: &Context, at: Moment) -> Span {
        Span::below(meta, cx.parts(), at)
    }

    #[inline]
    fn below(meta: &'static SpanMeta, parts: Option<&Parts>, at: Moment) -> Span {
        Span::at(meta, Span::place(parts), parts, at)
    }

    /// Where one stands that starts under the span of a context.
    #[inline]
    fn place(parts: Option<&Parts>) -> SpanContext {
        let parent = parts.and_then(|parts| parts.span.as_ref());
        let trace = parent.map_or_else(TraceId::random, |parent| parent.trace);
        let recorded = parts.is_some_and(|parts| parts.recorder().is_some());
        SpanContext {
            trace,
            span: SpanId::random(),
            sampled: recorded || sample::head(parent, trace),
            remote: false,
        }
    }

    /// The one that has started there.
    #[inline]
    fn at(
        meta: &'static SpanMeta,
        place: SpanContext,
        parts: Option<&Parts>,
        start: Moment,
    ) -> Span {
        Span {
            meta,
            context: place,
            parent: parts.and_then(|parts| parts.span),
            state: parts.and_then(|parts| parts.state.clone()),
            start,
            local: parts
                .and_then(Parts::open_span)
                .and_then(|scope| scope.local()),
            root: false,
            recorder: parts.and_then(Parts::recorder).cloned(),
        }
    }

    /// Starts one that may have children.
    fn open(meta: &'static SpanMeta, parts: Option<&Parts>, at: Moment) -> Span {
        let mut span = Span::below(meta, parts, at);
        if span.local.is_none() && !span.context.sampled && export::active() && sample::rescues() {
            span.root = true;
        }
        span
    }

    /// What goes into headers, envelopes and log lines.
    #[inline]
    #[cfg_attr(feature = "off-spans", allow(dead_code, reason = "nobody carries one"))]
    pub(crate) fn context(&self) -> SpanContext {
        self.context
    }

    /// Ends it, once. What is to be said about it is asked for only when it leaves or waits.
    #[inline]
    #[cfg_attr(feature = "off-spans", allow(dead_code, reason = "nobody carries one"))]
    pub(crate) fn end(
        &mut self,
        at: Moment,
        outcome: &Outcome<'_>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        let Some(reason) = self.verdict(at, outcome) else {
            return Fate::Dropped;
        };
        let mut fill = Some(fill);
        self.leave(at, reason, outcome, None, &mut |to| {
            if let Some(fill) = fill.take() {
                fill(to);
            }
        })
    }

    /// Ends one of a piece of work.
    fn finish(
        &mut self,
        at: Moment,
        outcome: &Outcome<'_>,
        scope: Option<&Arc<Scope>>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        let leaves = self.root && self.rescue(at, outcome).is_some();
        let (mut said, local) = scope.map_or((None, None), |scope| scope.end(leaves));
        if self.root && self.local.is_none() {
            self.local = local;
        }
        // The most frequent end: nothing has to be written.
        let goes = self.root && !leaves && self.local.as_ref().is_none_or(|local| local.let_go());
        let verdict = if goes {
            None
        } else {
            self.verdict(at, outcome)
        };
        let fate = match verdict {
            Some(reason) => {
                let mut fill = Some(fill);
                self.leave(at, reason, outcome, said.as_deref_mut(), &mut |to| {
                    if let Some(fill) = fill.take() {
                        fill(to);
                    }
                })
            }
            None => Fate::Dropped,
        };
        if let (Some(scope), Some(said)) = (scope, said) {
            scope.keep(said);
        }
        fate
    }

    /// Whether its record is written, and the reason it has by itself to leave although nobody sampled it.
    #[inline]
    fn verdict(&self, at: Moment, outcome: &Outcome<'_>) -> Option<Option<Reason>> {
        let reason = if self.context.sampled {
            None
        } else {
            let found = self.rescue(at, outcome);
            if found.is_none() && self.local.is_none() {
                return None;
            }
            found
        };
        // Those that wait with it are counted where they leave.
        let rescues = reason.is_some() && self.local.is_some();
        if export::active() || self.recorder.is_some() || rescues {
            Some(reason)
        } else {
            if self.context.sampled || reason.is_some() {
                export::missed();
            }
            None
        }
    }

    /// Why it leaves although nobody sampled it.
    #[inline]
    fn rescue(&self, at: Moment, outcome: &Outcome<'_>) -> Option<Reason> {
        let reason = if matches!(outcome, Outcome::Failed(_)) {
            Reason::Error
        } else if at.nanos_since(self.start) >= self.meta.slow {
            Reason::Slow
        } else if self.meta.audit {
            Reason::Audit
        } else {
            return None;
        };
        sample::rescues().then_some(reason)
    }

    /// Writes the record and passes it on. Not generic: each event would bring another copy.
    fn leave(
        &mut self,
        at: Moment,
        reason: Option<Reason>,
        outcome: &Outcome<'_>,
        said: Option<&mut Said>,
        fill: &mut dyn FnMut(&mut Attributes<'_>),
    ) -> Fate {
        // None begins then, which the compiler cannot see everywhere.
        if cfg!(feature = "off-spans") {
            return Fate::Dropped;
        }
        in_scratch(|scratch| {
            if let Some(said) = said {
                scratch.take(said);
            }
            let record = self.write(scratch, at, reason, outcome, fill);
            let one = &mut scratch.spans;
            if let (None, None) = (&self.recorder, &self.local) {
                // Most leave here: the record goes where it stays.
                return passed(1, |mine| mine.put_one(record, one));
            }
            one.records.push(record);
            match (&self.recorder, &self.local) {
                (Some(recorder), _) => {
                    recorder.spans(one);
                    Fate::Exported
                }
                (None, None) => hand_over(one),
                (None, Some(local)) if self.root => local.decide(one),
                (None, Some(local)) => local.ended(one),
            }
        })
    }

    /// Writes what is said, and gives the record of it. User code may run in here, so no lock is held.
    #[must_use]
    fn write(
        &mut self,
        said: &mut Said,
        at: Moment,
        reason: Option<Reason>,
        outcome: &Outcome<'_>,
        fill: &mut dyn FnMut(&mut Attributes<'_>),
    ) -> Record {
        let end = at.unix_nanos();
        let mut attributes = Attributes::new(said, self.meta.fixed.len());
        fill(&mut attributes);
        let failed = match outcome {
            Outcome::Fine => None,
            Outcome::Failed(failure) => {
                // Looks at the environment once; nothing is walked unless backtraces are on.
                let walked = (!failure.exception.is_empty()).then(Backtrace::capture);
                let trace = walked
                    .as_ref()
                    .filter(|walked| walked.status() == BacktraceStatus::Captured)
                    .map(|walked| walked as &dyn fmt::Display);
                let message = attributes.exception(end, failure.exception, failure.message, trace);
                Some((failure.error_type, message))
            }
        };
        let rare = (failed.is_some() || said.dropped != record::Counts::default()).then(|| {
            let (error, message) = failed.unzip();
            Box::new(record::Rare {
                truncated: 0,
                error,
                message: message.unwrap_or_default(),
                dropped: said.dropped,
            })
        });
        Record {
            meta: self.meta,
            trace: self.context.trace,
            span: self.context.span,
            parent: self.parent.map(|parent| parent.span),
            remote: self.parent.is_some_and(|parent| parent.remote),
            state: self.state.take(),
            // From one anchor, so that a clock that steps does not turn the span around.
            start: end.saturating_sub(at.nanos_since(self.start)),
            end,
            reason,
            own: said.own,
            id: said.id,
            rare,
        }
    }
}

/// Writes something about one span and does something with it. User code may run in here, so no lock is held.
#[inline]
fn in_scratch(write: impl FnOnce(&mut Said) -> Fate) -> Fate {
    let wrote = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => {
            // Whoever panicked in here may have left something.
            scratch.clear();
            write(&mut scratch)
        }
        // A span that ends while another one of this thread is written would have to wait for it.
        Err(_) => lost(metric::Reason::Limit),
    });
    wrote.unwrap_or_else(|_| lost(metric::Reason::Closed))
}

#[cold]
fn lost(reason: metric::Reason) -> Fate {
    metric::dropped(Signal::Spans, reason, 1);
    Fate::Dropped
}

thread_local! {
    /// Where records are written before a lock is taken.
    static SCRATCH: RefCell<Said> = RefCell::default();

    /// What this thread has for those who export.
    static MINE: export::Mine = export::Mine::enter(&export::PIPE);
}

/// Passes finished spans to those who export, who count what they do not take.
fn hand_over(spans: &mut Spans) -> Fate {
    passed(spans.len() as u64, |mine| mine.put(spans))
}

/// Passes a finished one that is nothing but its record.
#[inline]
fn pass(span: &Plain) -> Fate {
    passed(1, |mine| mine.put_plain(span))
}

/// Passes so many to those who export.
#[inline]
fn passed(count: u64, put: impl FnOnce(&export::Mine) -> Result<(), metric::Reason>) -> Fate {
    let took = MINE.try_with(put);
    match took.unwrap_or(Err(metric::Reason::Closed)) {
        Ok(()) => Fate::Exported,
        Err(reason) => {
            metric::dropped(Signal::Spans, reason, count);
            Fate::Dropped
        }
    }
}

/// Finished spans for tests, with attributes, text and errors here and there.
#[cfg(test)]
pub(crate) fn finished(count: usize) -> Spans {
    static META: SpanMeta = SpanMeta::new("finished");
    let mut said = Said::default();
    let mut all = Spans::default();
    for index in 0..count {
        let at = crate::clock::now();
        let outcome = match index % 3 {
            0 => Outcome::Failed(Failure {
                error_type: "timeout",
                // With one, tests would depend on whether backtraces are on.
                exception: "",
                message: Some(&"too late"),
            }),
            _ => Outcome::Fine,
        };
        let mut span = Span::start(&META, &Context::NONE, at);
        said.clear();
        let record = span.write(&mut said, at, None, &outcome, &mut |to| {
            to.set("index", index);
            to.set("text", index.to_string().as_str());
        });
        said.spans.records.push(record);
        all.append(&mut said.spans);
    }
    all
}

/// A finished span that is nothing but ids and times, for tests.
#[cfg(test)]
pub(crate) fn plain() -> Plain {
    static META: SpanMeta = SpanMeta::new("plain");
    static NUMBER: std::sync::OnceLock<Number> = std::sync::OnceLock::new();
    let end = crate::clock::now().unix_nanos();
    let place = Span::place(None);
    Plain {
        meta: *NUMBER.get_or_init(|| Number::of(&META)),
        span: place,
        parent: Some(SpanContext {
            remote: true,
            ..place
        }),
        start: end - 5,
        end,
    }
}

#[cfg(test)]
#[cfg(not(feature = "off-spans"))]
mod tests;
