//! How far a group has come in one topic.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Tells keys apart. Should two keys have the same, the one waits for the other without need.
pub type KeyTag = NonZeroU32;

/// Numbers in order, each with another one. It is the only ordered map of the buses: whoever builds us compiles each
/// kind of such a map anew, and a kind costs as much as a room.
pub(super) type Numbers = BTreeMap<u64, u64>;

/// How many records a group may have passed over since others of their key are out. Then it waits for these.
const AHEAD: usize = 1 << 16;

/// How far a group has come in records that are numbered: which may go out, which are out, and what is done with.
///
/// It is what keeps the order of keys on every bus, and is here for transports that number their records.
///
/// ```
/// use obs_runtime::bus::{Cursor, key_tag};
///
/// let keys = [Some("a"), Some("a"), Some("b"), None];
/// let following = |number: u64| {
///     let key = keys.get(number as usize)?;
///     Some((number, key.map(|key| key_tag(key.as_bytes()))))
/// };
/// let mut cursor = Cursor::at(0);
/// assert_eq!(cursor.give(following), Some((0, 1)));
/// // The second of `a` waits for the first, and the one of `b` passes it.
/// assert_eq!(cursor.give(following), Some((2, 1)));
/// cursor.settle(2, true);
/// cursor.settle(0, false);
/// assert_eq!(cursor.give(following), Some((0, 2)));
/// cursor.settle(0, true);
/// assert_eq!((cursor.give(following), cursor.low()), (Some((1, 1)), 1));
/// ```
#[derive(Debug)]
pub struct Cursor {
    // Those behind `next` nobody has looked at, those before are done with unless they stand in one of the lists.
    next: u64,
    /// May go out: given back, or next of their key.
    ready: Numbers,
    /// Out.
    out: Numbers,
    /// For each key of which one is ready or out, the last that was seen.
    last: Numbers,
    /// For each that others of its key are behind, the next of them.
    behind: Numbers,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    key: Option<KeyTag>,
    /// How often it was out.
    attempts: u32,
}

impl Seen {
    fn pack(self) -> u64 {
        u64::from(self.key.map_or(0, KeyTag::get)) << 32 | u64::from(self.attempts)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of what was packed"
    )]
    fn unpack(packed: u64) -> Seen {
        Seen {
            key: KeyTag::new((packed >> 32) as u32),
            attempts: packed as u32,
        }
    }
}

impl Cursor {
    /// One that has seen everything before a number, and is done with it.
    #[must_use]
    pub fn at(next: u64) -> Cursor {
        Cursor {
            next,
            ready: Numbers::new(),
            out: Numbers::new(),
            last: Numbers::new(),
            behind: Numbers::new(),
        }
    }

    /// A cursor that has seen everything before a number, and is not done with these.
    #[cfg(feature = "file")]
    pub(super) fn restore(
        next: u64,
        unsettled: impl IntoIterator<Item = u64>,
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
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// What was seen and is not done with, in order.
    #[cfg(feature = "file")]
    pub(super) fn unsettled(&self) -> Vec<u64> {
        let mut all = Numbers::new();
        for list in [&self.ready, &self.out] {
            all.extend(list);
        }
        for number in self.behind.values() {
            all.insert(*number, 0);
        }
        all.into_keys().collect()
    }

    /// The first record that may go out, and for the how manieth time it does. `following` tells the first record of
    /// the topic from a number on.
    ///
    /// What waits goes first. So a record never passes one of its own key: that one is out, and blocks it, or it
    /// waits, and was seen before.
    pub fn give(
        &mut self,
        following: impl Fn(u64) -> Option<(u64, Option<KeyTag>)>,
    ) -> Option<(u64, u32)> {
        while self.ready.is_empty() {
            if self.behind.len() >= AHEAD {
                return None;
            }
            let (number, key) = following(self.next)?;
            self.pass(number, key);
        }
        let number = *self.ready.first_key_value()?.0;
        let packed = self.ready.remove(&number)?;
        let mut seen = Seen::unpack(packed);
        seen.attempts += 1;
        self.out.insert(number, seen.pack());
        Some((number, seen.attempts))
    }

    /// Sees a record for the first time: it is ready, unless another of its key is before it.
    fn pass(&mut self, number: u64, key: Option<KeyTag>) {
        self.next = number + 1;
        if let Some(key) = key
            && let Some(before) = self.last.insert(key.get().into(), number)
        {
            self.behind.insert(before, number);
            return;
        }
        self.ready.insert(number, Seen { key, attempts: 0 }.pack());
    }

    /// Takes a record back, done or not.
    pub fn settle(&mut self, number: u64, done: bool) {
        let Some(packed) = self.out.remove(&number) else {
            return;
        };
        if !done {
            self.ready.insert(number, packed);
            return;
        }
        let Some(key) = Seen::unpack(packed).key else {
            return;
        };
        if let Some(next) = self.behind.remove(&number) {
            let key = Some(key);
            self.ready.insert(next, Seen { key, attempts: 0 }.pack());
        } else {
            self.last.remove(&u64::from(key.get()));
        }
    }

    /// Everything before this is done with. What is behind another of its key is behind it in number too.
    #[must_use]
    pub fn low(&self) -> u64 {
        let first = |list: &Numbers| {
            list.first_key_value()
                .map_or(self.next, |(number, _)| *number)
        };
        first(&self.ready).min(first(&self.out)).min(self.next)
    }
}
