//! Calls, and who notices that one is over.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Ending, Going, Site, Teller, Text, Verdict, fallen};
use crate::context::{Context, ContextGuard, Frame, Visit, around};
use crate::metric::Outcome;
use crate::span::{Failure, Inside};
use crate::switch;

/// A call that ends before its function does.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    how: How,
}

/// What there is of a call, as far as it goes on. It fits into two registers.
#[derive(Debug)]
enum How {
    /// Nobody wants to know, or it has ended.
    Nothing,
    /// Most calls: the rest is in the frame.
    Bare(Framed),
    Whole(Box<Whole>),
}

/// A call about which nothing is said, in no test, whose context is made when somebody looks.
#[derive(Debug)]
struct Framed {
    site: &'static Site,
    /// Which of the series its labels make.
    series: u32,
    frame: Frame,
}

#[derive(Debug)]
struct Whole {
    /// It takes away what it has put in place.
    guard: Option<ContextGuard>,
    going: Going,
}

impl Framed {
    #[inline]
    fn begin(site: &'static Site, series: u32) -> Option<Framed> {
        let inside = around(|cx, above| site.begin(cx, above))?;
        let frame = Frame::enter(inside)?;
        site.started(series);
        Some(Framed {
            site,
            series,
            frame,
        })
    }

    #[inline]
    fn end(self, ending: &Ending<'_>) {
        if let Some((inside, made)) = self.frame.leave() {
            self.site
                .ended(self.series, &inside, made.as_ref(), None, ending);
        }
    }

    /// There is something to say about it, which takes its context.
    fn whole(self) -> Option<Whole> {
        self.frame.settle();
        let (inside, made) = self.frame.leave()?;
        let made = made?;
        let guard = Some(made.attach());
        let going = Context::look(|cx| Going::of(self.site, self.series, inside, cx, made));
        Some(Whole { guard, going })
    }
}

impl Call {
    pub(super) fn begin(site: &'static Site, series: usize) -> Call {
        if !switch::is_on() {
            return Call { how: How::Nothing };
        }
        let number = u32::try_from(series).unwrap_or(u32::MAX);
        match Framed::begin(site, number) {
            Some(framed) => Call {
                how: How::Bare(framed),
            },
            None => Call::whole(Going::begin(site, None, series)),
        }
    }

    #[cold]
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
                How::Bare(framed) => framed
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
    #[inline]
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        // In the function itself, which then knows that there is nothing left to drop.
        let how = mem::replace(&mut self.how, How::Nothing);
        if verdict.is_fine() {
            how.fine();
        } else {
            how.ended(&verdict);
        }
    }
}

impl How {
    fn fine(self) {
        match self {
            How::Nothing => {}
            How::Bare(framed) => framed.end(&Ending::fine()),
            How::Whole(whole) => whole.ended(&Verdict::FINE),
        }
    }

    fn ended(self, verdict: &Verdict<'_>) {
        match self {
            How::Nothing => {}
            How::Bare(framed) => {
                framed.site.know(verdict.names);
                framed.end(&verdict.ending());
            }
            How::Whole(whole) => whole.ended(verdict),
        }
    }

    #[cold]
    fn panicked(self) {
        match self {
            How::Nothing => {}
            How::Bare(framed) => {
                fallen(|failure| framed.end(&Ending::new(Outcome::Panic, failure)))
            }
            How::Whole(mut whole) => {
                whole.guard = None;
                whole.going.panicked();
            }
        }
    }
}

impl Whole {
    #[cold]
    fn ended(mut self, verdict: &Verdict<'_>) {
        self.guard = None;
        self.going.ended(verdict);
    }
}

/// Nobody has said how it ended, so it fell.
impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.how, How::Nothing) {
            mem::replace(&mut self.how, How::Nothing).panicked();
        }
    }
}

/// A call that is a future.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Task {
    doing: Doing,
}

/// What there is of such a call, as far as it goes on.
#[derive(Debug)]
enum Doing {
    /// Nobody wants to know, or it has ended.
    Nothing,
    Bare(Later),
    Whole(Box<Going>),
}

/// A call about which nothing is said, in no test, whose context is made when somebody looks.
#[derive(Debug)]
struct Later {
    site: &'static Site,
    /// Which of the series its labels make.
    series: u32,
    inside: Inside,
    /// What it has begun in.
    around: Context,
    /// What is going on inside of it, once somebody has looked.
    made: Option<Context>,
}

impl Later {
    #[inline]
    fn begin(site: &'static Site, series: u32) -> Option<Later> {
        let (inside, around) = around(|cx, above| Some((site.begin(cx, above)?, cx.clone())))?;
        site.started(series);
        Some(Later {
            site,
            series,
            inside,
            around,
            made: None,
        })
    }

