//! Publishing: check, encode, wrap, hand over, and tell how it went.
//!
//! One call makes the envelope and the headers, carries trace and correlation of the [context](crate::context), hands
//! the record to the [bus](crate::bus), and leaves a span, a log line and its share of the metrics. All three agree:
//! the same ids, the same `error.type`, one measurement of the time.

mod batch;
mod error;
pub(crate) mod flight;
#[cfg(feature = "tracing")]
pub(crate) mod heard;
pub(crate) mod line;
mod policy;
mod prepared;
mod relay;
pub(crate) mod timer;
#[cfg(feature = "tokio")]
pub(crate) mod untyped;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

pub use batch::BatchError;
pub use error::{PublishError, PublishErrorKind};
use flight::{Core, Launched};
pub(crate) use line::millis;
pub use obs_schema::framing::Framing;
use policy::Policy;
pub use policy::{Check, Retry, WhenFull};
#[cfg(feature = "tokio")]
pub(crate) use prepared::is_silent;
pub(crate) use prepared::set_live;
pub use relay::Relay;

use crate::bus::{Bus, OwnedRecord, block_on};
use crate::context::Context;
pub use crate::envelope::ContentMode;
use crate::event::{Descriptor, Encoding, Envelope, Event, Key};

/// Publishes one kind of event. Clones are cheap, and so is making one.
///
/// ```
/// use obs_runtime::{Bus, Event, PublishError};
///
/// async fn announce<E: Event>(bus: &Bus, event: &E) -> Result<(), PublishError> {
///     E::publisher(bus).publish(event).await
/// }
/// ```
///
/// Nothing here needs an executor: where nothing can be awaited, [`publish_blocking`](Publisher::publish_blocking)
/// does the same. A future that is dropped before it is done leaves `cancelled` behind; whether the bus has the
/// record then is not known.
pub struct Publisher<E> {
    core: Core,
    event: PhantomData<fn(&E)>,
}

/// Knows what a registry calls the schemas of events: a client of it, or a table.
///
/// ```
/// use obs_runtime::Descriptor;
/// use obs_runtime::publish::{Framing, SchemaIds};
///
/// /// What somebody has looked up before.
/// struct Ids(Vec<(&'static str, u32)>);
///
/// impl SchemaIds for Ids {
///     fn framing(&self, about: &'static Descriptor) -> Option<Framing> {
///         let found = self.0.iter().find(|(subject, _)| *subject == about.subject);
///         found.map(|(_, id)| Framing::ConfluentId(*id))
///     }
/// }
/// ```
pub trait SchemaIds {
    /// What stands before the bodies of an event; `None` leaves that to its envelope. It is asked once a publisher.
    ///
    /// With the envelope `obs` around an Avro payload it is the schema of the whole message:
    /// [`Descriptor::envelope_schema`].
    fn framing(&self, about: &'static Descriptor) -> Option<Framing>;

    /// It goes into the header `__value_schema_id`, and bodies begin with themselves.
    fn in_header(&self) -> bool {
        false
    }
}

/// No registry: the fingerprint of an event's own schema stands before its Avro bodies, where no envelope puts another
/// one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SingleObject;

impl SchemaIds for SingleObject {
    fn framing(&self, about: &'static Descriptor) -> Option<Framing> {
        let bare = about.encoding == Encoding::Avro && about.envelope != Envelope::Obs;
        bare.then_some(Framing::SingleObject(about.rabin))
    }
}

impl<E: Event> Publisher<E> {
    /// A publisher on a bus.
    #[must_use]
    pub fn new(bus: &Bus) -> Publisher<E> {
        Publisher {
            core: Core {
                bus: bus.clone(),
                prepared: prepared::prepared(E::DESCRIPTOR, bus),
                policy: Policy::new(E::DESCRIPTOR.audit),
            },
            event: PhantomData,
        }
    }

    /// The same publisher with another way to treat events that break their schema.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Publisher<E> {
        self.core.policy.check = check;
        self
    }

    /// The same publisher with another way to treat events for which the bus has no room.
    #[must_use]
    pub fn when_full(mut self, full: WhenFull) -> Publisher<E> {
        // What is audited is never dropped.
        if !E::DESCRIPTOR.audit {
            self.core.policy.full = full;
        }
        self
    }

