//! Spans around pieces of work: closures and futures.

use std::any::{Any, type_name};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll};

use super::attributes::Said;
use super::inside::{self, Inside};
use super::local::{BOUNDS, Local};
use super::{Attributes, Failure, Fate, Outcome, Span, SpanMeta, Value};
use crate::clock::{self, Moment};
use crate::context::{Context, ContextGuard, SpanContext};
use crate::lane::lock;
use crate::{ErrorType, switch};

/// A span that is open, for those inside of it.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What spans below wait with, when something waited before this one.
    local: Option<Arc<Local>>,
    /// When it began, if it is what spans below wait for. Most such spans have none below.
    root: Option<Moment>,
    /// How many attributes it has anyhow.
    fixed: usize,
    state: Mutex<State>,
}

/// What becomes of a span while it is open. Nothing in here is made before it is asked for.
#[derive(Debug, Default)]
struct State {
    said: Option<Box<Said>>,
    /// What spans below a root wait with.
    local: Option<Arc<Local>>,
    ended: bool,
}

impl Scope {
    /// One that nothing was said of, in the place of one that is over if there is such a place.
    pub(super) fn new(
        place: Option<Arc<Scope>>,
        local: Option<Arc<Local>>,
        root: Option<Moment>,
        fixed: usize,
    ) -> Arc<Scope> {
        let new = Scope {
            local,
            root,
            fixed,
            state: Mutex::default(),
        };
        let Some(mut place) = place else {
            return Arc::new(new);
        };
        match Arc::get_mut(&mut place) {
            Some(old) => {
                // What was said is gone, and its room is wanted again.
                let said = lock(&old.state).said.take();
                lock(&new.state).said = said;
                *old = new;
                place
            }
            None => Arc::new(new),
        }
    }

    /// Whether spans below wait for anything.
    pub(crate) fn holds_up(&self) -> bool {
        self.local.is_some() || self.root.is_some()
    }

    /// Whether what waits is decided when it ends.
    #[cfg(all(feature = "tokio", not(feature = "off-spans")))]
    pub(super) fn is_root(&self) -> bool {
        self.root.is_some()
    }

    /// What a span below waits with.
    pub(super) fn local(&self) -> Option<Arc<Local>> {
        match (&self.local, self.root) {
            (Some(local), _) => Some(Arc::clone(local)),
            (None, Some(began)) => {
                let mut state = lock(&self.state);
                if state.ended {
                    // Nobody decides any more: those that are late speak for themselves.
                    return state.local.clone();
                }
                Some(Arc::clone(state.local.get_or_insert_with(|| own(began))))
            }
            (None, None) => None,
        }
    }

    /// It has ended. Gives what was said, and what spans below it wait with: if it `leaves`, so do late ones.
    pub(super) fn end(&self, leaves: bool) -> (Option<Box<Said>>, Option<Arc<Local>>) {
        let mut state = lock(&self.state);
        state.ended = true;
        if let (Some(began), true) = (self.root, leaves) {
            state.local.get_or_insert_with(|| own(began));
        }
        (state.said.take(), state.local.clone())
    }

    /// Where it was said may be room for what is said of another span.
    pub(super) fn keep(&self, mut said: Box<Said>) {
        said.clear();
        lock(&self.state).said = Some(said);
    }

    /// For a span below, about which nothing is said here: what it waits with stays the same.
    #[cfg(not(feature = "off-spans"))]
    pub(crate) fn closed(&self) -> Option<Arc<Scope>> {
        let local = Some(self.local()?);
        let ended = State {
            ended: true,
            ..State::default()
        };
        Some(Arc::new(Scope {
            local,
            root: None,
            fixed: 0,
            state: Mutex::new(ended),
        }))
    }

    fn say(&self, say: impl FnOnce(&mut Attributes<'_>)) {
        let mut state = lock(&self.state);
        if !state.ended {
            let said = state.said.get_or_insert_default();
            say(&mut Attributes::new(said, self.fixed));
        }
    }
}

fn own(began: Moment) -> Arc<Local> {
    Arc::new(Local::new(began, &BOUNDS))
}

/// Says something about the span of [`run`](SpanMeta::run) or [`follow`](SpanMeta::follow) around this call; a name
/// that is there gets the new value. Nothing happens outside of any, or when the span cannot leave.
///
/// ```
/// use obs_runtime::span::{self, SpanMeta};
///
/// static LOOK_UP: SpanMeta = SpanMeta::new("look up");
///
/// LOOK_UP.run(|| span::set("cache.hit", true));
/// ```
pub fn set<'v>(key: &'static str, value: impl Into<Value<'v>>) {
    let value = value.into();
    say(|to| to.replace(key, value));
}

