//! What there is in a folder, and what a crash left of it.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use obs_schema::table::sort;

use super::disk::{Disk, DiskFile, Held, read_all};
use super::journal;
use super::segment::{self, Head, START, Scanned, Segment};
use super::store::{Listed, Place, State, Store, Writer};
use super::trouble::{Doing, full_disk, in_use, trouble};
use super::{Acknowledge, DamageKind, FileOptions};
use crate::bus::crc::key_tag;
use crate::bus::{BusError, owned};

/// A segment as it is on the disk.
struct Found {
    sequence: u64,
    name: String,
    file: Box<dyn DiskFile>,
    head: Option<Head>,
    /// Numbers from here on are void: a later segment begins there.
    limit: u64,
    /// Numbers before this were acknowledged when the next segment was made.
    acknowledged: u64,
}

/// Takes a folder for this process, and puts it in order.
pub(super) fn open(disk: Box<dyn Disk>, options: FileOptions) -> Result<Store, BusError> {
    let path = disk.path().to_owned();
    match disk.hold() {
        Ok(Held::Elsewhere) => return Err(in_use(&path)),
        Ok(Held::Still | Held::Anew) => {}
        Err(error) => return Err(trouble(Doing::Open, &path, &error)),
    }
    let recovered = recover(disk, options);
    recovered.map_err(|error| trouble(Doing::Open, &path, &error))
}

fn recover(disk: Box<dyn Disk>, options: FileOptions) -> io::Result<Store> {
    let mut found = find(&*disk)?;
    let mut writer = Writer::at(found.last().map_or(0, |last| last.sequence + 1));
    let newest = found.iter().rev().find_map(|segment| segment.head);
    let oldest = newest.map_or(0, |head| head.oldest);
    for gone in found.extract_if(.., |segment| segment.sequence < oldest) {
        disk.remove(&gone.name)?;
    }
    let (mut state, mut records, mut whole, mut next) = (State::default(), 0, true, 0);
    for segment in found {
        let before = state.segments.len();
        let (scanned, count) = take_in(&*disk, segment, &mut state)?;
        records += count;
        whole = scanned.gaps.is_empty() && state.segments.len() > before;
        next = scanned.next.max(next);
    }
    let (seen, wrong) = journal::restore(&*disk, &mut state)?;
    state.damage.extend(wrong);
    (writer.end, writer.next) = (next, next.max(seen));
    (state.next, state.end) = (writer.next, writer.next);
    let last = state.segments.back();
    if seen > next {
        // A power cut took records that a group had; their numbers are not given away again.
        let name = last.map_or_else(String::new, |last| last.segment.name());
        let end = last.map_or(0, |last| usize::try_from(last.len).unwrap_or(usize::MAX));
        let lost = segment::damage(&*disk, &name, DamageKind::Damaged, end..end, seen - next);
        state.damage.push(lost);
    } else if let Some(last) = last.filter(|last| whole && state.may_grow(last, options)) {
        writer.active = Some(Arc::clone(&last.segment));
        writer.len = last.len;
    }
    if options.acknowledge == Acknowledge::Fsync {
        // What is found may have been written and never synced, and whoever gets it must be able to rely on it.
        for listed in &state.segments {
            listed.segment.file.sync()?;
        }
        disk.sync()?;
    }
    let store = Store {
        disk,
        options,
        recovered: records,
        writer: Mutex::new(writer),
        state: Mutex::new(state),
        journal: Mutex::default(),
        signal: Mutex::default(),
        work: Condvar::new(),
    };
    match store.write_anew() {
        // What is there can be read, and there will be room again.
        Err(error) if !full_disk(&error) => Err(error),
        _ => Ok(store),
    }
}

/// The segments of a folder, the oldest first.
fn find(disk: &dyn Disk) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for name in disk.names()? {
        if journal::unfinished(&name) {
            disk.remove(&name)?;
        }
        let Some(sequence) = segment::sequence(&name) else {
            continue;
        };
        let (file, mut head) = (disk.open(&name)?, [0; START as usize]);
        read_all(&*file, 0, &mut head)?;
        found.push(Found {
            sequence,
            name,
            file,
            head: Head::of(&head),
            limit: u64::MAX,
            acknowledged: 0,
        });
    }
    sort(&mut found, |a, b| a.sequence.cmp(&b.sequence));
    let (mut limit, mut acknowledged) = (u64::MAX, 0);
    for segment in found.iter_mut().rev() {
        (segment.limit, segment.acknowledged) = (limit, acknowledged);
        if let Some(head) = segment.head {
            limit = limit.min(head.after);
            acknowledged = head.acknowledged;
        }
    }
    Ok(found)
}

/// Enters what stands in a segment, notes what is wrong with it, and says how many records there are.
fn take_in(disk: &dyn Disk, segment: Found, state: &mut State) -> io::Result<(Scanned, u64)> {
    let Found { name, limit, .. } = segment;
    let mut damage = Vec::new();
    let mut wrong = |kind, place, records| {
        damage.push(segment::damage(disk, &name, kind, place, records));
    };
    let bytes = segment::read(&*segment.file)?;
    let size = bytes.len();
    let (mut scanned, mut records) = (Scanned::default(), 0);
    // A head without anything behind it was being made; or the damage is where nothing can be read without it.
    let head = segment.head.filter(|head| head.first < limit);
    let useless = size as u64 <= START || segment.head.is_some();
    match head {
        None if useless => {
            if size as u64 > START || segment.head.is_none() {
                wrong(DamageKind::Torn, 0..size, 0);
            }
            disk.remove(&name)?;
        }
        None => wrong(DamageKind::Damaged, 0..size, 0),
        Some(head) => {
            let mut unknown = Vec::new();
            scanned = segment::scan(&bytes, head, limit, |at, frame| {
                // The checksum is right, so another program has written this.
                let Some(record) = owned::view(frame.payload) else {
                    unknown.push(at..at + frame.size());
                    return;
                };
                let place = Place {
                    at: u32::try_from(at).unwrap_or(u32::MAX),
                    key: record.key.map(key_tag),
                };
                let topic = state.topics.place(record.topic);
                let topic = state.topics.topic(topic);
                topic.records.push(frame.number, place);
                records += 1;
            });
            for (place, missing) in &scanned.gaps {
                wrong(DamageKind::Damaged, place.clone(), *missing);
            }
            for place in unknown {
                wrong(DamageKind::Damaged, place, 1);
            }
            let mut len = size;
            let missing = segment.acknowledged.saturating_sub(scanned.next);
            if missing > 0 {
                wrong(DamageKind::Damaged, scanned.end..size, missing);
            } else if scanned.end < size {
                wrong(DamageKind::Torn, scanned.end..size, 0);
                segment.file.cut(scanned.end as u64)?;
                len = scanned.end;
            }
            let segment = Arc::new(Segment {
                sequence: segment.sequence,
                head,
                file: segment.file,
            });
            let len = len as u64;
            state.segments.push_back(Listed { segment, len });
        }
    }
    state.damage.extend(damage);
    Ok((scanned, records))
}
