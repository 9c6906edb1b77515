//! Calls, and who notices that one is over.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use super::{Going, Verdict};
use crate::context::ContextGuard;

/// A call that ends before its function does.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Call {
    attached: Option<ContextGuard>,
    going: Option<Going>,
}

impl Call {
    #[inline]
    pub(super) fn new(going: Option<Going>) -> Call {
        let context = going.as_ref().and_then(Going::context);
        Call {
            attached: context.map(|context| context.attach()),
            going,
        }
    }

    /// What the function does.
    #[inline]
    pub fn work<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    /// It has ended, and this is how.
    pub fn ended(mut self, verdict: Verdict<'_>) {
        drop(self.attached.take());
        if let Some(going) = self.going.take() {
            going.ended(verdict);
        }
    }
}

/// Nobody has said how it ended, so it fell.
impl Drop for Call {
    fn drop(&mut self) {
        drop(self.attached.take());
        if let Some(going) = self.going.take() {
            going.panicked();
        }
    }
}

/// A call that is a future.
#[derive(Debug)]
#[must_use = "the call ends when this is dropped"]
pub struct Task {
    /// Somebody is in the middle of a poll, and has not come back.
    polled: bool,
    going: Option<Going>,
}

impl Task {
    #[inline]
    pub(super) fn new(going: Option<Going>) -> Task {
        Task {
            polled: false,
            going,
        }
    }

    /// What the function does: the future, with the span of the call around each poll.
    pub fn follow<F: Future>(&mut self, future: F) -> Follow<'_, F> {
        Follow {
            task: self,
            future: Some(future),
        }
    }

    /// It has ended, and this is how.
    pub fn ended(mut self, verdict: Verdict<'_>) {
        if let Some(going) = self.going.take() {
            going.ended(verdict);
        }
    }

    fn attach(&self) -> Option<ContextGuard> {
        let context = self.going.as_ref().and_then(Going::context);
        context.map(|context| context.attach())
    }
}

/// Nobody has said how it ended: it fell, or whoever waited for it went away.
impl Drop for Task {
    fn drop(&mut self) {
        if let Some(going) = self.going.take() {
            if self.polled {
                going.panicked();
            } else {
                going.cancelled();
            }
        }
    }
}

pin_project_lite::pin_project! {
    /// The future of a [`Task`]; made by [`Task::follow`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Follow<'t, F> {
        task: &'t mut Task,
        // Taken away when it is dropped, so that spans inside of it end first.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Follow<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _attached = this.task.attach();
                this.future.set(None);
            }
        }
    }
}

impl<F: Future> Future for Follow<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        // Only whoever drops it takes it away, and whoever is done.
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let attached = this.task.attach();
        this.task.polled = true;
        let poll = future.poll(cx);
        this.task.polled = false;
        if poll.is_ready() {
            this.future.set(None);
        }
        drop(attached);
        poll
    }
}
