//! Calls, and who notices that one is over.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Going, Teller, Text, Verdict};
use crate::context::{ContextGuard, Frame};

/// A call that ends before its function does.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    around: Around,
    going: Option<Going>,
}

/// How a call is the one around what its function does.
#[derive(Debug)]
enum Around {
    /// It is not, or not any more.
    Nothing,
    Attached {
        #[expect(dead_code, reason = "it takes away what it has put in place")]
        guard: ContextGuard,
    },
    Frame(Frame),
}

impl Call {
    #[inline]
    pub(super) fn new(going: Option<Going>) -> Call {
        let span = going.as_ref().and_then(|going| going.span.as_ref());
        let around = match span.map(|span| (span.bare(), span.context())) {
            Some((Some(inside), _)) => Around::Frame(Frame::enter(inside)),
            Some((None, Some(context))) => Around::Attached {
                guard: context.attach(),
            },
            _ => Around::Nothing,
        };
        Call { around, going }
    }

    /// What the thread does is not within it any more.
    #[inline]
    fn leave(&mut self) {
        if let Around::Frame(frame) = std::mem::replace(&mut self.around, Around::Nothing) {
            let looked = frame.leave();
            if let Some(span) = self.going.as_mut().and_then(|it| it.span.as_mut()) {
                span.looked(looked);
            }
        }
    }

    /// What the function does.
    #[inline]
    pub fn work<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    /// What it gives.
    pub fn gives(&mut self, value: Option<Text<'_>>) -> &mut Self {
        if let (Some(going), Some(_)) = (&mut self.going, value) {
            if let (Around::Frame(frame), Some(span)) = (&self.around, &mut going.span) {
                span.looked(frame.context());
            }
            going.tell(&mut |to: &mut Teller<'_>| to.show("return", value));
        }
        self
    }

    /// It has ended, and this is how.
    pub fn ended(&mut self, verdict: Verdict<'_>) {
        self.leave();
        if let Some(going) = &mut self.going {
            going.ended(verdict);
        }
    }
}

/// Nobody has said how it ended, so it fell.
impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        self.leave();
        if let Some(going) = self.going.as_mut().filter(|going| going.open) {
            going.panicked();
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
