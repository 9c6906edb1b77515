//! What holds on the disk of this machine. `crash` has a disk that fails, `kill` a process that dies.

#![expect(clippy::disallowed_methods, reason = "files are what this is about")]

mod crash;
mod damage;
mod disk;
mod kill;
mod look;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Acknowledge, DamageKind, FileBus, FileOptions, WhenFull};
use crate::bus::tests::{LONG, crowd, long};
use crate::bus::{Bus, BusErrorKind, Received, Record, Subscription};

const FSYNC: FileOptions = FileOptions {
    acknowledge: Acknowledge::Fsync,
    ..SMALL
};

/// Sixteen segments of a kilobyte.
const SMALL: FileOptions = FileOptions {
    acknowledge: Acknowledge::PageCache,
    max_bytes: 16_384,
    when_full: WhenFull::Refuse,
};

/// A folder of a test, removed when that ends well or not.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("obs-file-bus-test-{}-{count}", std::process::id());
        Scratch(std::env::temp_dir().join(name))
    }

    fn open(&self, options: FileOptions) -> FileBus {
        loop {
            match FileBus::open(&self.0, options) {
                // Whoever scrapes has a look at it, and with it the folder, for a moment.
                Err(error) if error.kind() == BusErrorKind::InUse => std::thread::yield_now(),
                opened => return opened.unwrap(),
            }
        }
    }

    /// The segments, the oldest first.
    fn segments(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.0).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let mut segments: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|suffix| suffix == "segment"))
            .collect();
        segments.sort();
        segments
    }

    fn bytes(&self) -> u64 {
        let segments = self.segments().into_iter();
        segments.map(|path| path.metadata().unwrap().len()).sum()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A body that says which it is, and of which every byte says whether it is whole.
fn body(id: u64) -> Vec<u8> {
    let size = disk::Dice(id).below(600);
    let filler = (0..size).map(|at| (id * 31 + at * 7) as u8);
    id.to_le_bytes().into_iter().chain(filler).collect()
}

/// Which one it is; it must be whole.
fn whole(delivery: &Received) -> u64 {
    let bytes = delivery.record().body().unwrap();
    let id = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(bytes, body(id), "record {id} is torn");
    id
}

fn send(bus: &Bus, topic: &str, body: u32) -> Result<u64, BusErrorKind> {
    let body = format!("{body:100}");
    let result = bus.send(&Record::new(topic, body.as_bytes())).wait();
    let offset = result.map(|receipt| receipt.offset.unwrap());
    offset.map_err(|error| error.kind())
}

/// The bodies that are there for a member, which it acknowledges.
fn receive(member: &mut Subscription) -> Vec<u32> {
    let deliveries = std::iter::from_fn(|| member.try_next());
    let bodies = deliveries.map(|delivery| {
        let body = std::str::from_utf8(delivery.record().body().unwrap()).unwrap();
        let body = body.trim().parse().unwrap();
        delivery.ack();
        body
    });
    bodies.collect()
}

#[test]
fn what_was_sent_and_acknowledged_survives() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(options);
        let bus = file.bus();
        let mut other = bus.subscribe(&["b", "none"], "other").unwrap();
        for number in 0..60 {
            let topic = if number % 3 == 0 { "a" } else { "b" };
            assert_eq!(send(&bus, topic, number), Ok(number.into()));
        }
        bus.flush().wait();
        let mut group = bus.subscribe(&["a"], "g").unwrap();
        let ended = bus.subscribe(&["b"], "ended").unwrap();
        let [first, second, third] = [0; 3].map(|_| group.try_next().unwrap());
        assert_eq!(
            (first.receipt().offset, third.receipt().offset),
            (Some(0), Some(6))
        );
        first.ack();
        third.ack();
        second.nack();
        other.try_next().unwrap().ack();
        ended.end_group();
        assert!(scratch.segments().len() > 3);
        drop((group, other, bus, file));

        let file = scratch.open(options);
        let bus = file.bus();
        assert_eq!((file.recovered(), file.damage()), (60, vec![]));
        let mut group = bus.subscribe(&["a"], "g").unwrap();
        let again = group.try_next().unwrap();
        assert_eq!((again.receipt().offset, again.attempt()), (Some(3), 1));
        again.ack();
        assert!(receive(&mut group).into_iter().eq((9..60).step_by(3)));
        let mut other = bus.subscribe(&["b"], "other").unwrap();
        assert!(
            receive(&mut other)
                .into_iter()
                .eq((2..60).filter(|n| n % 3 > 0))
        );
        let mut anew = bus.subscribe(&["b"], "ended").unwrap();
        assert_eq!(receive(&mut anew).len(), 40);
        assert_eq!(bus.depth().unwrap().records, 0);
        assert_eq!(send(&bus, "a", 60), Ok(60));
    }
}

