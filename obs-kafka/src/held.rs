//! What a member of a group holds: records that were fetched, by partition, and how far each partition is.

use std::collections::VecDeque;
use std::sync::Arc;

use obs_runtime::OwnedRecord;
use obs_runtime::bus::{Cursor, KeyTag, key_tag};

/// How many records of all partitions may lie here that nobody has looked at.
const AHEAD: usize = 1_000;

/// How many bytes may lie here, be they looked at or not.
const BYTES: usize = 64 << 20;

/// All partitions of a member.
#[derive(Debug, Default)]
pub(crate) struct Held {
    parts: Vec<Part>,
    /// Whose turn it is, so that no partition starves another.
    turn: usize,
    /// How many partitions there ever were: a partition that comes back is another one.
    count: u64,
    bytes: usize,
    /// How many records are out, those of partitions that have gone included.
    pub(crate) out: usize,
}

/// A partition that is ours for now.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) id: u64,
    pub(crate) topic: Arc<str>,
    pub(crate) number: i32,
    records: VecDeque<(u64, OwnedRecord, Option<KeyTag>)>,
    /// None before the first record.
    cursor: Option<Cursor>,
    out: usize,
    /// Everything before this offset is known to be done with.
    stored: u64,
    /// How often it was taken back to what is known to be done with. What was given before counts no more.
    epoch: u32,
    /// It is to be fetched from this offset on, and what comes before that is done counts not.
    seek: Option<u64>,
    /// It is about to go: nothing more of it is given out.
    leaving: bool,
    /// The offset behind the last record, when librdkafka last told.
    pub(crate) end: Option<u64>,
    /// With everything before this offset done with it has ended, for the bus is closed.
    pub(crate) goal: Option<u64>,
    /// Where it begins for us, as far as that is known before the first record.
    pub(crate) from: Option<u64>,
}

/// A topic, one of its partitions, and that everything before this offset is done with.
pub(crate) type Reached = (Arc<str>, i32, u64);

/// A record on its way to a handler.
pub(crate) struct Given {
    pub(crate) part: u64,
    pub(crate) epoch: u32,
    pub(crate) number: i32,
    pub(crate) offset: u64,
    pub(crate) attempt: u32,
    pub(crate) record: OwnedRecord,
}

