//! The bus in files: records are appended to segments in a folder, and stay there until their groups are done with
//! them and the room is needed.

mod commit;
mod disk;
mod frame;
mod journal;
mod look;
mod open;
mod reader;
mod segment;
mod store;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;

use self::disk::{Disk, Folder};
pub(super) use self::look::read;
use self::look::{FileWalk, topics};
use self::reader::Shared;
use self::store::Store;
use self::trouble::{Doing, trouble};
use super::member::Shelves;
use super::{
    Bus, BusError, BusErrorKind, Depth, Look, Record, Sending, Subscription, Transport, View,
    Waiting, Walking,
};
use crate::lane::lock;

/// A bus in a folder of this machine: an outbox, or a bus to develop with.
///
/// One process has the folder at a time. What it sends is appended to files, each record with a checksum, and survives
/// the process. Groups of consumers read it back, and where they are survives too.
///
/// ```
/// use obs_runtime::Record;
/// use obs_runtime::bus::{Acknowledge, FileBus, FileOptions};
///
/// # let folder = std::env::temp_dir().join(format!("obs-file-bus-{}", std::process::id()));
/// let options = FileOptions { acknowledge: Acknowledge::Fsync, ..FileOptions::default() };
/// let outbox = FileBus::open(&folder, options)?;
/// outbox.bus().send(&Record::new("order.placed.v1", b"{}")).wait()?;
/// drop(outbox);
///
/// // Later, and in another process:
/// let outbox = FileBus::open(&folder, options)?;
/// assert_eq!((outbox.recovered(), outbox.damage().len()), (1, 0));
/// let mut relay = outbox.bus().subscribe(&["order.placed.v1"], "relay")?;
/// let delivery = relay.try_next().expect("it survived");
/// assert_eq!(delivery.record().body(), Some(&b"{}"[..]));
/// delivery.ack();
/// # drop((outbox, relay));
/// # std::fs::remove_dir_all(folder).expect("it is ours");
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
///
/// # What an acknowledgement promises
///
/// | what happens after it | [`Acknowledge::PageCache`] | [`Acknowledge::Fsync`] |
/// |---|---|---|
/// | the process is killed, panics or aborts | the record is there | the record is there |
/// | the system crashes or loses power | it may be lost, with others near it; never torn | the record is there |
/// | what it costs | one `write` | one `write`, and its share of an `fsync` |
/// | when it is given | before [`Bus::send`] returns | when the batch is synced: the answer is a future |
/// | what a group has acknowledged | survives the process | survives a power cut a batch later; before, it comes again |
///
/// Each record is one `write`, at either level. A record that was not acknowledged may be there all the same. At
/// [`Acknowledge::Fsync`] nobody gets a record before it is synced. When syncing fails, all records of the batch and
/// those behind it fail, and the file is not written to again: a system may forget what it could not write and call it
/// clean afterwards. What the disk itself reports as synced is believed.
///
/// # What a crash leaves behind
///
/// A frame that is cut off at the end of a segment is cut away when the folder is opened. What is damaged in the
/// middle is left alone, and the records behind it are found again. Either is told by [`FileBus::damage`], with file
/// and offset. [`Bus::file`] refuses a folder in which records are damaged.
///
/// # How much room it takes
///
/// Segments take [`FileOptions::max_bytes`] together at most; a new one needs room for a sixteenth of that, which is
/// made by removing the oldest whole segments with which all groups are done. Records of topics that no group has
/// asked for are kept for the group that will. If there is nothing to remove, [`FileOptions::when_full`] decides.
/// Beside the segments there is a file of where the groups are. In memory each record takes 16 bytes, in a list that
/// doubles when it is full. Apart from that, and from a few allocations for each segment, sending at
/// [`Acknowledge::PageCache`] asks for no memory.
///
/// # Order and numbers
///
/// All topics are in one sequence of records, in which [`Receipt::offset`](super::Receipt::offset) counts. How often a
/// record was delivered is forgotten when the process ends.
///
/// A disk that is full or a folder that was removed is [`BusErrorKind::Unavailable`], and sending works again when
/// that is mended. That the folder is gone is noticed within a millisecond of sending; what was acknowledged in
/// between went with it.
#[derive(Clone, Debug)]
pub struct FileBus {
    handle: Arc<Handle>,
}

/// How a [`FileBus`] behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileOptions {
    /// What a record must have survived before it is acknowledged. [`Acknowledge::PageCache`], if nothing is said.
    pub acknowledge: Acknowledge,
    /// How many bytes the records may take together, with what is beside them. A gigabyte, if nothing is said.
    pub max_bytes: u64,
    /// What happens if that is not enough. [`WhenFull::Refuse`], if nothing is said.
    pub when_full: WhenFull,
}

/// What a record must have survived before a [`FileBus`] acknowledges it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledge {
    /// The system has it: it survives the process, and not a power cut.
    PageCache,
    /// The disk has it: it survives a power cut.
    Fsync,
}

