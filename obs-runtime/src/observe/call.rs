//! Calls, and who notices that one is over.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Cells, Going, Site, Teller, Text, Verdict, fallen};
use crate::context::{Context, ContextGuard, Frame};
use crate::metric::{Operation, Outcome};
use crate::span::{Failure, Inside, Open};
use crate::{clock, switch};

/// A call that ends before its function does.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    how: How,
}

/// What there is of a call, as far as it goes on.
#[derive(Debug)]
enum How {
    /// Nobody wants to know, or it has ended.
    Nothing,
    /// Most calls: the rest is in the frame, so hardly anything is moved.
    Bare(Bare),
    Whole(Box<Whole>),
}

/// A call about which nothing is said, in no test, whose context is made when somebody looks.
#[derive(Debug)]
struct Bare {
    site: &'static Site,
    cells: Option<&'static Operation>,
    frame: Frame,
}

#[derive(Debug)]
struct Whole {
    /// It takes away what it has put in place.
    guard: Option<ContextGuard>,
    going: Going,
}

impl Bare {
    #[inline]
    fn begin(site: &'static Site) -> Option<Bare> {
        if site.lines.is_some() || !Frame::fits() {
            return None;
        }
        let begin = |cx: &Context| match cx.recorder() {
            Some(_) => None,
            None => Some(Inside::begin(&site.span, cx, clock::now())),
        };
        let inside = Context::look(begin)?;
        let cells = site.operation();
        if let Some(cells) = cells {
            cells.started(0);
        }
        Some(Bare {
            site,
            cells,
            frame: Frame::enter(inside),
        })
    }

    #[inline]
    fn end(self, outcome: Outcome, failure: Option<Failure<'_>>) {
        let end = clock::now();
        let Some((inside, context)) = self.frame.leave() else {
            return;
        };
        let nanos = end.nanos_since(inside.start());
        let left = inside.end(end, failure, context.as_ref());
        if let Some(cells) = self.cells {
            let error = failure.map(|failure| failure.error_type);
            let error = error.filter(|_| outcome == Outcome::Error);
            cells.ended(0, outcome, error, nanos, left.map(|span| (span, end)));
        }
    }

    /// There is something to say about it, which takes its context.
    fn whole(self) -> Option<Whole> {
        self.frame.settle();
        let (inside, context) = self.frame.leave()?;
        let context = context?;
        let span = Context::look(|cx| Open::of(inside, cx, context.clone()));
        let guard = Some(context.attach());
        let going = Going {
            site: self.site,
            open: true,
            series: 0,
            start: inside.start(),
            span: Some(span),
            cells: self.cells.map(Cells::Program),
            context: None,
        };
        Some(Whole { guard, going })
    }
}

impl Call {
    pub(super) fn begin(site: &'static Site) -> Call {
        if !switch::is_on() {
            return Call { how: How::Nothing };
        }
        match Bare::begin(site) {
            Some(bare) => Call {
                how: How::Bare(bare),
            },
            None => Call::whole(Going::begin(site, None, 0)),
        }
    }

    pub(super) fn whole(going: Option<Going>) -> Call {
        let how = going.map_or(How::Nothing, |going| {
            let guard = going.context().map(Context::attach);
            How::Whole(Box::new(Whole { guard, going }))
        });
        Call { how }
    }

    /// What the function does.
    #[inline]
    pub fn work<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    /// What it gives.
    pub fn gives(&mut self, value: Option<Text<'_>>) -> &mut Self {
        if value.is_some() {
            self.how = match mem::replace(&mut self.how, How::Nothing) {
                How::Bare(bare) => bare
                    .whole()
                    .map_or(How::Nothing, |whole| How::Whole(Box::new(whole))),
                other => other,
            };
            if let How::Whole(whole) = &mut self.how {
                let mut say = |to: &mut Teller<'_>| to.show("return", value);
                whole.going.tell(&mut say);
            }
        }
        self
    }

