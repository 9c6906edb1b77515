//! What is going on around a call: its trace, its correlation, its tenant.
//!
//! The context of a thread is ambient. Code that is not async puts one in place with [`Context::attach`]; a future
//! carries its own with [`Context::scope`], which puts it in place at each poll and takes it away after, so that it
//! neither leaks into other tasks nor gets lost when the task moves to another thread.
//!
//! # OpenTelemetry
//!
//! With the feature `opentelemetry` the current context of that crate and ours see each other, in both directions and
//! any nesting: whichever was put in place last is the parent. A span of the SDK, or one of `tracing` that
//! `tracing-opentelemetry` has made current (as it does unless `with_context_activation(false)`), becomes the parent
//! of our spans, and our spans become the parents of theirs. Correlation and tenant stay ours.
//!
//! - A future that is moved to another task takes our context along with [`Context::scope`], theirs with `with_context`
//!   or `instrument`; one does not do it for the other, save for the parent.
//! - What is said to the current span through the API of OpenTelemetry while ours is current is lost:
//!   [`crate::span::set`] says it.
//! - Their spans follow our decision where the trace begins, if their sampler is based on parents; what they drop is
//!   not rescued when something fails later.
//! - Baggage of theirs is not ours, and ours is not theirs.
//! - Each span of ours is put on top of OpenTelemetry's context while it is current, which takes one allocation, for a
//!   tracer of somebody else may look at any time and leaves no trace until it has. A program that has the feature for its
//!   exporters alone says so with
//!   [`Setup::without_tracers`](https://docs.rs/obs-runtime/latest/obs_runtime/struct.Setup.html#method.without_tracers).
//! - Two versions of `opentelemetry` in one program have a current context each. Ours is the one that
//!   `obs_runtime::export::opentelemetry` names; tracers of the other do not see our spans, nor we theirs. Nothing
//!   fails, so `cargo obs-codegen check` looks into `Cargo.lock` and warns.

pub(crate) mod baggage;
mod carrier;
#[cfg(feature = "opentelemetry")]
pub(crate) mod foreign;
mod frame;
mod text;
pub mod traceparent;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::SystemTime;

pub use carrier::{Extract, Inject};
pub(crate) use frame::{Bare, Frame, Here, Marks, Place, base};
pub(crate) use text::Text;

use crate::clock::Moment;
use crate::ids::{SpanId, TraceId};
use crate::span::Scope;
use crate::testing::Recording;

/// What crosses the wire of a span: where it stands, and whether it is sampled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SpanContext {
    /// The trace.
    pub trace: TraceId,
    /// The span within it.
    pub span: SpanId,
    /// Whether whoever began the trace keeps it.
    pub sampled: bool,
    /// Whether the span belongs to another program.
    pub remote: bool,
}

/// What is going on around a call. Clones are cheap and mean the same.
///
/// ```
/// use obs_runtime::Context;
///
/// let context = Context::current().with_correlation("order-7").with_tenant("acme");
/// let guard = context.attach();
/// assert_eq!(Context::current().correlation(), Some("order-7"));
/// drop(guard);
/// assert_eq!(Context::current().correlation(), None);
/// ```
#[derive(Clone, Default)]
pub struct Context {
    parts: Option<Arc<Parts>>,
}

#[derive(Clone, Default)]
pub(crate) struct Parts {
    /// The span that new spans become children of.
    pub(crate) span: Option<SpanContext>,
    /// The `tracestate` that came with it, to be passed on as it is.
    pub(crate) state: Option<Arc<str>>,
    /// What may be said about the span while it is open, when it is one of this program.
    #[cfg(not(feature = "off-spans"))]
    scope: Option<Arc<Scope>>,
    /// A test that wants to know what is told here.
    #[cfg(not(feature = "off"))]
    recorder: Option<Arc<Recording>>,
    pub(crate) correlation: Option<Text>,
    pub(crate) causation: Option<Text>,
    pub(crate) conversation: Option<Text>,
    pub(crate) tenant: Option<Text>,
    pub(crate) actor: Option<Arc<Actor>>,
    /// Names and values, in order.
    pub(crate) baggage: Arc<[(Arc<str>, Arc<str>)]>,
    /// When the operation around the call began.
    pub(crate) began: Option<Moment>,
    /// When what is published happened, in nanoseconds since 1970.
    pub(crate) happened: Option<u64>,
}

