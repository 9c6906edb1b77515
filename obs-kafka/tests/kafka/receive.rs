//! What is there comes, and comes again until it is acknowledged.

use std::collections::BTreeMap;

use obs_runtime::bus::{Delivery, Header, Receipt, Subscription};
use obs_runtime::{Bus, Record};

use super::broker::{Broker, LONG, broker};

const HEADERS: [Header<'static>; 2] = [Header::new("a", "1"), Header::new("a", "")];

fn send(bus: &Bus, topic: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let (key, body) = ((number % 10).to_le_bytes(), number.to_le_bytes());
        let record = Record {
            key: Some(&key),
            headers: (&HEADERS).into(),
            ..Record::new(topic, &body)
        };
        bus.send(&record).wait().unwrap();
    }
    assert!(bus.flush().wait_for(LONG));
}

fn number(delivery: &Delivery) -> u32 {
    u32::from_le_bytes(delivery.record().body().unwrap().try_into().unwrap())
}

fn next(member: &mut Subscription) -> Delivery {
    member.next_blocking(LONG).expect("another one comes")
}

fn start(topic: &str, partitions: i32) -> Option<(Broker, Bus)> {
    let broker = broker()?;
    broker.topic(topic, partitions);
    let bus = broker.options().open().unwrap();
    Some((broker, bus))
}

#[test]
fn records_come_exactly_with_their_place() {
    let Some((_broker, bus)) = start("exact", 1) else {
        return;
    };
    let records = [
        Record {
            headers: (&HEADERS).into(),
            ..Record::new("exact", b"body")
        },
        Record::tombstone("exact", b"k"),
        Record {
            key: Some(b""),
            ..Record::new("exact", b"")
        },
    ];
    for record in &records {
        bus.send(record).wait().unwrap();
    }
    let mut member = bus.subscribe(&["exact"], "g").unwrap();
    for (offset, record) in records.iter().enumerate() {
        let delivery = next(&mut member);
        assert_eq!(delivery.record().as_record(), *record);
        let there = Receipt {
            partition: Some(0),
            offset: Some(offset as u64),
        };
        assert_eq!((delivery.receipt(), delivery.attempt()), (there, 1));
        delivery.ack();
    }
    assert!(member.try_next().is_none());
}

#[test]
fn a_closed_bus_ends_when_the_group_has_everything() {
    let Some((_broker, bus)) = start("closed", 3) else {
        return;
    };
    let (mut x, mut y) = (
        bus.subscribe(&["closed"], "x").unwrap(),
        bus.subscribe(&["closed"], "y").unwrap(),
    );
    send(&bus, "closed", 0..1_000);
    bus.close();
    for member in [&mut x, &mut y] {
        let mut seen: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        while let Some(delivery) = member.next_blocking(LONG) {
            let number = number(&delivery);
            if number % 7 == 3 && delivery.attempt() == 1 {
                delivery.nack();
                continue;
            }
            seen.entry(number % 10).or_default().push(number);
            delivery.ack();
        }
        for (key, numbers) in seen {
            let expected = (key..1_000).step_by(10);
            assert!(numbers.iter().copied().eq(expected), "{numbers:?}");
        }
    }
}

#[test]
fn what_was_not_acknowledged_comes_to_the_next_member() {
    let Some((_broker, bus)) = start("again", 1) else {
        return;
    };
    send(&bus, "again", 0..10);
    let mut first = bus.subscribe(&["again"], "g").unwrap();
    for expected in 0..4 {
        let delivery = next(&mut first);
        assert_eq!(number(&delivery), expected);
        delivery.ack();
    }
    drop(next(&mut first));
    drop(first);
    let mut second = bus.subscribe(&["again"], "g").unwrap();
    for expected in 4..10 {
        let delivery = next(&mut second);
        assert_eq!(number(&delivery), expected);
        delivery.ack();
    }
}

#[test]
fn a_member_has_no_more_than_it_asked_for() {
    let Some((_broker, bus)) = start("few", 1) else {
        return;
    };
    send(&bus, "few", 0..5);
    let mut member = bus.subscribe(&["few"], "g").unwrap().with_prefetch(2);
    let (one, two) = (next(&mut member), next(&mut member));
    assert!(member.try_next().is_none());
    two.ack();
    assert_eq!(number(&next(&mut member)), 2);
    drop(one);
    assert_eq!(next(&mut member).attempt(), 2);
}

#[test]
fn lag_is_known_when_the_client_has_told() {
    let Some(broker) = broker() else { return };
    broker.topic("lag", 2);
    let bus = broker
        .options()
        .with_property("statistics.interval.ms", "10")
        .open()
        .unwrap();
    send(&bus, "lag", 0..10);
    let mut member = bus.subscribe(&["lag"], "g").unwrap();
    for _ in 0..3 {
        next(&mut member).ack();
    }
    let held: Vec<Delivery> = (0..2).map(|_| next(&mut member)).collect();
    while bus.lag("lag", "g") != Some(7) {
        std::thread::yield_now();
    }
    assert_eq!(
        (bus.lag("lag", "other"), bus.lag("other", "g")),
        (None, None)
    );
    drop(held);
}

#[test]
fn a_group_that_has_ended_begins_anew() {
    let Some((_broker, bus)) = start("anew", 1) else {
        return;
    };
    send(&bus, "anew", 0..2);
    for _ in 0..2 {
        let mut member = bus.subscribe(&["anew"], "g").unwrap();
        for expected in 0..2 {
            let delivery = next(&mut member);
            assert_eq!(number(&delivery), expected);
            delivery.ack();
        }
        member.end_group();
    }
}

/// A second and a third one join while the others work, until each has something to do. This broker takes no commit
/// from the moment somebody wants to join, as others do once a member was away for too long: so records come again,
/// and none may be missed or come before one of its key that is not done.
#[test]
fn members_that_join_a_group_take_their_share_and_nothing_is_lost() {
    let Some(broker) = broker() else { return };
    broker.topic("shared", 6);
    let options = broker
        .options()
        .with_property("auto.commit.interval.ms", "20");
    let bus = options.open().unwrap();
    let mut members: Vec<Subscription> = Vec::new();
    let mut next: [u32; 10] = std::array::from_fn(|key| key as u32);
    let (mut sent, mut came) = (0, 0);
    for _ in 0..3 {
        members.push(bus.subscribe(&["shared"], "g").unwrap());
        let mut share = 0;
        while share == 0 || came < sent {
            if came == sent {
                send(&bus, "shared", sent..sent + 10);
                sent += 10;
            }
            for member in &mut members {
                share = 0;
                while let Some(delivery) = member.try_next() {
                    let number = number(&delivery);
                    let next = &mut next[number as usize % 10];
                    assert!(number <= *next, "{number} came before {next}");
                    if number == *next {
                        (*next, came) = (*next + 10, came + 1);
                    }
                    delivery.ack();
                    share += 1;
                }
            }
            std::thread::yield_now();
        }
    }
}
