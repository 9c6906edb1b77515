//! The segments in order, what is in them, and how records get there.
//!
//! Two locks: who writes has `writer`, and who looks has `state`. Who needs both takes `writer` first; the journal's
//! comes after either.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex};

use super::commit::{Answer, Pending, Signal, later};
use super::disk::{Disk, Held, append_all};
use super::frame::{self, Draft};
use super::journal::Journal;
use super::segment::{self, Head, START, Segment};
use super::trouble::{Doing, full_disk, in_use, trouble};
use super::{Acknowledge, Damage, FileOptions, WhenFull};
use crate::bus::crc::key_tag;
use crate::bus::cursor::KeyTag;
use crate::bus::owned::{put_packed, with_scratch};
use crate::bus::topics::{Kept, Topics};
use crate::bus::waiters::wake;
use crate::bus::{BusError, BusErrorKind, Depth, Receipt, Record, Sending};
use crate::clock::{self, Moment};
use crate::lane::lock;

/// No segment grows beyond this, unless a single record does.
const SEGMENT: u64 = 16 << 20;

/// How many segments there are when the bus is full, if none is cut short.
const SEGMENTS: u64 = 16;

/// How long nobody looks whether the file is still there, in nanoseconds.
const LOOK: u64 = 1_000_000;

/// How large a record is as long as none is known.
const RECORD: u64 = 1_000;

/// Everything about one folder.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) disk: Box<dyn Disk>,
    pub(super) options: FileOptions,
    /// How many records were there when it was opened.
    pub(super) recovered: u64,
    pub(super) writer: Mutex<Writer>,
    pub(super) state: Mutex<State>,
    pub(super) journal: Mutex<Journal>,
    pub(super) signal: Mutex<Signal>,
    pub(super) work: Condvar,
}

/// Where the next record goes.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// `None` if the next record begins a new one.
    pub(super) active: Option<Arc<Segment>>,
    /// How long the active segment is.
    pub(super) len: u64,
    /// The number of the next record.
    pub(super) next: u64,
    /// The number behind the last record there is; less than the next number only if a journal knew of more.
    pub(super) end: u64,
    /// The next segment.
    pub(super) sequence: u64,
    pub(super) closed: bool,
    looked: Moment,
    /// Files that were let go and would not go.
    leftover: Vec<(String, u64)>,
    /// What is written and not synced.
    pub(super) pending: Option<Pending>,
    pub(super) unsynced: Vec<Arc<Segment>>,
    pub(super) new_names: bool,
    /// What is being synced.
    pub(super) in_flight: Option<Arc<Answer>>,
}

/// What is where, as far as it is acknowledged.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) topics: Topics<Place>,
    /// The oldest first.
    pub(super) segments: VecDeque<Listed>,
    /// The writer's next number.
    pub(super) next: u64,
    /// The number behind the last acknowledged record.
    pub(super) end: u64,
    /// Bytes of files that were let go and would not go.
    leftover: u64,
    /// The largest frame that found no room since there was room for it.
    wanted: u64,
    /// Records that had to make room, and somebody wanted.
    pub(super) dropped: u64,
    pub(super) damage: Vec<Damage>,
}

/// A segment and how long it is.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) segment: Arc<Segment>,
    pub(super) len: u64,
}

/// Where in its segment a record stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) key: Option<KeyTag>,
}

impl Kept for Place {
    fn key(&self) -> Option<KeyTag> {
        self.key
    }
}

impl Writer {
    /// One whose next segment is this.
    pub(super) fn at(sequence: u64) -> Writer {
        Writer {
            sequence,
            ..Writer::default()
        }
    }
}

impl State {
    fn bytes(&self) -> u64 {
        let segments: u64 = self.segments.iter().map(|listed| listed.len).sum();
        segments + self.leftover
    }

    /// The first number that somebody may still want.
    fn wanted_from(&self) -> u64 {
        let topics = self.topics.all().iter();
        let first = topics.filter_map(|topic| {
            let low = topic.low().unwrap_or(0);
            topic.records.following(low).map(|(number, _)| *number)
        });
        first.min().unwrap_or(u64::MAX)
    }

    /// How many of the oldest segments must go so that a new one of this size has room; `None` if that is not enough.
    fn plan(&self, size: u64, options: FileOptions) -> Option<usize> {
        let mut bytes = self.bytes() + size;
        let wanted = match options.when_full {
            WhenFull::Refuse => self.wanted_from().min(self.end),
            WhenFull::DropOldest => self.end,
        };
        let firsts = self.segments.iter().map(|listed| listed.segment.head.first);
        let mut ends = firsts.skip(1).chain([self.next]);
        for (count, listed) in self.segments.iter().enumerate() {
            if bytes <= options.max_bytes {
                return Some(count);
            }
            if ends.next()? > wanted {
                return None;
            }
            bytes -= listed.len;
        }
        (bytes <= options.max_bytes).then_some(self.segments.len())
    }

