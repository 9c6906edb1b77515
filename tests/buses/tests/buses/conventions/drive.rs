//! Doing what a row says.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use obs_runtime::bus::{Header, OwnedRecord, Record};
use obs_runtime::consume::DeadLetters;
use obs_runtime::publish::{Relay, Retry};
use obs_runtime::span::SpanMeta;
use obs_runtime::testing::{Fault, FaultyBus};
use obs_runtime::{Bus, Consumer, Context, Delivery, Event, Obs};
use serde_json::Value;

use super::compare::Found;
use super::seen;
use crate::broker::LONG;
use crate::rig::Rig;

pub(super) const TOPIC: &str = "parcel.sent.v1";
pub(super) const GROUP: &str = "depot";

/// All of one key, so that they come in order.
#[derive(Clone, Debug, Event)]
#[event(
    event = "parcel.sent",
    version = "1.0.0",
    topic = "parcel.sent.v1",
    envelope = "none"
)]
struct ParcelSent {
    #[event(key)]
    parcel: String,
    note: String,
}

fn parcel(size: usize) -> ParcelSent {
    ParcelSent {
        parcel: "parcel-7".to_owned(),
        note: "x".repeat(size),
    }
}

/// What is around publishers and consumers, where something is.
pub(super) static AROUND: SpanMeta = SpanMeta::new("around");

/// Where rows are played.
pub(super) struct Stage<'r> {
    bus: Bus,
    /// The host and the port of the bus, if it has any.
    server: Option<(String, String)>,
    obs: &'r Obs,
    /// The families of the conventions are to be there.
    counts: bool,
    /// How many events were sent that nobody has taken.
    left: Cell<usize>,
}

type Act = Pin<Box<dyn Future<Output = ()>>>;