/// What is switched off when the program is built is not carried either.
impl Parts {
    pub(crate) fn set_scope(&mut self, scope: Option<Arc<Scope>>) {
        #[cfg(not(feature = "off-spans"))]
        {
            self.scope = scope;
        }
        #[cfg(feature = "off-spans")]
        drop(scope);
    }

    pub(crate) fn open_span(&self) -> Option<&Arc<Scope>> {
        #[cfg(not(feature = "off-spans"))]
        return self.scope.as_ref();
        #[cfg(feature = "off-spans")]
        None
    }

    pub(crate) fn recorder(&self) -> Option<&Arc<Recording>> {
        #[cfg(not(feature = "off"))]
        return self.recorder.as_ref();
        #[cfg(feature = "off")]
        None
    }

    #[cfg(feature = "tokio")]
    fn take_scope(&mut self) -> Option<Arc<Scope>> {
        #[cfg(not(feature = "off-spans"))]
        return self.scope.take();
        #[cfg(feature = "off-spans")]
        None
    }

    pub(crate) fn set_recorder(&mut self, recorder: Option<Arc<Recording>>) {
        #[cfg(not(feature = "off"))]
        {
            self.recorder = recorder;
        }
        #[cfg(feature = "off")]
        drop(recorder);
    }
}

/// Who an event is about or comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Actor {
    /// What it is: `user`, `service`, `job`.
    pub kind: String,
    /// Which one.
    pub id: String,
    /// Where it works.
    pub host: Option<String>,
}

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::NONE) };
}

impl Context {
    /// Nothing is going on.
    pub const NONE: Context = Context { parts: None };

    /// The context of this thread, at this moment.
    #[must_use]
    pub fn current() -> Context {
        Context::look(Clone::clone)
    }

    /// Looks at the context of this thread, without the two atomic operations of a clone.
    ///
    /// While a thread ends, nothing is going on.
    #[inline]
    pub(crate) fn look<R>(look: impl FnOnce(&Context) -> R) -> R {
        frame::settle();
        let mut look = Some(look);
        let seen = CURRENT.try_with(|current| {
            let current = current.try_borrow().ok()?;
            let look = look.take()?;
            let above = frame::here().above().map(|span| current.above(span));
            let seen = above.as_ref().unwrap_or(&current);
            #[cfg(feature = "opentelemetry")]
            if let Some(theirs) = foreign::on_top(seen) {
                return Some(look(&theirs));
            }
            Some(look(seen))
        });
        match (seen, look) {
            (Ok(Some(seen)), _) => seen,
            (_, Some(look)) => look(&Context::NONE),
            (_, None) => unreachable!("what was taken has been called"),
        }
    }

    /// Makes this the context of the thread, until the guard is dropped. Not for async code: use [`Context::scope`].
    #[must_use = "the context goes away with the guard"]
    pub fn attach(&self) -> ContextGuard {
        frame::settle();
        let place = frame::here();
        let before = CURRENT.try_with(|current| {
            frame::go(&Place::of(self));
            current.replace(self.clone())
        });
        let before = before.unwrap_or_default();
        ContextGuard {
            #[cfg(feature = "opentelemetry")]
            shown: {
                let ours = self.span().map(|span| (span, self.trace_state()));
                foreign::attach(ours, place.above().or(before.span()))
            },
            before: Some(before),
            place,
            thread: PhantomData,
        }
    }

    /// The same, unless it is what all that goes on here is in.
    #[inline]
    pub(crate) fn attach_other(&self) -> Option<ContextGuard> {
        let same = CURRENT.try_with(|current| {
            let current = current.try_borrow();
            current.is_ok_and(|current| current.is(self))
        });
        (same == Ok(false)).then(|| self.attach())
    }

