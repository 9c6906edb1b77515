//! The bus in memory: a bounded queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{BusError, Record};

/// Records in the order they came.
#[derive(Debug)]
pub(super) struct Memory {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<Record>,
    closed: bool,
}

impl Memory {
    pub(super) fn new(capacity: usize) -> Memory {
        Memory {
            capacity,
            state: Mutex::default(),
        }
    }

    pub(super) fn send(&self, record: Record) -> Result<(), BusError> {
        let mut state = self.state();
        if state.closed {
            Err(BusError::Closed)
        } else if state.records.len() >= self.capacity {
            Err(BusError::Full)
        } else {
            state.records.push_back(record);
            Ok(())
        }
    }

    pub(super) fn take(&self) -> Option<Record> {
        self.state().records.pop_front()
    }

    pub(super) fn drain(&self) -> Vec<Record> {
        self.state().records.drain(..).collect()
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    /// Nothing panics while it holds the lock, and if it did the queue would still be one.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use crate::bus::{Bus, BusError, Record};

    #[test]
    fn records_stay_in_order_and_the_bus_is_bounded() {
        let bus = Bus::memory(2);
        let same = bus.for_source("test");
        for body in [1, 2] {
            assert_eq!(bus.send(Record::new("t", vec![body])), Ok(()));
        }
        assert_eq!(bus.send(Record::new("t", vec![3])), Err(BusError::Full));
        assert_eq!(same.take().map(|record| record.body), Some(vec![1]));
        assert_eq!(same.send(Record::new("t", vec![4])), Ok(()));
        same.close();
        assert_eq!(bus.send(Record::new("t", vec![5])), Err(BusError::Closed));
        let bodies: Vec<_> = bus.drain().into_iter().map(|record| record.body).collect();
        assert_eq!(bodies, [[2], [4]]);
        assert_eq!((bus.take(), same.source()), (None, "test"));
    }
}
