//! `cargo xtask soak`: random specs through everything, for as long as it is given; and the buses that keep records,
//! with processes that die, disks that fail, and crowds.

use crate::run::{cargo, go};
use crate::tools;

/// Without `--minutes`.
const MINUTES: u64 = 10;

/// The long forms of what the tests do in short.
pub(crate) fn bus() -> Result<(), String> {
    let common = ["test", "--release", "-q", "-p", "obs-runtime", "--features"];
    for what in [
        &["file", "--lib", "bus::"][..],
        &["file,tokio", "--test", "counted", "--", "--nocapture"],
    ] {
        go(cargo().args(common).args(what).env("OBS_SOAK", "1"))?;
    }
    Ok(())
}

/// The tests against a broker, which is away for half a minute here.
pub(crate) fn kafka() -> Result<(), String> {
    let broker = tools::install()?.kafka;
    let mut command = cargo();
    command.args(["test", "-q", "-p", "buses", "kafka::"]);
    go(command.env("OBS_SOAK", "1").env("OBS_KAFKA_BROKER", broker))
}

/// The tests against a server of NATS, with a hundred thousand records.
pub(crate) fn nats() -> Result<(), String> {
    let server = tools::install()?.nats;
    let mut command = cargo();
    command.args(["test", "-q", "-p", "buses", "nats::", "--", "--nocapture"]);
    go(command.env("OBS_SOAK", "1").env("OBS_NATS_SERVER", server))
}

/// Builds for speed and runs.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let (mut minutes, mut seed) = (MINUTES, 0);
    for pair in words.chunks(2) {
        let number = |word: &str| {
            let bad = format!("`{}` takes a whole number, not `{word}`", pair[0]);
            word.parse::<u64>().map_err(|_| bad)
        };
        match pair {
            ["--minutes", word] => minutes = number(word)?,
            ["--seed", word] => seed = number(word)?,
            _ => return Err(format!("`soak` does not know `{}`", pair.join(" "))),
        }
    }
    let mut command = cargo();
    command.args(["run", "--release", "-q", "-p", "fuzz-targets"]);
    command.args(["--bin", "soak", "--"]);
    go(command.args([minutes.to_string(), seed.to_string()]))
}
