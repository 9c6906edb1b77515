//! Spans: pieces of work with a start and an end.
//!
//! Ids are drawn when a span starts; whether it leaves is decided when it ends. A span leaves when its trace is
//! sampled, and also when it failed, took longer than its event allows, or is audited: then `sampling.reason` says
//! which. One that stays costs its ids and nothing else; one that leaves becomes a plain record in a block of its
//! thread, which [`crate::export`] gathers.
//!
//! What another program has dropped stays dropped: a rescued span may have a parent that nobody has.

mod attributes;
mod limits;
mod record;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex};

pub use attributes::{Attributes, Value};
pub use limits::SpanLimits;
pub(crate) use record::Reason;
pub use record::{FinishedEvent, FinishedSpan, Spans};

use crate::clock::Moment;
use crate::context::{Context, SpanContext};
use crate::ids::{SpanId, TraceId};
use crate::metric::{self, Signal};
use crate::{export, lane, sample};
use record::Record;

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

    /// Their name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// How a piece of work ended.
pub(crate) enum Outcome<'a> {
    /// Well, as far as anyone knows.
    Fine,
    /// Not well.
    Failed(Failure<'a>),
}

/// What went wrong. Nothing of a payload is in it.
pub(crate) struct Failure<'a> {
    /// One of a closed set.
    pub(crate) error_type: &'static str,
    /// The type of the error, as the program calls it.
    pub(crate) exception: &'static str,
    /// What the error says.
    pub(crate) message: Option<&'a dyn fmt::Display>,
}

/// Whether a span left. An exemplar may mention those that did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// Somebody exports it.
    Exported,
    /// It stays.
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
}

impl Span {
    /// Starts one under the span of a context.
    #[inline]
    pub(crate) fn start(meta: &'static SpanMeta, cx: &Context, at: Moment) -> Span {
        let parts = cx.parts();
        let parent = parts.and_then(|parts| parts.span);
        let trace = parent.map_or_else(TraceId::random, |parent| parent.trace);
        Span {
            meta,
            context: SpanContext {
                trace,
                span: SpanId::random(),
                sampled: sample::head(parent.as_ref(), trace),
                remote: false,
            },
            parent,
            state: parts.and_then(|parts| parts.state.clone()),
            start: at,
        }
    }

    /// What goes into headers, envelopes and log lines.
    #[inline]
    pub(crate) fn context(&self) -> SpanContext {
        self.context
    }

    /// Ends it. What is to be said about it is asked for only when it leaves.
    #[inline]
    pub(crate) fn end(
        self,
        at: Moment,
        outcome: &Outcome<'_>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        let reason = if self.context.sampled {
            None
        } else {
            let found = self.rescue(at, outcome);
            if found.is_none() {
                return Fate::Dropped;
            }
            found
        };
        if !export::active() {
            return Fate::Dropped;
        }
        self.leave(at, reason, outcome, fill)
    }

    /// Why it leaves although nobody sampled it.
    #[inline]
    fn rescue(&self, at: Moment, outcome: &Outcome<'_>) -> Option<Reason> {
        if matches!(outcome, Outcome::Failed(_)) {
            Some(Reason::Error)
        } else if at.nanos_since(self.start) >= self.meta.slow {
            Some(Reason::Slow)
        } else {
            self.meta.audit.then_some(Reason::Audit)
        }
    }

    fn leave(
        self,
        at: Moment,
        reason: Option<Reason>,
        outcome: &Outcome<'_>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Fate {
        let wrote = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => {
                // A `fill` that panicked may have left something.
                scratch.clear();
                self.write(&mut scratch, at, reason, outcome, fill);
                hand_over(&mut scratch)
            }
            // A span that ends while another one of this thread is written would have to wait for it.
            Err(_) => {
                metric::dropped(Signal::Spans, metric::Reason::Limit, 1);
                Fate::Dropped
            }
        });
        wrote.unwrap_or_else(|_| {
            metric::dropped(Signal::Spans, metric::Reason::Closed, 1);
            Fate::Dropped
        })
    }

    /// Writes the record. User code may run in here, so no lock is held.
    fn write(
        self,
        spans: &mut Spans,
        at: Moment,
        reason: Option<Reason>,
        outcome: &Outcome<'_>,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        let end = at.unix_nanos();
        let mut attributes = Attributes::new(spans, self.meta.fixed.len());
        fill(&mut attributes);
        let (error, message) = match outcome {
            Outcome::Fine => (None, record::Range::default()),
            Outcome::Failed(failure) => {
                // Looks at the environment once; nothing is walked unless backtraces are on.
                let walked = Backtrace::capture();
                let trace = (walked.status() == BacktraceStatus::Captured)
                    .then_some(&walked as &dyn fmt::Display);
                let message = attributes.exception(end, failure.exception, failure.message, trace);
                (Some(failure.error_type), message)
            }
        };
        let (own, dropped) = (attributes.own, attributes.dropped);
        spans.records.push(Record {
            meta: self.meta,
            trace: self.context.trace,
            span: self.context.span,
            parent: self.parent.map(|parent| parent.span),
            remote: self.parent.is_some_and(|parent| parent.remote),
            state: self.state,
            // From one anchor, so that a clock that steps does not turn the span around.
            start: end.saturating_sub(at.nanos_since(self.start)),
            end,
            reason,
            error,
            message,
            own,
            dropped,
        });
    }
}

thread_local! {
    /// Where records are written before a lock is taken.
    static SCRATCH: RefCell<Spans> = RefCell::default();

    /// What this thread has for those who gather.
    static BLOCK: Arc<Mutex<Spans>> = export::BLOCKS.enter();
}

/// Records in one block, at most; further ones are dropped and counted until somebody gathers.
const MOST_RECORDS: usize = 8_192;

/// Bytes in one block, at most.
const MOST_BYTES: usize = 8 << 20;

fn hand_over(spans: &mut Spans) -> Fate {
    let count = spans.len() as u64;
    let took = BLOCK.try_with(|block| put(&mut lane::lock(block), spans, MOST_RECORDS));
    match took {
        Ok(true) => Fate::Exported,
        Ok(false) => {
            metric::dropped(Signal::Spans, metric::Reason::Full, count);
            Fate::Dropped
        }
        Err(_) => {
            metric::dropped(Signal::Spans, metric::Reason::Closed, count);
            Fate::Dropped
        }
    }
}

/// Into a block, if it has room.
fn put(block: &mut Spans, spans: &mut Spans, most: usize) -> bool {
    let room = block.len() < most && block.bytes() < MOST_BYTES;
    if room {
        block.append(spans);
    }
    room
}

#[cfg(test)]
mod tests;
