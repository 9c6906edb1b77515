//! Where records come from, and members that share them.

use obs_runtime::bus::{Header, Receipt, Received, Subscription};
use obs_runtime::{Bus, Record};

use crate::broker::{LONG, broker};

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

fn number(delivery: &Received) -> u32 {
    u32::from_le_bytes(delivery.record().body().unwrap().try_into().unwrap())
}

fn next(member: &mut Subscription) -> Received {
    member.next_blocking(LONG).expect("another one comes")
}

#[test]
fn records_come_exactly_with_their_place() {
    let Some(broker) = broker() else { return };
    broker.topic("exact", 1);
    let bus = broker.options().open().unwrap();
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
