//! The quickstart's events under load, with faults on command.
//!
//! Metrics are served on the port that the first argument names. Each line of the standard input turns a knob, as in
//! `refused-orders 5`; where it ends, the program does.

#![expect(
    clippy::print_stderr,
    reason = "for those who look why nothing is scraped"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a program that writes down what it tells"
)]

mod events {
    obs_runtime::include_events!();
}
mod bus;
mod knob;
mod serve;

use events::acme::user::{Plan, UserRegistered, user_registered_v1_4_0};
use events::{OrderPlaced, OrderPlacedLinesItem, OrderPlacedPayment};
use knob::Knob;
use obs_runtime::bus::{Header, Headers, Origin, Record};
use obs_runtime::consume::Final;
use obs_runtime::log::LogOutput;
use obs_runtime::{Bus, Delivery, Event as _, Handler, PublishError, Publisher, observed};
use std::error::Error;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// One event of each kind each time.
const PACE: Duration = Duration::from_millis(20);

/// How many records the bus holds.
const ROOM: usize = 65_536;

/// A function with a span and metrics of its own: what is published within is its child.
#[observed(err, emits(UserRegistered))]
async fn register(
    publisher: &Publisher<UserRegistered>,
    event: &UserRegistered,
) -> Result<(), PublishError> {
    publisher.publish(event).await
}

/// People sign up, one in five of them with a program that was built before version 2.
async fn sign_ups(bus: &Bus) {
    let publisher = UserRegistered::publisher(bus);
    let before = user_registered_v1_4_0::UserRegistered::publisher(bus);
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for number in 0_u64.. {
        pace.tick().await;
        if knob::ended() {
            return;
        }
        if Knob::Silence.is_on() {
            continue;
        }
        if Knob::Unknown.take() {
            let headers = [
                Header::new("event-type", UserRegistered::EVENT_TYPE),
                Header::new("event-version", "9.0.0"),
            ];
            let mut record = Record::new(UserRegistered::DESCRIPTOR.topic, b"from tomorrow");
            record.headers = Headers::from(&headers[..]);
            let _ = bus.send(&record).await;
        }
        let user = format!("user-{number}");
        // What goes wrong is what is looked at, and it is counted.
        if number % 5 == 0 {
            let plan = user_registered_v1_4_0::Plan::Free;
            let event = user_registered_v1_4_0::UserRegistered::new(user, "a@example.com", plan);
            let _ = before.publish(&event).await;
        } else {
            let event = UserRegistered::new(user, "a@example.com", Plan::Team);
            let _ = register(&publisher, &event).await;
        }
    }
}

/// People order, sometimes what cannot be ordered.
async fn orders(bus: &Bus) {
    let publisher = OrderPlaced::publisher(bus);
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        pace.tick().await;
        let quantity = if Knob::InvalidOrders.take() { 0 } else { 1 };
        let line = OrderPlacedLinesItem {
            sku: "sku-1".into(),
            quantity,
        };
        let order = OrderPlaced::new("ord_abc123", vec![line], OrderPlacedPayment::Card);
        let _ = publisher.publish(&order).await;
    }
}

/// Whoever has registered gets a mail, unless there is something about the mail.
struct Welcome;

impl Handler<UserRegistered> for Welcome {
    type Error = Final;

    async fn handle(&self, _: UserRegistered, _: &Delivery) -> Result<(), Final> {
        if Knob::Poison.take() {
            return Err(Final::new("no such mailbox"));
        }
        let slow = Knob::Slow.value();
        if slow > 0 {
            sleep(Duration::from_millis(slow)).await;
        }
        Ok(())
    }
}

/// Orders are packed, whatever is in them.
async fn pack(_: OrderPlaced, _: Delivery) -> Result<(), Final> {
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!(
            "live PORT FOLDER: serves metrics on the port, and writes lines and spans into the folder"
        );
        return Err("two arguments are wanted".into());
    };
    let (port, folder): (u16, PathBuf) = (port.parse()?, folder.into());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let lines = File::create(folder.join("lines.jsonl"))?;
    let obs = obs_runtime::Setup::new()
        .with_origin(
            Origin::new("user-service")
                .with_version("1.0.0")
                .with_environment("live"),
        )
        .with_bus(Bus::new(bus::Moody::new(Bus::memory(ROOM))))
        .with_log(LogOutput::writer(lines))
        .with_traces(folder.join("spans.jsonl"))
        .init()?;
    std::thread::spawn(move || serve::metrics(&listener));
    std::thread::spawn(knob::listen);
    // A handler that sleeps holds nobody up: what waits is its events, not those behind them.
    let mails = obs
        .consumer("email-service")
        .handle(Welcome)
        .with_concurrency(256);
    let packing = obs.consumer("warehouse").handle(pack);
    tokio::select! {
        () = sign_ups(obs.bus()) => {}
        () = orders(obs.bus()) => {}
        ended = mails.run() => ended?,
        ended = packing.run() => ended?,
    }
    obs.shutdown().await;
    Ok(())
}
