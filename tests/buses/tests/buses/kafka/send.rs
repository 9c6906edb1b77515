//! What is sent arrives, or its sender hears why not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use obs_kafka::{Codec, Confirm, KafkaOptions};
use obs_runtime::bus::{BusErrorKind, Depth, Header, Receipt, Sending};
use obs_runtime::metric::{Format, exposition};
use obs_runtime::publish::WhenFull;
use obs_runtime::{BusError, Event, OwnedRecord, Record};

use crate::broker::{LONG, broker};

/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:1";

const HEADERS: [Header<'static>; 4] = [
    Header::new("event-id", "1"),
    Header {
        name: "bytes",
        value: &[0, 0xff, 0],
    },
    Header::new("empty", ""),
    Header::new("event-id", "2"),
];

#[test]
fn records_arrive_exactly_and_in_order() {
    let Some(broker) = broker() else { return };
    let big = vec![7; 900_000];
    let plain = Record::new("exact", b"body");
    let records = [
        plain,
        Record {
            key: Some(b"k"),
            headers: (&HEADERS).into(),
            ..plain
        },
        Record::tombstone("exact", b"k"),
        Record {
            key: Some(b""),
            body: Some(b""),
            ..plain
        },
        Record {
            body: Some(&big),
            ..plain
        },
        Record {
            headers: (&HEADERS).into(),
            ..Record::tombstone("exact", b"k")
        },
    ];
    broker.topic("exact", 1);
    let codecs = [None, Some(Codec::Snappy), Some(Codec::Lz4)];
    for codec in codecs {
        let options = codec.map_or(broker.options(), |codec| broker.options().with_codec(codec));
        let bus = options.open().unwrap();
        for record in &records {
            bus.send(record).wait().unwrap();
        }
        assert!(bus.flush().wait_for(LONG));
        assert_eq!(bus.depth().unwrap().records, 0);
    }
    let read = broker.read("exact", 0, records.len() * codecs.len());
    for (at, read) in read.iter().enumerate() {
        assert_eq!(read.as_record(), records[at % records.len()], "{at}");
    }
}

#[test]
fn a_confirmed_record_says_where_it_is() {
    let Some(broker) = broker() else { return };
    broker.topic("where", 1);
    let bus = broker
        .options()
        .with_confirm(Confirm::Delivered)
        .open()
        .unwrap();
    let record = Record::new("where", b"{}");
    let sent: Vec<Sending> = (0..100).map(|_| bus.send(&record)).collect();
    for (offset, sending) in sent.into_iter().enumerate() {
        let there = Receipt {
            partition: Some(0),
            offset: Some(offset as u64),
        };
        assert_eq!(sending.wait(), Ok(there));
    }
    // Whoever asks no more is forgotten, and the record goes all the same.
    drop(bus.send(&record));
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(broker.end_of("where", 0), 101);
}

#[test]
fn the_end_of_a_bus_is_not_the_end_of_its_records() {
    let Some(broker) = broker() else { return };
    broker.topic("end", 3);
    let bus = broker
        .options()
        .with_linger(Duration::from_millis(50))
        .open()
        .unwrap();
    for number in 0..1_000_u32 {
        bus.send(&Record::new("end", &number.to_le_bytes()))
            .wait()
            .unwrap();
    }
    drop(bus);
    let there: i64 = (0..3)
        .map(|partition| broker.end_of("end", partition))
        .sum();
    assert_eq!(there, 1_000);
}

#[test]
fn records_of_a_key_share_a_partition() {
    let Some(broker) = broker() else { return };
    broker.topic("keys", 8);
    let bus = broker
        .options()
        .with_confirm(Confirm::Delivered)
        .open()
        .unwrap();
    let send = |key: u32| {
        let key = key.to_le_bytes();
        bus.send(&Record {
            key: Some(&key),
            ..Record::new("keys", b"")
        })
        .wait()
        .unwrap()
        .partition
    };
    let first: Vec<_> = (0..20).map(send).collect();
    let second: Vec<_> = (0..20).map(send).collect();
    assert_eq!(first, second);
    assert!(first.iter().any(|partition| *partition != first[0]));
}

#[test]
fn who_finds_no_room_waits_for_the_broker() {
    let Some(mut broker) = broker() else { return };
    broker.topic("room", 1);
    broker.stop();
    let bus = broker
        .options()
        .with_capacity(10)
        .with_property("reconnect.backoff.max.ms", "100")
        .open()
        .unwrap();
    let record = Record::new("room", b"{}");
    for _ in 0..10 {
        bus.send(&record).wait().unwrap();
    }
    let full = bus.send(&record).wait();
    assert_eq!(full.unwrap_err().kind(), BusErrorKind::Full);
    assert_eq!(
        bus.depth(),
        Some(Depth {
            records: 10,
            capacity: 10
        })
    );
    let room = bus.room("room");
    assert!(matches!(room, obs_runtime::bus::Waiting::Later(_)));
    broker.start();
    assert!(room.wait_for(LONG));
    while let Err(error) = bus.send(&record).wait() {
        assert_eq!(error.kind(), BusErrorKind::Full);
        assert!(bus.room("room").wait_for(LONG));
    }
    assert!(bus.flush().wait_for(LONG));
    assert_eq!(broker.end_of("room", 0), 11);
}

