//! What hands out the records of a member of a group, and what it shares with the thread that fetches them.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use obs_runtime::BusError;
use obs_runtime::bus::{BusErrorKind, Receipt, Received, Source};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};

use crate::group::Group;
use crate::held::{Held, Part, Reached};
use crate::options::KafkaOptions;

/// What a member and its thread share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// The thread has something to do.
    pub(crate) work: Condvar,
    /// What goes was settled, or the thread has ended.
    pub(crate) settled: Condvar,
    pub(crate) drain: Duration,
    pub(crate) group: Box<str>,
    /// What is done with is told by transactions alone.
    pub(crate) transacted: bool,
    pub(crate) consumer: OnceLock<Weak<BaseConsumer<Group>>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) held: Held,
    prefetch: usize,
    /// The member, which waits for a change.
    waker: Option<Waker>,
    pub(crate) has_work: bool,
    /// The thread would fetch more if there was room.
    pub(crate) starved: bool,
    /// The thread waits for what is worked on.
    pub(crate) draining: bool,
    /// A transaction is about to end: nothing is given out.
    waits: bool,
    /// The group has told us what is ours, be it nothing.
    pub(crate) joined: bool,
    /// The bus takes no more records: what is there by now is all there will be.
    pub(crate) closed: bool,
    pub(crate) end: End,
    /// The thread has ended.
    pub(crate) over: bool,
    /// Because no broker has let the member in.
    pub(crate) refused: Option<BusError>,
}

/// Whether it is to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum End {
    #[default]
    No,
    /// The member leaves the group.
    Leave,
    /// The group ends.
    Forget,
}

impl State {
    /// Whether there is room again that the thread waits for.
    fn feeds(&mut self) -> bool {
        let feeds = self.starved && self.held.room() > 0;
        self.has_work |= feeds;
        feeds
    }

    /// Whether this member gets nothing more.
    fn is_done(&self) -> bool {
        let ended = || self.held.parts().iter().all(Part::ended);
        self.over || self.closed && self.joined && self.held.out == 0 && ended()
    }
}

impl Shared {
    pub(crate) fn new(options: &KafkaOptions, group: &str) -> Shared {
        let state = State {
            prefetch: usize::MAX,
            ..State::default()
        };
        Shared {
            state: Mutex::new(state),
            work: Condvar::new(),
            settled: Condvar::new(),
            drain: options.drain,
            group: group.into(),
            transacted: options.is_transactional(),
            consumer: OnceLock::new(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the thread something to do.
    pub(crate) fn call(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.has_work = true;
        drop(state);
        self.work.notify_one();
    }

    /// Changes something that the member may wait for.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// Takes a record back, done or not.
    fn settle(&self, part: (u64, u32), offset: u64, done: bool) {
        let (feeds, draining) = self.change(|state| {
            state.held.settle(part, offset, done);
            (state.feeds(), state.draining)
        });
        if feeds {
            self.work.notify_one();
        }
        if draining {
            self.settled.notify_all();
        }
    }

    /// How many records of a topic are not done with, of what is ours.
    pub(crate) fn lag(&self, topic: &str) -> Option<u64> {
        self.state().held.lag(topic)
    }

    /// Gives nothing out, and waits until everything is settled.
    pub(crate) fn stop_giving(&self) -> Result<(), BusError> {
        let mut state = self.state();
        (state.waits, state.draining) = (true, true);
        let out = |state: &mut State| state.held.out > 0;
        let waited = self.settled.wait_timeout_while(state, self.drain, out);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.draining = false;
        if state.held.out > 0 {
            let reason = "records are still worked on";
            return Err(BusError::new(BusErrorKind::Timeout).with_reason(reason));
        }
        Ok(())
    }

    pub(crate) fn give_again(&self) {
        self.change(|state| state.waits = false);
    }

    /// How far it is, and what a transaction wants to know of the group.
    pub(crate) fn reached(&self) -> (Vec<Reached>, Option<ConsumerGroupMetadata>) {
        let consumer = self.consumer.get().and_then(Weak::upgrade);
        let of_group = consumer.and_then(|consumer| consumer.group_metadata());
        (self.state().held.reached(), of_group)
    }

    /// The brokers know how far it is.
    pub(crate) fn known(&self, reached: &[Reached]) {
        self.state().held.known(reached);
    }

    /// Everything that is not known to be done with is to come again.
    pub(crate) fn rewind(&self) {
        self.call(|state| state.held.rewind());
    }

    /// The bus takes no more records.
    pub(crate) fn close(&self) {
        self.call(|state| state.closed = true);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("group", &self.group)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What hands out the records.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) shared: Arc<Shared>,
    pub(crate) patience: Duration,
}

impl Source for Member {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let mut state = self.shared.state();
        if state.held.out < state.prefetch
            && !state.waits
            && let Some(given) = state.held.give()
        {
            let feeds = state.feeds();
            drop(state);
            if feeds {
                self.shared.work.notify_one();
            }
            let receipt = Receipt {
                partition: Some(given.number),
                offset: Some(given.offset),
            };
            let (part, offset) = ((given.part, given.epoch), given.offset);
            let shared = Arc::clone(&self.shared);
            let settle = move |done| shared.settle(part, offset, done);
            let delivery = Received::new(given.record, receipt, given.attempt, settle);
            return Poll::Ready(Some(delivery));
        }
        if state.is_done() {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn set_prefetch(&mut self, records: usize) {
        self.shared.state().prefetch = records;
    }

    fn end_group(&mut self) {
        self.shared.call(|state| state.end = End::Forget);
    }

    fn failure(&mut self) -> Option<BusError> {
        self.shared.state().refused.take()
    }
}

/// The member leaves its group: at once if nothing is out, else when that is settled.
impl Drop for Member {
    fn drop(&mut self) {
        self.shared.call(|state| {
            if state.end == End::No {
                state.end = End::Leave;
            }
        });
        let state = self.shared.state();
        if state.held.out == 0 {
            let ends = |state: &mut State| !state.over;
            let settled = &self.shared.settled;
            drop(settled.wait_timeout_while(state, self.patience, ends));
        }
    }
}
