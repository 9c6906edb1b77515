//! Those who process events, and what they get with each.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::bus::{OwnedRecord, Receipt};
use crate::event::{Descriptor, Event};

/// Processes events of one kind. One that handles several kinds implements this for each.
///
/// ```
/// use obs_runtime::{Delivery, Event, Handler};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// /// Counts events of any kind.
/// #[derive(Default)]
/// struct Count(AtomicU64);
///
/// impl<E: Event> Handler<E> for Count {
///     type Error = std::convert::Infallible;
///
///     async fn handle(&self, _: E, delivery: &Delivery) -> Result<(), Self::Error> {
///         if delivery.attempt() == 1 {
///             self.0.fetch_add(1, Relaxed);
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// A closure that takes the event and an owned [`Delivery`] is a handler too:
///
/// ```
/// use obs_runtime::{Bus, Consumer, Delivery, Event};
///
/// fn tell<E: Event>(bus: &Bus) -> Consumer {
///     Consumer::new(bus, "teller").handle(|_: E, delivery: Delivery| async move {
///         println!("{} came", delivery.event_id().unwrap_or("something"));
///         Ok::<(), std::fmt::Error>(())
///     })
/// }
/// ```
///
/// What is published while an event is processed has its id as `causationId`, and its correlation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{E}`",
    label = "expected a handler of this event",
    note = "implement `Handler<{E}>`, or pass a closure `|event: {E}, delivery: Delivery| async move {{ … }}`"
)]
pub trait Handler<E>: Send + Sync + 'static {
    /// What may go wrong. An error that is, or comes from, [`Final`] is not tried again.
    type Error: Into<Box<dyn Error + Send + Sync>> + Send;

    /// Processes an event. It may come more than once: acknowledged is what went well.
    fn handle(
        &self,
        event: E,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// What the key of the record stands for is gone. Nothing is done unless this is said otherwise.
    fn gone(&self, delivery: &Delivery) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = delivery;
        std::future::ready(Ok(()))
    }
}

impl<E, F, R, X> Handler<E> for F
where
    E: Event,
    F: Fn(E, Delivery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), X>> + Send,
    X: Into<Box<dyn Error + Send + Sync>> + Send,
{
    type Error = X;

    #[inline]
    fn handle(&self, event: E, delivery: &Delivery) -> impl Future<Output = Result<(), X>> + Send {
        self(event, delivery.clone())
    }
}

/// A handler that others have too.
impl<E: Event, H: Handler<E>> Handler<E> for Arc<H> {
    type Error = H::Error;

    fn handle(
        &self,
        event: E,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<(), H::Error>> + Send {
        (**self).handle(event, delivery)
    }

    fn gone(&self, delivery: &Delivery) -> impl Future<Output = Result<(), H::Error>> + Send {
        (**self).gone(delivery)
    }
}

/// What a handler gives. It names the error where only the whole type is known.
#[diagnostic::on_unimplemented(
    message = "a handler gives `Result<(), E>`, and this is `{Self}`",
    label = "expected a `Result` of nothing"
)]
pub trait Outcome {
    /// What may go wrong.
    type Error;
}

impl<X> Outcome for Result<(), X> {
    type Error = X;
}

/// An error that trying again does not help: the event is put aside at once.
///
/// ```
/// use obs_runtime::consume::Final;
///
/// fn account(known: Option<u32>) -> Result<u32, Final> {
///     known.ok_or_else(|| Final::new("no such account"))
/// }
///
/// assert_eq!(account(None).unwrap_err().to_string(), "no such account");
/// ```
#[derive(Debug)]
pub struct Final(Box<dyn Error + Send + Sync>);

impl Final {
    /// Says so of an error.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Final {
        Final(error.into())
    }

    /// Whether an error is one, or comes from one.
    pub(super) fn is_in(error: &(dyn Error + 'static)) -> bool {
        let mut next = Some(error);
        while let Some(error) = next {
            if error.is::<Final>() {
                return true;
            }
            next = error.source();
        }
        false
    }
}

impl fmt::Display for Final {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Final {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// What comes with an event. Clones are cheap: all are the same record.
#[derive(Clone)]
pub struct Delivery {
    pub(super) record: OwnedRecord,
    pub(super) receipt: Receipt,
    pub(super) attempt: u32,
    pub(super) about: &'static Descriptor,
    pub(super) occurred: Option<u64>,
    pub(super) id: Id,
}

/// Where the id of an event is.
#[derive(Clone)]
pub(super) enum Id {
    None,
    /// In the header of this name.
    Header(&'static str),
    /// In the envelope.
    Own(Arc<str>),
}

impl Delivery {
    /// The record as it was on the bus.
    #[must_use]
    pub fn record(&self) -> &OwnedRecord {
        &self.record
    }

    /// Where it is in its topic.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        self.receipt
    }

    /// The how manieth attempt this is, from one, as far as the bus knows of earlier ones.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The id of the event, by which it is recognised when it comes again.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        match &self.id {
            Id::None => None,
            Id::Header(name) => {
                let headers = self.record.headers().iter();
                let found = headers.filter(|header| header.name.eq_ignore_ascii_case(name));
                found.last().and_then(|header| header.text())
            }
            Id::Own(id) => Some(id),
        }
    }

    /// The version in which it was sent. The event is of the newest.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.about.version
    }

    /// When it happened, as far as it says so.
    #[must_use]
    pub fn occurred_at(&self) -> Option<SystemTime> {
        let since = Duration::from_nanos(self.occurred?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("event_type", &self.about.event_type)
            .field("version", &self.about.version)
            .field("event_id", &self.event_id())
            .field("attempt", &self.attempt)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
