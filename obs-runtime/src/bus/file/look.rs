//! Looking at what is in a folder while somebody else may have it: files are read, and nothing is changed.
//!
//! What stands in a file may not be acknowledged yet, and the end of one may be in the middle of being written. So
//! an end that cannot be read is no damage until something readable is behind it.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{DiskFile, names, open_to_read, read_all};
use super::frame;
use super::segment::{self, Head, START};
use crate::bus::{
    Bus, BusError, BusErrorKind, Look, OwnedRecord, Receipt, Record, Sending, Sight, Transport,
    View, Walk, Walking,
};

/// How many bytes are read at a time.
const CHUNK: usize = 1 << 18;

/// A bus in a folder that belongs to somebody else: it can be looked at.
pub(in crate::bus) fn read(path: &Path) -> Result<Bus, BusError> {
    let found = names(path).map_err(|error| unreadable(path, &error))?;
    if !found.iter().any(|name| is_ours(name)) {
        return Err(
            BusError::new(BusErrorKind::Unavailable).with_reason(format!(
                "there is no bus in the folder `{}`",
                path.display()
            )),
        );
    }
    Ok(Bus::new(Foreign {
        path: path.to_owned(),
    }))
}

/// Whether a bus has made a file of this name.
fn is_ours(name: &str) -> bool {
    name == "lock" || segment::sequence(name).is_some()
}

/// A folder that is read and nothing more.
#[derive(Debug)]
struct Foreign {
    path: PathBuf,
}

impl Transport for Foreign {
    fn system(&self) -> &'static str {
        "file"
    }

    fn send(&self, _: &Record<'_>) -> Sending {
        let error = BusError::new(BusErrorKind::Unsupported);
        Sending::Done(Err(error.with_reason("it is open for reading alone")))
    }

    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        let walk = FileWalk::new(&self.path, topic);
        Ok(Box::new(Walking::new(walk, look)))
    }

    fn topics(&self) -> Result<Vec<String>, BusError> {
        topics(&self.path)
    }
}

/// The topics of which there are records in a folder.
pub(super) fn topics(path: &Path) -> Result<Vec<String>, BusError> {
    let mut files = Files::new(path);
    let mut topics: Vec<String> = Vec::new();
    while let Some(step) = files.next().map_err(|error| unreadable(path, &error))? {
        if let Step::Record(_, record) = step
            && let Err(at) = topics.binary_search_by(|known| known.as_str().cmp(record.topic()))
        {
            topics.insert(at, record.topic().to_owned());
        }
    }
    Ok(topics)
}

fn unreadable(path: &Path, error: &io::Error) -> BusError {
    let path = path.display();
    let (kind, reason) = match error.kind() {
        io::ErrorKind::NotFound => (
            BusErrorKind::Unavailable,
            format!("there is no folder `{path}`"),
        ),
        _ => (BusErrorKind::Io, format!("cannot read `{path}`: {error}")),
    };
    BusError::new(kind).with_reason(reason)
}

/// A topic of a folder.
#[derive(Debug)]
pub(super) struct FileWalk {
    files: Files,
    topic: String,
}

impl FileWalk {
    pub(super) fn new(path: &Path, topic: &str) -> FileWalk {
        FileWalk {
            files: Files::new(path),
            topic: topic.to_owned(),
        }
    }
}

impl Walk for FileWalk {
    fn step(&mut self) -> Result<Option<Sight>, BusError> {
        loop {
            let step = self.files.next();
            match step.map_err(|error| unreadable(&self.files.path, &error))? {
                None => return Ok(None),
                Some(Step::Broken(reason)) => return Ok(Some(Sight::Broken(reason))),
                Some(Step::Record(number, record)) if record.topic() == self.topic => {
                    let receipt = Receipt {
                        partition: None,
                        offset: Some(number),
                    };
                    return Ok(Some(Sight::Record(record, receipt)));
                }
                Some(Step::Record(..)) => {}
            }
        }
    }
}

/// All records of a folder, one after another.
#[derive(Debug)]
struct Files {
    path: PathBuf,
    part: Option<Part>,
}

/// What there is next.
enum Step {
    Record(u64, OwnedRecord),
    Broken(String),
}

/// A segment that is being read.
#[derive(Debug)]
struct Part {
    sequence: u64,
    name: String,
    file: Box<dyn DiskFile>,
    salt: u64,
    /// Numbers from here on are void: a later segment begins there.
    limit: u64,
    /// The number of the next frame.
    next: u64,
    /// Where in the file the bytes are from, and how many of them are done with.
    base: u64,
    bytes: Vec<u8>,
    used: usize,
}

impl Files {
    fn new(path: &Path) -> Files {
        Files {
            path: path.to_owned(),
            part: None,
        }
    }

