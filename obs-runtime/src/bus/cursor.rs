//! How far a group has come in one topic.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::num::NonZeroU32;

/// Tells keys apart. Should two keys have the same, the one waits for the other without need.
pub(super) type KeyTag = NonZeroU32;

/// How many records a group may have passed over since others of their key are out. Then it waits for these.
const AHEAD: usize = 1 << 16;

/// Numbers of records: those behind `next` nobody has looked at, those before are done with unless they stand in one
/// of the lists.
#[derive(Debug)]
pub(super) struct Cursor {
    next: u64,
    /// May go out: given back, or next of their key.
    ready: BTreeMap<u64, Seen>,
    /// Out.
    out: BTreeMap<u64, Seen>,
    /// For each key of which one is ready or out, those behind it.
    behind: HashMap<KeyTag, VecDeque<u64>>,
    /// How many there are behind others.
    held: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    key: Option<KeyTag>,
    /// How often it was out.
    attempts: u32,
}

impl Cursor {
    pub(super) fn at(next: u64) -> Cursor {
        Cursor {
            next,
            ready: BTreeMap::new(),
            out: BTreeMap::new(),
            behind: HashMap::new(),
            held: 0,
        }
    }

    /// A cursor that has seen everything before a number, and is not done with these.
    pub(super) fn restore(
        next: u64,
        unsettled: BTreeSet<u64>,
        key: impl Fn(u64) -> Option<KeyTag>,
    ) -> Cursor {
        let mut cursor = Cursor::at(0);
        for number in unsettled {
            cursor.pass(number, key(number));
        }
        cursor.next = next;
        cursor
    }

    /// The first number that was not seen.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// What was seen and is not done with.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = u64> {
        let held = self.behind.values().flatten();
        self.ready
            .keys()
            .chain(self.out.keys())
            .chain(held)
            .copied()
    }

    /// The first record that may go out, and for the how manieth time it does. `following` tells the first record of
    /// the topic from a number on.
    ///
    /// What waits goes first. So a record never passes one of its own key: that one is out, and blocks it, or it
    /// waits, and was seen before.
    pub(super) fn give(
        &mut self,
        following: impl Fn(u64) -> Option<(u64, Option<KeyTag>)>,
    ) -> Option<(u64, u32)> {
        while self.ready.is_empty() {
            if self.held >= AHEAD {
                return None;
            }
            let (number, key) = following(self.next)?;
            self.pass(number, key);
        }
        let (number, mut seen) = self.ready.pop_first()?;
        seen.attempts += 1;
        self.out.insert(number, seen);
        Some((number, seen.attempts))
    }

    /// Sees a record for the first time: it is ready, unless another of its key is before it.
    fn pass(&mut self, number: u64, key: Option<KeyTag>) {
        self.next = number + 1;
        if let Some(key) = key {
            if let Some(behind) = self.behind.get_mut(&key) {
                behind.push_back(number);
                self.held += 1;
                return;
            }
            self.behind.insert(key, VecDeque::new());
        }
        self.ready.insert(number, Seen { key, attempts: 0 });
    }

    /// Takes a record back, done or not.
    pub(super) fn settle(&mut self, number: u64, done: bool) {
        let Some(seen) = self.out.remove(&number) else {
            return;
        };
        if !done {
            self.ready.insert(number, seen);
            return;
        }
        let Some(key) = seen.key else { return };
        let behind = self.behind.get_mut(&key);
        if let Some(number) = behind.and_then(VecDeque::pop_front) {
            self.held -= 1;
            self.ready.insert(
                number,
                Seen {
                    attempts: 0,
                    ..seen
                },
            );
        } else {
            self.behind.remove(&key);
        }
    }

    /// Everything before this is done with. What is behind another of its key is behind it in number too.
    pub(super) fn low(&self) -> u64 {
        let first = |list: &BTreeMap<u64, Seen>| list.first_key_value().map(|(number, _)| *number);
        [first(&self.ready), first(&self.out)]
            .into_iter()
            .flatten()
            .fold(self.next, u64::min)
    }
}
