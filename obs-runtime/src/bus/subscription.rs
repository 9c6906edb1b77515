//! How records come back.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::sending::block_on_for;
use super::{BusError, OwnedRecord, Receipt};

/// What a member of a group gets of the topics it asked for.
///
/// Each record goes to one member of each group, and comes again until one of them has acknowledged it. Records of one
/// key come one after another: while one of them is being worked on, the next of that key waits, and those of other
/// keys pass it.
///
/// ```
/// use obs_runtime::{Bus, Record};
///
/// let bus = Bus::memory(16);
/// let mut mails = bus.subscribe(&["user.registered.v2"], "mails")?;
/// bus.send(&Record::new("user.registered.v2", b"{}")).wait()?;
/// let delivery = mails.try_next().expect("one was sent");
/// assert_eq!(delivery.record().body(), Some(&b"{}"[..]));
/// delivery.ack();
/// assert!(mails.try_next().is_none());
/// # Ok::<(), obs_runtime::BusError>(())
/// ```
#[derive(Debug)]
pub struct Subscription {
    source: Box<dyn Source>,
}

/// What a transport puts behind a [`Subscription`].
pub trait Source: Debug + Send {
    /// The next record for this member; `None` when the bus is closed and the group has everything, or has ended.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>>;

    /// How many records the member may have that it has not settled.
    fn set_prefetch(&mut self, records: usize);

    /// Forgets the group, and with it that it wants anything.
    fn end_group(&mut self);

    /// Why there is no next record, where that is an error: asked when [`poll_next`](Source::poll_next) has given `None`.
    fn failure(&mut self) -> Option<BusError> {
        None
    }
}

impl Subscription {
    /// A subscription to a transport of your own.
    #[must_use]
    pub fn new(source: impl Source + 'static) -> Subscription {
        Subscription {
            source: Box::new(source),
        }
    }

    /// The same, with so many records at most that were given out and not settled. At least one.
    #[must_use]
    pub fn with_prefetch(mut self, records: usize) -> Subscription {
        self.source.set_prefetch(records.max(1));
        self
    }

    /// The next record, if there is one now.
    pub fn try_next(&mut self) -> Option<Received> {
        match self.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(delivery) => delivery,
            Poll::Pending => None,
        }
    }

    /// The next record; `None` when the bus is closed and the group has everything, or has ended.
    pub async fn next(&mut self) -> Option<Received> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next record, if there is one before the time is over.
    pub fn next_blocking(&mut self, timeout: Duration) -> Option<Received> {
        block_on_for(self.next(), timeout).flatten()
    }

    /// The next record, for those who write futures by hand.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        self.source.poll_next(cx)
    }

    /// Why there is no next record, where that is an error: a member that is not let in gets none. A consumer ends with it.
    pub fn failure(&mut self) -> Option<BusError> {
        self.source.failure()
    }

    /// Forgets the group: the bus keeps nothing for it any more, and a group of this name starts anew.
    pub fn end_group(mut self) {
        self.source.end_group();
    }
}

/// A record that somebody works on. Dropped without a word, as when its handler panics, it is given back.
pub struct Received {
    record: OwnedRecord,
    held: Held,
}

impl Received {
    /// A delivery by a transport of your own, which is told once whether the record was acknowledged.
    #[must_use]
    pub fn new(
        record: OwnedRecord,
        receipt: Receipt,
        attempt: u32,
        settle: impl FnOnce(bool) + Send + 'static,
    ) -> Received {
        let settle: Box<dyn FnOnce(bool) + Send> = Box::new(settle);
        let held = Held {
            receipt,
            attempt,
            topic: 0,
            settle: Some(Settle::Once(settle)),
        };
        Received { record, held }
    }

    /// The same of one whose number is its offset, without anything that is asked of the allocator.
    pub(super) fn of(
        record: OwnedRecord,
        (number, attempt): (u64, u32),
        (member, topic): (Arc<dyn Settles>, u32),
    ) -> Received {
        let held = Held {
            receipt: Receipt {
                partition: None,
                offset: Some(number),
            },
            attempt,
            topic,
            settle: Some(Settle::Of(member)),
        };
        Received { record, held }
    }

    /// What was delivered.
    #[must_use]
    pub fn record(&self) -> &OwnedRecord {
        &self.record
    }

    /// Where it is in its topic.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        self.held.receipt
    }

    /// The how manieth time it is delivered to this group, from one.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.held.attempt
    }

    /// Done with: the group does not get it again.
    pub fn ack(self) {
        self.held.ack();
    }

    /// Given back: the group gets it again, before what is behind it under its key.
    pub fn nack(self) {}

    /// What was delivered, and what is to be said of it.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn parted(self) -> (OwnedRecord, Held) {
        (self.record, self.held)
    }
}

/// What is to be said of a record that somebody works on. Dropped without a word, it is given back.
pub(crate) struct Held {
    receipt: Receipt,
    attempt: u32,
    /// The place of its topic among those of the member.
    topic: u32,
    settle: Option<Settle>,
}

/// Who is told what became of a record.
enum Settle {
    Once(Box<dyn FnOnce(bool) + Send>),
    /// The member that got it.
    Of(Arc<dyn Settles>),
}

/// A member that is told what became of the records it got.
pub(super) trait Settles: Send + Sync {
    fn settle(&self, topic: u32, number: u64, done: bool);
}

impl Held {
    #[cfg(feature = "tokio")]
    pub(crate) fn receipt(&self) -> Receipt {
        self.receipt
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Done with.
    pub(crate) fn ack(mut self) {
        self.settle(true);
    }

    /// The same, said in place.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn done(&mut self) {
        self.settle(true);
    }

    fn settle(&mut self, done: bool) {
        match self.settle.take() {
            None => {}
            Some(Settle::Once(settle)) => settle(done),
            Some(Settle::Of(member)) => {
                let number = self.receipt.offset.unwrap_or_default();
                member.settle(self.topic, number, done);
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.settle(false);
    }
}

impl Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("record", &self.record)
            .field("receipt", &self.held.receipt)
            .field("attempt", &self.held.attempt)
            .finish_non_exhaustive()
    }
}
