//! Looking at a folder that somebody else has, or that is damaged.

use std::time::Duration;

use super::{FSYNC, SMALL, Scratch, send};
use crate::bus::{Bus, BusErrorKind, Look, Record, Sight};

/// All there is to be seen of a topic: bodies, and `!` for what is broken.
fn seen(bus: &Bus, topic: &str, last: Option<u64>) -> Vec<String> {
    let look = Look {
        last,
        follow: false,
    };
    let mut view = bus.look(topic, look).unwrap();
    let next = || match view.next(Duration::ZERO).unwrap() {
        Sight::Record(record, receipt) => {
            let body = std::str::from_utf8(record.body().unwrap()).unwrap();
            Some(format!("{}:{}", receipt.offset.unwrap(), body.trim()))
        }
        Sight::Broken(_) => Some("!".to_owned()),
        Sight::End => None,
        other => panic!("{other:?}"),
    };
    std::iter::from_fn(next).collect()
}

fn reader(scratch: &Scratch) -> Bus {
    let address = format!("file:{}?access=read", scratch.0.display());
    Bus::open(&address, &[]).unwrap()
}

#[test]
fn another_ones_folder_is_looked_at_and_left_alone() {
    for options in [SMALL, FSYNC] {
        let scratch = Scratch::new();
        let file = scratch.open(options);
        let bus = file.bus();
        for number in 0..20 {
            let topic = ["t", "other"][number as usize % 2];
            send(&bus, topic, number).unwrap();
        }
        let bytes = scratch.bytes();
        let reader = reader(&scratch);
        assert_eq!(
            reader.topics(),
            Ok(vec!["other".to_owned(), "t".to_owned()])
        );
        for looked in [&reader, &bus] {
            let expected: Vec<String> = (0..20).step_by(2).map(|n| format!("{n}:{n}")).collect();
            assert_eq!(seen(looked, "t", None), expected);
            assert_eq!(seen(looked, "t", Some(3)), expected[7..]);
            assert_eq!(seen(looked, "t", Some(0)), [""; 0]);
            assert_eq!(seen(looked, "nothing", None), [""; 0]);
        }
        let refused = reader.send(&Record::new("t", b"")).wait().unwrap_err();
        assert_eq!(refused.kind(), BusErrorKind::Unsupported);
        assert_eq!(scratch.bytes(), bytes);
        // Nobody's position has moved, for there is none.
        assert_eq!(
            super::receive(&mut bus.subscribe(&["t"], "all").unwrap()).len(),
            10
        );
    }
}

#[test]
fn who_follows_sees_what_comes() {
    let scratch = Scratch::new();
    let bus = scratch.open(SMALL).bus();
    send(&bus, "t", 0).unwrap();
    for last in [None, Some(0)] {
        let look = Look { last, follow: true };
        let reader = reader(&scratch);
        let mut view = reader.look("t", look).unwrap();
        let mut next = || match view.next(Duration::ZERO) {
            Ok(Sight::Record(_, receipt)) => receipt.offset,
            Ok(Sight::Nothing) => None,
            other => panic!("{other:?}"),
        };
        let from = if last.is_none() { 0 } else { 50 };
        let before: Vec<u64> = std::iter::from_fn(&mut next).collect();
        assert_eq!(before, Vec::from_iter(0..1 - from / 50));
        // Over the ends of segments too.
        let first = if last.is_none() { 1 } else { 51 };
        for number in first..first + 50 {
            assert_eq!(send(&bus, "t", number as u32), Ok(number));
            assert_eq!(next(), Some(number));
        }
        assert_eq!(next(), None);
    }
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_seen() {
    let scratch = Scratch::new();
    let file = scratch.open(SMALL);
    for number in 0..9 {
        send(&file.bus(), "t", number).unwrap();
    }
    drop(file);
    let segments = scratch.segments();
    let whole = std::fs::read(&segments[0]).unwrap();
    let last = std::fs::read(&segments[1]).unwrap();
    let frame = 16 + 106;
    let all = |broken: &[usize]| -> Vec<String> {
        let each = (0..9).filter_map(|n| match broken.contains(&n) {
            true => (n == broken[0]).then(|| "!".to_owned()),
            false => Some(format!("{n}:{n}")),
        });
        each.collect()
    };
    for (broken, place) in [(0, 52), (1, 52 + frame + 20), (6, 52 + 6 * frame + 3)] {
        let mut wrong = whole.clone();
        wrong[place] ^= 0x10;
        std::fs::write(&segments[0], &wrong).unwrap();
        assert_eq!(
            seen(&reader(&scratch), "t", None),
            all(&[broken]),
            "{broken}"
        );
    }
    // Cut in the middle, with another segment behind it.
    std::fs::write(&segments[0], &whole[..52 + 5 * frame + 9]).unwrap();
    assert_eq!(seen(&reader(&scratch), "t", None), all(&[5, 6]));
    std::fs::write(&segments[0], &whole).unwrap();
    // The end of all is being written, or a crash has torn it.
    for cut in last.len() - frame + 1..last.len() {
        std::fs::write(&segments[1], &last[..cut]).unwrap();
        assert_eq!(seen(&reader(&scratch), "t", None), all(&[])[..8], "{cut}");
    }
}

#[test]
fn a_folder_without_a_bus_is_none() {
    let scratch = Scratch::new();
    let address = format!("file:{}?access=read", scratch.0.display());
    let refused = |address: &str| Bus::open(address, &[]).unwrap_err().reason().to_owned();
    assert!(refused(&address).starts_with("there is no folder `"));
    std::fs::create_dir(&scratch.0).unwrap();
    assert!(refused(&address).starts_with("there is no bus in the folder `"));
}
