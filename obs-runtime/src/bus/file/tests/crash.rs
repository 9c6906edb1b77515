//! What is promised holds whatever happens: processes that die in the middle of something, power cuts, disks that
//! write half of it, nothing of it, or something else.
//!
//! Nothing here runs beside anything else, so a seed that fails fails again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::disk::{Counts, Dice, Faults, Sim};
use super::{body, long, whole};
use crate::bus::file::{Acknowledge, DamageKind, FileBus, FileOptions, Handle, WhenFull, open};
use crate::bus::{BusError, Received, Record, Sending, Waiting};

/// Segments of two kilobytes.
const OPTIONS: FileOptions = FileOptions {
    acknowledge: Acknowledge::PageCache,
    max_bytes: 32 << 10,
    when_full: WhenFull::Refuse,
};

/// How a life of the process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Kill,
    PowerCut,
}

/// What was promised in all lives so far, and what became of it.
#[derive(Default)]
struct Story {
    sent: u64,
    /// Numbers of acknowledged records, and what they are.
    promised: BTreeMap<u64, u64>,
    /// What was refused. Some of it may be there, and stay or not.
    refused: BTreeSet<u64>,
    /// What the group has acknowledged, and whether that must be known to the next life.
    handled: BTreeSet<u64>,
    surely: BTreeSet<u64>,
    /// Whether there was a power cut, and how many promises it has broken.
    power_cut: bool,
    lost: u64,
}

fn opened(sim: &Sim, options: FileOptions) -> Result<FileBus, BusError> {
    let store = Arc::new(open::open(Box::new(sim.clone()), options)?);
    let thread = None;
    let handle = Arc::new(Handle { store, thread });
    Ok(FileBus { handle })
}

/// Which one it is. It must be one of those that were sent, whole.
fn id(delivery: &Received, story: &Story) -> u64 {
    let id = whole(delivery);
    assert!(id < story.sent, "nobody sent this");
    id
}

/// Sends a record whose acknowledgement may come later.
fn send(file: &FileBus, dice: &mut Dice, story: &mut Story) -> (u64, Sending) {
    let (id, key) = (story.sent, [dice.below(3) as u8]);
    story.sent += 1;
    let body = body(id);
    let record = Record {
        key: (key[0] > 0).then_some(&key),
        ..Record::new(["a", "b"][dice.below(2) as usize], &body)
    };
    (id, file.bus().send(&record))
}

/// A life of the process on this disk. What it promised goes into the story.
fn live(sim: &Sim, options: FileOptions, dice: &mut Dice, story: &mut Story, clean: bool) {
    let Ok(file) = opened(sim, options) else {
        assert!(!clean);
        return;
    };
    let mut group = file.bus().subscribe(&["a", "b"], "g").ok();
    let mut open: Vec<(u64, Sending)> = Vec::new();
    let mut out: Vec<(u64, Received)> = Vec::new();
    let mut acked = BTreeSet::new();
    for _ in 0..dice.below(40) {
        match dice.below(10) {
            0..=5 => open.push(send(&file, dice, story)),
            6 => file.store().commit(),
            7 => {
                let delivery = group.as_mut().and_then(|group| group.try_next());
                out.extend(delivery.map(|delivery| (id(&delivery, story), delivery)));
            }
            _ if out.is_empty() => {}
            _ => {
                let which = dice.below(out.len() as u64) as usize;
                let (id, delivery) = out.swap_remove(which);
                if dice.percent(70) {
                    delivery.ack();
                    acked.insert(id);
                }
            }
        }
        open.retain_mut(|(id, sending)| match ready(sending) {
            None => true,
            Some(result) => {
                let Ok(receipt) = result else {
                    story.refused.insert(*id);
                    return false;
                };
                let before = story.promised.insert(receipt.offset.unwrap(), *id);
                assert_eq!(before, None, "a number was given away twice");
                false
            }
        });
    }
    if clean && options.acknowledge == Acknowledge::PageCache {
        story.surely.extend(&acked);
    }
    story.handled.extend(acked);
}

fn ready(sending: &mut Sending) -> Option<Result<crate::bus::Receipt, BusError>> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(sending).poll(&mut cx) {
        std::task::Poll::Ready(result) => Some(result),
        std::task::Poll::Pending => None,
    }
}

