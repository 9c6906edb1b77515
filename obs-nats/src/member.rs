//! What hands out the records of a member of a group, and what it shares with the task that asks for them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use async_nats::jetstream::AckKind;
use async_nats::jetstream::message::Acker;
use obs_runtime::OwnedRecord;
use obs_runtime::bus::{Receipt, Received, Source, Subscription};
use tokio::sync::Notify;

use crate::bus::Link;
use crate::pull;

/// What a member and its task share.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// The task has something to look at.
    pub(crate) work: Notify,
    /// The member has left the group.
    left: Condvar,
    pub(crate) group: String,
}

#[derive(Default)]
pub(crate) struct State {
    /// Came, and was not given out.
    ready: VecDeque<Given>,
    /// Everything that came and is not settled, by a number of ours.
    pub(crate) held: BTreeMap<u64, Arc<Acker>>,
    count: u64,
    pub(crate) out: usize,
    prefetch: usize,
    waker: Option<Waker>,
    pub(crate) closed: bool,
    pub(crate) end: End,
    /// Nothing more comes.
    over: bool,
    /// The task has given back what nobody has seen, and the group is forgotten if it is to be.
    left: bool,
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

struct Given {
    number: u64,
    record: OwnedRecord,
    receipt: Receipt,
    attempt: u32,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// A record has come.
    pub(crate) fn came(&self, record: OwnedRecord, receipt: Receipt, attempt: u32, acker: Acker) {
        self.change(|state| {
            let number = state.count;
            state.count += 1;
            state.held.insert(number, Arc::new(acker));
            state.ready.push_back(Given {
                number,
                record,
                receipt,
                attempt,
            });
        });
    }

    /// What came and was not given out, to be given back.
    pub(crate) fn unseen(&self) -> Vec<Arc<Acker>> {
        let mut state = self.state();
        let ready = std::mem::take(&mut state.ready);
        let ackers = ready
            .iter()
            .filter_map(|given| state.held.remove(&given.number));
        ackers.collect()
    }

    /// The bus takes no more records.
    pub(crate) fn close(&self) {
        self.change(|state| state.closed = true);
        self.work.notify_one();
    }

    /// Nothing more comes.
    pub(crate) fn is_over(&self) {
        self.change(|state| state.over = true);
    }

    /// The member has left the group.
    pub(crate) fn has_left(&self) {
        self.change(|state| (state.over, state.left) = (true, true));
        self.left.notify_all();
    }

    fn settle(&self, link: Arc<Link>, number: u64, done: bool) {
        let acker = self.change(|state| {
            state.out -= 1;
            state.held.remove(&number)
        });
        self.work.notify_one();
        let Some(acker) = acker else { return };
        let kind = if done {
            AckKind::Ack
        } else {
            AckKind::Nak(None)
        };
        let tasks = link.tasks.clone();
        tasks.spawn(async move {
            // What the server does not hear of it gives out again.
            drop(acker.ack_with(kind).await);
            drop(link);
        });
    }
}

/// Makes a member, and starts its task.
pub(crate) fn join(link: &Arc<Link>, topics: &[&str], group: &str) -> (Subscription, Arc<Shared>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            prefetch: usize::MAX,
            ..State::default()
        }),
        work: Notify::new(),
        left: Condvar::new(),
        group: group.to_owned(),
    });
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    let task = pull::run(Arc::clone(link), Arc::clone(&shared), topics);
    link.tasks.spawn(task);
    let member = Member {
        link: Arc::clone(link),
        shared: Arc::clone(&shared),
    };
    (Subscription::new(member), shared)
}

/// What hands out the records.
struct Member {
    link: Arc<Link>,
    shared: Arc<Shared>,
}

impl Source for Member {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let mut state = self.shared.state();
        if state.out < state.prefetch
            && let Some(given) = state.ready.pop_front()
        {
            state.out += 1;
            drop(state);
            let (shared, link) = (Arc::clone(&self.shared), Arc::clone(&self.link));
            let settle = move |done| shared.settle(link, given.number, done);
            let delivery = Received::new(given.record, given.receipt, given.attempt, settle);
            return Poll::Ready(Some(delivery));
        }
        if state.over {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn set_prefetch(&mut self, records: usize) {
        self.shared.state().prefetch = records;
    }

    fn end_group(&mut self) {
        self.shared.state().end = End::Forget;
    }
}

/// The member leaves its group: at once if nothing is out, else when that is settled.
impl Drop for Member {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.end == End::No {
            state.end = End::Leave;
        }
        self.shared.work.notify_one();
        if state.out == 0 {
            let patience = self.link.options.patience;
            let goes_on = |state: &mut State| !state.left;
            drop(
                self.shared
                    .left
                    .wait_timeout_while(state, patience, goes_on),
            );
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("group", &self.shared.group)
            .field("out", &self.shared.state().out)
            .finish_non_exhaustive()
    }
}
