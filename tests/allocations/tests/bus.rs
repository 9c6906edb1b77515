//! A bus that keeps a record asks for memory once, one that keeps none not at all.

use obs_allocations::allocations;
use obs_runtime::Bus;
use obs_runtime::bus::{Header, Record};

const RECORDS: usize = 1_000;

/// Sends so many records of the usual size, twice: the first time everything may grow.
fn sends(bus: &Bus) -> usize {
    let headers = [
        Header::new("event-id", "01a1fe7b-e290-7229-ba54-b4be03bbad28"),
        Header::new("event-type", "user.registered"),
        Header::new("content-type", "application/json"),
    ];
    let record = Record {
        key: Some(b"user-123"),
        headers: (&headers).into(),
        ..Record::new("user.registered.v2", &[b'x'; 540])
    };
    let send = || {
        for _ in 0..RECORDS {
            bus.send(&record).wait().expect("there is room");
        }
    };
    send();
    drop(bus.drain());
    allocations(send)
}

#[test]
fn counting_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
    assert_eq!(allocations(|| ()), 0);
}

#[test]
fn the_bus_in_memory_asks_once_a_record() {
    assert_eq!(sends(&Bus::memory(RECORDS)), RECORDS);
}

#[test]
fn a_delivery_shares_the_buffer_of_the_record() {
    let bus = Bus::memory(2);
    let kept = |bus: &Bus| {
        bus.send(&Record::new("t", &[b'x'; 540]))
            .wait()
            .expect("there is room");
        bus.take().expect("one was sent")
    };
    let record = kept(&bus);
    assert_eq!(
        allocations(|| drop(std::hint::black_box(record.clone()))),
        0
    );
}

#[test]
fn the_bus_that_keeps_nothing_asks_for_nothing() {
    assert_eq!(sends(&Bus::null()), 0);
}
