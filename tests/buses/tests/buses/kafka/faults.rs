//! What becomes of records when something breaks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use obs_runtime::{Bus, Event, Record};

use crate::broker::{Broker, LONG, broker};

const COUNT: u32 = 30_000;

/// How long a broker is away: no longer than it takes, or in the long form of the tests (`cargo xtask soak kafka`) half
/// a minute.
fn outage() -> Duration {
    let long = std::env::var_os("OBS_SOAK").is_some();
    Duration::from_secs(if long { 30 } else { 0 })
}

fn send(bus: &Bus, topic: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let body = number.to_le_bytes();
        bus.send(&Record::new(topic, &body)).wait().unwrap();
    }
}

/// With a name of its own in the group, so that it takes the place of the one before at once.
fn reader(broker: &Broker, topic: &str) -> Child {
    let address = format!(
        "kafka://{}?auto.commit.interval.ms=50&group.instance.id=reader",
        broker.servers()
    );
    Command::new(env!("CARGO_BIN_EXE_reader"))
        .args([&address, topic, "g"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Every reader but the last is killed in the midst of its work.
#[test]
fn a_killed_reader_loses_nothing() {
    let Some(broker) = broker() else { return };
    broker.topic("killed", 3);
    let bus = broker.options().open().unwrap();
    send(&bus, "killed", 0..COUNT);
    assert!(bus.flush().wait_for(LONG));
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    let mut killed = 0;
    while seen.len() < COUNT as usize {
        let mut child = reader(&broker, "killed");
        let target = seen.len() + COUNT as usize / 3;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref() {
            let number = line.unwrap().parse().unwrap();
            *seen.entry(number).or_default() += 1;
            if seen.len() >= target.min(COUNT as usize) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said by then it may have acknowledged too.
        for line in lines {
            *seen.entry(line.unwrap().parse().unwrap()).or_default() += 1;
        }
        killed += 1;
    }
    assert!(killed >= 3, "{killed}");
    let again: u32 = seen.values().map(|times| times - 1).sum();
    println!("{killed} readers were killed, {again} of {COUNT} records came again");
    assert!(seen.keys().copied().eq(0..COUNT));
}

#[test]
fn a_broker_that_goes_and_comes_back_costs_no_record() {
    let Some(mut broker) = broker() else { return };
    broker.topic("restart", 1);
    let options = broker
        .options()
        .with_property("reconnect.backoff.max.ms", "200");
    let bus = options.open().unwrap();
    let mut member = bus.subscribe(&["restart"], "g").unwrap();
    send(&bus, "restart", 0..200);
    for expected in 0..100_u32 {
        let delivery = member.next_blocking(LONG).unwrap();
        assert_eq!(delivery.record().body(), Some(&expected.to_le_bytes()[..]));
        delivery.ack();
    }
    assert!(bus.flush().wait_for(LONG));
    broker.end();
    send(&bus, "restart", 200..400);
    std::thread::sleep(outage());
    broker.start();
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(broker.end_of("restart", 0), 400);
    let mut expected = 100;
    while expected < 400 {
        let delivery = member.next_blocking(LONG).unwrap();
        let number = u32::from_le_bytes(delivery.record().body().unwrap().try_into().unwrap());
        // What was acknowledged and not committed in time may come again.
        assert!(number <= expected, "{number} came before {expected}");
        expected = expected.max(number + 1);
        delivery.ack();
    }
}

#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "order.audited", version = "1.0.0", topic = "audited", audit)]
struct OrderAudited {
    #[event(key)]
    order: String,
}

#[test]
fn a_broker_that_stands_still_is_a_timeout_and_no_loss() {
    let Some(mut broker) = broker() else { return };
    broker.topic("audited", 1);
    let bus = broker.options().open().unwrap();
    let publisher = OrderAudited::publisher(&bus);
    let event = OrderAudited { order: "1".into() };
    publisher.publish_blocking(&event).unwrap();
    broker.pause();
    let hasty = publisher.clone().with_timeout(Duration::from_millis(50));
    let error = hasty.publish_blocking(&event).unwrap_err();
    assert_eq!(error.error_type().as_str(), "timeout");
    broker.resume();
    // Whether the bus has it was not known; it is on its way all the same, once.
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(broker.end_of("audited", 0), 2);
}
