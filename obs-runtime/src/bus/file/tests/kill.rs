//! Processes that are killed while they send and receive.
//!
//! This test program starts itself again, reads from its output what it has acknowledged, and kills it when that has
//! become enough; how much that is, the dice say. The system goes on, so all of that must be there at either level.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::disk::Dice;
use super::{Scratch, body, long, whole};
use crate::bus::Record;
use crate::bus::file::{Acknowledge, DamageKind, FileBus, FileOptions, WhenFull};

const FOLDER: &str = "OBS_FILE_BUS_FOLDER";
const ROUND: &str = "OBS_FILE_BUS_ROUND";
const THREADS: u64 = 3;

/// More than a child sends before it is killed.
const MOST: u64 = 1_000_000;

fn options(acknowledge: Acknowledge) -> FileOptions {
    FileOptions {
        acknowledge,
        max_bytes: 256 << 20,
        when_full: WhenFull::Refuse,
    }
}

/// At which level the process of this round works.
fn level(round: u64) -> Acknowledge {
    match round % 4 {
        0 => Acknowledge::Fsync,
        _ => Acknowledge::PageCache,
    }
}

/// Says something to whoever started this process, and ends it if nobody listens.
fn say(what: &str, number: u64, id: u64) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "\n{what} {number} {id}").is_err() {
        std::process::exit(0);
    }
}

#[test]
#[ignore = "a process to be killed by the test below"]
fn child() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let file = FileBus::open(folder, options(level(round))).unwrap();
    let bus = file.bus();
    let mut group = bus.subscribe(&["t"], "g").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (bus, first) = (&bus, (round * THREADS + thread) * MOST);
            scope.spawn(move || {
                for id in first..first + MOST {
                    let body = body(id);
                    let receipt = bus.send(&Record::new("t", &body)).wait().unwrap();
                    say("sent", receipt.offset.unwrap(), id);
                }
            });
        }
        while let Some(delivery) = group.next_blocking(super::LONG) {
            let (number, id) = (delivery.receipt().offset.unwrap(), whole(&delivery));
            // Some are left for the next process.
            match id % 3 {
                0 => std::mem::forget(delivery),
                _ => delivery.ack(),
            }
            say(if id % 3 == 0 { "left" } else { "done" }, number, id);
        }
    });
}

/// What a process has said before it was killed.
#[derive(Default)]
struct Said {
    sent: BTreeMap<u64, u64>,
    done: BTreeSet<u64>,
}

/// Starts a process and kills it when it has said so much.
fn run(scratch: &Scratch, round: u64, lines: u64) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["bus::file::tests::kill::child", "--exact", "--ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .env(FOLDER, &scratch.0)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut said, mut count, mut line) = (Said::default(), 0, String::new());
    while out.read_line(&mut line).unwrap() > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        // The last line may be cut off, and is none then.
        if let [what, number, id] = words[..]
            && let (Ok(number), Ok(id)) = (number.parse(), id.parse())
            && line.ends_with('\n')
        {
            match what {
                "sent" => drop(said.sent.insert(number, id)),
                "done" => drop(said.done.insert(id)),
                _ => {}
            }
            count += 1;
            if count == lines {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    let status = child.wait().unwrap();
    assert!(
        count >= lines && !status.success(),
        "{count} lines, {status}"
    );
    said
}

#[test]
fn a_process_that_is_killed_loses_nothing_it_acknowledged() {
    let mut dice = Dice(7);
    let scratch = Scratch::new();
    let mut said = Said::default();
    for round in 0..if long() { 400 } else { 5 } {
        let lines = match level(round) {
            Acknowledge::Fsync => 1 + dice.below(100),
            Acknowledge::PageCache => 1 + dice.below(1_500),
        };
        let more = run(&scratch, round, lines);
        said.sent.extend(more.sent);
        said.done.extend(more.done);

        let file = scratch.open(options(level(round)));
        let damage = file.damage();
        let mut kinds = damage.iter().map(|damage| damage.kind);
        assert!(kinds.all(|kind| kind == DamageKind::Torn), "{damage:?}");
        let mut there = BTreeMap::new();
        let mut all = file.bus().subscribe(&["t"], "all").unwrap();
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        while let Some(delivery) = all.try_next() {
            let id = whole(&delivery);
            let next = next.entry(id / MOST).or_insert(0);
            assert_eq!(id % MOST, *next, "what a thread sends is there in order");
            *next += 1;
            there.insert(delivery.receipt().offset.unwrap(), id);
            delivery.ack();
        }
        all.end_group();
        for (number, id) in &said.sent {
            assert_eq!(there.get(number), Some(id), "it was acknowledged");
        }
        // Each thread had one at most that nobody was told of.
        let untold = there.len() - said.sent.len();
        assert!(untold as u64 <= THREADS * (round + 1), "{untold}");
        let mut group = file.bus().subscribe(&["t"], "g").unwrap();
        let out: Vec<_> = std::iter::from_fn(|| group.try_next()).collect();
        let given: BTreeSet<u64> = out.iter().map(whole).collect();
        assert_eq!(
            given.intersection(&said.done).next(),
            None,
            "it was acknowledged"
        );
        let missing = said
            .sent
            .values()
            .find(|id| **id % 3 == 0 && !given.contains(id));
        assert_eq!(missing, None, "nobody acknowledged it");
    }
}