#[test]
fn it_takes_no_more_room_than_it_may() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(options);
        let bus = file.bus();
        let mut sent = 0;
        while send(&bus, "t", sent).is_ok() {
            sent += 1;
            assert!(scratch.bytes() <= options.max_bytes);
        }
        assert_eq!(send(&bus, "t", sent), Err(BusErrorKind::Full));
        assert!(!bus.room("t").wait_for(Duration::ZERO));
        // Fifteen of sixteen segments at least can be used.
        assert!(
            scratch.bytes() >= options.max_bytes / 16 * 14,
            "{}",
            scratch.bytes()
        );
        assert!(bus.depth().unwrap().capacity >= u64::from(sent));
        let mut group = bus.subscribe(&["t"], "g").unwrap();
        let room = bus.room("t");
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(receive(&mut group).len(), sent as usize));
            room.wait();
        });
        for number in 0..sent {
            assert_eq!(send(&bus, "t", number), Ok((sent + number).into()));
            assert_eq!(receive(&mut group), [number]);
            assert!(scratch.bytes() <= options.max_bytes);
        }
        assert_eq!(file.dropped(), 0);
        // With fewer bytes than there are, nothing is taken until something has gone.
        drop((group, bus, file));
        let less = FileOptions {
            max_bytes: options.max_bytes / 2,
            ..options
        };
        let file = scratch.open(less);
        assert_eq!(send(&file.bus(), "t", 0), Ok((2 * sent).into()));
        assert!(scratch.bytes() <= less.max_bytes);
    }
}

#[test]
fn the_oldest_make_room_if_that_is_wanted() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(FileOptions {
            when_full: WhenFull::DropOldest,
            ..options
        });
        let bus = file.bus();
        let mut group = bus.subscribe(&["t"], "g").unwrap();
        for number in 0..10 {
            assert_eq!(send(&bus, "t", number), Ok(number.into()));
        }
        group.try_next().unwrap().ack();
        let out = group.try_next().unwrap();
        for number in 10..200 {
            assert_eq!(send(&bus, "t", number), Ok(number.into()));
            assert!(scratch.bytes() <= options.max_bytes);
        }
        out.nack();
        let left = receive(&mut group);
        assert!(left.iter().copied().eq(200 - left.len() as u32..200));
        // All but the one that was acknowledged.
        assert_eq!(file.dropped(), 199 - left.len() as u64);
        assert_eq!(file.damage(), []);
    }
}

#[test]
fn one_bus_has_a_folder_at_a_time() {
    let scratch = Scratch::new();
    let file = scratch.open(SMALL);
    let error = FileBus::open(&scratch.0, SMALL).unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::InUse);
    assert!(
        error.to_string().contains(scratch.0.to_str().unwrap()),
        "{error}"
    );
    drop(file);
    scratch.open(FSYNC);
    scratch.open(SMALL);
    let wrong = scratch.segments().pop();
    assert_eq!(wrong, None, "nothing was sent");
    assert!(FileBus::open(scratch.0.join("a/b"), FSYNC).is_ok());
    let not_a_folder = scratch.0.join("lock");
    let error = FileBus::open(&not_a_folder, SMALL).unwrap_err();
    assert_eq!(error.kind(), BusErrorKind::Io, "{error}");
}

