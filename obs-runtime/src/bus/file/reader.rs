//! How members of groups get at what is in the folder.

use std::io;
use std::sync::{Arc, MutexGuard};

use super::DamageKind;
use super::disk::read_all;
use super::frame;
use super::segment::{self, Segment};
use super::store::{Place, State, Store};
use crate::bus::member::{Reading, Shelves};
use crate::bus::topics::Topics;
use crate::bus::{BusError, OwnedRecord};
use crate::lane::lock;

/// How many bytes are read at a time.
const WINDOW: usize = 1 << 16;

/// How much damage is told of one by one.
const DAMAGE: usize = 1_000;

/// A part of a segment that a member has read.
#[derive(Debug, Default)]
pub(super) struct Window {
    segment: Option<Arc<Segment>>,
    at: u64,
    /// A buffer, and how much of it was read.
    bytes: Vec<u8>,
    len: usize,
}

impl Window {
    /// The record that stands at a place of a segment, if it is in here.
    fn record(&self, segment: &Arc<Segment>, number: u64, at: u64) -> Option<OwnedRecord> {
        if !Arc::ptr_eq(self.segment.as_ref()?, segment) {
            return None;
        }
        let skip = usize::try_from(at.checked_sub(self.at)?).ok()?;
        let frame = frame::take(self.bytes.get(skip..self.len)?, segment.head.salt)?;
        if frame.number != number {
            return None;
        }
        OwnedRecord::unpack(frame.payload)
    }

    /// Reads what stands at a place of a segment, and more behind it.
    fn fill(&mut self, segment: &Arc<Segment>, at: u64) -> io::Result<()> {
        self.segment = None;
        self.at = at;
        self.bytes.resize(WINDOW, 0);
        self.len = read_all(&*segment.file, at, &mut self.bytes)?;
        if let Some(size) = frame::size(&self.bytes[..self.len])
            && size > self.len
            && at + size as u64 <= segment.file.size()?
        {
            self.bytes.resize(size.max(WINDOW), 0);
            self.len = read_all(&*segment.file, at, &mut self.bytes)?;
        }
        self.segment = Some(Arc::clone(segment));
        Ok(())
    }
}

/// A handle to a folder, as members of groups have it.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<Store>);

impl Shelves for Shared {
    type State = State;
    type Kept = Place;
    type Reader = Window;

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    fn topics(state: &mut State) -> &mut Topics<Place> {
        &mut state.topics
    }

    /// What all groups are done with goes when its room is needed.
    fn settled(_: &mut State, _: usize) {}

    fn begin(&self, topic: &str, group: &str, id: u64, next: u64) -> Result<(), BusError> {
        self.0.begin(topic, group, id, next)
    }

    fn done(&self, id: u64, number: u64) {
        self.0.done(id, number);
    }

    fn ended(&self, id: u64) {
        self.0.ended(id);
    }

    fn read(&self, window: &mut Window, number: u64, place: Place) -> Reading {
        let Some(segment) = lock(&self.0.state).segment(number) else {
            // It had to make room, and is counted.
            return Reading::Gone;
        };
        let at = u64::from(place.at);
        if let Some(record) = window.record(&segment, number, at) {
            return Reading::Record(record);
        }
        let filled = window.fill(&segment, at);
        if let Some(record) = window.record(&segment, number, at) {
            return Reading::Record(record);
        }
        let mut state = lock(&self.0.state);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let (disk, name) = (&*self.0.disk, segment.name());
        let damage = segment::damage(disk, &name, DamageKind::Damaged, at..at, 1);
        // Another group may have found it before.
        if state.damage.len() < DAMAGE && !state.damage.contains(&damage) {
            state.damage.push(damage);
        }
        match filled {
            Ok(()) => Reading::Gone,
            Err(_) => Reading::Unreadable,
        }
    }
}
