use std::time::Duration;

use crate::bus::tests::{LONG, crowd, long};
use crate::bus::{Bus, BusErrorKind, Received, Record};

fn send(bus: &Bus, key: Option<u8>, body: u8) -> Result<(), BusErrorKind> {
    let (key, body) = (key.map(|key| [key]), [body]);
    let record = Record {
        key: key.as_ref().map(|key| &key[..]),
        ..Record::new("t", &body)
    };
    let result = bus.send(&record).wait();
    result.map(drop).map_err(|error| error.kind())
}

fn body(delivery: Option<&Received>) -> Option<u8> {
    delivery?.record().body()?.first().copied()
}

#[test]
fn records_stay_in_order_and_the_bus_is_bounded() {
    let bus = Bus::memory(2);
    let same = bus.for_source("test");
    assert_eq!((send(&bus, None, 1), send(&bus, None, 2)), (Ok(()), Ok(())));
    assert_eq!(send(&bus, None, 3), Err(BusErrorKind::Full));
    assert_eq!(
        bus.depth().map(|depth| (depth.records, depth.capacity)),
        Some((2, 2))
    );
    assert_eq!(same.take().unwrap().body(), Some(&[1][..]));
    assert_eq!(send(&same, None, 4), Ok(()));
    same.close();
    assert_eq!(send(&bus, None, 5), Err(BusErrorKind::Closed));
    let records = bus.drain();
    let bodies: Vec<_> = records.iter().filter_map(|record| record.body()).collect();
    assert_eq!(bodies, [[2], [4]]);
    assert_eq!((bus.take(), same.source()), (None, "test"));
}

#[test]
fn bytes_are_bounded_too() {
    let size = Record::new("t", &[1]).owned().packed_size();
    let bus = Bus::memory_of(100, 2 * size);
    assert_eq!((send(&bus, None, 1), send(&bus, None, 2)), (Ok(()), Ok(())));
    assert_eq!(send(&bus, None, 3), Err(BusErrorKind::Full));
    let large = bus.send(&Record::new("t", &[0; 100])).wait();
    let limit = BusErrorKind::TooLarge { limit: 2 * size };
    assert_eq!(large.map_err(|error| error.kind()), Err(limit));
    // A byte that is free is no room for a record of several.
    let bus = Bus::memory_of(100, 2 * size + 1);
    assert_eq!((send(&bus, None, 1), send(&bus, None, 2)), (Ok(()), Ok(())));
    assert_eq!(send(&bus, None, 3), Err(BusErrorKind::Full));
    assert!(!bus.room("t").wait_for(Duration::ZERO));
    assert!(bus.take().is_some());
    assert!(bus.room("t").wait_for(Duration::ZERO));
    assert_eq!(send(&bus, None, 3), Ok(()));
}

#[test]
fn each_group_gets_everything_and_records_stay_until_all_have_them() {
    let bus = Bus::memory(2);
    assert_eq!(send(&bus, None, 1), Ok(()));
    let mut first = bus.subscribe(&["t"], "first").unwrap();
    let mut second = bus.subscribe(&["t"], "second").unwrap();
    assert_eq!(send(&bus, None, 2), Ok(()));
    for expected in [1, 2] {
        let delivery = first.try_next().unwrap();
        assert_eq!(body(Some(&delivery)), Some(expected));
        delivery.ack();
    }
    assert!(first.try_next().is_none() && bus.take().is_none());
    assert_eq!(send(&bus, None, 3), Err(BusErrorKind::Full));
    second.try_next().unwrap().ack();
    assert_eq!(send(&bus, None, 3), Ok(()));
    second.end_group();
    assert_eq!(bus.depth().unwrap().records, 1);
    first.try_next().unwrap().ack();
    assert_eq!(bus.depth().unwrap().records, 0);
    bus.close();
    assert!(first.next_blocking(LONG).is_none());
}

#[test]
fn a_key_that_is_out_blocks_itself_alone() {
    let bus = Bus::memory(8);
    let mut one = bus.subscribe(&["t"], "g").unwrap();
    let mut other = bus.subscribe(&["t"], "g").unwrap();
    for (key, body) in [
        (Some(1), 10),
        (Some(1), 11),
        (Some(2), 20),
        (None, 0),
        (Some(1), 12),
    ] {
        assert_eq!(send(&bus, key, body), Ok(()));
    }
    let out = one.try_next();
    assert_eq!(body(out.as_ref()), Some(10));
    let (second, third) = (other.try_next(), other.try_next());
    assert_eq!(
        (body(second.as_ref()), body(third.as_ref())),
        (Some(20), Some(0))
    );
    assert!(one.try_next().is_none() && other.try_next().is_none());
    // Given back, it comes before the others of its key, and says so.
    out.unwrap().nack();
    let again = other.try_next().unwrap();
    assert_eq!((body(Some(&again)), again.attempt()), (Some(10), 2));
    again.ack();
    for expected in [11, 12] {
        let delivery = one.try_next().unwrap();
        assert_eq!(
            (body(Some(&delivery)), delivery.attempt()),
            (Some(expected), 1)
        );
        delivery.ack();
    }
    drop(second);
    assert_eq!(body(one.try_next().as_ref()), Some(20));
}

#[test]
fn a_member_gets_no_more_than_it_may_have() {
    let bus = Bus::memory(8);
    let mut member = bus.subscribe(&["t"], "g").unwrap().with_prefetch(1);
    assert_eq!((send(&bus, None, 1), send(&bus, None, 2)), (Ok(()), Ok(())));
    let first = member.try_next();
    assert!(first.is_some() && member.try_next().is_none());
    first.unwrap().ack();
    assert_eq!(body(member.try_next().as_ref()), Some(2));
}

#[test]
fn a_group_that_begins_anew_knows_nothing_of_the_old_one() {
    let bus = Bus::memory(8);
    let old = bus.subscribe(&["t"], "g").unwrap();
    let mut other = bus.subscribe(&["t"], "g").unwrap();
    assert_eq!((send(&bus, None, 1), send(&bus, None, 2)), (Ok(()), Ok(())));
    let late = other.try_next().unwrap();
    old.end_group();
    assert!(other.next_blocking(LONG).is_none());
    let mut new = bus.subscribe(&["t"], "g").unwrap();
    let out = new.try_next().unwrap();
    assert_eq!(out.receipt(), late.receipt());
    late.ack();
    out.nack();
    assert_eq!(new.try_next().unwrap().attempt(), 2);
}

#[test]
fn no_topic_starves_another() {
    let bus = Bus::memory(8);
    let mut member = bus.subscribe(&["a", "b"], "g").unwrap();
    for topic in ["a", "a", "a", "b", "c"] {
        bus.send(&Record::new(topic, b"")).wait().unwrap();
    }
    let topics: Vec<String> = std::iter::from_fn(|| member.try_next())
        .map(|delivery| {
            let topic = delivery.record().topic().to_owned();
            delivery.ack();
            topic
        })
        .collect();
    assert_eq!(topics, ["a", "b", "a", "a"]);
    assert_eq!(bus.take().unwrap().topic(), "c");
}

#[test]
fn nothing_is_lost_and_no_key_is_out_of_order() {
    crowd(&Bus::memory(7), if long() { 500_000 } else { 2_000 });
}
