//! A file of records: a head, and frames behind it.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::{Disk, DiskFile, append_all, read_all};
use super::frame::{self, Frame};
use super::{Damage, DamageKind};
use crate::bus::crc::Crc;
use crate::ids;

/// What a file of ours begins with.
const MAGIC: [u8; 8] = *b"obs-bus\x01";

/// Where the first frame stands.
pub(super) const START: u64 = 52;

const SUFFIX: &str = ".segment";

/// What stands at the start of a file of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// Beside the checksum of each frame.
    pub(super) salt: u64,
    /// The number of the first record.
    pub(super) first: u64,
    /// The number behind the last record of the segments before. What stands there beyond it was never acknowledged.
    pub(super) after: u64,
    /// The number behind the last record that was acknowledged when this segment was made.
    pub(super) acknowledged: u64,
    /// The oldest segment there was when this one was made. Those before it were let go.
    pub(super) oldest: u64,
}

impl Head {
    /// One of a file in which nothing is void and nothing was before.
    pub(super) fn first() -> Head {
        Head {
            salt: ids::random(),
            first: 0,
            after: 0,
            acknowledged: 0,
            oldest: 0,
        }
    }

    fn bytes(self) -> [u8; START as usize] {
        let mut bytes = [0; START as usize];
        let parts = [
            self.salt,
            self.first,
            self.after,
            self.acknowledged,
            self.oldest,
        ];
        let parts = parts.into_iter().flat_map(u64::to_le_bytes);
        let parts = MAGIC.into_iter().chain(parts);
        bytes
            .iter_mut()
            .zip(parts)
            .for_each(|(byte, part)| *byte = part);
        if let Some((parts, crc)) = bytes.split_last_chunk_mut::<4>() {
            *crc = Crc::START.and(parts).end().to_le_bytes();
        }
        bytes
    }

    /// The head at the start of these bytes; `None` if there is no whole one.
    pub(super) fn of(bytes: &[u8]) -> Option<Head> {
        let head: [u8; START as usize] = *bytes.first_chunk()?;
        let part = |at: usize| Some(u64::from_le_bytes(*head[at..].first_chunk()?));
        let read = Head {
            salt: part(8)?,
            first: part(16)?,
            after: part(24)?,
            acknowledged: part(32)?,
            oldest: part(40)?,
        };
        (read.bytes() == head).then_some(read)
    }
}

/// A segment that is open.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) sequence: u64,
    pub(super) head: Head,
    pub(super) file: Box<dyn DiskFile>,
}

impl Segment {
    /// Makes a new one; what was made is taken back if that fails.
    pub(super) fn create(disk: &dyn Disk, sequence: u64, head: Head) -> io::Result<Arc<Segment>> {
        let file = create(disk, &name(sequence), head)?;
        Ok(Arc::new(Segment {
            sequence,
            head,
            file,
        }))
    }

    pub(super) fn name(&self) -> String {
        name(self.sequence)
    }
}

/// Makes a file with a head; what was made is taken back if that fails.
pub(super) fn create(disk: &dyn Disk, name: &str, head: Head) -> io::Result<Box<dyn DiskFile>> {
    let file = disk.create(name)?;
    if let Err(error) = append_all(&*file, &head.bytes()) {
        // If this fails too, whoever opens the folder finds a head that is torn.
        let _ = disk.remove(name);
        return Err(error);
    }
    Ok(file)
}

/// The name of a segment's file.
pub(super) fn name(sequence: u64) -> String {
    format!("{sequence:010}{SUFFIX}")
}

/// Which segment's file has this name.
pub(super) fn sequence(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    digits
        .parse()
        .ok()
        .filter(|sequence| self::name(*sequence) == name)
}

/// All of a file.
pub(super) fn read(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let size = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; size];
    let read = read_all(file, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// What was found wrong behind a head.
#[derive(Default)]
pub(super) struct Scanned {
    /// The number behind the last frame.
    pub(super) next: u64,
    /// The end of the last frame.
    pub(super) end: usize,
    /// Frames are missing here: where, and how many.
    pub(super) gaps: Vec<(Range<usize>, u64)>,
}

/// Shows all frames of a file with numbers below a limit, and where they stand. Behind damage it looks for the next.
pub(super) fn scan<'a>(
    bytes: &'a [u8],
    head: Head,
    limit: u64,
    mut show: impl FnMut(usize, Frame<'a>),
) -> Scanned {
    let mut scanned = Scanned {
        next: head.first,
        end: START as usize,
        gaps: Vec::new(),
    };
    while scanned.next < limit {
        let rest = bytes.get(scanned.end..).unwrap_or_default();
        let here = frame::take(rest, head.salt).filter(|frame| frame.number == scanned.next);
        let found = here.map(|frame| (0, frame));
        let found = found.or_else(|| frame::find(rest, scanned.next, head.salt));
        let Some((skipped, frame)) = found.filter(|(_, frame)| frame.number < limit) else {
            break;
        };
        let start = scanned.end + skipped;
        let missing = frame.number - scanned.next;
        if skipped > 0 || missing > 0 {
            scanned.gaps.push((scanned.end..start, missing));
        }
        show(start, frame);
        scanned.next = frame.number + 1;
        scanned.end = start + frame.size();
    }
    scanned
}

/// What is wrong with a part of a file.
pub(super) fn damage(
    disk: &dyn Disk,
    name: &str,
    kind: DamageKind,
    place: Range<usize>,
    records: u64,
) -> Damage {
    Damage {
        file: disk.path().join(name),
        offset: place.start as u64,
        bytes: place.len() as u64,
        records,
        kind,
    }
}
