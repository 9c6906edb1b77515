//! What whoever moves from one bus to another can count on: a table of behaviours, each shown on each bus.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use obs_runtime::bus::{BusErrorKind, Header, Received, Subscription, Waiting};
use obs_runtime::{Bus, OwnedRecord, Record};

use crate::broker::LONG;
use crate::rig::{Rig, rigs};

/// Its name, which is that of its topic, and what shows it.
type Behaviour = (&'static str, fn(&mut Rig, &str));

const BEHAVIOURS: &[Behaviour] = &[
    ("records-come-exactly", exactly),
    ("each-group-gets-everything", groups),
    ("records-of-a-key-keep-their-order", order),
    ("what-is-given-back-comes-again", again),
    (
        "what-is-not-acknowledged-comes-to-the-next-member",
        next_member,
    ),
    ("what-a-member-holds-counts-after-it-left", holding),
    ("a-member-has-no-more-than-it-asked-for", prefetch),
    ("a-group-that-ended-begins-anew", anew),
    ("a-full-bus-says-so-and-when-there-is-room", full),
    ("a-record-too-large-is-refused-alone", too_large),
    ("a-closed-bus-gives-what-it-has", closed),
    ("a-topic-may-begin-after-its-reader", later),
    ("lag-is-what-is-not-done", lag),
];

#[test]
fn every_bus_does_what_every_bus_does() {
    for mut rig in rigs() {
        for (name, show) in BEHAVIOURS {
            println!("{}: {name}", rig.system);
            show(&mut rig, name);
        }
    }
}

const HEADERS: [Header<'static>; 4] = [
    Header::new("a", "1"),
    Header {
        name: "bytes",
        value: &[0, 0xff, 0],
    },
    Header::new("empty", ""),
    Header::new("a", "2"),
];

fn exactly(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let big = vec![7; 900_000];
    let plain = Record {
        key: Some(b"k"),
        ..Record::new(topic, b"body")
    };
    let records = [
        plain,
        Record {
            headers: (&HEADERS).into(),
            ..plain
        },
        Record::tombstone(topic, b"k"),
        Record {
            body: Some(b""),
            ..plain
        },
        Record {
            body: Some(&big),
            ..plain
        },
        Record {
            headers: (&HEADERS).into(),
            ..Record::tombstone(topic, b"k")
        },
    ];
    for record in &records {
        bus.send(record).wait().unwrap();
    }
    let mut others = Vec::new();
    for key in [None, Some(&b""[..])] {
        let record = Record { key, ..plain };
        bus.send_confirmed(&record).wait().unwrap();
        others.push(record.owned());
    }
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    let mut came: Vec<OwnedRecord> = Vec::new();
    for _ in 0..records.len() + others.len() {
        let delivery = next(&mut member);
        let record = delivery.record().clone();
        match others.iter().position(|other| *other == record) {
            Some(at) => drop(others.remove(at)),
            None => came.push(record),
        }
        delivery.ack();
    }
    let expected: Vec<OwnedRecord> = records.iter().map(Record::owned).collect();
    assert!(came == expected && others.is_empty(), "{came:?}");
}

fn groups(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut members = ["x", "y"].map(|group| bus.subscribe(&[topic], group).unwrap());
    send(&bus, topic, 0..20);
    for member in &mut members {
        let mut came: Vec<u32> = (0..20).map(|_| done(next(member))).collect();
        came.sort_unstable();
        assert!(came.into_iter().eq(0..20));
    }
}

fn order(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut members = [(); 2].map(|()| bus.subscribe(&[topic], "g").unwrap().with_prefetch(7));
    send(&bus, topic, 0..500);
    let mut seen: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut count = 0;
    let mut held: VecDeque<Received> = VecDeque::new();
    let start = Instant::now();
    while count < 500 {
        assert!(start.elapsed() < LONG, "{count} of 500 have come");
        // Everything that may go out is out, and comes back in turn.
        for member in &mut members {
            held.extend(std::iter::from_fn(|| member.try_next()));
        }
        let Some(delivery) = held.pop_front() else {
            std::thread::yield_now();
            continue;
        };
        if number(&delivery) % 7 == 3 && delivery.attempt() == 1 {
            delivery.nack();
            continue;
        }
        let number = done(delivery);
        let of_key = seen.entry(number % 10).or_default();
        // A record that came to another member comes again, and no other does.
        if of_key.last().is_none_or(|last| *last < number) {
            of_key.push(number);
            count += 1;
        }
    }
    for (key, numbers) in seen {
        assert!(
            numbers.iter().copied().eq((key..500).step_by(10)),
            "{numbers:?}"
        );
    }
}

fn again(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    send(&bus, topic, 0..1);
    for attempt in 1..4 {
        let delivery = next(&mut member);
        assert_eq!((number(&delivery), delivery.attempt()), (0, attempt));
        drop(delivery);
    }
    assert_eq!(done(next(&mut member)), 0);
    assert!(member.try_next().is_none());
}

fn next_member(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut first = bus.subscribe(&[topic], "g").unwrap();
    send_key(&bus, topic, 0..10);
    for expected in 0..4 {
        assert_eq!(done(next(&mut first)), expected);
    }
    drop(next(&mut first));
    drop(first);
    let mut second = bus.subscribe(&[topic], "g").unwrap();
    for expected in 4..10 {
        assert_eq!(done(next(&mut second)), expected);
    }
}

fn holding(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut first = bus.subscribe(&[topic], "g").unwrap();
    send_key(&bus, topic, 0..2);
    let held = next(&mut first);
    drop(first);
    assert_eq!(done(held), 0);
    let mut second = bus.subscribe(&[topic], "g").unwrap();
    assert_eq!(done(next(&mut second)), 1);
}

fn prefetch(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    send(&bus, topic, 0..5);
    let mut member = bus.subscribe(&[topic], "g").unwrap().with_prefetch(2);
    let (one, two) = (next(&mut member), next(&mut member));
    assert!(member.try_next().is_none());
    drop((one, two));
    let mut came: Vec<u32> = (0..5).map(|_| done(next(&mut member))).collect();
    came.sort_unstable();
    assert_eq!(came, [0, 1, 2, 3, 4]);
}

fn anew(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    // What one group is done with and another is not stays.
    let _keeps = bus.subscribe(&[topic], "keeps").unwrap();
    send_key(&bus, topic, 0..2);
    for _ in 0..2 {
        let mut member = bus.subscribe(&[topic], "g").unwrap();
        assert_eq!([done(next(&mut member)), done(next(&mut member))], [0, 1]);
        member.end_group();
    }
}

fn full(rig: &mut Rig, topic: &str) {
    let (bus, release) = rig.few(topic);
    let body = [0; 1_000];
    let record = Record::new(topic, &body);
    let mut sent = 0;
    let error = loop {
        match bus.send(&record).wait() {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent <= 20);
    };
    assert_eq!(error.kind(), BusErrorKind::Full);
    let depth = bus.depth().unwrap();
    assert!(
        depth.records > 0 && depth.records <= depth.capacity,
        "{depth:?}"
    );
    let room = bus.room(topic);
    assert!(matches!(room, Waiting::Later(_)));
    release();
    assert!(room.wait_for(LONG));
    while let Err(error) = bus.send(&record).wait() {
        assert_eq!(error.kind(), BusErrorKind::Full);
        assert!(bus.room(topic).wait_for(LONG));
    }
    assert!(bus.flush().wait_for(LONG));
}

fn too_large(rig: &mut Rig, topic: &str) {
    let bus = rig.small(&[topic]);
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    let large = vec![b's'; 100_000];
    send_key(&bus, topic, 0..1);
    let error = bus.send(&Record::new(topic, &large)).wait().unwrap_err();
    assert!(
        matches!(error.kind(), BusErrorKind::TooLarge { limit } if limit <= 50_000),
        "{error}"
    );
    assert!(!error.retryable() && !error.to_string().contains("ssss"));
    send_key(&bus, topic, 1..2);
    assert_eq!([done(next(&mut member)), done(next(&mut member))], [0, 1]);
}

fn closed(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    for number in 0..50_u32 {
        bus.send(&Record::new(topic, &number.to_le_bytes()))
            .wait()
            .unwrap();
    }
    bus.close();
    let error = bus.send(&Record::new(topic, b"")).wait().unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Closed);
    let mut came = Vec::new();
    while let Some(delivery) = member.next_blocking(LONG) {
        came.push(done(delivery));
    }
    came.sort_unstable();
    assert!(came.into_iter().eq(0..50));
}

