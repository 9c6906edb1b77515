//! Allocations and instructions: they repeat exactly, so a change in them is a change in the code.

use super::program;
use crate::run::{go, output};
use std::path::Path;
use std::process::Command;

/// Loops of two lengths: what differs between them is the loop alone.
const LOOPS: [u64; 2] = [1_000, 11_000];

pub(super) fn run(short: bool) -> Result<(), String> {
    go(&mut Command::new(program("obs-bench-gate", false)?))?;
    if short {
        return Ok(());
    }
    let program = program("obs-bench-gate", true)?;
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions are left out: there is no valgrind");
        return Ok(());
    }
    for name in output(Command::new(&program).arg("list"))?.lines() {
        let [few, many] = [
            instructions(&program, name, LOOPS[0])?,
            instructions(&program, name, LOOPS[1])?,
        ];
        println!(
            "{name:32} {:6} instructions",
            (many - few) / (LOOPS[1] - LOOPS[0])
        );
    }
    Ok(())
}

fn instructions(program: &Path, name: &str, times: u64) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["loop", name, &times.to_string()]);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| format!("valgrind counted nothing:\n{text}"))
}
