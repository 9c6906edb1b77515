//! Files that were cut, flipped or removed while nobody looked.

use std::path::{Path, PathBuf};

use super::{SMALL, Scratch, receive, send};
use crate::bus::file::{Damage, DamageKind, FileBus};
use crate::bus::{Bus, BusErrorKind};

/// Nine records in two segments, nobody has the folder, and the files.
fn nine() -> (Scratch, Vec<PathBuf>) {
    let scratch = Scratch::new();
    let file = scratch.open(SMALL);
    for number in 0..9 {
        assert_eq!(send(&file.bus(), "t", number), Ok(number.into()));
    }
    let segments = scratch.segments();
    assert_eq!(segments.len(), 2);
    (scratch, segments)
}

fn all(file: &FileBus) -> Vec<u32> {
    receive(&mut file.bus().subscribe(&["t"], "all").unwrap())
}

fn damage(file: &Path, kind: DamageKind, offset: usize, bytes: usize, records: u64) -> Damage {
    Damage {
        file: file.to_owned(),
        offset: offset as u64,
        bytes: bytes as u64,
        records,
        kind,
    }
}

#[test]
fn a_torn_end_is_cut_and_told() {
    let (scratch, segments) = nine();
    let last = segments.last().unwrap();
    let whole = std::fs::read(last).unwrap();
    let frame = 16 + 106;
    let end = whole.len() - frame;
    for cut in end + 1..whole.len() {
        std::fs::write(last, &whole[..cut]).unwrap();
        let file = scratch.open(SMALL);
        let torn = damage(last, DamageKind::Torn, end, cut - end, 0);
        assert_eq!((file.recovered(), file.damage()), (8, vec![torn]));
        drop(file);
        assert_eq!(scratch.open(SMALL).damage(), []);
    }
    // Zeros that a system has left for what it did not write.
    std::fs::write(last, [&whole[..end], &[0; 5_000]].concat()).unwrap();
    let file = scratch.open(SMALL);
    let torn = damage(last, DamageKind::Torn, end, 5_000, 0);
    assert_eq!((file.recovered(), file.damage()), (8, vec![torn]));
    assert_eq!(send(&file.bus(), "t", 8), Ok(8));
    assert_eq!(all(&file), Vec::from_iter(0..9));
    // A segment that was being made.
    drop(file);
    let next = last.with_file_name("0000000002.segment");
    for head in 0..=51 {
        std::fs::write(&next, &whole[..head]).unwrap();
        let file = scratch.open(SMALL);
        assert_eq!(file.damage(), [damage(&next, DamageKind::Torn, 0, head, 0)]);
        assert_eq!((file.recovered(), next.exists()), (9, false));
    }
}

#[test]
fn damage_in_the_middle_is_told_and_the_rest_is_there() {
    let (scratch, segments) = nine();
    let frame = 16 + 106;
    let wholes = [0, 1].map(|index: usize| std::fs::read(&segments[index]).unwrap());
    for (index, first, count) in [(0, 0, 7), (1, 7, 2)] {
        let (segment, whole) = (&segments[index], wholes[index].clone());
        assert_eq!(whole.len(), 52 + count as usize * frame);
        for (place, number) in [
            (52, 0),
            (52 + 5, 0),
            (52 + frame / 2, 0),
            (52 + frame + 30, 1),
        ] {
            let number: u32 = first + number;
            let mut wrong = whole.clone();
            wrong[place] ^= 0x10;
            std::fs::write(segment, &wrong).unwrap();
            let file = scratch.open(SMALL);
            let at = (place - 52) / frame * frame + 52;
            let found = file.damage();
            let end = at + frame == whole.len();
            // At the very end it cannot be told from what a crash has torn.
            let (kind, records) = match end && number == 8 {
                true => (DamageKind::Torn, 0),
                false => (DamageKind::Damaged, 1),
            };
            assert_eq!(found, [damage(segment, kind, at, frame, records)]);
            assert_eq!(
                all(&file),
                Vec::from_iter((0..9).filter(|other| *other != number))
            );
            // And there is room behind it.
            assert_eq!(
                send(&file.bus(), "t", 9).map(|number| number >= 8),
                Ok(true)
            );
            drop(file);
            let refused = Bus::file(&scratch.0).map(drop);
            if records > 0 {
                let error = refused.unwrap_err();
                assert_eq!(error.kind(), BusErrorKind::Io);
                let text = error.to_string();
                let name = segment.to_str().unwrap();
                assert!(
                    text.contains(name) && text.contains(&at.to_string()),
                    "{text}"
                );
            } else {
                assert_eq!(refused, Ok(()));
            }
            for other in scratch.segments() {
                if !segments.contains(&other) {
                    std::fs::remove_file(other).unwrap();
                }
            }
            std::fs::remove_file(scratch.0.join("groups")).unwrap();
            for (segment, whole) in segments.iter().zip(&wholes) {
                std::fs::write(segment, whole).unwrap();
            }
        }
    }
    assert_eq!(scratch.open(SMALL).recovered(), 9);
}

#[test]
fn a_segment_that_is_gone_or_has_no_head_is_told() {
    let (scratch, segments) = nine();
    let [first, last] = [0, 1].map(|index| std::fs::read(&segments[index]).unwrap());
    let mut wrong = first.clone();
    wrong[20] ^= 1;
    std::fs::write(&segments[0], &wrong).unwrap();
    let file = scratch.open(SMALL);
    let headless = damage(&segments[0], DamageKind::Damaged, 0, first.len(), 0);
    assert_eq!((file.recovered(), file.damage()), (2, vec![headless]));
    drop(file);
    // The next one says how many it had; of the one before, that they are missing behind it.
    std::fs::write(&segments[0], &first).unwrap();
    let third = scratch.open(SMALL);
    for number in 9..20 {
        assert!(send(&third.bus(), "t", number).is_ok());
    }
    drop(third);
    std::fs::remove_file(&segments[1]).unwrap();
    let file = scratch.open(SMALL);
    let gone = damage(&segments[0], DamageKind::Damaged, first.len(), 0, 7);
    assert_eq!((file.recovered(), file.damage()), (13, vec![gone]));
    drop((file, last));
}

#[test]
fn what_cannot_be_read_any_more_is_told_and_passed() {
    let (scratch, segments) = nine();
    let file = scratch.open(SMALL);
    let mut wrong = std::fs::read(&segments[0]).unwrap();
    wrong[100] ^= 1;
    std::fs::write(&segments[0], &wrong).unwrap();
    for _ in 0..2 {
        assert_eq!(all(&file), Vec::from_iter(1..9));
        file.bus().subscribe(&["t"], "all").unwrap().end_group();
        let unreadable = damage(&segments[0], DamageKind::Damaged, 52, 0, 1);
        assert_eq!(file.damage(), [unreadable]);
    }
}