fn later(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[]);
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    assert!(member.try_next().is_none());
    send(&bus, topic, 0..1);
    assert_eq!(done(next(&mut member)), 0);
}

fn lag(rig: &mut Rig, topic: &str) {
    let bus = rig.bus(&[topic]);
    let mut member = bus.subscribe(&[topic], "g").unwrap();
    send_key(&bus, topic, 0..10);
    let is = |left: u64| {
        let start = Instant::now();
        while bus.lag(topic, "g") != Some(left) {
            assert!(start.elapsed() < LONG, "{:?}", bus.lag(topic, "g"));
            std::thread::yield_now();
        }
    };
    assert_eq!(done(next(&mut member)), 0);
    let held = next(&mut member);
    is(9);
    drop(held);
    for _ in 1..10 {
        done(next(&mut member));
    }
    is(0);
    assert_eq!(bus.lag("nowhere", "g"), None);
}

/// Numbers under ten keys.
fn send(bus: &Bus, topic: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let key = (number % 10).to_le_bytes();
        send_number(bus, topic, &key, number);
    }
    assert!(bus.flush().wait_for(LONG));
}

/// Numbers under one key, in order.
fn send_key(bus: &Bus, topic: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        send_number(bus, topic, b"k", number);
    }
    assert!(bus.flush().wait_for(LONG));
}

fn send_number(bus: &Bus, topic: &str, key: &[u8], number: u32) {
    let body = number.to_le_bytes();
    let record = Record {
        key: Some(key),
        ..Record::new(topic, &body)
    };
    bus.send(&record).wait().unwrap();
}

fn number(delivery: &Received) -> u32 {
    u32::from_le_bytes(delivery.record().body().unwrap().try_into().unwrap())
}

fn next(member: &mut Subscription) -> Received {
    member.next_blocking(LONG).expect("another one comes")
}

/// Acknowledged.
fn done(delivery: Received) -> u32 {
    let number = number(&delivery);
    delivery.ack();
    number
}