/// Opens what is left, and holds it to what was promised.
fn check(sim: &Sim, options: FileOptions, story: &mut Story, end: End, life: u64) {
    let file = opened(sim, options).expect("nothing is wrong with the disk now");
    let name = format!("check {life}");
    let mut all = file.bus().subscribe(&["a", "b"], &name).unwrap();
    let mut there = BTreeMap::new();
    let mut ids = BTreeSet::new();
    while let Some(delivery) = all.try_next() {
        let id = id(&delivery, story);
        assert!(ids.insert(id), "record {id} is there twice");
        there.insert(delivery.receipt().offset.unwrap(), id);
        delivery.ack();
    }
    all.end_group();
    // With what its only group was done, the oldest may have made room.
    let first = there.keys().next().copied().unwrap_or(u64::MAX);
    let handled = &story.handled;
    { &mut story.promised }.retain(|number, id| *number >= first || !handled.contains(id));
    let lost = { &story.promised }.iter();
    let lost: Vec<u64> = lost
        .filter(|(number, id)| there.get(number) != Some(id))
        .map(|(number, _)| *number)
        .collect();
    if options.acknowledge == Acknowledge::Fsync || end == End::Kill {
        assert_eq!(
            lost, [0; 0],
            "promised: {:?}, there: {there:?}",
            story.promised
        );
    }
    story.power_cut |= end == End::PowerCut;
    if !story.power_cut {
        let damage = file.damage();
        let mut kinds = damage.iter().map(|damage| damage.kind);
        assert!(kinds.all(|kind| kind == DamageKind::Torn), "{damage:?}");
    }
    story.lost += lost.len() as u64;
    for number in lost {
        story.promised.remove(&number);
    }
    // What was there once stays, unless it was refused: a disk that failed may have deceived us about it.
    there.retain(|_, id| !story.refused.contains(id));
    story.promised.extend(there);
}

/// What the group was not given in any life, it is given now.
fn last_life(sim: &Sim, options: FileOptions, story: &Story) {
    let file = opened(sim, options).unwrap();
    let mut group = file.bus().subscribe(&["a", "b"], "g").unwrap();
    let mut given = BTreeSet::new();
    while let Some(delivery) = group.try_next() {
        given.insert(id(&delivery, story));
        delivery.ack();
    }
    for id in story.promised.values() {
        assert!(
            given.contains(id) || story.handled.contains(id),
            "the group missed {id}"
        );
    }
    let twice = given.intersection(&story.surely).next();
    assert_eq!(twice, None, "it was acknowledged, and came again");
}

/// A few lives with this seed.
fn lives(seed: u64, acknowledge: Acknowledge, end: End, faulty: bool) -> (u64, Counts) {
    let options = FileOptions {
        acknowledge,
        ..OPTIONS
    };
    let mut dice = Dice(seed);
    let mut sim = Sim::new(dice.roll());
    let mut story = Story::default();
    for life in 0..1 + dice.below(4) {
        let clean = !faulty;
        if faulty {
            let mut percent = |most| {
                if dice.percent(50) {
                    dice.below(most)
                } else {
                    0
                }
            };
            sim.faults(Faults {
                short: percent(40),
                write: percent(15),
                full: percent(15),
                sync: percent(30),
                tidy: percent(90),
                other: percent(5),
            });
            if dice.percent(60) {
                sim.dies_in(dice.below(150));
            }
        }
        live(&sim, options, &mut dice, &mut story, clean);
        // A power cut may come when the process is long dead, and another has found what it left.
        let now = if dice.percent(50) { End::Kill } else { end };
        sim = match now {
            End::Kill => sim.kill(),
            End::PowerCut => sim.power_cut(),
        };
        check(&sim, options, &mut story, now, life);
        sim = match end {
            End::Kill => sim.kill(),
            // What was opened and closed was not synced at the lower level.
            End::PowerCut if acknowledge == Acknowledge::Fsync => sim.power_cut(),
            End::PowerCut => sim.kill(),
        };
        story.power_cut |= end == End::PowerCut;
    }
    if end == End::PowerCut {
        story.surely.clear();
    }
    last_life(&sim, options, &story);
    (story.lost, sim.counts())
}

fn seeds(acknowledge: Acknowledge, end: End, faulty: bool) -> (u64, Counts) {
    let count = if long() { 100_000 } else { 100 };
    let mut lost = 0;
    let mut all = Counts::default();
    for seed in 0..count {
        let run = || lives(seed, acknowledge, end, faulty);
        let Ok((broken, counts)) = std::panic::catch_unwind(run) else {
            panic!("seed {seed} of {acknowledge:?}, {end:?}, faults: {faulty}");
        };
        lost += broken;
        all.short += counts.short;
        all.write += counts.write;
        all.full += counts.full;
        all.sync += counts.sync;
        all.torn += counts.torn;
    }
    (lost, all)
}

