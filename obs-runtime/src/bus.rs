//! The bus: where records go, and how they come back.
//!
//! A [`Bus`] is a handle to a [`Transport`]. Those here keep records in memory, in files, or not at all; others are
//! written by whoever knows the system behind them. Nothing here needs an executor: what cannot be answered at once is a future, and a thread may sleep
//! on it.

mod address;
mod confirm;
mod crc;
mod cursor;
mod error;
pub(crate) mod faulty;
#[cfg(feature = "file")]
mod file;
mod look;
mod member;
mod memory;
mod null;
mod origin;
#[cfg(feature = "transport")]
mod outgoing;
mod owned;
mod record;
mod sending;
mod server;
mod subscription;
#[cfg(feature = "transport")]
pub mod text;
mod topics;
mod waiters;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::metric;
pub use address::{Address, Scheme};
pub use confirm::{Confirm, Lost};
pub use crc::key_tag;
pub use cursor::{Cursor, KeyTag};
pub use error::{BusError, BusErrorKind};
#[cfg(feature = "file")]
pub use file::{Acknowledge, Damage, DamageKind, FileBus, FileOptions, WhenFull};
pub use look::{Look, Sight, View, Walk, Walking};
use memory::Memory;
use null::Null;
pub use origin::Origin;
#[cfg(feature = "transport")]
pub use outgoing::{Outgoing, Parcel};
pub use owned::OwnedRecord;
#[cfg(feature = "tokio")]
pub(crate) use owned::Parts;
#[cfg(feature = "tokio")]
pub(crate) use record::Value;
pub use record::{Header, Headers, HeadersIter, Record};
pub(crate) use sending::block_on;
pub use sending::{Receipt, Sending, Waiting};
pub(crate) use server::Place;
pub use server::Server;
#[cfg(feature = "tokio")]
pub(crate) use subscription::Held;
pub use subscription::{Received, Source, Subscription};

/// How many records a bus in memory holds unless told otherwise.
pub(crate) const CAPACITY: usize = 65_536;

/// What carries records: a broker, a file, a queue in memory.
///
/// All methods are called from many threads at once, and none may panic or sleep: what takes time is a future.
///
/// ```
/// use obs_runtime::bus::{Bus, Receipt, Record, Sending, Transport};
///
/// /// Tells how large each record is, and forgets it.
/// #[derive(Debug)]
/// struct Gauge;
///
/// impl Transport for Gauge {
///     fn system(&self) -> &'static str {
///         "gauge"
///     }
///
///     fn send(&self, record: &Record<'_>) -> Sending {
///         println!("{} bytes to {}", record.size(), record.topic);
///         Sending::Done(Ok(Receipt::default()))
///     }
/// }
///
/// let bus = Bus::new(Gauge);
/// bus.send(&Record::new("order.placed.v1", b"{}")).wait()?;
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
pub trait Transport: Any + Debug + Send + Sync {
    /// What it is, as `messaging.system` has it.
    fn system(&self) -> &'static str;

    /// Where it is, if records leave the program for a server that is known. It stays the same.
    fn server(&self) -> Option<Server> {
        None
    }

    /// Takes a record, or says why not. What is borrowed is borrowed for the call alone.
    ///
    /// Records of one key of a topic that one thread sends stay in order.
    fn send(&self, record: &Record<'_>) -> Sending;

    /// The same for what must not be lost: the answer is there once the record is where it should be, also on a bus
    /// that otherwise answers when the record is on its way.
    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        self.send(record)
    }

    /// Ready when another record for this topic may find room.
    ///
    /// That it found room once does not mean that it still does: others are waiting too.
    fn room(&self, topic: &str) -> Waiting {
        let _ = topic;
        Waiting::Ready
    }

    /// Ready when everything sent before is where it should be, or is known not to get there.
    fn flush(&self) -> Waiting {
        Waiting::Ready
    }

    /// Takes no more records. Those it has stay.
    fn close(&self) {}

    /// How much it holds of what it could hold, if it holds anything.
    fn depth(&self) -> Option<Depth> {
        None
    }

