//! Calls, and who notices that one is over.

use std::fmt;
use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Ending, Going, Site, Teller, Text, Verdict, fallen};
use crate::clock::{self, Look};
use crate::context::{Context, ContextGuard, Frame, Here, Visit, base};
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
    series: usize,
    inside: Inside,
    /// What is around it.
    around: Context,
    /// What is going on inside of it, once somebody has looked.
    made: Option<Context>,
}

impl Later {
    #[inline]
    fn begin(here: &Here, site: &'static Site, series: usize) -> Later {
        let start = clock::look();
        site.started(series);
        Later {
            site,
            series,
            inside: Inside {
                meta: &site.span,
                start,
                place: span::stand(&site.span, here, start),
                parent: here.span(),
            },
            around: base(),
            made: None,
        }
    }

    #[inline]
    fn enter(&mut self) -> Entered {
        if self.made.is_none()
            && let Some(visit) = Visit::enter(&self.inside.place, &self.around)
        {
            return Entered::Visit(visit);
        }
        let make = || self.inside.context(&self.around);
        Entered::Attached(self.made.get_or_insert_with(make).attach())
    }

    /// It has ended well.
    #[inline]
    fn fine(&self) {
        let at = clock::look();
        let Inside {
            start,
            place,
            parent,
            ..
        } = &self.inside;
        let was = ((place.span, place.marks), *parent);
        let nanos = at.nanos_since(*start);
        if self.made.is_some() || !self.site.passed((None, self.series), was, (at, nanos)) {
            self.end(&Ending::fine(at));
        }
    }

    fn end(&self, ending: &Ending<'_>) {
        let (made, around) = (self.made.as_ref(), Some(&self.around));
        self.site
            .ended(self.series, self.inside, made, around, ending);
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
    fn ended(self, verdict: &Verdict<'_>) {
        match self {
            Doing::Nothing => {}
            Doing::Bare(later) => {
                later.site.know(verdict.names);
                later.end(&verdict.ending());
            }
            Doing::Whole(mut going) => going.ended(verdict),
        }
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
        Here::with(|here| {
            if !here.is_open() {
                return Task::at_once(site, series);
            }
            Task {
                doing: Doing::Bare(Later::begin(here, site, series)),
            }
        })
    }

    #[cold]
    fn at_once(site: &'static Site, series: usize) -> Task {
        Task::whole(Going::begin(site, None, series))
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
        if let Doing::Bare(later) = &self.doing
            && verdict.failed.is_none()
        {
            later.site.know(verdict.names);
            later.fine();
            self.doing = Doing::Nothing;
        } else {
            self.doing.take().ended(&verdict);
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
