//! Calls, and who notices that one is over.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Ending, Going, Site, Teller, Text, Verdict, fallen};
use crate::clock::{self, Look};
use crate::context::{Context, ContextGuard, Frame, Here, base};
use crate::metric::{Outcome, Own};
use crate::span::{self, Failure, Inside};
use crate::switch;

/// A call that ends before its function does. It is large, and stays where it was made.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    site: &'static Site,
    /// Which of the series its labels make.
    series: usize,
    /// When it began, if it has not ended and is like most: nothing is said about it, it is in no test, and its context
    /// is made when somebody looks.
    start: Option<Look>,
    /// Where this thread counts its end, if it is alone there.
    own: Option<Own<'static>>,
    frame: Frame,
    /// Any other call that has not ended. Whoever drops this has taken it.
    whole: ManuallyDrop<Option<Box<Whole>>>,
}

#[derive(Debug)]
struct Whole {
    /// It takes away what it has put in place.
    guard: Option<ContextGuard>,
    going: Going,
}

impl Call {
    /// One that has not begun.
    #[inline]
    pub(super) fn new(site: &'static Site, series: usize) -> Call {
        Call {
            site,
            series,
            start: None,
            own: None,
            frame: Frame::NONE,
            whole: ManuallyDrop::new(None),
        }
    }

    /// Begins it, unless nobody wants to know of it or it has begun.
    fn begin(&mut self) {
        if switch::is_on() && self.whole.is_none() && !Here::with(|here| self.begins(here)) {
            let (site, series) = (self.site, self.series);
            self.begins_whole(Going::begin(site, None, series));
        }
    }

    /// Begins it, if its context may be made later here.
    #[inline(never)]
    fn begins(&mut self, here: &Here) -> bool {
        let open = here.is_open();
        if open {
            let start = clock::look();
            self.start = Some(start);
            self.own = self.site.started(self.series);
            let place = span::stand(&self.site.span, here, start);
            self.frame.enter(here, &place);
        }
        open
    }

    #[cold]
    fn begins_whole(&mut self, going: Option<Going>) {
        *self.whole = going.map(|going| {
            let guard = going.context().map(Context::attach);
            Box::new(Whole { guard, going })
        });
    }

    pub(super) fn whole(site: &'static Site, series: usize, going: Option<Going>) -> Call {
        let mut call = Call::new(site, series);
        call.begins_whole(going);
        call
    }

    /// What the function does. The call begins here, where it is.
    #[inline]
    pub fn work<R>(&mut self, work: impl FnOnce() -> R) -> R {
        self.begin();
        work()
    }

    /// What it gives.
    pub fn gives(&mut self, value: Option<Text<'_>>) -> &mut Self {
        if value.is_some() {
            if let Some(start) = self.start.take() {
                *self.whole = self.grown(start);
            }
            if let Some(whole) = &mut *self.whole {
                let mut say = |to: &mut Teller<'_>| to.show("return", value);
                whole.going.tell(&mut say);
            }
        }
        self
    }

    /// There is something to say about it, which takes its context.
    fn grown(&mut self, start: Look) -> Option<Box<Whole>> {
        self.frame.settle();
        let (inside, made) = self.left(start)?;
        let made = made?;
        let guard = Some(made.attach());
        let going = Going::of(self.site, self.series, inside, &base(), made);
        Some(Box::new(Whole { guard, going }))
    }

    /// It has ended, and this is how.
    #[inline]
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        if verdict.failed.is_none() {
            self.fine(verdict.names);
        } else {
            self.failed(&verdict);
        }
    }

    fn fine(&mut self, names: &'static [&'static str]) {
        let Some(start) = self.start else {
            return self.failed(&Verdict::fine(names));
        };
        self.site.know(names);
        let at = clock::look();
        let nanos = at.nanos_since(start);
        let over = Here::with(|here| self.passes(here, (at, nanos)));
        self.start = None;
        if !over {
            self.end(start, &Ending::fine(at));
        }
    }

    /// Leaves it, if it is like most. Says whether it was.
    #[inline(never)]
    fn passes(&mut self, here: &Here, at: (Look, u64)) -> bool {
        let counts = (self.own, self.series);
        let was = (here.span(), here.marks());
        let parent = self.frame.before().span;
        let passed = here.bare().is_some() && self.site.passed(counts, (was, parent), at);
        if passed {
            self.frame.leave(here);
        }
        passed
    }

    /// It is over, and more is to be said about it.
    #[cold]
    fn end(&mut self, start: Look, ending: &Ending<'_>) {
        if let Some((inside, made)) = self.left(start) {
            let (series, made) = (self.series, made.as_ref());
            self.site.ended(series, inside, made, None, ending);
        }
    }

    /// Leaves it. Gives what it was, and its context if anybody has looked into it.
    fn left(&mut self, start: Look) -> Option<(Inside, Option<Context>)> {
        let was = Here::with(|here| {
            let was = here.place();
            self.frame.leave(here);
            was
        });
        let (place, made) = if was.bare.is_some() {
            (was, None)
        } else {
            let (of, made) = self.frame.made()?;
            (of, Some(made))
        };
        let inside = Inside {
            meta: &self.site.span,
            start,
            place,
            parent: self.frame.before().span,
        };
        Some((inside, made))
    }

    /// It has ended in another way than most.
    #[cold]
    fn failed(&mut self, verdict: &Verdict<'_>) {
        if let Some(start) = self.start.take() {
            self.site.know(verdict.names);
            self.end(start, &verdict.ending());
        } else if let Some(whole) = self.whole.take() {
            whole.ended(verdict);
        }
    }

    #[cold]
    fn panicked(&mut self) {
        if let Some(start) = self.start.take() {
            fallen(|failure| self.end(start, &Ending::new(Outcome::Panic, failure)));
        } else if let Some(mut whole) = self.whole.take() {
            whole.guard = None;
            whole.going.panicked();
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
        if self.start.is_some() || self.whole.is_some() {
            self.panicked();
        }
    }
}

