//! The committed corpus and mutations of it through every target: the short form of `cargo xtask fuzz`.

#![expect(clippy::disallowed_methods, reason = "tests read the corpus")]

use fuzz_targets::TARGETS;
use std::path::Path;

/// Mutations of each seed. More is `cargo xtask fuzz`.
const ROUNDS: usize = 40;

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
            2 => data.insert(at.min(data.len()), u8::try_from(random.below(256)).unwrap_or(0)),
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

#[test]
fn corpus_and_mutations() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, target) in TARGETS {
        let folder = corpus.join(name);
        let mut seeds: Vec<_> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        let seeds: Vec<Vec<u8>> = seeds.iter().map(|path| std::fs::read(path).expect("a readable seed")).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for (at, seed) in seeds.iter().enumerate() {
            target(seed);
            for _ in 0..ROUNDS {
                let other = &seeds[random.below(seeds.len())];
                target(&mutate(&mut random, &seeds[at], other));
            }
        }
    }
}
