//! The bus: where records go, and who puts them there.

mod memory;
mod publish;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use memory::Memory;
pub use publish::{Check, PublishError, Publisher};

/// A handle to a bus. Clones are cheap and mean the same bus.
///
/// The bus in memory keeps records in the order they came, up to its capacity, until somebody takes them.
///
/// ```
/// use obs_runtime::{Bus, Record};
///
/// let bus = Bus::memory(16);
/// bus.send(Record::new("user.registered.v2", b"{}".to_vec()))?;
/// let record = bus.take().expect("one was sent");
/// assert_eq!((record.topic.as_ref(), record.body.as_slice()), ("user.registered.v2", &b"{}"[..]));
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bus {
    memory: Arc<Memory>,
    source: Arc<str>,
}

impl Bus {
    /// A bus in memory that holds so many records.
    #[must_use]
    pub fn memory(capacity: usize) -> Bus {
        Bus {
            memory: Arc::new(Memory::new(capacity)),
            source: Arc::from(""),
        }
    }

    /// The same bus, for publishers of this name: it stands in every envelope as `metadata.source`.
    #[must_use]
    pub fn for_source(&self, source: &str) -> Bus {
        Bus {
            memory: Arc::clone(&self.memory),
            source: Arc::from(source),
        }
    }

    /// The name of the publishers that use this handle.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Puts a record behind all others. A full bus refuses it.
    pub fn send(&self, record: Record) -> Result<(), BusError> {
        self.memory.send(record)
    }

    /// Takes the oldest record.
    #[must_use]
    pub fn take(&self) -> Option<Record> {
        self.memory.take()
    }

    /// Takes all records, the oldest first.
    #[must_use]
    pub fn drain(&self) -> Vec<Record> {
        self.memory.drain()
    }

    /// Takes no more records; what is there can still be taken.
    pub fn close(&self) {
        self.memory.close();
    }
}

/// A message: what a bus carries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Record {
    /// Where it goes.
    pub topic: Cow<'static, str>,
    /// Records of one key stay in order.
    pub key: Option<Vec<u8>>,
    /// Names and values, in order.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The message itself.
    pub body: Vec<u8>,
}

impl Record {
    /// A record without key and headers.
    #[must_use]
    pub fn new(topic: impl Into<Cow<'static, str>>, body: Vec<u8>) -> Record {
        Record {
            topic: topic.into(),
            body,
            ..Record::default()
        }
    }

    /// The value of a header; of several the last.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
    }
}

/// A record that the bus did not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BusError {
    /// The bus holds as many records as it may.
    Full,
    /// The bus is closed.
    Closed,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BusError::Full => "the bus is full",
            BusError::Closed => "the bus is closed",
        })
    }
}

impl std::error::Error for BusError {}
