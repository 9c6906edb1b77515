//! What a bus keeps: for each topic its records, and how far each group has come in it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cursor::{Cursor, KeyTag};
use super::waiters::Waiters;
use obs_schema::table::Index;

/// All topics, and who waits for something to happen in them.
#[derive(Debug)]
pub(super) struct Topics<K> {
    topics: Vec<Topic<K>>,
    by_name: Index,
    /// How many groups there ever were, counted for each of their topics.
    groups: u64,
    /// Nothing comes any more.
    pub(super) closed: bool,
    pub(super) room: Waiters,
    pub(super) arrivals: Waiters,
}

/// What is kept of a record.
pub(super) trait Kept: Clone {
    /// What tells its key from others, if it has one.
    fn key(&self) -> Option<KeyTag>;
}

#[derive(Debug)]
pub(super) struct Topic<K> {
    name: Box<str>,
    pub(super) records: Records<K>,
    /// Few, so they are looked through.
    groups: Vec<(Arc<str>, Group)>,
}

/// Records of one topic, with their numbers, which grow.
#[derive(Debug)]
pub(super) struct Records<K> {
    list: VecDeque<(u64, K)>,
    /// The number behind the last that was ever here.
    end: u64,
}

/// A group of consumers in one topic.
#[derive(Debug)]
pub(super) struct Group {
    /// A group that ended and began anew is another.
    pub(super) id: u64,
    pub(super) cursor: Cursor,
}

impl<K> Default for Topics<K> {
    fn default() -> Topics<K> {
        Topics {
            topics: Vec::new(),
            by_name: Index::default(),
            groups: 0,
            closed: false,
            room: Waiters::default(),
            arrivals: Waiters::default(),
        }
    }
}

impl<K> Topics<K> {
    /// The place of a topic, which it has from now on.
    pub(super) fn place(&mut self, name: &str) -> usize {
        let topics = &self.topics;
        let is_it = &mut |place: usize| *topics[place].name == *name;
        if let Some(place) = self.by_name.find(name, is_it) {
            return place;
        }
        self.topics.push(Topic {
            name: name.into(),
            records: Records {
                list: VecDeque::new(),
                end: 0,
            },
            groups: Vec::new(),
        });
        self.by_name.add(name)
    }

    /// How many records of a topic there are from the first on that a group is not done with.
    pub(super) fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        let topics = &self.topics;
        let place = self
            .by_name
            .find(topic, &mut |place: usize| *topics[place].name == *topic)?;
        topics[place].lag(group)
    }

    /// All names and their places, in the order in which they came.
    #[cfg(feature = "file")]
    pub(super) fn names(&self) -> Vec<(&str, usize)> {
        let mut names = Vec::with_capacity(self.topics.len());
        for (place, topic) in self.topics.iter().enumerate() {
            names.push((&*topic.name, place));
        }
        names
    }

    pub(super) fn all(&self) -> &[Topic<K>] {
        &self.topics
    }

    pub(super) fn topic(&mut self, place: usize) -> &mut Topic<K> {
        &mut self.topics[place]
    }

    /// An id that no group has had.
    pub(super) fn group_id(&mut self) -> u64 {
        self.groups += 1;
        self.groups
    }

    /// A group has this id, which was given before all of this was.
    #[cfg(feature = "file")]
    pub(super) fn seen_group(&mut self, id: u64) {
        self.groups = self.groups.max(id);
    }
}

impl<K> Records<K> {
    /// The number behind the last that was ever here.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn push(&mut self, number: u64, kept: K) {
        self.list.push_back((number, kept));
        self.end = number + 1;
    }

    pub(super) fn first(&self) -> Option<&(u64, K)> {
        self.list.front()
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        self.list.pop_front().map(|(_, kept)| kept)
    }

    /// Where the first record from this number on stands.
    fn position(&self, number: u64) -> usize {
        // Mostly numbers have no gaps.
        let first = self.first().map_or(0, |(first, _)| *first);
        let guess = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        match self.list.get(guess) {
            Some((there, _)) if *there == number => guess,
            _ => self.list.partition_point(|(there, _)| *there < number),
        }
    }

    /// The first record from this number on.
    pub(super) fn following(&self, number: u64) -> Option<&(u64, K)> {
        self.list.get(self.position(number))
    }

    /// The numbers there are from one on, up to another.
    #[cfg(feature = "file")]
    pub(super) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        let records = self
            .list
            .range(self.position(from)..self.position(to).max(self.position(from)));
        records.map(|(number, _)| *number)
    }

    #[cfg(feature = "file")]
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The record of this number.
    fn get(&self, number: u64) -> Option<&K> {
        let (there, kept) = self.following(number)?;
        (*there == number).then_some(kept)
    }
}

#[cfg(feature = "file")]
impl<K: Kept> Records<K> {
    /// What tells the key of this record from others, if it is there and has one.
    pub(super) fn key(&self, number: u64) -> Option<KeyTag> {
        self.get(number)?.key()
    }
}

impl<K> Topic<K> {
    /// Everything before this number all groups are done with; `None` if there is no group.
    pub(super) fn low(&self) -> Option<u64> {
        let mut low = None;
        for (_, group) in &self.groups {
            let here = group.cursor.low();
            low = Some(low.map_or(here, |low: u64| low.min(here)));
        }
        low
    }

    /// How many records some group is not done with, or nobody has asked for.
    #[cfg(feature = "file")]
    pub(super) fn wanted(&self) -> usize {
        let done = self.low().map_or(0, |low| self.records.position(low));
        self.records.len() - done
    }

    /// How many records there are from the first on that a group is not done with.
    pub(super) fn lag(&self, group: &str) -> Option<u64> {
        let low = self.group_now(group)?.cursor.low();
        Some((self.records.list.len() - self.records.position(low)) as u64)
    }

    /// All groups, with their names.
    pub(super) fn groups(&self) -> &[(Arc<str>, Group)] {
        &self.groups
    }

    /// The group of this name that there is now.
    pub(super) fn group_now(&self, name: &str) -> Option<&Group> {
        let mut groups = self.groups.iter();
        groups
            .find(|(known, _)| **known == *name)
            .map(|(_, group)| group)
    }

    /// A group, as long as it is the same one.
    pub(super) fn group(&mut self, name: &str, id: u64) -> Option<&mut Group> {
        find(&mut self.groups, name, id)
    }

    /// A group begins, in the place of what had its name.
    pub(super) fn begin(&mut self, name: Arc<str>, group: Group) {
        self.end(&name);
        self.groups.push((name, group));
    }

    /// The group of this name ends.
    pub(super) fn end(&mut self, name: &str) {
        self.groups.retain(|(known, _)| **known != *name);
    }
}

fn find<'a>(groups: &'a mut [(Arc<str>, Group)], name: &str, id: u64) -> Option<&'a mut Group> {
    let mut groups = groups.iter_mut();
    let found = groups.find(|(known, group)| group.id == id && **known == *name);
    found.map(|(_, group)| group)
}

impl<K: Kept> Topic<K> {
    /// The next record for a group, and for the how manieth time it goes out.
    pub(super) fn give(&mut self, name: &str, id: u64) -> Option<(u64, u32, K)> {
        let Topic {
            records, groups, ..
        } = self;
        let group = find(groups, name, id)?;
        let following = |number| {
            let (number, kept) = records.following(number)?;
            Some((*number, kept.key()))
        };
        loop {
            let (number, attempt) = group.cursor.give(following)?;
            match records.get(number) {
                Some(kept) => return Some((number, attempt, kept.clone())),
                // It had to go to make room for others.
                None => group.cursor.settle(number, true),
            }
        }
    }
}