/// Something that happens now, in the span around this call.
///
/// ```
/// use obs_runtime::span::{self, SpanMeta};
///
/// static SEND: SpanMeta = SpanMeta::new("send");
///
/// SEND.run(|| span::event("retry", &[("attempt", 2.into()), ("reason", "timeout".into())]));
/// ```
pub fn event(name: &'static str, about: &[(&'static str, Value<'_>)]) {
    say(|to| to.event(name, clock::now().unix_nanos(), about));
}

/// Another span that the span around this call has to do with, beside its parent.
pub fn link(to: SpanContext, about: &[(&'static str, Value<'_>)]) {
    say(|attributes| attributes.link(to, about));
}

/// Says something about the span around this call, if it may leave.
pub(crate) fn say(say: impl FnOnce(&mut Attributes<'_>)) {
    Context::look(|cx| {
        if let Some(scope) = cx.open_span() {
            scope.say(say);
        }
    });
}

/// What a `Result` tells of a failure: the type of the error and what it says, and no closer `error.type`.
///
/// It is the judge of [`SpanMeta::try_run`]; one of your own can tell more.
#[must_use]
pub fn failed<T, E: fmt::Display>(result: &Result<T, E>) -> Option<Failure<'_>> {
    result.as_ref().err().map(|error| Failure {
        error_type: ErrorType::Other.as_str(),
        exception: type_name::<E>(),
        message: Some(error),
    })
}

/// Whether there are spans at all.
#[inline]
fn is_on() -> bool {
    cfg!(not(feature = "off-spans")) && switch::is_on()
}

/// Says of what a piece of work has given whether it failed.
type Judge<R> = for<'r> fn(&'r R) -> Option<Failure<'r>>;

impl SpanMeta {
    /// Does something in a span of its own, under the one around this call. A panic is a failure of the span, and
    /// goes on.
    pub fn run<R>(&'static self, work: impl FnOnce() -> R) -> R {
        self.run_as(|_| None, work)
    }

    /// The same with something that may fail.
    ///
    /// # Errors
    ///
    /// Those of the work.
    pub fn try_run<T, E: fmt::Display>(
        &'static self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.run_as(failed, work)
    }

    /// The same with a judge, who says of the result whether it is a failure.
    ///
    /// ```
    /// use obs_runtime::span::{Failure, SpanMeta};
    ///
    /// static PING: SpanMeta = SpanMeta::new("ping");
    ///
    /// let answer = PING.run_as(
    ///     |status: &u16| {
    ///         (*status >= 500).then_some(Failure { error_type: "unavailable", exception: "", message: None })
    ///     },
    ///     || 503,
    /// );
    /// assert_eq!(answer, 503);
    /// ```
    pub fn run_as<R>(&'static self, judge: Judge<R>, work: impl FnOnce() -> R) -> R {
        if !is_on() {
            return work();
        }
        let mut open = Context::look(|cx| Open::begin(self, cx, clock::now()));
        let attached = open.attach();
        // Nothing of ours is looked at again after a panic, and it goes on.
        let result = catch_unwind(AssertUnwindSafe(work));
        drop(attached);
        open.done(result, judge)
    }

    /// A future in a span of its own, under the one around this call, wherever it is polled. The span begins with
    /// the first poll; a future that is dropped before it is done is `cancelled`, one that panics has failed.
    ///
    /// ```
    /// use obs_runtime::span::{self, SpanMeta};
    ///
    /// static LOAD: SpanMeta = SpanMeta::new("load");
    ///
    /// async fn load(id: u32) -> String {
    ///     LOAD.follow(async {
    ///         span::set("id", id);
    ///         String::new()
    ///     })
    ///     .await
    /// }
    /// ```
    pub fn follow<F: Future>(&'static self, future: F) -> InSpan<F> {
        self.follow_as(|_| None, future)
    }

    /// The same with a future that may fail.
    pub fn try_follow<T, E: fmt::Display, F: Future<Output = Result<T, E>>>(
        &'static self,
        future: F,
    ) -> InSpan<F> {
        self.follow_as(failed, future)
    }

