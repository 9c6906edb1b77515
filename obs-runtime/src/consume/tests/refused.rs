//! A member that its bus does not let in.

use std::task::{Context, Poll};

use super::{Keep, PLAIN, Step, on_tokio};
use crate::bus::{
    Bus, BusError, BusErrorKind, Receipt, Received, Record, Sending, Source, Subscription,
    Transport,
};
use crate::consume::{ConsumeError, Consumer};

/// Takes everything, and lets nobody in.
#[derive(Clone, Debug)]
struct Shut;

impl Transport for Shut {
    fn system(&self) -> &'static str {
        "shut"
    }

    fn send(&self, _: &Record<'_>) -> Sending {
        Sending::Done(Ok(Receipt::default()))
    }

    fn subscribe(&self, _: &[&str], _: &str) -> Result<Subscription, BusError> {
        Ok(Subscription::new(Shut))
    }
}

impl Source for Shut {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Received>> {
        Poll::Ready(None)
    }

    fn set_prefetch(&mut self, _: usize) {}

    fn end_group(&mut self) {}

    fn failure(&mut self) -> Option<BusError> {
        Some(BusError::new(BusErrorKind::Rejected).with_reason("not you"))
    }
}

#[test]
fn a_consumer_that_is_not_let_in_ends_with_the_reason() {
    let bus = Bus::new(Shut);
    let consumer = Consumer::new(&bus, "steps").handle::<Step<PLAIN>>(Keep::default());
    let expected = Shut.failure().map(ConsumeError::Bus);
    assert_eq!(on_tokio(consumer.run()).err(), expected);
}
