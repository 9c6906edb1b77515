//! How far a group has come in one topic.

use std::collections::BTreeMap;

/// Numbers of records: those behind `next` nobody has looked at, those before are done with unless they stand in one
/// of the lists.
#[derive(Debug)]
pub(super) struct Cursor {
    next: u64,
    /// Given back, or passed over since another of their key was out; and how often they were out.
    waiting: BTreeMap<u64, u32>,
    /// Out, for the how manieth time.
    out: BTreeMap<u64, u32>,
}

impl Cursor {
    pub(super) fn at(next: u64) -> Cursor {
        Cursor {
            next,
            waiting: BTreeMap::new(),
            out: BTreeMap::new(),
        }
    }

    /// The first record before the end whose key is not out, and for the how manieth time it goes out.
    ///
    /// What waits goes first. So a record never passes one of its own key: that one is out, and blocks it, or it
    /// waits, and was seen before.
    pub(super) fn give<'a>(
        &mut self,
        end: u64,
        key: impl Fn(u64) -> Option<&'a [u8]>,
    ) -> Option<(u64, u32)> {
        let free = |out: &BTreeMap<u64, u32>, number: u64| match key(number) {
            None => true,
            mine => out.keys().all(|other| key(*other) != mine),
        };
        let waiting = self.waiting.keys().copied();
        let first = { waiting }.find(|number| free(&self.out, *number));
        let number = if let Some(number) = first {
            number
        } else {
            loop {
                if self.next >= end {
                    return None;
                }
                let number = self.next;
                self.next += 1;
                if free(&self.out, number) {
                    break number;
                }
                self.waiting.insert(number, 0);
            }
        };
        let attempt = self.waiting.remove(&number).unwrap_or(0) + 1;
        self.out.insert(number, attempt);
        Some((number, attempt))
    }

    /// Takes a record back, done or not.
    pub(super) fn settle(&mut self, number: u64, done: bool) {
        if let Some(attempt) = self.out.remove(&number)
            && !done
        {
            self.waiting.insert(number, attempt);
        }
    }

    /// Everything before this is done with.
    pub(super) fn low(&self) -> u64 {
        let first = |list: &BTreeMap<u64, u32>| list.first_key_value().map(|(number, _)| *number);
        [first(&self.waiting), first(&self.out)]
            .into_iter()
            .flatten()
            .fold(self.next, u64::min)
    }
}
