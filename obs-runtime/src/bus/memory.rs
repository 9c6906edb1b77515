//! The bus in memory: for each topic a queue, for each group of consumers a cursor in it, and one bound for all.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use super::cursor::Cursor;
use super::subscription::Source;
use super::waiters::{Waiters, wake};
use super::{
    BusError, BusErrorKind, Delivery, Depth, OwnedRecord, Receipt, Record, Sending, Subscription,
    Transport, Waiting,
};
use crate::lane::lock;

/// A handle to the queues.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    records: usize,
    bytes: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    topics: Vec<Topic>,
    by_name: HashMap<Box<str>, usize>,
    /// How many there were, over all topics.
    sent: u64,
    records: usize,
    bytes: usize,
    /// The largest record that found no room since there was room for it.
    wanted: usize,
    closed: bool,
    room: Waiters,
    arrivals: Waiters,
}

#[derive(Debug, Default)]
struct Topic {
    /// Each with its place among the records of all topics.
    records: VecDeque<(u64, OwnedRecord)>,
    /// The number of the first of them in this topic.
    first: u64,
    cursors: BTreeMap<Arc<str>, Cursor>,
}

impl Topic {
    fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    fn record(&self, number: u64) -> Option<&OwnedRecord> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.records.get(at).map(|(_, record)| record)
    }
}

impl State {
    fn topic(&mut self, name: &str) -> usize {
        if let Some(topic) = self.by_name.get(name) {
            return *topic;
        }
        self.topics.push(Topic::default());
        self.by_name.insert(name.into(), self.topics.len() - 1);
        self.topics.len() - 1
    }

    /// Lets go of the first record of a topic.
    fn pop(&mut self, topic: usize) -> Option<OwnedRecord> {
        let topic = &mut self.topics[topic];
        let (_, record) = topic.records.pop_front()?;
        topic.first += 1;
        self.records -= 1;
        self.bytes -= record.packed_size();
        Some(record)
    }

    /// Lets go of what all groups are done with.
    fn trim(&mut self, topic: usize) {
        let low = |topic: &Topic| topic.cursors.values().map(Cursor::low).min();
        while low(&self.topics[topic]).is_some_and(|low| self.topics[topic].first < low) {
            if self.pop(topic).is_none() {
                break;
            }
        }
    }
}

impl Memory {
    pub(super) fn new(records: usize, bytes: usize) -> Memory {
        Memory {
            records,
            bytes,
            state: Arc::default(),
        }
    }

    /// The oldest record of the topics that no group has asked for.
    pub(super) fn take(&self) -> Option<OwnedRecord> {
        self.change(|state| {
            let topics = state.topics.iter().enumerate();
            let fronts = topics.filter(|(_, topic)| topic.cursors.is_empty());
            let oldest = fronts
                .filter_map(|(index, topic)| Some((topic.records.front()?.0, index)))
                .min()?;
            state.pop(oldest.1)
        })
    }

    pub(super) fn drain(&self) -> Vec<OwnedRecord> {
        std::iter::from_fn(|| self.take()).collect()
    }

    /// Changes something and wakes all who may have waited for it.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        let (room, arrivals) = (state.room.take(), state.arrivals.take());
        drop(state);
        wake(room);
        wake(arrivals);
        result
    }

    fn put(&self, record: &Record<'_>) -> Result<Receipt, BusError> {
        let record = record.owned();
        let size = record.packed_size();
        if size > self.bytes {
            return Err(BusErrorKind::TooLarge { limit: self.bytes }.into());
        }
        let mut state = lock(&self.state);
        if state.closed {
            return Err(BusErrorKind::Closed.into());
        }
        if state.records >= self.records || state.bytes + size > self.bytes {
            state.wanted = state.wanted.max(size);
            return Err(BusErrorKind::Full.into());
        }
        let topic = state.topic(record.topic());
        let place = state.sent;
        state.sent += 1;
        state.records += 1;
        state.bytes += size;
        let topic = &mut state.topics[topic];
        let number = topic.end();
        topic.records.push_back((place, record));
        let arrivals = state.arrivals.take();
        drop(state);
        wake(arrivals);
        Ok(Receipt {
            partition: None,
            offset: Some(number),
        })
    }
}

