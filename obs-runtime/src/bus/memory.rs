//! The bus in memory: a bounded queue.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Poll, Waker};

use super::{BusErrorKind, Depth, OwnedRecord, Receipt, Record, Sending, Transport, Waiting};
use crate::lane::lock;
use std::sync::Arc;

/// Records in the order they came.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    capacity: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<OwnedRecord>,
    sent: u64,
    closed: bool,
    /// Who waits for room.
    waiting: Vec<Waker>,
}

impl Memory {
    pub(super) fn new(capacity: usize) -> Memory {
        Memory {
            capacity,
            state: Arc::default(),
        }
    }

    pub(super) fn take(&self) -> Option<OwnedRecord> {
        self.with(|state| state.records.pop_front())
    }

    pub(super) fn drain(&self) -> Vec<OwnedRecord> {
        self.with(|state| state.records.drain(..).collect())
    }

    /// Changes something and wakes who waited for it.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        result
    }
}

impl Transport for Memory {
    fn system(&self) -> &'static str {
        "memory"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        let record = record.owned();
        let mut state = lock(&self.state);
        Sending::Done(if state.closed {
            Err(BusErrorKind::Closed.into())
        } else if state.records.len() >= self.capacity {
            Err(BusErrorKind::Full.into())
        } else {
            state.records.push_back(record);
            let offset = state.sent;
            state.sent += 1;
            Ok(Receipt {
                partition: None,
                offset: Some(offset),
            })
        })
    }

    fn room(&self, _: &str) -> Waiting {
        let memory = self.clone();
        Waiting::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&memory.state);
            if state.closed || state.records.len() < memory.capacity {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })))
    }

    fn close(&self) {
        self.with(|state| state.closed = true);
    }

    fn depth(&self) -> Option<Depth> {
        Some(Depth {
            records: lock(&self.state).records.len() as u64,
            capacity: self.capacity as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::bus::{Bus, BusErrorKind, Record};

    #[test]
    fn records_stay_in_order_and_the_bus_is_bounded() {
        let bus = Bus::memory(2);
        let same = bus.for_source("test");
        let send = |bus: &Bus, body: u8| {
            let result = bus.send(&Record::new("t", &[body])).wait();
            result.map_err(|error| error.kind())
        };
        for body in [1, 2] {
            assert!(send(&bus, body).is_ok());
        }
        assert_eq!(send(&bus, 3), Err(BusErrorKind::Full));
        assert_eq!(same.take().unwrap().body(), Some(&[1][..]));
        assert!(send(&same, 4).is_ok());
        same.close();
        assert_eq!(send(&bus, 5), Err(BusErrorKind::Closed));
        let records = bus.drain();
        let bodies: Vec<_> = records.iter().filter_map(|record| record.body()).collect();
        assert_eq!(bodies, [[2], [4]]);
        assert_eq!((bus.take(), same.source()), (None, "test"));
    }
}
