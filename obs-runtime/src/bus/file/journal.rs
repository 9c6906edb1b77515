//! How far each group is, in a file beside the segments: what happened is appended, and now and then all of it is
//! written anew.
//!
//! Each payload is a word and numbers of eight bytes, little-endian; names stand behind their lengths.
//!
//! | word | what follows |
//! |---|---|
//! | 1 | a group begins: its id, the first record with which it is not done, topic, name |
//! | 2 | a group is done with the records from one on, up to another: id, number, number |
//! | 3 | a group is done with a record: id, number |
//! | 4 | a group has ended: id |
//!
//! An entry that is lost makes a group get records again, and never miss any.

use std::io;
use std::sync::Arc;

use super::Acknowledge;
use super::Damage;
use super::DamageKind;
use super::disk::{Disk, DiskFile, append_all};
use super::frame::Draft;
use super::segment::{self, Head, START};
use super::store::{Place, State, Store};
use super::trouble::{Doing, trouble};
use crate::bus::BusError;
use crate::bus::cursor::{Cursor, Numbers};
use crate::bus::owned::{put_part, take_part};
use crate::bus::topics::{Group, Records};
use crate::lane::lock;

/// The file.
const NAME: &str = "groups";

/// What the next one is called until it is whole. No two have the same name: a power cut that forgets that one was
/// made and remembers that it was renamed must not bring an older one back.
const NEXT: [&str; 2] = ["groups.", ".next"];

/// It is written anew when it has grown by so many bytes, and to twice its size.
const GROWTH: u64 = 1 << 16;

/// The open file.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// `None` if it must be written anew: there was trouble.
    file: Option<Box<dyn DiskFile>>,
    salt: u64,
    /// The number of the next entry.
    number: u64,
    len: u64,
    /// How long it was when it was written anew.
    base: u64,
    unsynced: bool,
    frame: Vec<u8>,
}

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Entry<'a> {
    Begin {
        id: u64,
        next: u64,
        topic: &'a str,
        group: &'a str,
    },
    Passed(u64, u64, u64),
    Done(u64, u64),
    End(u64),
}

impl<'a> Entry<'a> {
    fn put(self, out: &mut Vec<u8>) {
        let (word, numbers) = match self {
            Entry::Begin { id, next, .. } => (1, [Some(id), Some(next), None]),
            Entry::Passed(id, from, to) => (2, [Some(id), Some(from), Some(to)]),
            Entry::Done(id, number) => (3, [Some(id), Some(number), None]),
            Entry::End(id) => (4, [Some(id), None, None]),
        };
        out.push(word);
        let numbers = numbers.into_iter().flatten();
        out.extend(numbers.flat_map(u64::to_le_bytes));
        if let Entry::Begin { topic, group, .. } = self {
            put_part(out, topic.as_bytes());
            put_part(out, group.as_bytes());
        }
    }

    fn take(mut bytes: &'a [u8]) -> Option<Entry<'a>> {
        let bytes = &mut bytes;
        let word = *bytes.split_off_first()?;
        let number = |bytes: &mut &'a [u8]| {
            let (number, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(u64::from_le_bytes(*number))
        };
        let text = |bytes: &mut &'a [u8]| std::str::from_utf8(take_part(bytes)?).ok();
        let id = number(bytes)?;
        Some(match word {
            1 => Entry::Begin {
                id,
                next: number(bytes)?,
                topic: text(bytes)?,
                group: text(bytes)?,
            },
            2 => Entry::Passed(id, number(bytes)?, number(bytes)?),
            3 => Entry::Done(id, number(bytes)?),
            4 => Entry::End(id),
            _ => return None,
        })
    }
}

impl Journal {
    /// The file is gone, or may be.
    pub(super) fn lost(&mut self) {
        self.file = None;
    }

    fn put(&mut self, entry: Entry<'_>) -> io::Result<()> {
        let file = self.file.as_deref().ok_or(io::ErrorKind::NotFound)?;
        let draft = Draft::new(&mut self.frame, |bytes| entry.put(bytes));
        let mut draft = draft.ok_or(io::ErrorKind::InvalidInput)?;
        let size = draft.size() as u64;
        if let Err(error) = append_all(file, draft.finish(self.number, self.salt)) {
            // A part of it may be there.
            self.file = None;
            return Err(error);
        }
        self.number += 1;
        self.len += size;
        self.unsynced = true;
        Ok(())
    }

