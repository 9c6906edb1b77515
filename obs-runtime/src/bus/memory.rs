//! The bus in memory: for each topic a queue, for each group of consumers a cursor in it, and one bound for all.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use super::crc::key_tag;
use super::cursor::KeyTag;
use super::member::{Reading, Shelves};
use super::topics::{Kept, Topics};
use super::waiters::wake;
use super::{
    BusError, BusErrorKind, Depth, OwnedRecord, Receipt, Record, Sending, Subscription, Transport,
    Waiting,
};
use crate::lane::lock;

/// A handle to the queues.
#[derive(Clone)]
pub(super) struct Memory {
    records: usize,
    bytes: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    topics: Topics<Placed>,
    /// How many there were, over all topics.
    sent: u64,
    records: usize,
    bytes: usize,
    /// The largest record that found no room since there was room for it.
    wanted: usize,
}

/// A record and its place among those of all topics.
#[derive(Clone)]
pub(super) struct Placed(u64, OwnedRecord);

/// Its bounds. What it holds may be much.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("records", &self.records)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Kept for Placed {
    fn key(&self) -> Option<KeyTag> {
        self.1.key().map(key_tag)
    }
}

impl State {
    /// Lets go of the first record of a topic.
    fn pop(&mut self, topic: usize) -> Option<OwnedRecord> {
        let Placed(_, record) = self.topics.topic(topic).records.pop()?;
        self.records -= 1;
        self.bytes -= record.packed_size();
        Some(record)
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
            let mut oldest: Option<(u64, usize)> = None;
            for (index, topic) in state.topics.all().iter().enumerate() {
                if topic.groups().is_empty()
                    && let Some((_, Placed(place, _))) = topic.records.first()
                    && oldest.is_none_or(|(oldest, _)| *place < oldest)
                {
                    oldest = Some((*place, index));
                }
            }
            state.pop(oldest?.1)
        })
    }

    pub(super) fn drain(&self) -> Vec<OwnedRecord> {
        let mut all = Vec::new();
        while let Some(record) = self.take() {
            all.push(record);
        }
        all
    }

    fn put(&self, record: &Record<'_>) -> Result<Receipt, BusError> {
        let record = record.owned();
        let size = record.packed_size();
        if size > self.bytes {
            return Err(BusErrorKind::TooLarge { limit: self.bytes }.into());
        }
        let mut state = lock(&self.state);
        if state.topics.closed {
            return Err(BusErrorKind::Closed.into());
        }
        if state.records >= self.records || state.bytes + size > self.bytes {
            state.wanted = state.wanted.max(size);
            return Err(BusErrorKind::Full.into());
        }
        let topic = state.topics.place(record.topic());
        let place = state.sent;
        state.sent += 1;
        state.records += 1;
        state.bytes += size;
        let records = &mut state.topics.topic(topic).records;
        let number = records.end();
        records.push(number, Placed(place, record));
        let arrivals = state.topics.arrivals.take();
        drop(state);
        wake(arrivals);
        Ok(Receipt {
            partition: None,
            offset: Some(number),
        })
    }
}

impl Shelves for Memory {
    type State = State;
    type Kept = Placed;
    type Reader = ();

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn topics(state: &mut State) -> &mut Topics<Placed> {
        &mut state.topics
    }

    /// Lets go of what all groups are done with.
    fn settled(state: &mut State, topic: usize) {
        let Some(low) = state.topics.all()[topic].low() else {
            return;
        };
        while let Some((number, _)) = state.topics.all()[topic].records.first()
            && *number < low
        {
            state.pop(topic);
        }
    }

    fn begin(&self, _: &str, _: &str, _: u64, _: u64) -> Result<(), BusError> {
        Ok(())
    }

    fn done(&self, _: u64, _: u64) {}

    fn ended(&self, _: u64) {}

    fn read(&self, (): &mut (), _: u64, kept: Placed) -> Reading {
        Reading::Record(kept.1)
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
            if state.topics.closed || state.records < memory.records && fits {
                state.wanted = 0;
                return Poll::Ready(());
            }
            state.topics.room.add(cx);
            Poll::Pending
        })))
    }

    fn close(&self) {
        self.change(|state| state.topics.closed = true);
    }

    fn depth(&self) -> Option<Depth> {
        Some(Depth {
            records: lock(&self.state).records as u64,
            capacity: self.records as u64,
        })
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        lock(&self.state).topics.lag(topic, group)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        self.join(topics, group)
    }
}

#[cfg(test)]
mod tests;