impl Held {
    /// A partition is ours from now on.
    pub(crate) fn assign(&mut self, topic: &str, number: i32) -> u64 {
        self.count += 1;
        self.parts.push(Part {
            id: self.count,
            topic: Arc::from(topic),
            number,
            records: VecDeque::new(),
            cursor: None,
            out: 0,
            stored: 0,
            epoch: 0,
            seek: None,
            leaving: false,
            end: None,
            goal: None,
            from: None,
        });
        self.count
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The partition that is ours.
    pub(crate) fn find(&mut self, topic: &str, number: i32) -> Option<&mut Part> {
        let mut parts = self.parts.iter_mut();
        parts.find(|part| part.number == number && *part.topic == *topic)
    }

    /// A partition is about to go.
    pub(crate) fn leave(&mut self, topic: &str, number: i32) {
        if let Some(part) = self.find(topic, number) {
            part.leaving = true;
        }
    }

    /// Whether records of partitions that are about to go are out.
    pub(crate) fn drained(&self) -> bool {
        self.parts.iter().all(|part| !part.leaving || part.out == 0)
    }

    /// Whether of partitions that are about to go more is done than is known to the brokers, or is being done.
    pub(crate) fn leaves_work(&self) -> bool {
        let mut leaving = self.parts.iter().filter(|part| part.leaving);
        leaving.any(|part| part.out > 0 || part.low().is_some_and(|low| part.stored < low))
    }

    /// Everything that is not known to be done with is to come again.
    pub(crate) fn rewind(&mut self) {
        for part in &mut self.parts {
            if part.cursor.take().is_some() {
                self.bytes -= part.bytes();
                part.records.clear();
                (part.out, part.epoch) = (0, part.epoch + 1);
                part.seek = Some(part.stored);
            }
        }
    }

    /// Partitions that are to be fetched from an offset on.
    pub(crate) fn seeks(&self) -> Vec<(u64, Arc<str>, i32, u64)> {
        let mut seeks = Vec::new();
        for part in &self.parts {
            seeks.extend(
                part.seek
                    .map(|offset| (part.id, Arc::clone(&part.topic), part.number, offset)),
            );
        }
        seeks
    }

    /// It is fetched from there.
    pub(crate) fn sought(&mut self, part: u64) {
        if let Some(part) = self.parts.iter_mut().find(|known| known.id == part) {
            part.seek = None;
        }
    }

    /// Partitions that were about to go have gone.
    pub(crate) fn left(&mut self) -> Vec<u64> {
        let mut left = Vec::new();
        let bytes = &mut self.bytes;
        self.parts.retain(|part| {
            if part.leaving {
                *bytes -= part.bytes();
                left.push(part.id);
            }
            !part.leaving
        });
        left
    }

    /// How many records more may be fetched.
    pub(crate) fn room(&self) -> usize {
        let ahead: usize = self.parts.iter().map(Part::ahead).sum();
        match self.bytes < BYTES {
            true => AHEAD.saturating_sub(ahead),
            false => 0,
        }
    }

    /// A record was fetched. One that is not behind all others of its partition begins it anew.
    pub(crate) fn push(&mut self, part: u64, offset: u64, record: OwnedRecord) {
        let known = self.parts.iter_mut().find(|known| known.id == part);
        let Some(part) = known.filter(|part| part.seek.is_none()) else {
            return;
        };
        let mut gone = 0;
        if part
            .records
            .back()
            .is_some_and(|(last, ..)| offset <= *last)
        {
            gone = part.bytes();
            part.records.clear();
            part.cursor = None;
        }
        if part.cursor.is_none() {
            // What is before it was done with before.
            (part.cursor, part.stored) = (Some(Cursor::at(offset)), offset);
        }
        let key = record.key().map(key_tag);
        let size = record.packed_size();
        part.records.push_back((offset, record, key));
        self.bytes = self.bytes + size - gone;
    }

    /// The next record that may go out.
    pub(crate) fn give(&mut self) -> Option<Given> {
        for turn in 0..self.parts.len() {
            let at = (self.turn + turn) % self.parts.len();
            let part = &mut self.parts[at];
            if let Some(given) = part.give() {
                self.turn = at + 1;
                self.out += 1;
                return Some(given);
            }
        }
        None
    }

    /// Takes a record back, done or not.
    pub(crate) fn settle(&mut self, (part, epoch): (u64, u32), offset: u64, done: bool) {
        self.out -= 1;
        let known = self.parts.iter_mut().find(|known| known.id == part);
        let Some(part) = known.filter(|part| part.epoch == epoch) else {
            return;
        };
        part.out -= 1;
        let Some(cursor) = &mut part.cursor else {
            return;
        };
        cursor.settle(offset, done);
        let low = cursor.low();
        while part.records.front().is_some_and(|(first, ..)| *first < low) {
            let done = part.records.pop_front();
            self.bytes -= done.map_or(0, |(_, record, _)| record.packed_size());
        }
    }

    /// How many records of a topic are not done with, in partitions of which that is known.
    pub(crate) fn lag(&self, topic: &str) -> Option<u64> {
        let mut lag = None;
        for part in self.parts.iter().filter(|part| *part.topic == *topic) {
            if let (Some(end), Some(low)) = (part.end, part.low().or(part.from)) {
                // What has come since is known too.
                let seen = part.records.back().map_or(0, |(last, ..)| last + 1);
                lag = Some(lag.unwrap_or(0) + end.max(seen).saturating_sub(low));
            }
        }
        lag
    }

    /// How far partitions are that have come further than the brokers know.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        let mut reached = Vec::new();
        for part in &self.parts {
            let low = part.low().filter(|low| part.stored < *low);
            reached.extend(low.map(|low| (Arc::clone(&part.topic), part.number, low)));
        }
        reached
    }

    /// The brokers know, or will.
    pub(crate) fn known(&mut self, reached: &[Reached]) {
        for (topic, number, low) in reached {
            if let Some(part) = self.find(topic, *number) {
                part.stored = *low;
            }
        }
    }

