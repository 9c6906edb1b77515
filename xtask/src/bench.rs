//! `cargo xtask bench`: the figures of `BENCHMARKS.md`, each against its goal.
//!
//! The programs that are measured sit in `tests/bench`, a workspace of its own, so that nobody else builds the peers.

mod build;
mod codegen;
mod gate;
mod observed;
mod off;
mod publish;
mod telemetry;

use crate::run::{cargo, go, root};
use crate::tools;
use std::path::PathBuf;
use std::process::Command;

/// What `bench` takes.
pub(crate) const USAGE: &str = "\
cargo xtask bench [NAME…] [--short]
                            figures, all or the named ones; short leaves out what takes minutes:
    gate      allocations and instructions of single operations against those in tests/bench/gate/counts.txt
    codec     our codecs beside serde_avro_fast and serde_json, in turns
    publish   whole publishes beside what people write by hand, in turns; needs Linux
    sustained two threads that publish for a minute, with an exporter that is healthy, slow or dead
    metrics   counting and exposing beside prometheus and prometheus-client, in turns
    kafka     publishes to a broker beside plain rdkafka, in turns; needs Linux
    observed  calls of observed functions beside fastrace and tracing with OpenTelemetry, in turns, and compiling them
    codegen   schemas a second, build script times, lines and compile time of an event
    telemetry rendering rules and dashboards of many events, and what promtool and Prometheus take for them
    build     processor seconds of a build from scratch, for each crate and feature
cargo xtask bench gate --bless
                            write what they cost now
";

/// A benchmark: its name, and what runs it, in full or in short.
type Bench = (&'static str, fn(bool) -> Result<(), String>);

const BENCHES: [Bench; 10] = [
    ("gate", |_| gate().map(drop)),
    ("codec", codec),
    ("publish", publish::run),
    ("sustained", publish::sustained),
    ("metrics", metrics),
    ("kafka", kafka),
    ("observed", observed::run),
    ("codegen", codegen::run),
    ("telemetry", telemetry::run),
    ("build", build::run),
];

/// Runs the named benchmarks, or all; in short only those that take seconds once compiled.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    if words == ["gate", "--bless"] {
        return gate::bless();
    }
    let short = words.contains(&"--short");
    let names: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| *word != "--short")
        .collect();
    if let Some(name) = names
        .iter()
        .find(|name| BENCHES.iter().all(|(known, _)| known != *name))
    {
        return Err(format!("there is no benchmark `{name}`\n\n{USAGE}"));
    }
    let in_short = ["gate", "codegen"];
    for (name, go) in BENCHES {
        let wanted = names.contains(&name);
        if wanted || names.is_empty() && (!short || in_short.contains(&name)) {
            println!("\n== {name}");
            go(short)?;
        }
    }
    Ok(())
}

/// Fails when an operation costs something else than is written down; gives back what could not be checked here.
pub(crate) fn gate() -> Result<Option<String>, String> {
    let left_out = gate::check()?;
    if let Some(what) = &left_out {
        println!("not checked: {what}");
    }
    Ok(left_out)
}

/// Fails when something is left of telemetry that is switched off; gives back what could not be checked here.
pub(crate) fn off() -> Result<Option<String>, String> {
    off::check()
}

fn codec(short: bool) -> Result<(), String> {
    if std::env::var_os("OBS_CORPORA").is_none() {
        println!("OBS_CORPORA is not set: only our own specs are measured");
    }
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(manifest())
        .args(["-p", "obs-bench"]);
    if short {
        command.args(["--", "--short"]);
    }
    go(&mut command)
}

fn metrics(short: bool) -> Result<(), String> {
    let mut command = Command::new(program("obs-bench-metrics", true)?);
    if short {
        command.arg("--short");
    }
    go(&mut command)
}

fn kafka(short: bool) -> Result<(), String> {
    let broker = tools::install()?.kafka;
    let mut command = Command::new(program("obs-bench-kafka", true)?);
    if short {
        command.arg("--short");
    }
    go(command.env("OBS_KAFKA_BROKER", broker))
}

/// The workspace of the benchmarks.
fn manifest() -> PathBuf {
    root().join("tests/bench/Cargo.toml")
}

/// Where benchmarks put what they write.
fn scratch(name: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/bench").join(name);
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Builds a program of the workspace and gives its path.
fn program(package: &str, release: bool) -> Result<PathBuf, String> {
    program_with(package, release, &[])
}

/// The same with further arguments to cargo.
fn program_with(package: &str, release: bool, arguments: &[&str]) -> Result<PathBuf, String> {
    let target = scratch("target")?;
    let mut command = cargo();
    command
        .args(["build", "--quiet", "-p", package, "--manifest-path"])
        .arg(manifest())
        .arg("--target-dir")
        .arg(&target)
        .args(arguments);
    if release {
        command.arg("--release");
    }
    go(&mut command)?;
    let profile = if release { "release" } else { "debug" };
    Ok(target
        .join(profile)
        .join(format!("{package}{}", std::env::consts::EXE_SUFFIX)))
}

/// Runs a command to its end, silently, and tells its processor seconds, those of all its children included.
fn processor_seconds(command: &mut Command) -> Result<f64, String> {
    let before = children()?;
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(children()? - before)
}

/// User and system time of the children that have ended. Wall time would tell about the other programs of a machine.
fn children() -> Result<f64, String> {
    // A hundred ticks a second, on every Linux there is.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat")
        .map_err(|error| format!("processor times need Linux: {error}"))?;
    // The second word is the name in brackets; it may hold spaces. Words 16 and 17 are the times of children.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let ticks = rest
        .split_whitespace()
        .skip(13)
        .take(2)
        .filter_map(|word| word.parse::<f64>().ok())
        .sum::<f64>();
    Ok(ticks / TICKS)
}
