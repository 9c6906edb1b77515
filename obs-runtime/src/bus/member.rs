//! A member of a group, on any bus that keeps its topics as [`Topics`].

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use super::cursor::Cursor;
use super::subscription::Source;
use super::topics::{Group, Kept, Topics};
use super::waiters::wake;
use super::{BusError, OwnedRecord, Receipt, Received, Subscription};
use crate::lane::lock;

/// What came of reading a record.
#[cfg_attr(
    not(feature = "file"),
    expect(dead_code, reason = "memory forgets nothing that somebody waits for")
)]
pub(super) enum Reading {
    Record(OwnedRecord),
    /// It is gone, and will not come back.
    Gone,
    /// It cannot be read. It stays out, and those of its key behind it, until the bus is opened again.
    Unreadable,
}

/// A handle to a bus that keeps topics.
pub(super) trait Shelves: Clone + Debug + Send + 'static {
    /// What is under its lock.
    type State;
    /// What it keeps of a record.
    type Kept: Kept;
    /// What a member needs to read records.
    type Reader: Debug + Default + Send;

    fn state(&self) -> MutexGuard<'_, Self::State>;

    fn topics(state: &mut Self::State) -> &mut Topics<Self::Kept>;

    /// Something was settled or ended in a topic; under the lock.
    fn settled(state: &mut Self::State, topic: usize);

    /// A group begins in a topic, and its first record would be this.
    fn begin(&self, topic: &str, group: &str, id: u64, next: u64) -> Result<(), BusError>;

    /// A group is done with a record.
    fn done(&self, id: u64, number: u64);

    /// A group has ended in a topic.
    fn ended(&self, id: u64);

    /// A record that is kept.
    fn read(&self, reader: &mut Self::Reader, number: u64, kept: Self::Kept) -> Reading;

    /// Changes something and wakes all who may have waited for it.
    fn change<T>(&self, change: impl FnOnce(&mut Self::State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        let topics = Self::topics(&mut state);
        let (room, arrivals) = (topics.room.take(), topics.arrivals.take());
        drop(state);
        wake(room);
        wake(arrivals);
        result
    }

    /// Makes a member of a group, which begins if it is new.
    fn join(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let group: Arc<str> = Arc::from(group);
        let mut places = Vec::new();
        for name in topics {
            let mut state = self.state();
            let all = Self::topics(&mut state);
            let place = all.place(name);
            if let Some(known) = all.topic(place).group_now(&group) {
                places.push((place, known.id));
                continue;
            }
            let id = all.group_id();
            let topic = all.topic(place);
            let next = topic.records.first().map_or(0, |(number, _)| *number);
            self.begin(name, &group, id, next)?;
            let cursor = Cursor::at(next);
            let begun = Group { id, cursor };
            topic.begin(Arc::clone(&group), begun);
            places.push((place, id));
        }
        Ok(Subscription::new(Member {
            shelves: self.clone(),
            group,
            topics: places,
            turn: 0,
            prefetch: usize::MAX,
            out: Arc::default(),
            reader: Self::Reader::default(),
        }))
    }
}

/// A member of a group.
#[derive(Debug)]
struct Member<S: Shelves> {
    shelves: S,
    group: Arc<str>,
    /// Where each topic is, and which id the group has there.
    topics: Vec<(usize, u64)>,
    /// Whose turn it is, so that no topic starves another.
    turn: usize,
    prefetch: usize,
    /// How many records the member has; written under the lock alone.
    out: Arc<Mutex<usize>>,
    reader: S::Reader,
}

impl<S: Shelves> Member<S> {
    /// The next record that may go out, of the topic whose turn it is.
    fn pick(&mut self, state: &mut S::State) -> Option<(usize, u64, u64, u32, S::Kept)> {
        if *lock(&self.out) >= self.prefetch {
            return None;
        }
        for turn in 0..self.topics.len() {
            let turn = (self.turn + turn) % self.topics.len();
            let (place, id) = self.topics[turn];
            let topic = S::topics(state).topic(place);
            if let Some((number, attempt, kept)) = topic.give(&self.group, id) {
                self.turn = turn + 1;
                *lock(&self.out) += 1;
                return Some((place, id, number, attempt, kept));
            }
        }
        None
    }

    /// What takes a record back.
    fn settle(&self, place: usize, id: u64, number: u64) -> impl FnOnce(bool) + Send + 'static {
        let (shelves, group, out) = (
            self.shelves.clone(),
            Arc::clone(&self.group),
            Arc::clone(&self.out),
        );
        move |done| {
            let same = shelves.change(|state| {
                *lock(&out) -= 1;
                let group = S::topics(state).topic(place).group(&group, id);
                let same = group.map(|group| group.cursor.settle(number, done));
                S::settled(state, place);
                same
            });
            if done && same.is_some() {
                shelves.done(id, number);
            }
        }
    }
}

impl<S: Shelves> Source for Member<S> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let shelves = self.shelves.clone();
        loop {
            let mut state = shelves.state();
            if let Some((place, id, number, attempt, kept)) = self.pick(&mut state) {
                drop(state);
                let settle = self.settle(place, id, number);
                let record = match shelves.read(&mut self.reader, number, kept) {
                    Reading::Record(record) => record,
                    Reading::Gone => {
                        settle(true);
                        continue;
                    }
                    Reading::Unreadable => {
                        let _state = shelves.state();
                        *lock(&self.out) -= 1;
                        continue;
                    }
                };
                let receipt = Receipt {
                    partition: None,
                    offset: Some(number),
                };
                return Poll::Ready(Some(Received::new(record, receipt, attempt, settle)));
            }
            let topics = S::topics(&mut state);
            let done = |(place, id): &(usize, u64)| {
                let topic = &topics.all()[*place];
                match topic.group_now(&self.group) {
                    Some(group) if group.id == *id => {
                        topics.closed && topic.records.following(group.cursor.low()).is_none()
                    }
                    // Another member has ended the group.
                    _ => true,
                }
            };
            if self.topics.iter().all(done) {
                return Poll::Ready(None);
            }
            topics.arrivals.add(cx);
            return Poll::Pending;
        }
    }

    fn set_prefetch(&mut self, records: usize) {
        self.prefetch = records;
    }

    fn end_group(&mut self) {
        for (place, id) in &self.topics {
            let ended = self.shelves.change(|state| {
                let topic = S::topics(state).topic(*place);
                let mine = topic.group(&self.group, *id).is_some();
                if mine {
                    topic.end(&self.group);
                    S::settled(state, *place);
                }
                mine
            });
            if ended {
                self.shelves.ended(*id);
            }
        }
    }
}