    /// Does something while this is the context of the thread, which has it meanwhile and gives it back: a loan costs
    /// less than a clone.
    #[cfg(feature = "tokio")]
    pub(crate) fn lend<R>(&mut self, work: impl FnOnce() -> R) -> R {
        #[cfg(feature = "opentelemetry")]
        let _attached = self.attach();
        #[cfg(not(feature = "opentelemetry"))]
        let _lent = Lent::new(self);
        work()
    }

    /// Does something while this is the context of the thread with a span on top: nothing is allocated for it, unless
    /// the context is another one than the thread has, or somebody looks. It is the one of the thread if it was a
    /// moment ago, `here`, and does not have to be looked for then.
    #[inline]
    pub(crate) fn under<R>(&self, span: SpanContext, here: bool, work: impl FnOnce() -> R) -> R {
        // What was looked at may have been somebody else's.
        let here = here && cfg!(not(feature = "opentelemetry"));
        let _attached = (!here).then(|| self.attach_anew()).flatten();
        let _above = Above {
            #[cfg(feature = "opentelemetry")]
            shown: {
                let same = self.span().is_some_and(|around| around.trace == span.trace);
                let state = self.trace_state().filter(|_| same);
                foreign::attach(Some((span, state)), None)
            },
            before: frame::above(span),
        };
        work()
    }

    /// Makes this the context of the thread, if it is not.
    #[inline(never)]
    fn attach_anew(&self) -> Option<ContextGuard> {
        frame::settle();
        self.attach_other()
    }

    /// The same under the span of a publish. Nobody says anything about that span but the publisher.
    fn above(&self, span: SpanContext) -> Context {
        self.clone().with(|parts| {
            let same = parts.span.is_some_and(|around| around.trace == span.trace);
            if !same {
                parts.state = None;
            }
            #[cfg(not(feature = "off-spans"))]
            {
                parts.scope = parts.scope.take().and_then(|scope| scope.closed());
            }
            parts.span = Some(span);
        })
    }