    #[inline]
    fn enter(&mut self) -> Entered {
        if self.made.is_none()
            && let Some(visit) = Visit::enter(self.inside, &self.around)
        {
            return Entered::Visit(visit);
        }
        let make = || self.inside.context(&self.around);
        Entered::Attached(self.made.get_or_insert_with(make).attach())
    }

    fn end(self, ending: &Ending<'_>) {
        let (made, around) = (self.made.as_ref(), Some(&self.around));
        self.site
            .ended(self.series, &self.inside, made, around, ending);
    }

    /// There is something to say about it, which takes its context.
    fn whole(self) -> Going {
        let make = || self.inside.context(&self.around);
        let made = self.made.unwrap_or_else(make);
        Going::of(self.site, self.series, self.inside, &self.around, made)
    }
}

impl Doing {
    #[inline]
    fn take(&mut self) -> Doing {
        mem::replace(self, Doing::Nothing)
    }

    #[cold]
    fn panicked(self) {
        match self {
            Doing::Nothing => {}
            Doing::Bare(later) => {
                fallen(|failure| later.end(&Ending::new(Outcome::Panic, failure)))
            }
            Doing::Whole(mut going) => going.panicked(),
        }
    }

    #[cold]
    fn cancelled(self) {
        match self {
            Doing::Nothing => {}
            Doing::Bare(later) => later.end(&Ending::new(Outcome::Cancelled, Failure::CANCELLED)),
            Doing::Whole(mut going) => going.cancelled(),
        }
    }
}

impl Task {
    #[inline]
    pub(super) fn begin(site: &'static Site, series: usize) -> Task {
        if !switch::is_on() {
            return Task {
                doing: Doing::Nothing,
            };
        }
        let number = u32::try_from(series).unwrap_or(u32::MAX);
        match Later::begin(site, number) {
            Some(later) => Task {
                doing: Doing::Bare(later),
            },
            None => Task::whole(Going::begin(site, None, series)),
        }
    }

    #[cold]
    pub(super) fn whole(going: Option<Going>) -> Task {
        let whole = |going| Doing::Whole(Box::new(going));
        Task {
            doing: going.map_or(Doing::Nothing, whole),
        }
    }

    /// What the function does before there is a future.
    #[inline]
    pub fn work<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let falls = Falls::new(&mut self.doing);
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
        if value.is_some() {
            self.doing = match self.doing.take() {
                Doing::Bare(later) => Doing::Whole(Box::new(later.whole())),
                other => other,
            };
            if let Doing::Whole(going) = &mut self.doing {
                going.tell(&mut |to: &mut Teller<'_>| to.show("return", value));
            }
        }
        self
    }

    /// It has ended, and this is how.
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        match self.doing.take() {
            Doing::Nothing => {}
            Doing::Bare(later) => {
                later.site.know(verdict.names);
                later.end(&verdict.ending());
            }
            Doing::Whole(mut going) => going.ended(&verdict),
        }
    }
}

/// Nobody has said how it ended: whoever waited for it went away.
impl Drop for Task {
    #[inline]
    fn drop(&mut self) {
        if !matches!(self.doing, Doing::Nothing) {
            self.doing.take().cancelled();
        }
    }
}

/// As long as this lives, the thread is inside of a call; dropped without more, the call has fallen.
struct Falls<'t> {
    entered: Entered,
    doing: Option<&'t mut Doing>,
}

/// How a thread is inside of a call.
enum Entered {
    /// It is not.
    Nothing,
    Visit(Visit),
    Attached(#[expect(dead_code, reason = "it takes away what it has put in place")] ContextGuard),
}

impl<'t> Falls<'t> {
    #[inline]
    fn new(doing: &'t mut Doing) -> Falls<'t> {
        let entered = match doing {
            Doing::Nothing => Entered::Nothing,
            Doing::Bare(later) => later.enter(),
            Doing::Whole(going) => match going.context() {
                Some(context) => Entered::Attached(context.attach()),
                None => Entered::Nothing,
            },
        };
        Falls {
            entered,
            doing: Some(doing),
        }
    }

    /// It has not.
    #[inline]
    fn not(mut self) {
        self.leave();
        self.doing = None;
    }

    #[inline]
    fn leave(&mut self) {
        if let Entered::Visit(visit) = mem::replace(&mut self.entered, Entered::Nothing) {
            let made = visit.leave();
            if let Some(Doing::Bare(later)) = &mut self.doing {
                later.made = made;
            }
        }
    }
}

impl Drop for Falls<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.doing.is_some() {
            self.leave();
            if let Some(doing) = self.doing.take() {
                doing.take().panicked();
            }
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
                let falls = Falls::new(&mut this.task.doing);
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
        let falls = Falls::new(&mut this.task.doing);
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