/// A call that is a future.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Task {
    site: &'static Site,
    /// Which of the series its labels make.
    series: usize,
    /// It begins when it is polled.
    fresh: bool,
    /// What it is as long as it goes on and is like most: nothing is said about it, it is in no test, and its context is
    /// made when somebody looks.
    inside: Option<Inside>,
    /// What is around it, unless that is what is around its first poll, which goes on.
    around: Option<Context>,
    /// What is going on inside of it, once somebody has looked.
    made: Option<Context>,
    /// Any other call that goes on.
    whole: Option<Box<Going>>,
}

impl Task {
    /// One that begins when it is polled.
    #[inline]
    pub(super) fn new(site: &'static Site, series: usize) -> Task {
        Task {
            site,
            series,
            fresh: true,
            inside: None,
            around: None,
            made: None,
            whole: None,
        }
    }

    /// One that has begun and is polled later, wherever that is.
    pub(super) fn begin(site: &'static Site, series: usize) -> Task {
        let mut task = Task::new(site, series);
        if Here::with(|here| task.begins(here)) {
            task.around = Some(base());
        }
        task
    }

    #[cold]
    pub(super) fn whole(site: &'static Site, series: usize, going: Option<Going>) -> Task {
        let mut task = Task::new(site, series);
        task.fresh = false;
        task.whole = going.map(Box::new);
        task
    }

    /// Begins it, unless nobody wants to know of it. Says whether its context may be made later.
    #[inline]
    fn begins(&mut self, here: &Here) -> bool {
        self.fresh = false;
        if !switch::is_on() {
            return false;
        }
        if !here.is_open() {
            self.begins_whole();
            return false;
        }
        let start = clock::look();
        self.site.started(self.series);
        self.inside = Some(Inside {
            meta: &self.site.span,
            start,
            place: span::stand(&self.site.span, here, start),
            parent: here.span(),
        });
        true
    }

    #[cold]
    fn begins_whole(&mut self) {
        self.whole = Going::begin(self.site, None, self.series).map(Box::new);
    }