    /// Whether this is not only equal but the same.
    fn is(&self, other: &Context) -> bool {
        match (&self.parts, &other.parts) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        }
    }

    /// The future, with this as the context of whatever it does.
    pub fn scope<F: Future>(&self, future: F) -> InContext<F> {
        InContext {
            context: self.clone(),
            future: Some(future),
        }
    }

    #[inline]
    pub(crate) fn recorder(&self) -> Option<&Arc<Recording>> {
        self.parts()?.recorder()
    }

    #[inline]
    pub(crate) fn open_span(&self) -> Option<&Arc<Scope>> {
        self.parts()?.open_span()
    }

    pub(crate) fn parts(&self) -> Option<&Parts> {
        self.parts.as_deref()
    }

    /// The same with something else about it.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Parts)) -> Context {
        change(Arc::make_mut(self.parts.get_or_insert_default()));
        self
    }

    /// Another context in the place of one that is over and was made of the same base: nothing is asked of the
    /// allocator, unless somebody still has it. What differs from the base is said anew each time, by somebody who gets
    /// what could be said of its span.
    #[cfg(feature = "tokio")]
    pub(crate) fn renew<R>(
        &mut self,
        base: &Context,
        change: impl FnOnce(&mut Parts, Option<Arc<Scope>>) -> R,
    ) -> R {
        if let Some(parts) = self.parts.as_mut().and_then(Arc::get_mut) {
            (parts.span, parts.state, parts.began) = (None, None, None);
            let scope = parts.take_scope();
            return change(parts, scope);
        }
        *self = base.clone();
        change(Arc::make_mut(self.parts.get_or_insert_default()), None)
    }

    /// The span that new spans become children of.
    #[must_use]
    pub fn span(&self) -> Option<SpanContext> {
        self.parts()?.span
    }

    /// The `tracestate` that came with the span.
    #[must_use]
    pub fn trace_state(&self) -> Option<&str> {
        self.parts()?.state.as_deref()
    }

    /// What belongs together, over all services.
    #[must_use]
    pub fn correlation(&self) -> Option<&str> {
        self.parts()?.correlation.as_deref()
    }

    /// The event that is the reason for what happens.
    #[must_use]
    pub fn causation(&self) -> Option<&str> {
        self.parts()?.causation.as_deref()
    }

    /// The conversation that this is a part of.
    #[must_use]
    pub fn conversation(&self) -> Option<&str> {
        self.parts()?.conversation.as_deref()
    }

    /// For whom it happens.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.parts()?.tenant.as_deref()
    }

    /// Who does it.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.parts()?.actor.as_deref()
    }

    /// What a name in the baggage says.
    #[must_use]
    pub fn baggage(&self, name: &str) -> Option<&str> {
        self.parts()?
            .baggage
            .iter()
            .find(|(key, _)| **key == *name)
            .map(|(_, value)| &**value)
    }

    /// The same under a span, of this program or of another.
    #[must_use]
    pub fn with_span(self, span: SpanContext) -> Context {
        self.with(|parts| {
            parts.span = Some(span);
            parts.state = None;
            parts.set_scope(None);
        })
    }

    /// The same with a `tracestate`.
    #[must_use]
    pub fn with_trace_state(self, state: &str) -> Context {
        self.with(|parts| parts.state = Some(state.into()))
    }

    /// The same with a correlation id.
    #[must_use]
    pub fn with_correlation(self, id: &str) -> Context {
        self.with(|parts| parts.correlation = Some(id.into()))
    }

    /// The same with the id of the event that is the reason.
    #[must_use]
    pub fn with_causation(self, id: &str) -> Context {
        self.with(|parts| parts.causation = Some(id.into()))
    }

    /// The same with a conversation id.
    #[must_use]
    pub fn with_conversation(self, id: &str) -> Context {
        self.with(|parts| parts.conversation = Some(id.into()))
    }

    /// The same for a tenant.
    #[must_use]
    pub fn with_tenant(self, id: &str) -> Context {
        self.with(|parts| parts.tenant = Some(id.into()))
    }

    /// The same with somebody who acts.
    #[must_use]
    pub fn with_actor(self, actor: Actor) -> Context {
        self.with(|parts| parts.actor = Some(Arc::new(actor)))
    }

    /// The same for what happened before now: `occurredAt` of events that are published in it, and how long they
    /// were on their way until then.
    #[must_use]
    pub fn with_occurred(self, at: SystemTime) -> Context {
        let since = at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.with(|parts| parts.happened = Some(nanos))
    }

    /// The same with something in the baggage; a name that is there gets the new value.
    #[must_use]
    pub fn with_baggage(self, name: &str, value: &str) -> Context {
        self.with(|parts| {
            let mut members = baggage::Members::new();
            for member in parts.baggage.iter() {
                if *member.0 != *name {
                    members.push(member.clone());
                }
            }
            members.push((name.into(), value.into()));
            parts.baggage = members.into();
        })
    }
}

/// Ids of the trace alone: what else is known may be personal.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("span", &self.span())
            .finish_non_exhaustive()
    }
}

/// As long as it lives, a context is the one of its thread.
///
/// Guards go in the reverse order in which they came, as values on a stack do.
#[derive(Debug)]
pub struct ContextGuard {
    before: Option<Context>,
    place: Place,
    #[cfg(feature = "opentelemetry")]
    #[expect(dead_code, reason = "it takes away what it has put in place")]
    shown: foreign::Guard,
    /// A guard stays in its thread.
    thread: PhantomData<*const ()>,
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            frame::settle();
            // A thread that ends has no context any more.
            let attached = CURRENT.try_with(|current| current.replace(before));
            frame::go(&self.place);
            drop(attached);
        }
    }
}

