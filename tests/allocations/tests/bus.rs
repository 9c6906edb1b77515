//! A bus that keeps a record in memory asks for it once; one in files, and one that keeps none, not at all.

use obs_allocations::allocations;
use obs_runtime::Bus;
use obs_runtime::bus::{Header, Record};

const RECORDS: usize = 1_000;

/// Sends so many records of the usual size, twice: the first time everything may grow.
fn sends(bus: &Bus) -> usize {
    sends_after(1, bus)
}

/// Sends so many records of the usual size, after it has done so this many times.
fn sends_after(times: usize, bus: &Bus) -> usize {
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
    for _ in 0..times {
        send();
    }
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

/// Where each record is takes room in a list that doubles when it is full: with three thousand records there is some
/// left for a thousand.
#[test]
fn the_bus_in_files_asks_for_nothing() {
    let folder = std::env::temp_dir().join(format!("obs-allocations-{}", std::process::id()));
    let bus = Bus::file(&folder).expect("the folder is ours");
    let count = sends_after(3, &bus);
    drop(bus);
    std::fs::remove_dir_all(folder).expect("it was made");
    assert_eq!(count, 0);
}
