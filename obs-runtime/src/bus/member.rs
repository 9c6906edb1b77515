//! A member of a group, on any bus that keeps its topics as [`Topics`].

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use super::cursor::Cursor;
use super::subscription::{Settles, Source};
use super::topics::{Group, Kept, Topics};
use super::waiters::wake;
use super::{BusError, OwnedRecord, Received, Subscription};
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
pub(super) trait Shelves: Clone + Debug + Send + Sync + 'static {
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
            seat: Arc::new(Seat {
                shelves: self.clone(),
                group,
                topics: places,
                out: Mutex::default(),
            }),
            turn: 0,
            prefetch: usize::MAX,
            reader: Self::Reader::default(),
        }))
    }
}

/// A member of a group.
#[derive(Debug)]
struct Member<S: Shelves> {
    seat: Arc<Seat<S>>,
    /// Whose turn it is, so that no topic starves another.
    turn: usize,
    prefetch: usize,
    reader: S::Reader,
}

/// What a member and the records that it has given out know of it.
#[derive(Debug)]
struct Seat<S: Shelves> {
    shelves: S,
    group: Arc<str>,
    /// Where each topic is, and which id the group has there.
    topics: Vec<(usize, u64)>,
    /// How many records the member has; written under the lock alone.
    out: Mutex<usize>,
}

impl<S: Shelves> Member<S> {
    /// The next record that may go out, of the topic whose turn it is.
    fn pick(&mut self, state: &mut S::State) -> Option<(u32, u64, u32, S::Kept)> {
        let Seat {
            group, topics, out, ..
        } = &*self.seat;
        if *lock(out) >= self.prefetch {
            return None;
        }
        for turn in 0..topics.len() {
            let turn = (self.turn + turn) % topics.len();
            let (place, id) = topics[turn];
            let topic = S::topics(state).topic(place);
            if let Some((number, attempt, kept)) = topic.give(group, id) {
                self.turn = turn + 1;
                *lock(out) += 1;
                let topic = u32::try_from(turn).unwrap_or(u32::MAX);
                return Some((topic, number, attempt, kept));
            }
        }
        None
    }
}

/// Takes a record back.
impl<S: Shelves> Settles for Seat<S> {
    fn settle(&self, topic: u32, number: u64, done: bool) {
        let (place, id) = self.topics[topic as usize];
        let same = self.shelves.change(|state| {
            *lock(&self.out) -= 1;
            let group = S::topics(state).topic(place).group(&self.group, id);
            let same = group.map(|group| group.cursor.settle(number, done));
            S::settled(state, place);
            same
        });
        if done && same.is_some() {
            self.shelves.done(id, number);
        }
    }
}

impl<S: Shelves> Source for Member<S> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let seat = Arc::clone(&self.seat);
        loop {
            let mut state = seat.shelves.state();
            if let Some((topic, number, attempt, kept)) = self.pick(&mut state) {
                drop(state);
                let record = match seat.shelves.read(&mut self.reader, number, kept) {
                    Reading::Record(record) => record,
                    Reading::Gone => {
                        seat.settle(topic, number, true);
                        continue;
                    }
                    Reading::Unreadable => {
                        let _state = seat.shelves.state();
                        *lock(&seat.out) -= 1;
                        continue;
                    }
                };
                let received = Received::of(record, (number, attempt), (seat, topic));
                return Poll::Ready(Some(received));
            }
            let topics = S::topics(&mut state);
            let done = |(place, id): &(usize, u64)| {
                let topic = &topics.all()[*place];
                match topic.group_now(&seat.group) {
                    Some(group) if group.id == *id => {
                        topics.closed && topic.records.following(group.cursor.low()).is_none()
                    }
                    // Another member has ended the group.
                    _ => true,
                }
            };
            if seat.topics.iter().all(done) {
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
        let Seat {
            shelves,
            group,
            topics,
            ..
        } = &*self.seat;
        for (place, id) in topics {
            let ended = shelves.change(|state| {
                let topic = S::topics(state).topic(*place);
                let mine = topic.group(group, *id).is_some();
                if mine {
                    topic.end(group);
                    S::settled(state, *place);
                }
                mine
            });
            if ended {
                shelves.ended(*id);
            }
        }
    }
}