/// As long as it lives, the thread has a context that is somebody's, and which has its own meanwhile.
#[cfg(all(feature = "tokio", not(feature = "opentelemetry")))]
struct Lent<'c> {
    context: &'c mut Context,
    before: Place,
}

#[cfg(all(feature = "tokio", not(feature = "opentelemetry")))]
impl<'c> Lent<'c> {
    #[inline]
    fn new(context: &'c mut Context) -> Lent<'c> {
        frame::settle();
        let before = frame::here();
        let place = Place::of(context);
        swap_current(context);
        frame::go(&place);
        Lent { context, before }
    }
}

#[cfg(all(feature = "tokio", not(feature = "opentelemetry")))]
impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        frame::settle();
        swap_current(self.context);
        frame::go(&self.before);
    }
}

/// A thread that ends has no context any more, and takes none.
#[cfg(all(feature = "tokio", not(feature = "opentelemetry")))]
#[inline]
fn swap_current(context: &mut Context) {
    let _ = CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), context));
}

/// As long as it lives, a span is on top of the context.
struct Above {
    before: Place,
    #[cfg(feature = "opentelemetry")]
    #[expect(dead_code, reason = "it takes away what it has put in place")]
    shown: foreign::Guard,
}

impl Drop for Above {
    fn drop(&mut self) {
        frame::go(&self.before);
    }
}

pin_project_lite::pin_project! {
    /// A future with a context of its own; made by [`Context::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InContext<F> {
        context: Context,
        // Taken away when it is dropped, so that what it does then has its context too.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _attached = this.context.attach();
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let parts = self.project();
        // Only whoever drops it takes it away.
        let Some(future) = parts.future.as_pin_mut() else {
            return Poll::Pending;
        };
        let _attached = parts.context.attach();
        future.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn a_context_lasts_as_long_as_its_guard() {
        let outer = Context::default().with_correlation("a").attach();
        {
            let _inner = Context::current().with_tenant("t").attach();
            let context = Context::current();
            assert_eq!(
                (context.correlation(), context.tenant()),
                (Some("a"), Some("t"))
            );
        }
        assert_eq!(Context::current().tenant(), None);
        drop(outer);
        assert_eq!(Context::current().correlation(), None);
    }

    #[test]
    fn a_future_has_its_context_at_each_poll_and_no_longer() {
        let mut polls = 0;
        let waits = std::future::poll_fn(|_| {
            polls += 1;
            let seen = Context::current().correlation().map(str::to_owned);
            if polls == 2 {
                Poll::Ready(seen)
            } else {
                Poll::Pending
            }
        });
        let mut future = std::pin::pin!(Context::NONE.with_correlation("a").scope(waits));
        let mut cx = task::Context::from_waker(Waker::noop());
        assert_eq!(future.as_mut().poll(&mut cx), Poll::Pending);
        assert_eq!(Context::current().correlation(), None);
        assert_eq!(future.as_mut().poll(&mut cx), Poll::Ready(Some("a".into())));
    }

    #[test]
    fn a_future_has_its_context_when_it_is_dropped() {
        struct Last<'a>(&'a RefCell<Option<String>>);

        impl Drop for Last<'_> {
            fn drop(&mut self) {
                *self.0.borrow_mut() = Context::current().correlation().map(str::to_owned);
            }
        }

        let seen = RefCell::default();
        let last = Last(&seen);
        drop(Context::NONE.with_correlation("a").scope(async move {
            let _last = last;
        }));
        assert_eq!(seen.take().as_deref(), Some("a"));
        assert_eq!(Context::current().correlation(), None);
    }

    #[test]
    fn the_debug_form_says_nothing_personal() {
        let context = Context::NONE
            .with_tenant("acme")
            .with_baggage("user", "ada");
        assert_eq!(format!("{context:?}"), "Context { span: None, .. }");
        assert_eq!(context.baggage("user"), Some("ada"));
        assert_eq!(
            context.with_baggage("user", "bob").baggage("user"),
            Some("bob")
        );
    }
}