    /// Lets go of the oldest segments.
    fn let_go(&mut self, count: usize) -> Vec<Listed> {
        let gone: Vec<Listed> = self.segments.drain(..count).collect();
        let first = self.segments.front();
        let first = first.map_or(self.next, |listed| listed.segment.head.first);
        for topic in 0..self.topics.all().len() {
            let topic = self.topics.topic(topic);
            let low = topic.low().unwrap_or(0);
            while let Some((number, _)) = topic.records.first()
                && *number < first
            {
                self.dropped += u64::from(*number >= low);
                topic.records.pop();
            }
        }
        gone
    }

    /// The segment in which a record of this number stands.
    pub(super) fn segment(&self, number: u64) -> Option<Arc<Segment>> {
        let segments = &self.segments;
        let behind = segments.partition_point(|listed| listed.segment.head.first <= number);
        let listed = segments.get(behind.checked_sub(1)?)?;
        Some(Arc::clone(&listed.segment))
    }

    /// Whether the last segment may grow to its full size without more room than there is.
    pub(super) fn may_grow(&self, last: &Listed, options: FileOptions) -> bool {
        last.len <= options.segment()
            && self.bytes() - last.len + options.segment() <= options.max_bytes
    }

    /// How long the last segment is now.
    pub(super) fn set_len(&mut self, len: u64) {
        if let Some(listed) = self.segments.back_mut() {
            listed.len = len;
        }
    }
}

impl FileOptions {
    /// How large a segment becomes.
    pub(super) fn segment(self) -> u64 {
        (self.max_bytes / SEGMENTS).min(SEGMENT)
    }
}

impl Store {
    /// Takes a record, or says why not.
    pub(super) fn send(&self, record: &Record<'_>) -> Sending {
        with_scratch(|scratch| {
            let draft = Draft::new(scratch, |bytes| put_packed(record, bytes));
            let limit = self.options.max_bytes.saturating_sub(START);
            match draft.filter(|draft| draft.size() as u64 <= limit) {
                Some(draft) => self
                    .append(record, draft)
                    .unwrap_or_else(|error| Sending::Done(Err(error))),
                None => {
                    let limit = limit
                        .min(u32::MAX.into())
                        .saturating_sub(frame::HEAD as u64);
                    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                    Sending::Done(Err(BusErrorKind::TooLarge { limit }.into()))
                }
            }
        })
    }

    fn append(&self, record: &Record<'_>, mut draft: Draft<'_>) -> Result<Sending, BusError> {
        let mut writer = lock(&self.writer);
        if writer.closed {
            return Err(BusErrorKind::Closed.into());
        }
        self.look(&mut writer);
        let size = draft.size() as u64;
        let active = match writer.active.clone() {
            Some(active) if writer.len + size <= self.options.segment() => active,
            _ => {
                if writer.len <= START {
                    self.seal(&mut writer);
                }
                self.roll(&mut writer, size)?
            }
        };
        let number = writer.next;
        let bytes = draft.finish(number, active.head.salt);
        if let Err(error) = append_all(&*active.file, bytes) {
            self.give_up(&mut writer, &error);
            return Err(trouble(Doing::Write, &self.path(&active), &error));
        }
        let at = writer.len;
        let place = Place {
            // A segment is longer than its bound only if one record fills it, and that stands at its start.
            at: u32::try_from(at).unwrap_or(u32::MAX),
            key: record.key.map(key_tag),
        };
        writer.len += size;
        (writer.next, writer.end) = (number + 1, number + 1);
        let receipt = Receipt {
            partition: None,
            offset: Some(number),
        };
        let mut state = lock(&self.state);
        state.set_len(writer.len);
        state.next = number + 1;
        let topic = state.topics.place(record.topic);
        if self.options.acknowledge == Acknowledge::Fsync {
            drop(state);
            let pending = writer
                .pending
                .get_or_insert_with(|| Pending::new(active, at, number));
            pending.records.push((topic, number, place));
            let answer = Arc::clone(&pending.answer);
            drop(writer);
            self.wake_up();
            return Ok(later(answer, receipt));
        }
        state.end = number + 1;
        state.topics.topic(topic).records.push(number, place);
        let arrivals = state.topics.arrivals.take();
        drop(state);
        drop(writer);
        wake(arrivals);
        Ok(Sending::Done(Ok(receipt)))
    }