    fn too_long(&self) -> bool {
        self.len > 2 * self.base + GROWTH
    }
}

impl Store {
    /// A group begins in a topic.
    pub(super) fn begin(
        &self,
        topic: &str,
        group: &str,
        id: u64,
        next: u64,
    ) -> Result<(), BusError> {
        let entry = Entry::Begin {
            id,
            next,
            topic,
            group,
        };
        let written = lock(&self.journal).put(entry);
        if self.options.acknowledge == Acknowledge::Fsync {
            self.wake_up();
        }
        let path = || self.disk.path().join(NAME);
        written.map_err(|error| trouble(Doing::Write, &path(), &error))
    }

    /// A group is done with a record.
    pub(super) fn done(&self, id: u64, number: u64) {
        self.note(Entry::Done(id, number));
    }

    /// A group has ended in a topic.
    pub(super) fn ended(&self, id: u64) {
        self.note(Entry::End(id));
    }

    /// What cannot be noted is done again after a restart; but first it is tried to write everything anew.
    fn note(&self, entry: Entry<'_>) {
        let mut journal = lock(&self.journal);
        let anew = journal.put(entry).is_err() || journal.too_long();
        drop(journal);
        match self.options.acknowledge {
            Acknowledge::Fsync => self.wake_up(),
            Acknowledge::PageCache if anew => drop(self.write_anew()),
            Acknowledge::PageCache => {}
        }
    }

    /// Syncs what was appended, or writes everything anew if it is time.
    pub(super) fn sync_journal(&self) {
        let mut journal = lock(&self.journal);
        let anew = match &journal.file {
            None => true,
            Some(_) if journal.too_long() => true,
            Some(file) if journal.unsynced => file.sync().is_err(),
            Some(_) => false,
        };
        journal.unsynced = false;
        if anew {
            drop(journal);
            // What could not be synced is not tried again: the system may believe that it is clean. If this does not work either, the next call tries again.
            let _ = self.write_anew();
        }
    }

    /// Writes down where all groups are.
    pub(super) fn write_anew(&self) -> io::Result<()> {
        let state = lock(&self.state);
        let entries = entries(&state);
        // What happens from here on is appended to the new file.
        let mut journal = lock(&self.journal);
        drop(state);
        let written = Journal::write(&*self.disk, self.options.acknowledge, &entries);
        // If it failed, the old one may have lost its name already.
        let (next, result) = match written {
            Ok(next) => (next, Ok(())),
            Err(error) => (Journal::default(), Err(error)),
        };
        *journal = next;
        result
    }
}

/// Where all groups are, as payloads.
fn entries(state: &State) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let mut put = |entry: Entry<'_>| {
        let mut payload = Vec::new();
        entry.put(&mut payload);
        payloads.push(payload);
    };
    for (topic, place) in state.topics.names() {
        for (group, Group { id, cursor }) in state.topics.all()[place].groups() {
            let unsettled = cursor.unsettled();
            let mut from = unsettled.first().map_or(cursor.next(), |first| *first);
            put(Entry::Begin {
                id: *id,
                next: from,
                topic,
                group,
            });
            for to in unsettled.into_iter().chain([cursor.next()]) {
                if from < to {
                    put(Entry::Passed(*id, from, to));
                }
                from = to + 1;
            }
        }
    }
    payloads
}

impl Journal {
    /// Writes a new file in the place of the old one.
    fn write(
        disk: &dyn Disk,
        acknowledge: Acknowledge,
        payloads: &[Vec<u8>],
    ) -> io::Result<Journal> {
        let head = Head::first();
        let [start, end] = NEXT;
        let next = format!("{start}{:016x}{end}", head.salt);
        let mut journal = Journal {
            file: Some(segment::create(disk, &next, head)?),
            salt: head.salt,
            len: START,
            ..Journal::default()
        };
        let filled = journal.fill(acknowledge, payloads);
        if let Err(error) = filled.and_then(|()| disk.rename(&next, NAME)) {
            // If it stays, whoever opens the folder removes it.
            let _ = disk.remove(&next);
            return Err(error);
        }
        if acknowledge == Acknowledge::Fsync {
            disk.sync()?;
        }
        Ok(journal)
    }

