//! Requests that wait until somebody is done with their events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use obs_runtime::bus::{
    Depth, Look, OwnedRecord, Receipt, Received, Sending, Server, Source, Subscription, View,
    Waiting,
};
use obs_runtime::{Bus, BusError, Record, Transport};
use tokio::sync::oneshot;

/// A bus, and who waits for what is on it.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    bus: Bus,
    open: Arc<Mutex<Open>>,
}

/// Where a record is: its topic, the part of it, and the number there.
type Place = (String, Option<i32>, Option<u64>);

#[derive(Debug, Default)]
struct Open {
    waiting: BTreeMap<Place, oneshot::Sender<()>>,
    /// How many are on their way to the bus, so that nobody knows where they are.
    putting: usize,
    /// What somebody was done with meanwhile.
    early: BTreeSet<Place>,
}

impl Settled {
    pub(crate) fn new(bus: &Bus) -> Settled {
        Settled {
            bus: bus.clone(),
            open: Arc::default(),
        }
    }

    /// Puts a record on the bus, and waits until somebody is done with it.
    pub(crate) async fn put(&self, record: &Record<'_>) -> Result<Receipt, BusError> {
        let putting = Putting::new(self);
        let receipt = self.bus.send_confirmed(record).await?;
        let place = place(record.topic, receipt);
        let waits = self.ask(&place);
        drop(putting);
        let _asked = Asked(self, place);
        if let Some(waits) = waits {
            // The other side goes with its entry, and that with us.
            drop(waits.await);
        }
        Ok(receipt)
    }

    /// To be waited for, unless somebody is done with it already.
    fn ask(&self, place: &Place) -> Option<oneshot::Receiver<()>> {
        let mut open = self.open();
        if open.early.remove(place) {
            return None;
        }
        let (done, waits) = oneshot::channel();
        open.waiting.insert(place.clone(), done);
        Some(waits)
    }

    fn done(&self, place: Place) {
        let mut open = self.open();
        match open.waiting.remove(&place) {
            // Whoever asked may have gone.
            Some(waits) => drop(waits.send(())),
            None if open.putting > 0 => drop(open.early.insert(place)),
            None => {}
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(topic: &str, receipt: Receipt) -> Place {
    (topic.to_owned(), receipt.partition, receipt.offset)
}

/// A record that is on its way to the bus, whether or not it gets there.
struct Putting<'s>(&'s Settled);

impl Putting<'_> {
    fn new(settled: &Settled) -> Putting<'_> {
        settled.open().putting += 1;
        Putting(settled)
    }
}

impl Drop for Putting<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open();
        open.putting -= 1;
        if open.putting == 0 {
            open.early.clear();
        }
    }
}

/// Somebody waits, until he has heard or has gone.
struct Asked<'s>(&'s Settled, Place);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.open().waiting.remove(&self.1);
    }
}

/// The bus as a consumer has it.
impl Transport for Settled {
    fn system(&self) -> &'static str {
        self.bus.system()
    }

    fn server(&self) -> Option<Server> {
        self.bus.server()
    }

    fn send(&self, record: &Record<'_>) -> Sending {
        self.bus.send(record)
    }

    fn send_confirmed(&self, record: &Record<'_>) -> Sending {
        self.bus.send_confirmed(record)
    }

    fn room(&self, topic: &str) -> Waiting {
        self.bus.room(topic)
    }

    fn flush(&self) -> Waiting {
        self.bus.flush()
    }

    fn close(&self) {
        self.bus.close();
    }

    fn depth(&self) -> Option<Depth> {
        self.bus.depth()
    }

    fn lag(&self, topic: &str, group: &str) -> Option<u64> {
        self.bus.lag(topic, group)
    }

    fn look(&self, topic: &str, look: Look) -> Result<Box<dyn View>, BusError> {
        self.bus.look(topic, look)
    }

    fn topics(&self) -> Result<Vec<String>, BusError> {
        self.bus.topics()
    }

    fn subscribe(&self, topics: &[&str], group: &str) -> Result<Subscription, BusError> {
        let source = Settling {
            of_bus: Some(self.bus.subscribe(topics, group)?),
            settled: self.clone(),
        };
        Ok(Subscription::new(source))
    }
}

/// What a consumer gets, and whose end is heard here.
#[derive(Debug)]
struct Settling {
    /// Until the group has ended.
    of_bus: Option<Subscription>,
    settled: Settled,
}

impl Source for Settling {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let Some(of_bus) = &mut self.of_bus else {
            return Poll::Ready(None);
        };
        let Poll::Ready(received) = of_bus.poll_next(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(received.map(|received| {
            let record: OwnedRecord = received.record().clone();
            let (receipt, attempt) = (received.receipt(), received.attempt());
            let place = place(record.topic(), receipt);
            let settled = self.settled.clone();
            Received::new(record, receipt, attempt, move |done| {
                if done {
                    received.ack();
                    settled.done(place);
                }
            })
        }))
    }

    fn set_prefetch(&mut self, records: usize) {
        let of_bus = self.of_bus.take();
        self.of_bus = of_bus.map(|of_bus| of_bus.with_prefetch(records));
    }

    fn end_group(&mut self) {
        if let Some(of_bus) = self.of_bus.take() {
            of_bus.end_group();
        }
    }

    fn failure(&mut self) -> Option<BusError> {
        self.of_bus.as_mut().and_then(Subscription::failure)
    }
}
