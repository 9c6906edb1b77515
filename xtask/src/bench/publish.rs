//! Whole publishes: races of processes, instructions, and what happens when it goes on for long.

use super::{program, program_with, scratch};
use crate::run::go;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "obs-bench-publish";

/// What is counted: a team on a course.
const COUNTED: [(&str, &str); 7] = [
    ("ours", "json 1 counting 1"),
    ("limit", "json 1 counting 1"),
    ("best", "json 1 counting 1"),
    ("ours", "avro 1 counting 1"),
    ("limit", "avro 1 counting 1"),
    ("ours", "json-quiet 0 counting 1"),
    ("ours-child", "json-quiet 0 counting 1"),
];

/// How often each is counted.
const TIMES: u64 = 10_000;

pub(super) fn run(short: bool) -> Result<(), String> {
    let off = off_spans()?;
    let program = program(PACKAGE, true)?;
    let mut race = Command::new(&program);
    race.arg("--off").arg(&off);
    if short {
        race.arg("--short");
    }
    let raced = go(&mut race);
    if !short {
        counts(&program, &off)?;
    }
    raced
}

pub(super) fn sustained(short: bool) -> Result<(), String> {
    let mut command = Command::new(program(PACKAGE, true)?);
    command.arg("sustained");
    if short {
        command.arg("--short");
    }
    go(&mut command)
}

/// The same program without spans, put aside: the next build of the package takes its place.
fn off_spans() -> Result<PathBuf, String> {
    let built = program_with(PACKAGE, true, &["--features", "off-spans"])?;
    let aside = scratch("publish")?.join("off-spans");
    std::fs::copy(built, &aside).map_err(|error| error.to_string())?;
    Ok(aside)
}

fn counts(program: &Path, off: &Path) -> Result<(), String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions are left out: there is no valgrind");
        return Ok(());
    }
    println!("\n| team | course | instructions |\n|---|---|---|");
    for (team, course) in COUNTED {
        println!("| {team} | {course} | {} |", count(program, team, course)?);
    }
    let (team, course) = COUNTED[COUNTED.len() - 1];
    println!(
        "| {team}, `off-spans` | {course} | {} |",
        count(off, team, course)?
    );
    Ok(())
}

/// Of the thread that publishes, once everything has grown.
fn count(program: &Path, team: &str, course: &str) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=obs_bench_publish::program::counted")
        .arg(program)
        .args(["loop", team])
        .args(course.split(' '))
        .arg(TIMES.to_string());
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse::<u64>().ok())
        .map(|count| count / TIMES)
        .ok_or_else(|| format!("valgrind counted nothing:\n{text}"))
}