    /// The same publisher with another way to treat a bus that cannot be reached.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Publisher<E> {
        self.core.policy.retry = retry;
        self
    }

    /// The same publisher with another limit to how long one publish may take, retries and all; `None` is no limit.
    ///
    /// It is ten seconds unless said otherwise, and none for events with `audit`.
    #[must_use]
    pub fn with_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Publisher<E> {
        self.core.policy.timeout = timeout.into();
        self
    }

    /// The same publisher with what a registry calls the event's schema before each body.
    #[must_use]
    pub fn with_schema_ids(mut self, ids: &(impl SchemaIds + ?Sized)) -> Publisher<E> {
        let wrapping = &mut self.core.policy.wrapping;
        wrapping.framing = ids.framing(E::DESCRIPTOR);
        wrapping.in_header = ids.in_header();
        self
    }

    /// The same publisher with CloudEvents in another mode. Events of another envelope stay what they are.
    #[must_use]
    pub fn with_content_mode(mut self, mode: ContentMode) -> Publisher<E> {
        self.core.policy.wrapping.mode = mode;
        self
    }

    /// Publishes an event in the context of the call.
    pub async fn publish(&self, event: &E) -> Result<(), PublishError> {
        arrive(self.core.launch(event, Context::current(), true)).await
    }

    /// Publishes an event where nothing can be awaited.
    pub fn publish_blocking(&self, event: &E) -> Result<(), PublishError> {
        arrive_blocking(self.core.launch(event, Context::current(), true))
    }

    /// Publishes an event in a context of its own.
    pub async fn publish_with(&self, context: &Context, event: &E) -> Result<(), PublishError> {
        arrive(self.core.launch(event, context.clone(), false)).await
    }

    /// Publishes an event in a context of its own where nothing can be awaited.
    pub fn publish_with_blocking(&self, context: &Context, event: &E) -> Result<(), PublishError> {
        arrive_blocking(self.core.launch(event, context.clone(), false))
    }

    /// Publishes many events in the context of the call. All are sent before the first answer is waited for, in their
    /// order.
    ///
    /// Each message is a span of its own, whose trace it carries, and the sending is one that links to them.
    ///
    /// # Errors
    ///
    /// Some were not published; the error says which, and why. All others were.
    pub async fn publish_batch(&self, events: &[E]) -> Result<(), BatchError> {
        self.core.batch(events.iter(), Context::current()).await
    }

    /// Publishes many events where nothing can be awaited.
    pub fn publish_batch_blocking(&self, events: &[E]) -> Result<(), BatchError> {
        block_on(self.publish_batch(events))
    }

    /// Publishes that what a key stands for is gone: a record without a body, which compaction keeps for a while
    /// in place of all that came before it.
    ///
    /// The key is the one of the field marked as key, as it is in the event: if that field is sensitive, the key is
    /// hashed here as it is there.
    pub async fn tombstone(&self, key: impl Into<Key<'_>>) -> Result<(), PublishError> {
        arrive(self.core.bury(self.key(key.into()), Context::current())).await
    }

    /// The same where nothing can be awaited.
    pub fn tombstone_blocking<'k>(&self, key: impl Into<Key<'k>>) -> Result<(), PublishError> {
        arrive_blocking(self.core.bury(self.key(key.into()), Context::current()))
    }

    /// Makes the record of an event and leaves it to the caller to send it: for an outbox, which keeps records in the
    /// database whose transaction the event belongs to.
    ///
    /// [`OwnedRecord::packed`] is the record as bytes. A [`Relay`] sends it later, and tells of it.
    pub fn prepare(&self, event: &E) -> Result<OwnedRecord, PublishError> {
        self.core.prepare(event, Context::current())
    }

    fn key<'k>(&self, key: Key<'k>) -> Key<'k> {
        let fields = E::DESCRIPTOR.fields;
        let sensitive =
            |field: &crate::event::FieldInfo| field.key && (field.pii.is_some() || field.secret);
        if fields.iter().any(sensitive) {
            return key.hashed();
        }
        key
    }
}

async fn arrive(launched: Launched<'_>) -> Result<(), PublishError> {
    match launched {
        Launched::Done(result) => result,
        Launched::Pending(flight, answer) => flight.go_on(answer).await,
    }
}

fn arrive_blocking(launched: Launched<'_>) -> Result<(), PublishError> {
    match launched {
        Launched::Done(result) => result,
        Launched::Pending(flight, answer) => block_on(flight.go_on(answer)),
    }
}

impl<E> Clone for Publisher<E> {
    fn clone(&self) -> Publisher<E> {
        Publisher {
            core: self.core.clone(),
            event: PhantomData,
        }
    }
}

impl<E: Event> fmt::Debug for Publisher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("event_type", &E::DESCRIPTOR.event_type)
            .field("bus", &self.core.bus)
            .field("policy", &self.core.policy)
            .finish()
    }
}

#[cfg(test)]
#[cfg(not(any(feature = "off-logs", feature = "off-metrics", feature = "off-spans")))]
mod tests;
