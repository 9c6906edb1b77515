//! A consumer that gets the same record again and again.

use obs_runtime::bus::{
    self, BusError, OwnedRecord, Receipt, Record, Sending, Source, Subscription, Transport,
};
use obs_runtime::{Bus, ConsumeError, Consumer, Delivery, Event};
use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

/// Has one record, and delivers it when it is asked to.
#[derive(Clone, Debug)]
struct Again {
    record: OwnedRecord,
    wanted: Arc<AtomicBool>,
}

impl Transport for Again {
    fn system(&self) -> &'static str {
        "again"
    }

    fn send(&self, _: &Record<'_>) -> Sending {
        Sending::Done(Ok(Receipt::default()))
    }

    fn subscribe(&self, _: &[&str], _: &str) -> Result<Subscription, BusError> {
        Ok(Subscription::new(self.clone()))
    }
}

impl Source for Again {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<bus::Received>> {
        if !self.wanted.swap(false, Relaxed) {
            return Poll::Pending;
        }
        let delivery = bus::Received::new(self.record.clone(), Receipt::default(), 1, |_| ());
        Poll::Ready(Some(delivery))
    }

    fn set_prefetch(&mut self, _: usize) {}

    fn end_group(&mut self) {}
}

/// It, and what runs it.
pub struct Consuming {
    wanted: Arc<AtomicBool>,
    run: Pin<Box<dyn Future<Output = Result<(), ConsumeError>>>>,
}

impl Consuming {
    pub fn of<E: Event>(event: &E) -> Consuming {
        let bus = Bus::memory(1);
        let sent = E::publisher(&bus).publish_blocking(event);
        sent.expect("there is room");
        let record = bus.take().expect("one was sent");
        let wanted = Arc::new(AtomicBool::new(false));
        let again = Bus::new(Again {
            record,
            wanted: Arc::clone(&wanted),
        });
        let consumer = Consumer::new(&again, "gate").with_concurrency(1);
        let consumer = consumer.handle(|event: E, _: Delivery| async move {
            black_box(&event);
            Ok::<(), Infallible>(())
        });
        let run = Box::pin(consumer.run());
        Consuming { wanted, run }
    }

    /// Consumes one.
    pub fn one(&mut self) {
        self.wanted.store(true, Relaxed);
        let polled = self
            .run
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending() && !self.wanted.load(Relaxed));
    }
}