#[test]
fn a_process_that_is_killed_loses_nothing_it_acknowledged() {
    for acknowledge in [Acknowledge::PageCache, Acknowledge::Fsync] {
        assert_eq!(seeds(acknowledge, End::Kill, false).0, 0);
        let (lost, counts) = seeds(acknowledge, End::Kill, true);
        assert_eq!(lost, 0);
        assert!(counts.short > 0 && counts.write > 0 && counts.full > 0);
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_synced() {
    assert_eq!(seeds(Acknowledge::Fsync, End::PowerCut, false).0, 0);
    let (lost, counts) = seeds(Acknowledge::Fsync, End::PowerCut, true);
    assert_eq!(lost, 0);
    assert!(
        counts.sync > 0 && counts.torn > 0 && counts.write > 0,
        "{counts:?}"
    );
}

/// Torn records would be found by whoever reads them; and that the disk here loses something at all is seen too.
#[test]
fn a_power_cut_tears_no_record_that_was_not_synced() {
    for faulty in [false, true] {
        let (lost, counts) = seeds(Acknowledge::PageCache, End::PowerCut, faulty);
        assert!(lost > 0 && counts.torn > 0, "{lost} {counts:?}");
    }
}

#[test]
fn a_full_disk_says_so_and_goes_on_when_there_is_room() {
    for acknowledge in [Acknowledge::PageCache, Acknowledge::Fsync] {
        let options = FileOptions {
            acknowledge,
            ..OPTIONS
        };
        let sim = Sim::new(1);
        let (mut dice, mut story) = (Dice(2), Story::default());
        let file = opened(&sim, options).unwrap();
        let mut sent = |full, count| {
            sim.faults(Faults {
                full,
                ..Faults::default()
            });
            let kinds = (0..count).map(|_| {
                let (_, mut sending) = send(&file, &mut dice, &mut story);
                file.store().commit();
                let result = ready(&mut sending).unwrap();
                result.map(|receipt| receipt.offset).map_err(|error| {
                    assert!(error.retryable(), "{error}");
                    assert!(error.to_string().contains("/sim/"), "{error}");
                })
            });
            kinds.collect::<Vec<_>>()
        };
        let numbers = |from, to| {
            (from..to)
                .map(|number| Ok(Some(number)))
                .collect::<Vec<_>>()
        };
        assert_eq!(sent(0, 10), numbers(0, 10));
        assert_eq!(sent(100, 5), vec![Err(()); 5]);
        assert_eq!(sent(0, 10), numbers(10, 20));
        drop(file);
        let file = opened(&sim.kill(), options).unwrap();
        assert_eq!((file.recovered(), file.damage()), (20, vec![]));
        assert!(matches!(file.bus().flush(), Waiting::Ready));
    }
}

/// What was written and not synced is nobody's, and what is sent after that is.
#[test]
fn what_cannot_be_synced_is_an_error_and_the_next_record_is_not() {
    let options = FileOptions {
        acknowledge: Acknowledge::Fsync,
        ..OPTIONS
    };
    let sim = Sim::new(1);
    let (mut dice, mut story) = (Dice(2), Story::default());
    let file = opened(&sim, options).unwrap();
    let mut group = file.bus().subscribe(&["a", "b"], "g").unwrap();
    let mut batch = |sync, file: &FileBus| {
        let mut sendings: Vec<_> = (0..15).map(|_| send(file, &mut dice, &mut story)).collect();
        assert!(
            sendings
                .iter_mut()
                .all(|(_, sending)| ready(sending).is_none())
        );
        sim.faults(Faults {
            sync,
            ..Faults::default()
        });
        file.store().commit();
        let results = sendings
            .iter_mut()
            .map(|(_, sending)| ready(sending).unwrap());
        let numbers = results.map(|result| result.map(|receipt| receipt.offset.unwrap()));
        numbers.map(Result::ok).collect::<Vec<_>>()
    };
    assert!(group.try_next().is_none());
    assert!(batch(0, &file).into_iter().eq((0..15).map(Some)));
    assert_eq!(batch(100, &file), [None; 15]);
    let given = std::iter::from_fn(|| group.try_next())
        .map(Received::ack)
        .count();
    assert_eq!(given, 15);
    assert!(batch(0, &file).into_iter().eq((15..30).map(Some)));
    drop((group, file));
    let file = opened(&sim.power_cut(), options).unwrap();
    assert_eq!(file.recovered(), 30);
    let kinds: Vec<_> = file.damage().iter().map(|damage| damage.kind).collect();
    assert!(
        kinds.iter().all(|kind| *kind == DamageKind::Torn),
        "{kinds:?}"
    );
}