    /// The next there is; none for now, at the end of what was written.
    fn next(&mut self) -> io::Result<Option<Step>> {
        loop {
            if let Some(part) = &mut self.part
                && let Some(step) = part.step()?
            {
                return Ok(Some(step));
            }
            let before = self.part.as_ref().map(|part| (part.sequence, part.next));
            let Some((part, acknowledged)) =
                self.following(before.map(|(sequence, _)| sequence))?
            else {
                return Ok(None);
            };
            // What was written here since we looked comes first.
            if let Some(part) = &mut self.part
                && let Some(step) = part.step()?
            {
                return Ok(Some(step));
            }
            let name = self.part.as_ref().map(|part| part.name.clone());
            self.part = Some(part);
            if let (Some((_, next)), Some(name)) = (before, name)
                && acknowledged > next
            {
                let missing = acknowledged - next;
                return Ok(Some(Step::Broken(format!(
                    "{missing} records behind `{name}` are gone: they made room, or cannot be read"
                ))));
            }
        }
    }

    /// The segment behind one, if there is any, and before which number all was acknowledged when it was made.
    fn following(&mut self, behind: Option<u64>) -> io::Result<Option<(Part, u64)>> {
        let mut found = Vec::new();
        for name in names(&self.path)? {
            let Some(sequence) = segment::sequence(&name) else {
                continue;
            };
            let mut head = [0; START as usize];
            match open_to_read(&self.path, &name) {
                Ok(file) => {
                    read_all(&*file, 0, &mut head)?;
                    // One without a head is being made, or cannot be read without it.
                    found.extend(Head::of(&head).map(|head| (sequence, name, file, head)));
                }
                // It made room for others.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let newest = found.iter().max_by_key(|(sequence, ..)| *sequence);
        let oldest = newest.map_or(0, |(_, _, _, head)| head.oldest);
        let limit_of = |sequence: u64| {
            let later = found.iter().filter(|(other, ..)| *other > sequence);
            later
                .map(|(_, _, _, head)| head.after)
                .min()
                .unwrap_or(u64::MAX)
        };
        if let Some(part) = &mut self.part {
            part.limit = limit_of(part.sequence);
        }
        let wanted =
            |sequence: u64| sequence >= oldest && behind.is_none_or(|behind| sequence > behind);
        let next = found
            .iter()
            .enumerate()
            .filter(|(_, (sequence, ..))| wanted(*sequence))
            .min_by_key(|(_, (sequence, ..))| *sequence)
            .map(|(at, (sequence, ..))| (at, limit_of(*sequence)));
        let Some((at, limit)) = next else {
            return Ok(None);
        };
        let (sequence, name, file, head) = found.swap_remove(at);
        let part = Part {
            sequence,
            name,
            file,
            salt: head.salt,
            limit,
            next: head.first,
            base: START,
            bytes: Vec::new(),
            used: 0,
        };
        Ok(Some((part, head.acknowledged)))
    }
}

impl Part {
    /// The next record or damage here; none at the end.
    fn step(&mut self) -> io::Result<Option<Step>> {
        while self.next < self.limit {
            let rest = &self.bytes[self.used..];
            if let Some(frame) = frame::take(rest, self.salt).filter(|it| it.number == self.next) {
                let record = OwnedRecord::unpack(frame.payload);
                let place = self.base + self.used as u64;
                self.used += frame.size();
                self.next += 1;
                return Ok(Some(match record {
                    Some(record) => Step::Record(self.next - 1, record),
                    None => self.broken(place, "what stands there is no record"),
                }));
            }
            if self.read_more()? {
                continue;
            }
            let found = frame::find(&self.bytes, self.next, self.salt);
            let found = found.filter(|(_, frame)| frame.number < self.limit);
            let Some((skipped, frame)) = found else {
                break;
            };
            let missing = frame.number - self.next;
            self.used = skipped;
            self.next = frame.number;
            return Ok(Some(
                self.broken(self.base, &format!("{missing} records cannot be read")),
            ));
        }
        Ok(None)
    }

    /// Reads more of the file, with what is not done with at the start. Says whether there was more.
    fn read_more(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.used);
        self.base += self.used as u64;
        self.used = 0;
        let old = self.bytes.len();
        self.bytes.resize(old + CHUNK, 0);
        let read = read_all(&*self.file, self.base + old as u64, &mut self.bytes[old..]);
        self.bytes
            .truncate(old + read.as_ref().map_or(0, |read| *read));
        Ok(read? > 0)
    }

    fn broken(&self, place: u64, reason: &str) -> Step {
        Step::Broken(format!("`{}` at byte {place}: {reason}", self.name))
    }
}