/// Each refusal, and whether the client knows it at once.
#[test]
fn what_is_refused_is_told_and_never_with_what_was_in_it() {
    let bus = KafkaOptions::new(NOWHERE)
        .with_property("message.max.bytes", "2000")
        .with_property("message.timeout.ms", "50")
        .with_property("linger.ms", "0")
        .open()
        .unwrap();
    let secret = vec![b's'; 3_000];
    for (record, kind) in [
        (
            Record::new("t", &secret),
            BusErrorKind::TooLarge { limit: 2_000 },
        ),
        (Record::new("a\0b", b"ssss"), BusErrorKind::Rejected),
        (Record::new("t", b"ssss"), BusErrorKind::Timeout),
    ] {
        let error = bus.send_confirmed(&record).wait().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.to_string().contains("ssss"), "{error}");
    }
    bus.close();
    let error = bus.send(&Record::new("t", b"")).wait().unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Closed);
}

#[test]
fn what_is_lost_is_handed_back_and_counted() {
    let lost: Arc<Mutex<Vec<(OwnedRecord, BusError)>>> = Arc::default();
    let keep = Arc::clone(&lost);
    let bus = KafkaOptions::new(NOWHERE)
        .with_property("message.timeout.ms", "50")
        .when_lost(move |lost| {
            let one = (lost.record.owned(), lost.error.clone());
            keep.lock().unwrap().push(one);
        })
        .open()
        .unwrap();
    let record = Record {
        headers: (&HEADERS).into(),
        ..Record::tombstone("lost", b"k")
    };
    bus.send(&record).wait().unwrap();
    assert!(bus.flush().wait_for(LONG));
    let lost = lost.lock().unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].0.as_record(), record);
    assert_eq!(lost[0].1.kind(), BusErrorKind::Timeout);
    let text = String::from_utf8(exposition(Format::Text)).unwrap();
    let counted = text
        .lines()
        .find(|line| line.starts_with("kafka_records_lost_total{cause=\"timeout\"}"));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{text}");
}

#[test]
fn a_bus_without_brokers_ends_in_time() {
    let lost: Arc<Mutex<Vec<BusErrorKind>>> = Arc::default();
    let keep = Arc::clone(&lost);
    let bus = KafkaOptions::new(NOWHERE)
        .with_patience(Duration::from_millis(50))
        .when_lost(move |lost| keep.lock().unwrap().push(lost.error.kind()))
        .open()
        .unwrap();
    bus.send(&Record::new("t", b"")).wait().unwrap();
    drop(bus);
    assert_eq!(*lost.lock().unwrap(), [BusErrorKind::Closed]);
}

#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "order.placed", version = "1.0.0", topic = "orders")]
struct OrderPlaced {
    #[event(key)]
    order: String,
}

#[derive(Clone, PartialEq, Debug, Event)]
#[event(event = "order.paid", version = "1.0.0", topic = "payments", audit)]
struct OrderPaid {
    #[event(key)]
    order: String,
}

#[test]
fn events_are_published_where_nothing_can_be_awaited() {
    let Some(broker) = broker() else { return };
    broker.topic("orders", 1);
    let bus = broker.options().open().unwrap().for_source("shop");
    let publisher = OrderPlaced::publisher(&bus);
    for number in 0..3 {
        publisher
            .publish_blocking(&OrderPlaced {
                order: number.to_string(),
            })
            .unwrap();
    }
    publisher.tombstone_blocking("0").unwrap();
    assert!(bus.flush().wait_for(LONG));
    let read = broker.read("orders", 0, 4);
    for (number, record) in read[..3].iter().enumerate() {
        assert_eq!(record.key(), Some(number.to_string().as_bytes()));
        assert_eq!(record.headers().text("event-type"), Some("order.placed"));
        assert!(record.headers().text("traceparent").is_some());
    }
    assert_eq!((read[3].key(), read[3].body()), (Some(&b"0"[..]), None));
}

#[test]
fn an_audited_event_waits_for_the_brokers_and_others_for_room_alone() {
    let bus = KafkaOptions::new(NOWHERE)
        .with_capacity(1)
        .with_patience(Duration::ZERO)
        .open()
        .unwrap();
    let order = || "1".to_owned();
    let soon = Duration::from_millis(20);
    let audited = OrderPaid::publisher(&bus).with_timeout(soon);
    let error = audited
        .publish_blocking(&OrderPaid { order: order() })
        .unwrap_err();
    assert_eq!(error.error_type().as_str(), "timeout");
    let failing = OrderPlaced::publisher(&bus).when_full(WhenFull::Fail);
    let error = failing
        .publish_blocking(&OrderPlaced { order: order() })
        .unwrap_err();
    assert_eq!(error.error_type().as_str(), "unavailable");
    let dropping = OrderPlaced::publisher(&bus).when_full(WhenFull::Drop);
    dropping
        .publish_blocking(&OrderPlaced { order: order() })
        .unwrap();
}
