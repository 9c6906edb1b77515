//! The current context of OpenTelemetry, and ours: each sees the spans of the other.
//!
//! Whatever of the two was put in place last is the parent of what comes next. Ours goes into OpenTelemetry's context
//! whenever it is attached, so the two differ only where somebody else has put a span on top: then that one is the
//! parent. Both are put in place at each poll of a future and taken away after it, never over an `.await`.

use std::panic::catch_unwind;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use opentelemetry::trace::{self, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context as Foreign, ContextGuard};

use super::{Context, SpanContext};
use crate::ids::{SpanId, TraceId};

/// Alive as long as the current context of OpenTelemetry can be looked at in this thread: whoever looks later, while
/// the thread ends, is met with a panic there.
struct Alive(bool);

impl Alive {
    fn new() -> Alive {
        // What is made first goes last; and what is gone already, in a thread that ends, panics here once.
        Alive(catch_unwind(|| Foreign::map_current(|_| ())).is_ok())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {}
}

thread_local! {
    static ALIVE: Alive = Alive::new();
}

/// Does something with the current context of OpenTelemetry, if there still is one.
fn with<R>(look: impl FnOnce() -> Option<R>) -> Option<R> {
    ALIVE.try_with(|alive| alive.0.then(look)).ok()??
}

/// Whether spans of ours are shown, which is so unless the program has said that nobody looks. Then the first span of
/// somebody else that is met shows that somebody does: ours are met before it can be in one of them that begins later.
static SHOWN: AtomicBool = AtomicBool::new(true);

/// From now on spans of ours are shown, or only once there is one of somebody else.
pub(crate) fn show_all(show: bool) {
    SHOWN.store(show, Relaxed);
}

/// Whether a span of ours is put on top of what is current.
#[inline]
fn shows(current: &Foreign) -> bool {
    if !SHOWN.load(Relaxed) && current.has_active_span() {
        show_all(true);
    }
    SHOWN.load(Relaxed)
}

/// While it lives, our span is the current one of OpenTelemetry.
pub(super) type Guard = Option<ContextGuard>;

/// Shows a span with its `tracestate` to OpenTelemetry, unless it is there already. Where there is none, the one of ours
/// that was there before is hidden; one of somebody else stays.
pub(super) fn attach(
    ours: Option<(SpanContext, Option<&str>)>,
    before: Option<SpanContext>,
) -> Guard {
    if ours.is_none() && before.is_none() {
        return None;
    }
    with(|| {
        let next = Foreign::map_current(|current| {
            let shown = match (ours, before) {
                (Some((span, state)), _) => {
                    (!is(current, span) && shows(current)).then(|| show(span, state))
                }
                (None, Some(span)) => is(current, span).then(trace::SpanContext::empty_context),
                (None, None) => None,
            };
            Some(current.with_remote_span_context(shown?))
        });
        next.map(Foreign::attach)
    })
}

/// Puts the span of a call on top, which is not there already.
#[inline]
pub(super) fn put(span: SpanContext, state: Option<&str>) -> Guard {
    with(|| {
        let put = |current: &Foreign| {
            let shown = shows(current).then(|| show(span, state))?;
            Some(current.with_remote_span_context(shown))
        };
        Foreign::map_current(put).map(Foreign::attach)
    })
}

/// Whether somebody else has put a span on top of ours.
#[inline]
pub(super) fn covers(ours: Option<SpanContext>) -> bool {
    let covers = |current: &Foreign| current.has_active_span() && others(current, ours).is_some();
    with(|| Some(Foreign::map_current(covers))).unwrap_or_default()
}

/// The current span of OpenTelemetry, if it is another one than ours.
#[inline]
fn others(current: &Foreign, ours: Option<SpanContext>) -> Option<SpanContext> {
    let span = current.span();
    let span = span.span_context();
    let found = SpanContext {
        trace: TraceId::new(u128::from_be_bytes(span.trace_id().to_bytes()))?,
        span: SpanId::new(u64::from_be_bytes(span.span_id().to_bytes()))?,
        sampled: span.is_sampled(),
        remote: span.is_remote(),
    };
    ours.is_none_or(|ours| ours.span != found.span)
        .then_some(found)
}

/// A span as OpenTelemetry has it.
pub(crate) fn show(span: SpanContext, state: Option<&str>) -> trace::SpanContext {
    let state = state.map(TraceState::from_str);
    trace::SpanContext::new(
        span.trace.get().into(),
        trace::SpanId::from(span.span.get()),
        TraceFlags::NOT_SAMPLED.with_sampled(span.sampled),
        span.remote,
        // What OpenTelemetry does not understand it cannot pass on.
        state.and_then(Result::ok).unwrap_or_default(),
    )
}

/// Whether this is the current span of a context of OpenTelemetry.
fn is(current: &Foreign, span: SpanContext) -> bool {
    current.has_active_span()
        && trace::SpanId::from(span.span.get()) == current.span().span_context().span_id()
}

/// The context with the span that somebody else has put on top of it, if there is one.
#[inline]
pub(super) fn on_top(ours: &Context) -> Option<Context> {
    let (span, state) = with(|| {
        Foreign::map_current(|current| {
            if !current.has_active_span() {
                return None;
            }
            let found = others(current, ours.span())?;
            shows(current);
            Some((found, current.span().span_context().trace_state().header()))
        })
    })?;
    Some(ours.clone().with(|parts| {
        let same = parts.span.is_some_and(|ours| ours.trace == span.trace);
        if !same {
            parts.set_scope(None);
        }
        parts.span = Some(span);
        parts.state = (!state.is_empty()).then(|| state.into());
    }))
}
