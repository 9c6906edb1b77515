//! Who waits for something to change.

use std::task::{Context, Waker};

/// Tasks and threads that ask again when they are woken.
#[derive(Debug, Default)]
pub(super) struct Waiters(Vec<Waker>);

impl Waiters {
    /// To be called under the lock under which the answer was "not yet": then no change can slip in between.
    pub(super) fn add(&mut self, cx: &Context<'_>) {
        if !self.0.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.0.push(cx.waker().clone());
        }
    }

    /// All of them, to be woken when the lock is let go.
    pub(super) fn take(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.0)
    }
}

/// Wakes them.
pub(super) fn wake(waiters: Vec<Waker>) {
    waiters.into_iter().for_each(Waker::wake);
}