#[test]
fn a_record_has_a_largest_size() {
    let scratch = Scratch::new();
    let file = scratch.open(SMALL);
    let bus = file.bus();
    let send = |size| {
        let result = bus.send(&Record::new("t", &vec![7; size])).wait();
        result.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(send(100), Ok(()));
    let Err(BusErrorKind::TooLarge { limit }) = send(20_000) else {
        panic!("it does not fit");
    };
    // Topic, no key, no headers, and the length of the body.
    let largest = limit - 2 - 1 - 2 - 2;
    assert_eq!(send(largest + 1), Err(BusErrorKind::TooLarge { limit }));
    assert_eq!(send(largest), Err(BusErrorKind::Full));
    let mut group = bus.subscribe(&["t"], "g").unwrap();
    group.try_next().unwrap().ack();
    assert_eq!(send(largest), Ok(()));
    let delivery = group.try_next().unwrap();
    assert_eq!(delivery.record().body(), Some(&vec![7; largest][..]));
    assert!(scratch.bytes() <= SMALL.max_bytes);
}

#[test]
fn what_is_there_is_delivered_after_it_is_closed() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(options);
        let bus = file.bus();
        let mut group = bus.subscribe(&["t"], "g").unwrap();
        let body = format!("{:100}", 1);
        let sending = bus.send(&Record::new("t", body.as_bytes()));
        bus.close();
        assert_eq!(send(&bus, "t", 2), Err(BusErrorKind::Closed));
        assert!(bus.room("t").wait_for(LONG));
        assert!(sending.wait().is_ok());
        let delivery = group.next_blocking(LONG).unwrap();
        delivery.ack();
        assert!(group.next_blocking(LONG).is_none());
    }
}

#[test]
fn answers_come_when_the_last_handle_goes() {
    let scratch = Scratch::new();
    let file = scratch.open(FSYNC);
    let sendings: Vec<_> = (0..10)
        .map(|_| file.bus().send(&Record::new("t", b"1")))
        .collect();
    drop(file);
    for sending in sendings {
        assert!(matches!(sending, crate::bus::Sending::Later(_)));
        assert!(sending.wait().is_ok());
    }
    assert_eq!(scratch.open(FSYNC).recovered(), 10);
}

#[test]
fn a_folder_that_is_gone_is_noticed_and_can_come_back() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(options);
        let bus = file.bus();
        let mut group = bus.subscribe(&["t"], "g").unwrap();
        assert_eq!(send(&bus, "t", 0), Ok(0));
        std::fs::remove_dir_all(&scratch.0).unwrap();
        let error = (1..)
            .find_map(|_| bus.send(&Record::new("u", b"")).wait().err())
            .unwrap();
        assert_eq!(error.kind(), BusErrorKind::Unavailable);
        assert!(
            error.to_string().contains(scratch.0.to_str().unwrap()),
            "{error}"
        );
        let error = bus.send(&Record::new("u", b"")).wait().unwrap_err();
        assert_eq!(error.kind(), BusErrorKind::Unavailable);
        std::fs::create_dir(&scratch.0).unwrap();
        let next = send(&bus, "t", 1).unwrap();
        assert_eq!(receive(&mut group), [0, 1]);
        assert_eq!(send(&bus, "t", 2), Ok(next + 1));
        bus.flush().wait();
        assert_eq!(
            FileBus::open(&scratch.0, options).unwrap_err().kind(),
            BusErrorKind::InUse
        );
        drop((group, bus, file));
        let file = scratch.open(options);
        let mut group = file.bus().subscribe(&["t"], "g").unwrap();
        assert_eq!(receive(&mut group), [2]);
    }
}

#[test]
fn where_the_groups_are_takes_little_room() {
    let scratch = Scratch::new();
    let large = FileOptions {
        max_bytes: 1 << 20,
        ..SMALL
    };
    let file = scratch.open(large);
    let bus = file.bus();
    let mut group = bus.subscribe(&["t"], "g").unwrap();
    let groups = scratch.0.join("groups");
    let mut shrunk = 0;
    let mut before = 0;
    for number in 0..5_000 {
        send(&bus, "t", number).unwrap();
        group.try_next().unwrap().ack();
        let size = groups.metadata().unwrap().len();
        assert!(size < 70_000);
        shrunk += u32::from(size < before);
        before = size;
    }
    assert!(shrunk > 1);
    drop((group, bus, file));
    // Torn: what was cut off comes again.
    let bytes = std::fs::read(&groups).unwrap();
    std::fs::write(&groups, &bytes[..bytes.len() - 1]).unwrap();
    let file = scratch.open(large);
    assert_eq!(file.damage()[0].kind, DamageKind::Torn);
    let mut group = file.bus().subscribe(&["t"], "g").unwrap();
    assert_eq!(receive(&mut group), [4_999]);
}

#[test]
fn nothing_is_lost_and_no_key_is_out_of_order() {
    for (options, each) in [(SMALL, 300), (FSYNC, 30)] {
        let scratch = Scratch::new();
        let options = FileOptions {
            max_bytes: 4_096,
            ..options
        };
        let file = scratch.open(options);
        crowd(&file.bus(), if long() { 100 * each } else { each });
        assert_eq!((file.damage(), file.dropped()), (vec![], 0));
    }
}
