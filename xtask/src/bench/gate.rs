//! Allocations and instructions of single operations: they repeat, so a change in them is a change in the code.
//!
//! What an operation costs is committed beside the program that does it, `tests/bench/gate/counts.txt`.
//! A count that differs fails, the better as the worse, and `--bless` writes what is true now.

use super::program;
use crate::run::{output, root};
use crate::tools;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Loops of two lengths: what differs between them is the loop alone.
const LOOPS: [u64; 2] = [200, 1_200];

/// By how many percent instructions may differ: libraries of the system take part, and machines have different ones.
const TOLERANCE: u64 = 2;

/// What one operation costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) allocations: u64,
    instructions: Option<u64>,
}

/// The costs of all operations, and the platform that instructions were counted on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    platform: String,
    costs: BTreeMap<String, Cost>,
}

/// Writes down what was counted.
pub(super) fn bless() -> Result<(), String> {
    tools::valgrind()?;
    let found = Counts::found(true)?;
    print!("{found}");
    let path = path();
    std::fs::write(&path, found.to_string())
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Counts, and compares with what is written down. Gives back what was left out of it here, and why.
pub(super) fn check() -> Result<Option<String>, String> {
    let path = path();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let committed = Counts::parse(&text)?;
    let here = platform();
    let there = &committed.platform;
    let why_not = if *there == here {
        tools::valgrind().err()
    } else {
        Some(format!("they were counted on {there}, and this is {here}"))
    };
    let found = Counts::found(why_not.is_none())?;
    print!("{found}");
    let wrong = committed.differences(&found);
    if wrong.is_empty() {
        return Ok(why_not.map(|why| format!("instructions of encoding and decoding: {why}")));
    }
    Err(format!(
        "operations cost otherwise than tests/bench/gate/counts.txt says\n{}\n\
         help: if that is meant, `cargo xtask bench gate --bless`, and commit the file",
        wrong.join("\n")
    ))
}

fn platform() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

fn path() -> PathBuf {
    root().join("tests/bench/gate/counts.txt")
}

/// All instructions of a process that does an operation so many times.
fn instructions(program: &Path, name: &str, times: u64) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    // Variables and arguments lie on the stack and move what is above them, so they are alike wherever this runs.
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "VALGRIND_LIB"))
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["loop", name, &format!("{times:06}")]);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .filter(|_| output.status.success())
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| format!("valgrind counted nothing:\n{text}"))
}

/// The instructions of one of many.
pub(super) fn instructions_of_one(program: &Path, name: &str) -> Result<u64, String> {
    let [few, many] = LOOPS;
    let once = instructions(program, name, many)?
        .checked_sub(instructions(program, name, few)?)
        .ok_or_else(|| format!("`{name}` costs less the more often it is done"))?;
    Ok((once + (many - few) / 2) / (many - few))
}

/// `name   allocations [instructions]`; names have single spaces.
pub(super) fn parse_line(line: &str) -> Result<(String, Cost), String> {
    let parsed = line.split_once("  ").and_then(|(name, numbers)| {
        let mut numbers = numbers.split_whitespace().map(|word| word.parse().ok());
        let cost = Cost {
            allocations: numbers.next()??,
            instructions: numbers.next().flatten(),
        };
        Some((name.to_owned(), cost))
    });
    parsed.ok_or_else(|| format!("no count: `{line}`"))
}

impl Counts {
    fn found(with_instructions: bool) -> Result<Counts, String> {
        let program = program("obs-bench-gate", true)?;
        let mut costs = BTreeMap::new();
        for line in output(Command::new(&program).arg("allocations"))?.lines() {
            let (name, mut cost) = parse_line(line)?;
            if with_instructions {
                cost.instructions = Some(instructions_of_one(&program, &name)?);
            }
            costs.insert(name, cost);
        }
        Ok(Counts {
            platform: platform(),
            costs,
        })
    }

    fn parse(text: &str) -> Result<Counts, String> {
        let mut counts = Counts::default();
        for line in text.lines() {
            match line.strip_prefix("# platform: ") {
                Some(platform) => platform.clone_into(&mut counts.platform),
                None if line.starts_with('#') || line.is_empty() => {}
                None => {
                    let (name, cost) = parse_line(line)?;
                    counts.costs.insert(name, cost);
                }
            }
        }
        Ok(counts)
    }

    /// How what was found differs from what should be, a line each.
    fn differences(&self, found: &Counts) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, cost) in &found.costs {
            let Some(should) = self.costs.get(name) else {
                wrong.push(format!("{name}: not in the file"));
                continue;
            };
            if cost.allocations != should.allocations {
                let (is, was) = (cost.allocations, should.allocations);
                wrong.push(format!("{name}: {is} allocations, not {was}"));
            }
            if let Some(is) = cost.instructions {
                let was = should.instructions.unwrap_or_default();
                if is.abs_diff(was) > (was * TOLERANCE / 100).max(1) {
                    wrong.push(format!("{name}: {is} instructions, not {was}"));
                }
            }
        }
        let gone = self
            .costs
            .keys()
            .filter(|name| !found.costs.contains_key(*name));
        wrong.extend(gone.map(|name| format!("{name}: in the file, and not measured")));
        wrong
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "# Allocations, exactly, and instructions, within {TOLERANCE} %, of one operation each.\n\
             # `cargo xtask bench gate` compares them, and `--bless` writes them.\n\
             # platform: {}",
            self.platform
        )?;
        for (name, cost) in &self.costs {
            let mut line = format!("{name:36} {:5}", cost.allocations);
            if let Some(instructions) = cost.instructions {
                let _ = write!(line, " {instructions:8}");
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# platform: x\na, encode      0     1000\nb             3       50\n";

    #[test]
    fn counts_are_compared() {
        let committed = Counts::parse(TEXT).expect("counts");
        assert_eq!(
            Counts::parse(&committed.to_string()),
            Ok(Counts::parse(TEXT).expect("counts"))
        );
        for (changed, wrong) in [
            (TEXT.to_owned(), vec![]),
            (TEXT.replace("1000", "1020"), vec![]),
            (TEXT.replace("     1000", ""), vec![]),
            (
                TEXT.replace("1000", "1021"),
                vec!["a, encode: 1021 instructions, not 1000"],
            ),
            (
                TEXT.replace("1000", "979"),
                vec!["a, encode: 979 instructions, not 1000"],
            ),
            (
                TEXT.replace("  3  ", "  2  "),
                vec!["b: 2 allocations, not 3"],
            ),
            (
                TEXT.replace("b  ", "c  "),
                vec!["c: not in the file", "b: in the file, and not measured"],
            ),
        ] {
            let found = Counts::parse(&changed).expect("counts");
            assert_eq!(committed.differences(&found), wrong, "{changed}");
        }
    }
}