    /// What the function does before there is a future.
    #[inline]
    pub fn work<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let mut falls = Falls::new(self);
        falls.enter();
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
        Follow::new(self, future, end)
    }

    /// What it gives.
    pub fn gives(&mut self, value: Option<Text<'_>>) -> &mut Self {
        if value.is_some() {
            if let Some(inside) = self.inside.take() {
                let around = self.around.take().unwrap_or_else(base);
                let made = self.made.take();
                let made = made.unwrap_or_else(|| inside.context(&around));
                let going = Going::of(self.site, self.series, inside, &around, made);
                self.whole = Some(Box::new(going));
            }
            if let Some(going) = &mut self.whole {
                going.tell(&mut |to: &mut Teller<'_>| to.show("return", value));
            }
        }
        self
    }

    /// It has ended, and this is how.
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        if let (Some(inside), None, None) = (&self.inside, &self.made, &verdict.failed) {
            self.site.know(verdict.names);
            let at = clock::look();
            let nanos = at.nanos_since(inside.start);
            let was = ((inside.place.span, inside.place.marks), inside.parent);
            let counts = (self.site.own(self.series), self.series);
            if self.site.passed(counts, was, (at, nanos)) {
                self.inside = None;
            } else {
                self.end(&Ending::fine(at));
            }
        } else {
            self.failed(&verdict);
        }
    }

    /// It has ended in another way than most.
    #[cold]
    fn failed(&mut self, verdict: &Verdict<'_>) {
        if self.inside.is_some() {
            self.site.know(verdict.names);
            self.end(&verdict.ending());
        } else if let Some(mut going) = self.whole.take() {
            going.ended(verdict);
        }
    }

    /// It is over, and more is to be said about it.
    #[cold]
    fn end(&mut self, ending: &Ending<'_>) {
        if let Some(inside) = self.inside.take() {
            let (made, around) = (self.made.take(), self.around.take());
            self.site
                .ended(self.series, inside, made.as_ref(), around.as_ref(), ending);
        }
    }

    /// It is polled again, wherever that is.
    #[inline]
    fn waits(&mut self) {
        if self.around.is_none() && self.inside.is_some() {
            self.around = Some(base());
        }
    }

    #[inline]
    fn goes_on(&self) -> bool {
        self.inside.is_some() || self.whole.is_some()
    }

    #[cold]
    fn panicked(&mut self) {
        if self.inside.is_some() {
            fallen(|failure| self.end(&Ending::new(Outcome::Panic, failure)));
        } else if let Some(mut going) = self.whole.take() {
            going.panicked();
        }
    }

    #[cold]
    fn cancelled(&mut self) {
        if self.inside.is_some() {
            self.end(&Ending::new(Outcome::Cancelled, Failure::CANCELLED));
        } else if let Some(mut going) = self.whole.take() {
            going.cancelled();
        }
    }
}

/// Nobody has said how it ended: whoever waited for it went away.
impl Drop for Task {
    #[inline]
    fn drop(&mut self) {
        if self.goes_on() {
            self.cancelled();
        }
    }
}

/// As long as this lives, the thread is inside of a call; dropped without more, the call has fallen.
struct Falls<'t> {
    /// The call, until it has ended or is left.
    task: Option<&'t mut Task>,
    framed: bool,
    frame: Frame,
    /// What the call began in, where that is not what is around the poll, or what is going on inside of it.
    attached: Option<ContextGuard>,
}

impl<'t> Falls<'t> {
    #[inline]
    fn new(task: &'t mut Task) -> Falls<'t> {
        Falls {
            task: Some(task),
            framed: false,
            frame: Frame::NONE,
            attached: None,
        }
    }

    fn enter(&mut self) {
        let Some(task) = &mut self.task else {
            return;
        };
        let fits = Here::with(|here| match &task.inside {
            None => task.fresh && task.begins(here),
            Some(_) if task.made.is_some() || !here.is_open() => false,
            Some(_) => {
                let around = task.around.as_ref();
                self.attached = around.and_then(Context::attach_other);
                true
            }
        });
        match &task.inside {
            Some(inside) if fits => {
                Here::with(|here| self.frame.enter(here, &inside.place));
                self.framed = true;
            }
            _ => self.attach(),
        }
    }

    /// Puts its context in place.
    #[cold]
    fn attach(&mut self) {
        let Some(task) = &mut self.task else {
            return;
        };
        if let Some(inside) = &task.inside {
            let around = task.around.get_or_insert_with(base);
            let made = task.made.get_or_insert_with(|| inside.context(around));
            self.attached = Some(made.attach());
        } else if let Some(going) = &task.whole {
            self.attached = going.context().map(Context::attach);
        }
    }

    /// It has not.
    #[inline]
    fn not(mut self) {
        self.leave();
        self.task = None;
    }

    #[inline]
    fn leave(&mut self) {
        if self.framed {
            self.framed = false;
            let seen = Here::with(|here| {
                let seen = here.bare().is_none();
                self.frame.leave(here);
                seen
            });
            if seen && let Some(task) = &mut self.task {
                task.made = self.frame.made().map(|(_, made)| made);
            }
        }
        self.attached = None;
    }
}

impl Drop for Falls<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.task.is_some() {
            self.leave();
            if let Some(task) = self.task.take() {
                task.panicked();
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
            if this.future.is_some() && this.task.goes_on() {
                let mut falls = Falls::new(this.task);
                falls.enter();
                this.future.set(None);
                falls.not();
            }
        }
    }
}

impl<F, E> Follow<F, E> {
    #[inline]
    pub(super) fn new(task: Task, future: F, end: E) -> Follow<F, E> {
        Follow {
            task,
            end: Some(end),
            future: Some(future),
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
        let mut falls = Falls::new(this.task);
        falls.enter();
        let poll = future.poll(cx);
        if poll.is_ready() {
            this.future.set(None);
        }
        falls.not();
        match &poll {
            Poll::Ready(result) => {
                if let Some(end) = this.end.take() {
                    end(this.task, result);
                }
            }
            Poll::Pending => this.task.waits(),
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