    /// How many records of a topic a group has not acknowledged, if the bus knows.
    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        let _ = (topic, group);
        None
    }

    /// Looks at a topic without a group. Nothing is given out, and whoever consumes does not notice.
    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        let _ = (topic, look);
        Err(BusErrorKind::Unsupported.into())
    }

    /// The topics there are, in the order of their names.
    fn topics(&self) -> Result<Vec<String>, BusError> {
        Err(BusErrorKind::Unsupported.into())
    }

    /// Makes a member of a group, which gets the records of these topics. Many buses only take.
    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let _ = (topics, group);
        Err(BusErrorKind::Unsupported.into())
    }
}

/// How much a bus holds of what it could hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Depth {
    /// The records in it.
    pub records: u64,
    /// The most it may hold.
    pub capacity: u64,
}

/// A handle to a bus. Clones are cheap and mean the same bus.
///
/// The bus in memory keeps records in the order they came, up to its capacity, until somebody takes them.
///
/// ```
/// use obs_runtime::{Bus, Record};
///
/// let bus = Bus::memory(16);
/// bus.send(&Record::new("user.registered.v2", b"{}")).wait()?;
/// let record = bus.take().expect("one was sent");
/// assert_eq!((record.topic(), record.body()), ("user.registered.v2", Some(&b"{}"[..])));
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bus {
    transport: Arc<dyn Transport>,
    origin: Arc<Origin>,
}

impl Bus {
    /// A bus over a transport of your own.
    #[must_use]
    pub fn new(transport: impl Transport) -> Bus {
        let transport: Arc<dyn Transport> = Arc::new(transport);
        metric::watch(&transport);
        Bus {
            transport,
            origin: Arc::default(),
        }
    }

    /// The bus at an address, such as `memory:?records=1000`, `file:/var/lib/shop?acknowledge=fsync` or `null:`. Further
    /// schemes come from crates with buses.
    ///
    /// | address | settings |
    /// |---|---|
    /// | `memory:` | `records` (65,536), `bytes` |
    /// | `file:FOLDER` | `acknowledge` (`page_cache`, `fsync`), `max_bytes`, `when_full` (`refuse`, `drop_oldest`), `access` (`own`; `read` leaves the folder to whoever has it, and takes no records); with the feature `file` |
    /// | `null:` | |
    ///
    /// ```
    /// use obs_runtime::Bus;
    ///
    /// let bus = Bus::open("memory:?records=1000", &[])?;
    /// assert_eq!(bus.system(), "memory");
    /// let error = Bus::open("memory:?recrods=1000", &[]).expect_err("no such setting");
    /// assert_eq!(error.reason(), "`memory:`: it has no setting `recrods`");
    /// # Ok::<(), obs_runtime::BusError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The address is none, or the bus cannot be opened.
    pub fn open(address: &str, schemes: &[Scheme]) -> Result<Bus, BusError> {
        address::open(address, schemes)
    }

    /// A bus in memory that holds so many records.
    #[must_use]
    pub fn memory(capacity: usize) -> Bus {
        Bus::memory_of(capacity, usize::MAX)
    }

    /// A bus in memory that holds so many records, and so many bytes.
    #[must_use]
    pub fn memory_of(records: usize, bytes: usize) -> Bus {
        Bus::new(Memory::new(records, bytes))
    }

    /// A bus in the files of a folder, with the usual [`FileOptions`]. For others, and to go on with a folder that is
    /// damaged, there is [`FileBus::open`].
    ///
    /// What was sent survives the process, and so does what groups have acknowledged. It comes with the feature `file`.
    ///
    /// ```
    /// use obs_runtime::{Bus, Record};
    ///
    /// # let folder = std::env::temp_dir().join(format!("obs-bus-file-{}", std::process::id()));
    /// let bus = Bus::file(&folder)?;
    /// bus.send(&Record::new("user.registered.v2", b"{}")).wait()?;
    /// let mut mails = bus.subscribe(&["user.registered.v2"], "mails")?;
    /// let delivery = mails.try_next().expect("one was sent");
    /// assert_eq!(delivery.record().body(), Some(&b"{}"[..]));
    /// delivery.ack();
    /// # std::fs::remove_dir_all(folder).expect("it is ours");
    /// # Ok::<(), obs_runtime::BusError>(())
    /// ```
    #[cfg(feature = "file")]
    pub fn file(folder: impl AsRef<std::path::Path>) -> Result<Bus, BusError> {
        let opened = FileBus::open(folder, FileOptions::default())?;
        Ok(opened.undamaged()?.bus())
    }