/// What a [`FileBus`] does that has no room and nothing it may remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// It takes no records until groups are done with some: [`BusErrorKind::Full`].
    Refuse,
    /// It removes the oldest segment, whoever may want it, and counts: [`FileBus::dropped`].
    DropOldest,
}

/// A part of a file that is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where it begins.
    pub offset: u64,
    /// How many bytes there are of it; none, if they are missing.
    pub bytes: u64,
    /// How many records are missing for it, as far as that is known.
    pub records: u64,
    /// What it means.
    pub kind: DamageKind,
}

/// What damage means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageKind {
    /// The end of a file that a crash cut off. It was cut away: nothing in it was acknowledged.
    Torn,
    /// Records that may have been acknowledged cannot be read. The file was left alone.
    Damaged,
}

/// Ends the thread when the last handle goes.
#[derive(Debug)]
struct Handle {
    store: Arc<Store>,
    thread: Option<JoinHandle<()>>,
}

impl Default for FileOptions {
    fn default() -> FileOptions {
        FileOptions {
            acknowledge: Acknowledge::PageCache,
            max_bytes: 1 << 30,
            when_full: WhenFull::Refuse,
        }
    }
}

impl FileBus {
    /// Opens the bus in a folder, which is made if it is not there, and puts in order what a crash left there.
    ///
    /// # Errors
    ///
    /// [`BusErrorKind::InUse`], if another process has it open or another bus of this one;
    /// [`BusErrorKind::Unavailable`] or [`BusErrorKind::Io`], if the system says so.
    pub fn open(folder: impl AsRef<Path>, options: FileOptions) -> Result<FileBus, BusError> {
        let path = folder.as_ref();
        let folder = Folder::new(path).map_err(|error| trouble(Doing::Open, path, &error))?;
        FileBus::over(Box::new(folder), options)
    }

    fn over(disk: Box<dyn Disk>, options: FileOptions) -> Result<FileBus, BusError> {
        let store = Arc::new(open::open(disk, options)?);
        let mut thread = None;
        if options.acknowledge == Acknowledge::Fsync {
            let store = Arc::clone(&store);
            let path = store.disk.path().to_owned();
            let builder = std::thread::Builder::new().name("obs-file-bus".into());
            let started = builder.spawn(move || store.run());
            thread = Some(started.map_err(|error| trouble(Doing::Open, &path, &error))?);
        }
        Ok(FileBus {
            handle: Arc::new(Handle { store, thread }),
        })
    }

    /// A bus over it.
    #[must_use]
    pub fn bus(&self) -> Bus {
        Bus::new(self.clone())
    }

    /// How many records were there when it was opened.
    #[must_use]
    pub fn recovered(&self) -> u64 {
        self.store().recovered
    }

    /// What is wrong in the folder: what was found when it was opened, and what could not be read since.
    #[must_use]
    pub fn damage(&self) -> Vec<Damage> {
        lock(&self.store().state).damage.clone()
    }

    /// How many records had to make room for others while somebody wanted them, since it was opened.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        lock(&self.store().state).dropped
    }

    /// Refuses to go on if records may be lost.
    pub(super) fn undamaged(self) -> Result<FileBus, BusError> {
        let damage = self.damage();
        let mut damaged = damage.iter();
        let Some(first) = damaged.find(|damage| damage.kind == DamageKind::Damaged) else {
            return Ok(self);
        };
        Err(BusError::new(BusErrorKind::Io).with_reason(format!(
            "`{}` is damaged at byte {}, and {} records are missing; `FileBus::open` goes on with the others",
            first.file.display(),
            first.offset,
            first.records,
        )))
    }

    fn store(&self) -> &Arc<Store> {
        &self.handle.store
    }
}

impl Transport for FileBus {
    fn system(&self) -> &'static str {
        "file"
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        self.store().send(record)
    }

    fn room(&self, _: &str) -> Waiting {
        let store = Arc::clone(self.store());
        Waiting::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut state = lock(&store.state);
            if store.has_room(&mut state) {
                return Poll::Ready(());
            }
            state.topics.room.add(cx);
            Poll::Pending
        })))
    }

    fn flush(&self) -> Waiting {
        self.store().flush()
    }

    fn close(&self) {
        self.store().close();
    }

    /// The records that somebody may want. How many there could be is worked out of the size they have on average.
    fn depth(&self) -> Option<Depth> {
        Some(self.store().depth())
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        lock(&self.store().state).topics.lag(topic, group)
    }

    /// What is in the files, acknowledged or not yet.
    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        let walk = FileWalk::new(self.store().disk.path(), topic);
        Ok(Box::new(Walking::new(walk, look)))
    }

    fn topics(&self) -> Result<Vec<String>, BusError> {
        topics(self.store().disk.path())
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        Shared(Arc::clone(self.store())).join(topics, group)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.store.stop();
        // The thread itself may have dropped the last handle, with a task it has woken.
        if thread.thread().id() != std::thread::current().id() {
            // It syncs what there is, and does not panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