    /// It has ended, and this is how.
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        match mem::replace(&mut self.how, How::Nothing) {
            How::Nothing => {}
            How::Bare(bare) => {
                if let Some(cells) = bare.cells {
                    cells.know(verdict.names);
                }
                match verdict.failed {
                    None => bare.end(Outcome::Ok, None),
                    Some(failed) => {
                        bare.end(Outcome::Error, Some(failed.failure(verdict.text.as_ref())))
                    }
                }
            }
            How::Whole(mut whole) => {
                whole.guard = None;
                whole.going.ended(verdict);
            }
        }
    }

    #[cold]
    fn panicked(&mut self) {
        match mem::replace(&mut self.how, How::Nothing) {
            How::Nothing => {}
            How::Bare(bare) => fallen(|failure| bare.end(Outcome::Panic, Some(failure))),
            How::Whole(mut whole) => {
                whole.guard = None;
                whole.going.panicked();
            }
        }
    }
}

/// Nobody has said how it ended, so it fell.
impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.how, How::Nothing) {
            self.panicked();
        }
    }
}

/// A call that is a future.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Task {
    going: Option<Going>,
}

impl Task {
    #[inline]
    pub(super) fn new(going: Option<Going>) -> Task {
        Task { going }
    }

    /// What the function does before there is a future.
    #[inline]
    pub fn work<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let falls = Falls::new(&mut self.going);
        let result = work();
        falls.not();
        result
    }

    /// What the function does: the future, with the span of the call around each poll. `end` is told what it gives.
    #[inline]
    pub fn follow<F: Future, E: FnOnce(&mut Task, &F::Output)>(
        self,
        future: F,
        end: E,
    ) -> Follow<F, E> {
        Follow {
            task: self,
            end: Some(end),
            future: Some(future),
        }
    }

    /// What it gives.
    pub fn gives(&mut self, value: Option<Text<'_>>) -> &mut Self {
        if let (Some(going), Some(_)) = (&mut self.going, value) {
            going.tell(&mut |to: &mut Teller<'_>| to.show("return", value));
        }
        self
    }

    /// It has ended, and this is how.
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        if let Some(going) = &mut self.going {
            going.ended(verdict);
        }
    }
}

/// Nobody has said how it ended: whoever waited for it went away.
impl Drop for Task {
    #[inline]
    fn drop(&mut self) {
        if let Some(going) = self.going.as_mut().filter(|going| going.open) {
            going.cancelled();
        }
    }
}

/// As long as this lives, the context of a call is the one of the thread; dropped without more, the call has fallen.
struct Falls<'t> {
    attached: Option<ContextGuard>,
    going: Option<&'t mut Option<Going>>,
}

impl<'t> Falls<'t> {
    fn new(going: &'t mut Option<Going>) -> Falls<'t> {
        let context = going.as_ref().and_then(Going::context);
        Falls {
            attached: context.map(|context| context.attach()),
            going: Some(going),
        }
    }

    /// It has not.
    fn not(mut self) {
        self.going = None;
    }
}

impl Drop for Falls<'_> {
    fn drop(&mut self) {
        drop(self.attached.take());
        if let Some(Some(going)) = self.going.take() {
            going.panicked();
        }
    }
}

pin_project_lite::pin_project! {
    /// The future of a [`Task`]; made by [`Task::follow`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Follow<F, E> {
        task: Task,
        end: Option<E>,
        // Taken away when it is dropped, so that spans inside of it end first.
        #[pin]
        future: Option<F>,
    }

    impl<F, E> PinnedDrop for Follow<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let falls = Falls::new(&mut this.task.going);
                this.future.set(None);
                falls.not();
            }
        }
    }
}

impl<F: Future, E: FnOnce(&mut Task, &F::Output)> Future for Follow<F, E> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        // Only whoever drops it takes it away, and whoever is done.
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let falls = Falls::new(&mut this.task.going);
        let poll = future.poll(cx);
        if poll.is_ready() {
            this.future.set(None);
        }
        falls.not();
        if let Poll::Ready(result) = &poll
            && let Some(end) = this.end.take()
        {
            end(this.task, result);
        }
        poll
    }
}

impl<F, E> fmt::Debug for Follow<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}
