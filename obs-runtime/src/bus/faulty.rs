//! A bus that fails when it is told to.

use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::waiters::{Waiters, wake};
use super::{
    Bus, BusError, BusErrorKind, OwnedRecord, Receipt, Record, Sending, Transport, Waiting,
};
use crate::lane::lock;

/// A transport for tests, which fails as it is told and keeps what it takes.
///
/// Clones are the same transport: one goes into the bus, the other stays with the test.
///
/// ```
/// use obs_runtime::bus::{BusErrorKind, Record};
/// use obs_runtime::testing::{Fault, FaultyBus};
///
/// let faulty = FaultyBus::new();
/// let bus = faulty.bus();
/// faulty.set(Fault::Down);
/// let error = bus.send(&Record::new("t", b"1")).wait().expect_err("it is down");
/// assert_eq!(error.kind(), BusErrorKind::Unavailable);
/// faulty.set(Fault::None);
/// bus.send(&Record::new("t", b"2")).wait()?;
/// assert_eq!(faulty.drain()[0].body(), Some(&b"2"[..]));
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FaultyBus {
    state: Arc<Mutex<State>>,
}

/// What is wrong with a [`FaultyBus`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It has no room, until the fault changes.
    Full,
    /// It cannot be reached.
    Down,
    /// It wants nothing.
    Rejecting,
    /// It takes records up to this size.
    TooLarge {
        /// In bytes, as [`Record::size`] counts.
        limit: usize,
    },
    /// It answers when [`FaultyBus::release`] is called, and not before.
    Slow,
}

#[derive(Debug, Default)]
struct State {
    fault: Fault,
    closed: bool,
    /// How many sends there were, whatever became of them.
    attempts: u64,
    taken: Vec<OwnedRecord>,
    /// Records that were not answered, and how many ever waited for that.
    slow: Vec<OwnedRecord>,
    slowed: u64,
    released: u64,
    waiters: Waiters,
}

impl FaultyBus {
    /// One with nothing wrong.
    #[must_use]
    pub fn new() -> FaultyBus {
        FaultyBus::default()
    }

    /// A bus over it.
    #[must_use]
    pub fn bus(&self) -> Bus {
        Bus::new(self.clone())
    }

    /// Makes something wrong, or right again. Who waits for room looks again.
    pub fn set(&self, fault: Fault) {
        self.change(|state| state.fault = fault);
    }

    /// Takes the records that a slow bus has not answered, and answers them.
    pub fn release(&self) {
        self.change(|state| {
            let slow = std::mem::take(&mut state.slow);
            state.taken.extend(slow);
            state.released = state.slowed;
        });
    }

    /// What it took, the oldest first; afterwards it has nothing.
    #[must_use]
    pub fn drain(&self) -> Vec<OwnedRecord> {
        std::mem::take(&mut lock(&self.state).taken)
    }

    /// How often something was sent, whatever became of it.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        lock(&self.state).attempts
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        let waiters = state.waiters.take();
        drop(state);
        wake(waiters);
        result
    }

    /// Ready when this is so.
    fn when(&self, so: impl Fn(&State) -> bool + Send + 'static) -> Waiting {
        let faulty = self.clone();
        Waiting::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&faulty.state);
            if so(&state) {
                return Poll::Ready(());
            }
            state.waiters.add(cx);
            Poll::Pending
        })))
    }
}

impl Transport for FaultyBus {
    fn system(&self) -> &'static str {
        "faulty"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        let mut state = lock(&self.state);
        state.attempts += 1;
        let error: BusError = match state.fault {
            _ if state.closed => BusErrorKind::Closed.into(),
            Fault::Full => BusErrorKind::Full.into(),
            Fault::Down => BusErrorKind::Unavailable.into(),
            Fault::Rejecting => BusErrorKind::Rejected.into(),
            Fault::TooLarge { limit } if record.size() > limit => {
                BusErrorKind::TooLarge { limit }.into()
            }
            Fault::None | Fault::TooLarge { .. } => {
                state.taken.push(record.owned());
                return Sending::Done(Ok(Receipt::default()));
            }
            Fault::Slow => {
                state.slow.push(record.owned());
                state.slowed += 1;
                let mine = state.slowed;
                drop(state);
                let answered = self.when(move |state| state.released >= mine);
                return Sending::Later(Box::pin(async move {
                    answered.await;
                    Ok(Receipt::default())
                }));
            }
        };
        Sending::Done(Err(error))
    }

    fn room(&self, _: &str) -> Waiting {
        self.when(|state| state.closed || state.fault != Fault::Full)
    }

    fn flush(&self) -> Waiting {
        let slowed = lock(&self.state).slowed;
        self.when(move |state| state.released >= slowed)
    }

    fn close(&self) {
        self.change(|state| state.closed = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_fault_has_its_error() {
        let faulty = FaultyBus::new();
        let bus = faulty.bus();
        let send = || bus.send(&Record::new("t", b"12")).wait();
        for (fault, kind) in [
            (Fault::Full, BusErrorKind::Full),
            (Fault::Down, BusErrorKind::Unavailable),
            (Fault::Rejecting, BusErrorKind::Rejected),
            (
                Fault::TooLarge { limit: 1 },
                BusErrorKind::TooLarge { limit: 1 },
            ),
        ] {
            faulty.set(fault);
            assert_eq!(send().map_err(|error| error.kind()), Err(kind));
        }
        faulty.set(Fault::TooLarge { limit: 2 });
        assert!(send().is_ok());
        bus.close();
        assert_eq!(send(), Err(BusErrorKind::Closed.into()));
        assert_eq!((faulty.attempts(), faulty.drain().len()), (6, 1));
    }

    #[test]
    fn a_slow_bus_answers_when_it_is_released() {
        let faulty = FaultyBus::new();
        let bus = faulty.bus();
        faulty.set(Fault::Slow);
        let sending = bus.send(&Record::new("t", b""));
        assert!(matches!(sending, Sending::Later(_)));
        assert!(!bus.flush().wait_for(Duration::ZERO));
        assert!(faulty.drain().is_empty());
        faulty.release();
        assert!(sending.wait().is_ok() && bus.flush().wait_for(Duration::ZERO));
        assert_eq!(faulty.drain().len(), 1);
    }

    #[test]
    fn who_waits_for_room_is_woken() {
        let faulty = FaultyBus::new();
        let bus = faulty.bus();
        faulty.set(Fault::Full);
        let room = bus.room("t");
        std::thread::scope(|scope| {
            scope.spawn(|| faulty.set(Fault::None));
            room.wait();
        });
    }
}
