//! A bus that refuses what it is told to.

use crate::events::OrderPlaced;
use crate::knob::Knob;
use obs_runtime::bus::{BusErrorKind, Record, Sending, Subscription, Transport, Waiting};
use obs_runtime::{Bus, BusError, Event as _};

/// A bus over another one.
#[derive(Debug)]
pub(crate) struct Moody(Bus);

impl Moody {
    pub(crate) fn new(under: Bus) -> Moody {
        Moody(under)
    }
}

/// The most it takes of what is too large.
const LIMIT: usize = 1;

impl Transport for Moody {
    fn system(&self) -> &'static str {
        self.0.system()
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        let order = record.topic == OrderPlaced::DESCRIPTOR.topic;
        let refused = if order {
            Knob::RefusedOrders
        } else {
            Knob::RefusedSignUps
        };
        let why = if order && Knob::LargeOrders.take() {
            BusErrorKind::TooLarge { limit: LIMIT }
        } else if !record.topic.ends_with(".dlq") && refused.take() {
            BusErrorKind::Rejected
        } else {
            return self.0.send(record);
        };
        Sending::Done(Err(why.into()))
    }

    fn room(&self, topic: &str) -> Waiting {
        self.0.room(topic)
    }

    fn flush(&self) -> Waiting {
        self.0.flush()
    }

    fn close(&self) {
        self.0.close();
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        self.0.lag(topic, group)
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        self.0.subscribe(topics, group)
    }
}