impl Transport for Memory {
    fn system(&self) -> &'static str {
        "memory"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        Sending::Done(self.put(record))
    }

    fn room(&self, _: &str) -> Waiting {
        let memory = self.clone();
        Waiting::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&memory.state);
            // Not merely a byte: who is woken for less than it needs would ask in circles.
            let fits = memory.bytes - state.bytes >= state.wanted;
            if state.closed || state.records < memory.records && fits {
                state.wanted = 0;
                return Poll::Ready(());
            }
            state.room.add(cx);
            Poll::Pending
        })))
    }

    fn close(&self) {
        self.change(|state| state.closed = true);
    }

    fn depth(&self) -> Option<Depth> {
        Some(Depth {
            records: lock(&self.state).records as u64,
            capacity: self.records as u64,
        })
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let group: Arc<str> = Arc::from(group);
        let mut state = lock(&self.state);
        let topics = topics.iter().map(|name| {
            let index = state.topic(name);
            let topic = &mut state.topics[index];
            let first = topic.first;
            let cursors = &mut topic.cursors;
            cursors
                .entry(Arc::clone(&group))
                .or_insert_with(|| Cursor::at(first));
            index
        });
        let topics = topics.collect();
        Ok(Subscription::new(Member {
            memory: self.clone(),
            group,
            topics,
            turn: 0,
            prefetch: usize::MAX,
            out: Arc::default(),
        }))
    }
}

/// A member of a group.
#[derive(Debug)]
struct Member {
    memory: Memory,
    group: Arc<str>,
    topics: Vec<usize>,
    /// Whose turn it is, so that no topic starves another.
    turn: usize,
    prefetch: usize,
    /// How many records the member has; written under the lock alone.
    out: Arc<Mutex<usize>>,
}

impl Member {
    fn deliver(&self, topic: usize, state: &mut State) -> Option<Delivery> {
        let queue = &mut state.topics[topic];
        // Out of the map, so that it can look at the records beside it.
        let (group, mut cursor) = queue.cursors.remove_entry(&self.group)?;
        let given = cursor.give(queue.end(), |number| queue.record(number)?.key());
        queue.cursors.insert(Arc::clone(&group), cursor);
        let (number, attempt) = given?;
        let record = queue.record(number)?.clone();
        let receipt = Receipt {
            partition: None,
            offset: Some(number),
        };
        *lock(&self.out) += 1;
        let (memory, out) = (self.memory.clone(), Arc::clone(&self.out));
        Some(Delivery::new(record, receipt, attempt, move |done| {
            memory.change(|state| {
                *lock(&out) -= 1;
                let cursors = &mut state.topics[topic].cursors;
                // A group that ended and began anew has another name in another place, and none of this.
                let key = cursors.get_key_value(&group);
                if key.is_some_and(|(name, _)| Arc::ptr_eq(name, &group))
                    && let Some(cursor) = cursors.get_mut(&group)
                {
                    cursor.settle(number, done);
                    state.trim(topic);
                }
            });
        }))
    }
}

impl Source for Member {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let memory = self.memory.clone();
        let mut state = lock(&memory.state);
        if *lock(&self.out) < self.prefetch {
            for turn in 0..self.topics.len() {
                let turn = (self.turn + turn) % self.topics.len();
                if let Some(delivery) = self.deliver(self.topics[turn], &mut state) {
                    self.turn = turn + 1;
                    return Poll::Ready(Some(delivery));
                }
            }
        }
        let done = |topic: &usize| {
            let topic = &state.topics[*topic];
            match topic.cursors.get(&self.group) {
                // Another member has ended the group.
                None => true,
                Some(cursor) => state.closed && cursor.low() == topic.end(),
            }
        };
        if self.topics.iter().all(done) {
            return Poll::Ready(None);
        }
        state.arrivals.add(cx);
        Poll::Pending
    }

    fn set_prefetch(&mut self, records: usize) {
        self.prefetch = records;
    }

    fn end_group(&mut self) {
        self.memory.change(|state| {
            for topic in &self.topics {
                state.topics[*topic].cursors.remove(&self.group);
                state.trim(*topic);
            }
        });
    }
}

#[cfg(test)]
mod tests;