    /// The same with a judge, who says of the result whether it is a failure.
    pub fn follow_as<F: Future>(&'static self, judge: Judge<F::Output>, future: F) -> InSpan<F> {
        InSpan {
            meta: self,
            judge,
            context: Context::current(),
            begun: false,
            open: None,
            future: Some(future),
        }
    }
}

/// A span that is open, for who ends it.
#[derive(Debug)]
pub(crate) struct Open {
    /// None once it has ended.
    span: Option<Span>,
    context: Context,
}

impl Open {
    pub(crate) fn begin(meta: &'static SpanMeta, cx: &Context, at: Moment) -> Open {
        let span = Span::open(meta, cx.parts(), at);
        let context = inside::of(cx, &span);
        Open {
            span: Some(span),
            context,
        }
    }

    /// The same of one that has begun, with its context.
    pub(crate) fn of(inside: Inside, cx: &Context, context: Context) -> Open {
        Open {
            span: inside.whole(cx),
            context,
        }
    }

    /// What is going on inside of it.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    fn scope(&self) -> Option<&Arc<Scope>> {
        self.context.open_span()
    }

    fn attach(&self) -> ContextGuard {
        self.context.attach()
    }

    /// Whether anything that is said about it may leave.
    pub(crate) fn listens(&self) -> bool {
        self.scope().is_some()
    }

    /// Says something about it, if it may leave.
    pub(crate) fn say(&self, say: impl FnOnce(&mut Attributes<'_>)) {
        if let Some(scope) = self.scope() {
            scope.say(say);
        }
    }

    /// Ends it by what came out.
    fn done<R>(&mut self, result: Result<R, Box<dyn Any + Send>>, judge: Judge<R>) -> R {
        match result {
            Ok(result) => {
                self.end(judge(&result));
                result
            }
            Err(panic) => {
                self.panicked(&*panic);
                resume_unwind(panic)
            }
        }
    }

    fn panicked(&mut self, panic: &(dyn Any + Send)) {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        self.end(Some(Failure {
            error_type: ErrorType::Panic.as_str(),
            exception: "panic",
            message: text.as_ref().map(|text| text as &dyn fmt::Display),
        }));
    }

    /// Ends it now, if nobody has.
    fn end(&mut self, failure: Option<Failure<'_>>) {
        if self.span.is_some() {
            self.end_at(clock::now(), failure);
        }
    }

    /// Ends it, if nobody has. Gives the span if it leaves.
    pub(crate) fn end_at(
        &mut self,
        at: Moment,
        failure: Option<Failure<'_>>,
    ) -> Option<SpanContext> {
        let span = self.span.as_mut()?;
        let place = span.context;
        let outcome = failure.map_or(Outcome::Fine, Outcome::Failed);
        let scope = self.context.open_span();
        let fate = span.finish(at, &outcome, scope, |_| {});
        self.span = None;
        (fate == Fate::Exported).then_some(place)
    }
}

/// Whoever was to end it is gone.
impl Drop for Open {
    fn drop(&mut self) {
        self.end(Some(Failure {
            error_type: ErrorType::Cancelled.as_str(),
            exception: "",
            message: None,
        }));
    }
}

pin_project_lite::pin_project! {
    /// A future in a span; made by [`SpanMeta::follow`].
    #[must_use = "futures do nothing unless polled"]
    pub struct InSpan<F: Future> {
        meta: &'static SpanMeta,
        judge: Judge<F::Output>,
        // The one of whoever made it.
        context: Context,
        begun: bool,
        open: Option<Open>,
        // Taken away when it is dropped before it is done, so that spans inside of it end first.
        #[pin]
        future: Option<F>,
    }

    impl<F: Future> PinnedDrop for InSpan<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(open) = this.open {
                let _attached = open.attach();
                this.future.set(None);
            }
        }
    }
}

impl<F: Future> fmt::Debug for InSpan<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InSpan")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        // Only whoever drops it takes it away.
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if !std::mem::replace(this.begun, true) && is_on() {
            *this.open = Some(Open::begin(this.meta, this.context, clock::now()));
        }
        let Some(open) = this.open else {
            return future.poll(cx);
        };
        let attached = open.attach();
        let result = catch_unwind(AssertUnwindSafe(|| future.poll(cx)));
        drop(attached);
        match result {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(open.done(Ok(result), *this.judge)),
            Err(panic) => Poll::Ready(open.done(Err(panic), *this.judge)),
        }
    }
}
