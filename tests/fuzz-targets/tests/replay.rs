//! The committed corpus and mutations of it through every target: the short form of `cargo xtask fuzz`.

#![expect(clippy::disallowed_methods, reason = "tests read the corpus")]

use fuzz_targets::{TARGETS, Target};
use std::path::Path;

/// Mutations of each seed at most. More is `cargo xtask fuzz`.
const ROUNDS: usize = 40;

/// What the mutations of one target come to, more or less: the test is to be quick, however large the corpus becomes.
const BYTES: usize = 60_000;

/// Xorshift: the same mutations on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

fn mutate(random: &mut Random, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len().max(1));
        match random.below(6) {
            0 if !data.is_empty() => data[at] ^= 1 << random.below(8),
            1 if !data.is_empty() => {
                data.remove(at);
            }
            2 => data.insert(
                at.min(data.len()),
                u8::try_from(random.below(256)).unwrap_or(0),
            ),
            3 => data.truncate(at),
            4 if !other.is_empty() => {
                let from = random.below(other.len());
                let to = from + random.below(other.len() - from);
                let at = at.min(data.len());
                data.splice(at..at, other[from..to].iter().copied());
            }
            _ if !data.is_empty() => {
                let end = at + random.below(data.len() - at);
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
            _ => {}
        }
    }
    data
}

/// One target over its seeds and their mutations: the first input that breaks it.
fn replay(target: Target, seeds: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let budget = BYTES / seeds.iter().map(Vec::len).sum::<usize>().max(1);
    let rounds = budget.min(ROUNDS);
    let holds = |data: &[u8]| std::panic::catch_unwind(|| target(data)).is_ok();
    for seed in seeds {
        if !holds(seed) {
            return Some(seed.clone());
        }
        for _ in 0..rounds {
            let other = &seeds[random.below(seeds.len())];
            let data = mutate(&mut random, seed, other);
            if !holds(&data) {
                return Some(data);
            }
        }
    }
    None
}

#[test]
fn corpus_and_mutations() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut broken = Vec::new();
    for (name, target) in TARGETS {
        let folder = corpus.join(name);
        let mut paths: Vec<_> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        paths.sort();
        assert!(!paths.is_empty(), "{name} has no seeds");
        let read = |path| std::fs::read(path).expect("a readable seed");
        let seeds: Vec<Vec<u8>> = paths.iter().map(read).collect();
        if let Some(data) = replay(*target, &seeds) {
            broken.push(format!("{name}: {:?}", String::from_utf8_lossy(&data)));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