    /// A bus that takes everything and keeps nothing.
    #[must_use]
    pub fn null() -> Bus {
        Bus::new(Null)
    }

    /// The same bus, for publishers of this name or [`Origin`]: what stands in every envelope as `metadata`.
    #[must_use]
    pub fn for_source(&self, origin: impl Into<Origin>) -> Bus {
        Bus {
            transport: Arc::clone(&self.transport),
            origin: Arc::new(origin.into()),
        }
    }

    /// The name of the publishers that use this handle.
    #[must_use]
    pub fn source(&self) -> &str {
        self.origin.name()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the bus is, as `messaging.system` has it.
    #[must_use]
    pub fn system(&self) -> &'static str {
        self.transport.system()
    }

    /// The server behind the bus, if there is one and the bus knows it: `server.address` and `server.port`.
    #[must_use]
    pub fn server(&self) -> Option<Server> {
        self.transport.server()
    }

    /// What telemetry says of it.
    pub(crate) fn place(&self) -> Place {
        Place {
            system: self.system(),
            server: self.server(),
        }
    }

    /// Puts a record behind all others, or says why not.
    #[inline]
    pub fn send(&self, record: &Record<'_>) -> Sending {
        self.transport.send(record)
    }

    /// The same, and the answer is there once the record is where it should be, also on a bus that otherwise answers
    /// when the record is on its way. Audited events go this way, and what a [`Relay`](crate::publish::Relay) sends.
    pub fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        self.transport.send_confirmed(record)
    }

    /// Ready when another record for this topic may find room.
    pub fn room(&self, topic: &str) -> Waiting {
        self.transport.room(topic)
    }

    /// Ready when everything sent before is where it should be, or is known not to get there.
    pub fn flush(&self) -> Waiting {
        self.transport.flush()
    }

    /// Takes no more records; what is there can still be taken.
    pub fn close(&self) {
        self.transport.close();
    }

    /// How much the bus holds of what it could hold, if it holds anything.
    #[must_use]
    pub fn depth(&self) -> Option<Depth> {
        self.transport.depth()
    }

    /// How many records of a topic a group has not acknowledged, if the bus knows.
    #[must_use]
    pub fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        self.transport.lag(topic, group)
    }

    /// Makes a member of a group, which gets the records of these topics.
    ///
    /// A group starts at the oldest record that is still there, and exists until [`Subscription::end_group`]: what it
    /// has not acknowledged stays in the bus, and takes its room.
    pub fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        self.transport.subscribe(topics, group)
    }

    /// Looks at a topic without a group. Nothing is given out, and whoever consumes does not notice: for tools.
    ///
    /// # Errors
    ///
    /// The bus cannot be looked at, or not now.
    pub fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        self.transport.look(topic, look)
    }

    /// The topics there are, in the order of their names.
    ///
    /// # Errors
    ///
    /// The bus does not know, or cannot be asked.
    pub fn topics(&self) -> Result<Vec<String>, BusError> {
        self.transport.topics()
    }

    /// Takes the oldest record of topics that no group has asked for. Only a bus in memory has any to take.
    #[must_use]
    pub fn take(&self) -> Option<OwnedRecord> {
        self.in_memory()?.take()
    }

    /// Takes all records of topics that no group has asked for, the oldest first. Only a bus in memory has any.
    #[must_use]
    pub fn drain(&self) -> Vec<OwnedRecord> {
        self.in_memory().map(Memory::drain).unwrap_or_default()
    }

    fn in_memory(&self) -> Option<&Memory> {
        let transport: &dyn Any = &*self.transport;
        transport.downcast_ref()
    }
}

#[cfg(test)]
mod tests;