impl<'r> Stage<'r> {
    pub(super) fn new(rig: &Rig, obs: &'r Obs, counts: bool) -> Stage<'r> {
        let dead = DeadLetters::default().topic(TOPIC);
        let (bus, server) = rig.small_at(&[TOPIC, &dead]);
        Stage {
            bus: bus.for_source("conventions"),
            server,
            obs,
            counts,
            left: Cell::new(0),
        }
    }

    pub(super) fn system(&self) -> &str {
        self.bus.system()
    }

    /// Does what a row says.
    pub(super) fn play(&self, row: &Value, ambient: bool) -> Found {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let faulty = FaultyBus::new();
        let bus = match row["publish"]["fault"].as_str() {
            None => self.bus.clone(),
            Some(fault) => {
                faulty.set(match fault {
                    "down" => Fault::Down,
                    _ => Fault::Rejecting,
                });
                faulty.bus()
            }
        };
        let (act, made) = match row.get("publish") {
            Some(how) => self.publishing(&bus, how),
            None => self.consuming(&row["consume"]),
        };
        let system = bus.system().to_owned();
        let server = self.server.clone().filter(|_| system == self.bus.system());
        let before = seen::numbers(&system, server.as_ref());
        runtime.block_on(async {
            if ambient {
                AROUND.follow(act).await;
            } else {
                act.await;
            }
        });
        let numbers = seen::since(&before, seen::numbers(&system, server.as_ref()));
        let sent = numbers[1].get("event_published_total").copied();
        if bus.system() == self.bus.system() {
            self.left
                .set(self.left.get() + sent.unwrap_or_default() as usize);
        }
        Found {
            ambient,
            counts: self.counts,
            made,
            spans: seen::spans(self.obs),
            numbers,
            system,
            server,
        }
    }

    /// Takes away what was sent for nobody.
    fn clear(&self) {
        let left = self.left.take();
        if left > 0 {
            let mut member = self.bus.subscribe(&[TOPIC], GROUP).unwrap();
            for _ in 0..left {
                member.next_blocking(LONG).unwrap().ack();
            }
        }
    }

    fn publishing(&self, bus: &Bus, how: &Value) -> (Act, Vec<String>) {
        let sizes = how["events"].as_array().unwrap().iter();
        let events: Vec<ParcelSent> = sizes
            .map(|size| parcel(size.as_u64().unwrap() as usize))
            .collect();
        let publisher = ParcelSent::publisher(bus).with_retry(Retry::NEVER);
        if how["relay"] == true {
            let records: Vec<OwnedRecord> = events
                .iter()
                .map(|event| publisher.prepare(event).unwrap())
                .collect();
            let relay = Relay::new(bus).with::<ParcelSent>();
            let act = async move {
                for record in &records {
                    let _ = relay.send(record).await;
                }
            };
            return (Box::pin(act), self.made());
        }
        let (batch, talk) = (how["batch"] == true, how["conversation"].as_str());
        let talk = talk.map(str::to_owned);
        let act = async move {
            if batch {
                let _ = publisher.publish_batch(&events).await;
                return;
            }
            let context = match &talk {
                Some(talk) => Context::current().with_conversation(talk),
                None => Context::current(),
            };
            for event in &events {
                let _ = publisher.publish_with(&context, event).await;
            }
        };
        (Box::pin(act), Vec::new())
    }

    /// The ids of spans that have ended before the row is played.
    fn made(&self) -> Vec<String> {
        seen::spans(self.obs)
            .into_iter()
            .map(|span| span.id)
            .collect()
    }

    fn consuming(&self, how: &Value) -> (Act, Vec<String>) {
        self.clear();
        let messages = how["messages"].as_array().unwrap();
        let publisher = ParcelSent::publisher(&self.bus);
        let mut made = Vec::new();
        for message in messages {
            let message = message.as_str().unwrap();
            if message == "made" {
                publisher.publish_blocking(&parcel(10)).unwrap();
                made.extend(self.made());
                continue;
            }
            let record = publisher.prepare(&parcel(10)).unwrap();
            self.made();
            let version = message.strip_prefix("of version ");
            let headers: Vec<Header<'_>> = record
                .headers()
                .iter()
                .filter(|header| header.name != "traceparent")
                .map(|header| match (header.name, version) {
                    ("event-version", Some(version)) => Header::new("event-version", version),
                    _ => header,
                })
                .collect();
            let plain = Record {
                headers: headers.as_slice().into(),
                body: if message == "broken" {
                    Some(b"{")
                } else {
                    record.body()
                },
                ..record.as_record()
            };
            self.bus.send_confirmed(&plain).wait().unwrap();
        }
        let what = how["handler"].as_str().unwrap_or_default().to_owned();
        let retries = how["retries"].as_u64().unwrap_or_default() as u32;
        let first = &messages[0];
        let to_end = if first == "broken" || first == "of version 9.0.0" {
            0
        } else {
            match &*what {
                "" | "fails once" => messages.len(),
                _ => 0,
            }
        };
        let mut consumer = Consumer::new(&self.bus, GROUP)
            .with_retry(Retry {
                times: retries,
                ..Retry::NEVER
            })
            .with_timeout((what == "hangs").then_some(Duration::from_millis(1)));
        if how["child"] == true {
            consumer = consumer.in_traces_of_events();
        }
        let control = consumer.control();
        let (bus, done) = (self.bus.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&done);
        let consumer = consumer.handle(move |_: ParcelSent, delivery: Delivery| {
            let (what, done) = (what.clone(), Arc::clone(&counted));
            async move {
                match &*what {
                    "fails" => return Err(std::fmt::Error),
                    "fails once" if delivery.attempt() == 1 => return Err(std::fmt::Error),
                    "panics" => panic!("as it should"),
                    "hangs" => std::future::pending().await,
                    _ => {}
                }
                done.fetch_add(1, SeqCst);
                Ok(())
            }
        });
        let act = async move {
            let watch = async {
                if to_end == 0 {
                    let dead = DeadLetters::default().topic(TOPIC);
                    let mut dead = bus.subscribe(&[&dead], "undertaker").unwrap();
                    dead.next().await.unwrap().ack();
                }
                while done.load(SeqCst) < to_end {
                    tokio::task::yield_now().await;
                }
                control.stop();
            };
            let (ended, ()) = tokio::join!(consumer.run(), watch);
            ended.unwrap();
        };
        (Box::pin(act), made)
    }
}