    /// Both at once.
    pub(crate) fn progress(&mut self) -> Vec<Reached> {
        let reached = self.reached();
        self.known(&reached);
        reached
    }
}

impl Part {
    /// Whether everything is done with that there will be.
    pub(crate) fn ended(&self) -> bool {
        let low = self.low().or(self.from);
        matches!((self.goal, low), (Some(goal), Some(low)) if goal <= low)
    }

    /// How many records nobody has looked at.
    fn ahead(&self) -> usize {
        let next = self.cursor.as_ref().map_or(0, Cursor::next);
        self.records.len() - self.position(next)
    }

    fn bytes(&self) -> usize {
        let sizes = self
            .records
            .iter()
            .map(|(_, record, _)| record.packed_size());
        sizes.sum()
    }

    /// Everything before this offset is done with.
    fn low(&self) -> Option<u64> {
        self.cursor.as_ref().map(Cursor::low)
    }

    /// Where the first record from this offset on stands.
    fn position(&self, offset: u64) -> usize {
        // Mostly offsets have no gaps.
        let first = self.records.front().map_or(0, |(first, ..)| *first);
        let guess = usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX);
        match self.records.get(guess) {
            Some((there, ..)) if *there == offset => guess,
            _ => self.records.partition_point(|(there, ..)| *there < offset),
        }
    }

    fn give(&mut self) -> Option<Given> {
        if self.leaving {
            return None;
        }
        let mut cursor = self.cursor.take()?;
        let given = cursor.give(|offset| {
            let (offset, _, key) = self.records.get(self.position(offset))?;
            Some((*offset, *key))
        });
        self.cursor = Some(cursor);
        let (offset, attempt) = given?;
        let (_, record, _) = self.records.get(self.position(offset))?;
        let record = record.clone();
        self.out += 1;
        Some(Given {
            part: self.id,
            epoch: self.epoch,
            number: self.number,
            offset,
            attempt,
            record,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_runtime::Record;

    fn push(held: &mut Held, part: u64, offset: u64, key: Option<&str>) {
        let record = Record {
            key: key.map(str::as_bytes),
            ..Record::new("t", b"")
        };
        held.push(part, offset, record.owned());
    }

    fn given(held: &mut Held) -> Option<(i32, u64, u32)> {
        let given = held.give()?;
        Some((given.number, given.offset, given.attempt))
    }

    #[test]
    fn partitions_take_turns_and_keys_keep_their_order() {
        let mut held = Held::default();
        let (first, second) = (held.assign("t", 0), held.assign("t", 1));
        for offset in [10, 11, 14] {
            push(&mut held, first, offset, Some("k"));
        }
        push(&mut held, second, 7, None);
        assert_eq!(given(&mut held), Some((0, 10, 1)));
        assert_eq!(given(&mut held), Some((1, 7, 1)));
        assert_eq!(given(&mut held), None);
        held.settle((first, 0), 10, false);
        assert_eq!(held.progress(), []);
        assert_eq!(given(&mut held), Some((0, 10, 2)));
        held.settle((first, 0), 10, true);
        held.settle((second, 0), 7, true);
        let topic: Arc<str> = Arc::from("t");
        let progress = [(Arc::clone(&topic), 0, 11), (topic, 1, 8)];
        assert_eq!(held.progress(), progress);
        assert_eq!(held.progress(), []);
        assert_eq!(given(&mut held), Some((0, 11, 1)));
        held.settle((first, 0), 11, true);
        assert_eq!(given(&mut held), Some((0, 14, 1)));
        held.settle((first, 0), 14, true);
        assert_eq!((held.bytes, held.out), (0, 0));
    }

    #[test]
    fn a_partition_that_goes_gives_nothing_and_waits_for_what_is_out() {
        let mut held = Held::default();
        let id = held.assign("t", 0);
        push(&mut held, id, 0, None);
        push(&mut held, id, 1, None);
        assert!(given(&mut held).is_some());
        held.leave("t", 0);
        assert_eq!((given(&mut held), held.drained()), (None, false));
        held.settle((id, 0), 0, true);
        assert!(held.drained());
        assert_eq!(held.progress().len(), 1);
        assert_eq!(held.left(), [id]);
        assert_eq!(held.bytes, 0);
        // It comes back, and what was out of the one before does not count for it.
        let again = held.assign("t", 0);
        push(&mut held, id, 9, None);
        push(&mut held, again, 1, None);
        let late = held.give().map(|given| given.part);
        assert_eq!(late, Some(again));
        held.leave("t", 0);
        held.left();
        held.settle((again, 0), 1, true);
        assert_eq!((held.out, held.progress()), (0, Vec::new()));
    }

    #[test]
    fn what_lies_here_is_bounded_and_what_waits_for_its_key_does_not_count() {
        let mut held = Held::default();
        let id = held.assign("t", 0);
        let mut offset = 0;
        while held.room() > 0 {
            push(&mut held, id, offset, Some("k"));
            offset += 1;
        }
        assert_eq!(offset, AHEAD as u64);
        assert!(given(&mut held).is_some() && given(&mut held).is_none());
        assert_eq!(held.room(), AHEAD);
        push(&mut held, id, offset, None);
        assert_eq!(given(&mut held), Some((0, offset, 1)));
        held.settle((id, 0), offset, true);
        // An offset that was there before begins the partition anew.
        push(&mut held, id, 5, None);
        assert_eq!(given(&mut held), Some((0, 5, 1)));
        held.settle((id, 0), 5, true);
        assert_eq!(held.bytes, 0);
    }

    #[test]
    fn what_is_taken_back_comes_again_and_was_never_given() {
        let mut held = Held::default();
        let id = held.assign("t", 0);
        for offset in 0..3 {
            push(&mut held, id, offset, None);
        }
        assert_eq!(given(&mut held), Some((0, 0, 1)));
        held.settle((id, 0), 0, true);
        assert_eq!(held.progress().len(), 1);
        assert_eq!(given(&mut held), Some((0, 1, 1)));
        assert_eq!(given(&mut held), Some((0, 2, 1)));
        held.settle((id, 0), 1, true);
        held.leave("t", 0);
        assert!(held.leaves_work());
        held.parts[0].leaving = false;
        held.rewind();
        assert_eq!(held.seeks(), [(id, Arc::from("t"), 0, 1)]);
        // What was on its way from before the seek.
        push(&mut held, id, 3, None);
        assert_eq!(given(&mut held), None);
        held.sought(id);
        push(&mut held, id, 1, None);
        assert_eq!(given(&mut held), Some((0, 1, 1)));
        held.settle((id, 0), 2, true);
        assert_eq!((held.reached(), held.out), (Vec::new(), 1));
        held.settle((id, 1), 1, true);
        assert_eq!(held.reached(), [(Arc::from("t"), 0, 2)]);
    }

    #[test]
    fn lag_is_what_is_not_done_with() {
        let mut held = Held::default();
        let id = held.assign("t", 0);
        assert_eq!(held.lag("t"), None);
        let part = held.find("t", 0).unwrap();
        (part.from, part.end) = (Some(3), Some(10));
        assert_eq!((held.lag("t"), held.lag("u")), (Some(7), None));
        push(&mut held, id, 9, None);
        assert_eq!(held.lag("t"), Some(1));
        push(&mut held, id, 11, None);
        assert!(given(&mut held).is_some());
        held.settle((id, 0), 9, true);
        assert_eq!(held.lag("t"), Some(2));
    }

    #[test]
    fn a_partition_has_ended_when_all_that_there_will_be_is_done() {
        let mut held = Held::default();
        let id = held.assign("t", 0);
        let set = |held: &mut Held, from, goal| {
            let part = held.find("t", 0).unwrap();
            (part.from, part.goal) = (Some(from), Some(goal));
        };
        assert!(!held.parts()[0].ended());
        set(&mut held, 3, 3);
        assert!(held.parts()[0].ended());
        set(&mut held, 2, 3);
        assert!(!held.parts()[0].ended());
        push(&mut held, id, 2, None);
        assert!(given(&mut held).is_some() && !held.parts()[0].ended());
        held.settle((id, 0), 2, true);
        assert!(held.parts()[0].ended());
    }
}
