//! `cargo xtask soak`: seeds one after the other until the time is up. Arguments: minutes, first seed.

#![expect(clippy::print_stdout, reason = "a tool for people at a terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "it is told what to do, and when to end"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u64>().ok());
    let time = Duration::from_secs(60 * numbers.next().unwrap_or(1));
    let first = numbers.next().unwrap_or(0);
    let start = Instant::now();
    for seed in first.. {
        if start.elapsed() >= time {
            println!("{} seeds from {first} hold", seed - first);
            break;
        }
        if std::panic::catch_unwind(|| fuzz_targets::soak(seed)).is_err() {
            println!("seed {seed} does not hold: cargo xtask soak --seed {seed}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