    fn fill(&mut self, acknowledge: Acknowledge, payloads: &[Vec<u8>]) -> io::Result<()> {
        let file = self.file.as_deref().ok_or(io::ErrorKind::NotFound)?;
        let mut bytes = Vec::new();
        for payload in payloads {
            let draft = Draft::new(&mut self.frame, |bytes| bytes.extend_from_slice(payload));
            let mut draft = draft.ok_or(io::ErrorKind::InvalidInput)?;
            bytes.extend_from_slice(draft.finish(self.number, self.salt));
            self.number += 1;
        }
        append_all(file, &bytes)?;
        self.len += bytes.len() as u64;
        self.base = self.len;
        match acknowledge {
            Acknowledge::Fsync => file.sync(),
            Acknowledge::PageCache => Ok(()),
        }
    }
}

/// Whether a file of this name was to become the next one.
pub(super) fn unfinished(name: &str) -> bool {
    let [start, end] = NEXT;
    name.starts_with(start) && name.ends_with(end)
}

/// A group of which the file tells.
struct Known {
    id: u64,
    topic: usize,
    name: Arc<str>,
    next: u64,
    open: Numbers,
    ended: bool,
}

impl Known {
    /// It is done with the records from one on, up to another.
    fn pass(&mut self, from: u64, to: u64, records: &Records<Place>) {
        let before = records.between(self.next, from);
        self.open.extend(before.map(|number| (number, 0)));
        while let Some(number) = self
            .open
            .range(from..to.max(from))
            .next()
            .map(|(number, _)| *number)
        {
            self.open.remove(&number);
        }
        self.next = self.next.max(to);
    }
}

/// Gives the groups back what the file says about them. Tells what is wrong with it, and the number behind the last
/// record it knows of.
pub(super) fn restore(disk: &dyn Disk, state: &mut State) -> io::Result<(u64, Vec<Damage>)> {
    let bytes = match disk.open(NAME) {
        Ok(file) => segment::read(&*file)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, Vec::new())),
        Err(error) => return Err(error),
    };
    let wrong = |kind, place| segment::damage(disk, NAME, kind, place, 0);
    let Some(head) = Head::of(&bytes) else {
        return Ok((0, vec![wrong(DamageKind::Damaged, 0..bytes.len())]));
    };
    // As they began, and where each stands by its id.
    let mut known: Vec<Known> = Vec::new();
    let mut places = Numbers::new();
    let scanned = segment::scan(&bytes, head, u64::MAX, |_, frame| {
        // What no version of this room has written is not there.
        let Some(entry) = Entry::take(frame.payload) else {
            return;
        };
        let (Entry::Begin { id, .. } | Entry::Passed(id, ..) | Entry::Done(id, _) | Entry::End(id)) =
            entry;
        if let Entry::Begin {
            next, topic, group, ..
        } = entry
        {
            places.insert(id, known.len() as u64);
            known.push(Known {
                id,
                topic: state.topics.place(topic),
                name: group.into(),
                next,
                open: Numbers::new(),
                ended: false,
            });
        }
        let place = places
            .get(&id)
            .and_then(|place| usize::try_from(*place).ok());
        let Some(group) = place.and_then(|place| known.get_mut(place)) else {
            return;
        };
        let records = &state.topics.all()[group.topic].records;
        match entry {
            Entry::Begin { .. } => {}
            Entry::Passed(_, from, to) => group.pass(from, to, records),
            Entry::Done(_, number) => group.pass(number, number.saturating_add(1), records),
            Entry::End(_) => group.ended = true,
        }
    });
    let mut seen = 0;
    for group in known {
        let Known { id, next, .. } = group;
        seen = seen.max(next);
        state.topics.seen_group(id);
        let topic = state.topics.topic(group.topic);
        // The last that began under a name is the one that there is.
        topic.end(&group.name);
        if !group.ended {
            let open = group.open.into_keys();
            let cursor = Cursor::restore(next, open, |number| topic.records.key(number));
            topic.begin(group.name, Group { id, cursor });
        }
    }
    let gaps = scanned.gaps.into_iter();
    let mut damage: Vec<Damage> = gaps
        .map(|(place, _)| wrong(DamageKind::Damaged, place))
        .collect();
    if scanned.end < bytes.len() {
        damage.push(wrong(DamageKind::Torn, scanned.end..bytes.len()));
    }
    Ok((seen, damage))
}