    /// Finds out when somebody has removed the file that is written to. The next one says whether the folder is gone.
    fn look(&self, writer: &mut Writer) {
        let now = clock::now();
        if now.nanos_since(writer.looked) < LOOK {
            return;
        }
        writer.looked = now;
        let active = writer.active.as_ref();
        if active.is_some_and(|active| !active.file.named().unwrap_or(false)) {
            self.seal(writer);
        }
    }

    fn path(&self, segment: &Segment) -> std::path::PathBuf {
        self.disk.path().join(segment.name())
    }

    /// Begins a new segment that has room for a frame of this size, and lets go of old ones for it.
    fn roll(&self, writer: &mut Writer, size: u64) -> Result<Arc<Segment>, BusError> {
        let mut state = lock(&self.state);
        self.remove_leftover(writer, &mut state);
        let size = START + size;
        let Some(count) = state.plan(size.max(self.options.segment()), self.options) else {
            state.wanted = state.wanted.max(size);
            return Err(BusErrorKind::Full.into());
        };
        let (name, sequence) = (segment::name(writer.sequence), writer.sequence);
        let path = || self.disk.path().join(&name);
        match self.disk.hold() {
            Ok(Held::Still) => {}
            Ok(Held::Anew) => lock(&self.journal).lost(),
            Ok(Held::Elsewhere) => return Err(in_use(self.disk.path())),
            Err(error) => return Err(trouble(Doing::Create, &path(), &error)),
        }
        let oldest = state.segments.get(count);
        let oldest = oldest.map_or(sequence, |listed| listed.segment.sequence);
        let head = Head {
            first: state.next,
            after: writer.end,
            acknowledged: state.end.min(writer.end),
            oldest,
            ..Head::first()
        };
        writer.sequence += 1;
        let segment = match Segment::create(&*self.disk, sequence, head) {
            Ok(segment) => segment,
            Err(error) => {
                // A part of it may be there, or all; and what it says of where the others end must stay true.
                drop(state);
                self.seal(writer);
                return Err(trouble(Doing::Create, &path(), &error));
            }
        };
        for gone in state.let_go(count) {
            writer.leftover.push((gone.segment.name(), gone.len));
        }
        self.remove_leftover(writer, &mut state);
        state.segments.push_back(Listed {
            segment: Arc::clone(&segment),
            len: START,
        });
        if self.options.acknowledge == Acknowledge::Fsync {
            let before = writer.active.take();
            writer.unsynced.extend(before);
            writer.new_names = true;
        }
        writer.active = Some(Arc::clone(&segment));
        writer.len = START;
        let room = state.topics.room.take();
        drop(state);
        wake(room);
        Ok(segment)
    }

    /// Removes files that were let go. One that will not go takes its room until it does.
    fn remove_leftover(&self, writer: &mut Writer, state: &mut State) {
        writer
            .leftover
            .retain(|(name, _)| match self.disk.remove(name) {
                Ok(()) => false,
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            });
        state.leftover = writer.leftover.iter().map(|(_, len)| len).sum();
    }

    /// Something of a record may have been written. A file that merely had no room can be used again.
    fn give_up(&self, writer: &mut Writer, error: &io::Error) {
        let Some(active) = &writer.active else { return };
        let cut = active.file.cut(writer.len);
        if cut.is_err() || !full_disk(error) {
            self.seal(writer);
        }
    }

    /// Nothing goes into the active segment any more. What stands behind its end is void: the next one says so.
    pub(super) fn seal(&self, writer: &mut Writer) {
        let Some(active) = writer.active.take() else {
            return;
        };
        if writer.len == START {
            let mut state = lock(&self.state);
            state.segments.pop_back();
            // If it stays, it is an empty one.
            let _ = self.disk.remove(&active.name());
        } else if self.options.acknowledge == Acknowledge::Fsync {
            writer.unsynced.push(active);
        }
    }

    pub(super) fn depth(&self) -> Depth {
        let state = lock(&self.state);
        let topics = state.topics.all().iter();
        let (all, wanted) = topics.fold((0, 0), |(all, wanted), topic| {
            (
                all + topic.records.len() as u64,
                wanted + topic.wanted() as u64,
            )
        });
        let size = state.bytes().checked_div(all).unwrap_or(RECORD).max(1);
        Depth {
            records: wanted,
            capacity: self.options.max_bytes / size,
        }
    }

    /// Whether there is room for what was refused.
    pub(super) fn has_room(&self, state: &mut State) -> bool {
        let size = state.wanted.max(self.options.segment());
        let room = state.topics.closed || state.plan(size, self.options).is_some();
        if room {
            state.wanted = 0;
        }
        room
    }
}
