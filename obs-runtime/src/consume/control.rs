//! Stopping and pausing a consumer from somewhere else.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::lane::lock;

/// A handle to a consumer, for those who stop or pause it. Clones mean the same consumer.
///
/// ```
/// use obs_runtime::{Bus, Consumer};
///
/// let consumer = Consumer::new(&Bus::memory(16), "mails");
/// let control = consumer.control();
/// control.pause();
/// control.resume();
/// control.stop();
/// ```
#[derive(Clone)]
pub struct Control(Arc<State>);

#[derive(Default)]
struct State {
    wanted: AtomicU8,
    wakers: Mutex<Wakers>,
}

#[derive(Default)]
struct Wakers {
    /// The consumer's own.
    consumer: Option<Waker>,
    /// Of those who wait for its end.
    waiting: Vec<Waker>,
    /// How often it runs.
    running: usize,
    /// How long it may take to end once it is stopped.
    grace: Duration,
}

/// What the consumer is to do.
const RUN: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

impl Control {
    pub(super) fn new() -> Control {
        Control(Arc::default())
    }

    /// It may take so long to end once it is stopped.
    pub(super) fn set_grace(&self, grace: Duration) {
        lock(&self.0.wakers).grace = grace;
    }

    pub(crate) fn grace(&self) -> Duration {
        lock(&self.0.wakers).grace
    }

    /// No more records are taken. What is worked on may finish within the time of grace, and is given back after that;
    /// then the consumer's `run` ends.
    pub fn stop(&self) {
        self.want(STOP);
    }

    /// No more records are taken until [`resume`](Control::resume). What is worked on goes on.
    pub fn pause(&self) {
        let _ = self.0.wanted.compare_exchange(RUN, PAUSE, SeqCst, SeqCst);
    }

    /// Records are taken again. A consumer that was stopped stays so.
    pub fn resume(&self) {
        if self
            .0
            .wanted
            .compare_exchange(PAUSE, RUN, SeqCst, SeqCst)
            .is_ok()
        {
            self.wake();
        }
    }

    fn want(&self, wanted: u8) {
        self.0.wanted.store(wanted, SeqCst);
        self.wake();
    }

    fn wake(&self) {
        let waker = lock(&self.0.wakers).consumer.clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Who is to be woken when something changes.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        let mut wakers = lock(&self.0.wakers);
        if !wakers
            .consumer
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()))
        {
            wakers.consumer = Some(cx.waker().clone());
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.wanted.load(SeqCst) == STOP
    }

    pub(super) fn takes(&self) -> bool {
        self.0.wanted.load(SeqCst) == RUN
    }

    /// It runs, until this is dropped.
    pub(super) fn running(&self) -> Running {
        lock(&self.0.wakers).running += 1;
        Running(self.clone())
    }

    /// Ready when it does not run.
    pub(crate) async fn ended(&self) {
        std::future::poll_fn(|cx| {
            let mut wakers = lock(&self.0.wakers);
            if wakers.running == 0 {
                return Poll::Ready(());
            }
            wakers.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = ["run", "pause", "stop"];
        let wanted = wanted.get(usize::from(self.0.wanted.load(SeqCst)));
        f.debug_struct("Control").field("wanted", &wanted).finish()
    }
}

pub(super) struct Running(Control);

impl Drop for Running {
    fn drop(&mut self) {
        let mut wakers = lock(&self.0.0.wakers);
        wakers.running -= 1;
        let waiting = std::mem::take(&mut wakers.waiting);
        drop(wakers);
        waiting.into_iter().for_each(Waker::wake);
    }
}
