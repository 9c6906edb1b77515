//! `cargo xtask fuzz`: the targets of `tests/fuzz-targets` driven by coverage, one after the other.
//!
//! libFuzzer works on a copy of the committed corpus below `target`. What it found comes back with `--keep`, minimised,
//! so the repository holds small inputs that reach everything that was ever reached.

use crate::run::{go, root};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The package that cargo-fuzz builds.
const FUZZ: &str = "tests/fuzz";

/// An input larger than this is rarely about something else than a smaller one.
const MAX_LEN: usize = 4096;

/// Kept inputs of one target may take this many bytes; the smallest are kept.
const MAX_KEPT: u64 = 16 * 1024;

/// And be this many.
const MAX_FILES: usize = 64;

/// What is asked for.
struct Options<'a> {
    targets: Vec<&'a str>,
    seconds: u64,
    keep: bool,
}

/// What came of one target.
struct Report {
    target: String,
    executions: u64,
    coverage_before: u64,
    coverage_after: u64,
    /// Of the time, how much passed after the last new edge, in percent.
    still: u64,
    finding: bool,
}

/// Runs the named targets, or all of them.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let known = targets()?;
    let options = parse(words, &known)?;
    ready()?;
    let binary = build()?;
    let mut reports = Vec::new();
    for target in &options.targets {
        println!("\n== {target}");
        reports.push(one(&binary, target, &options)?);
    }
    println!(
        "\n{:18}{:>12}  {:>15}  {:>11}  findings",
        "target", "executions", "coverage", "stood still"
    );
    for report in &reports {
        println!(
            "{:18}{:12}  {:6} → {:6}  {:9} %  {}{}",
            report.target,
            report.executions,
            report.coverage_before,
            report.coverage_after,
            report.still,
            if report.finding { "yes" } else { "none" },
            if report.still >= 33 {
                ""
            } else {
                ", and more time would find more"
            },
        );
    }
    let found: Vec<&str> = reports
        .iter()
        .filter(|report| report.finding)
        .map(|report| report.target.as_str())
        .collect();
    if found.is_empty() {
        Ok(())
    } else {
        let found = found.join(", ");
        Err(format!(
            "inputs that break a property of {found}; they lie in {FUZZ}/artifacts"
        ))
    }
}

/// Whoever has a folder in the corpus is a target.
fn targets() -> Result<Vec<String>, String> {
    let corpus = root().join(FUZZ).join("corpus");
    let mut names: Vec<String> = files(&corpus)?
        .iter()
        .filter_map(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

fn parse<'a>(words: &[&'a str], known: &'a [String]) -> Result<Options<'a>, String> {
    let mut options = Options {
        targets: Vec::new(),
        seconds: 120,
        keep: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--keep" => options.keep = true,
            "--seconds" => {
                let number = words.next().and_then(|number| number.parse().ok());
                options.seconds = number.ok_or("`--seconds` takes a number")?;
            }
            name if known.iter().any(|known| known == name) => options.targets.push(name),
            name => {
                return Err(format!(
                    "no target is called `{name}`; there are {}",
                    known.join(", ")
                ));
            }
        }
    }
    if options.targets.is_empty() {
        options.targets = known.iter().map(String::as_str).collect();
    }
    Ok(options)
}

/// The toolchain that ran us must not decide which one cargo-fuzz gets.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo"])
        .current_dir(root());
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR"] {
        command.env_remove(name);
    }
    command
}

/// Both are large, so nobody gets them unasked.
fn ready() -> Result<(), String> {
    let works = |command: &mut Command| {
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    let mut missing = Vec::new();
    if !works(nightly().arg("--version")) {
        missing.push("rustup toolchain install nightly --profile minimal");
    }
    if !works(Command::new("cargo-fuzz").arg("--version")) {
        missing.push("cargo install cargo-fuzz");
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "fuzzing needs more than this machine has\nhelp: {}",
            missing.join(" && ")
        ))
    }
}

/// One binary for all targets. Without a sanitizer: there is no unsafe code of ours that one could watch.
fn build() -> Result<PathBuf, String> {
    let folder = work().join("build");
    go(nightly()
        .args([
            "fuzz",
            "build",
            "any",
            "--sanitizer",
            "none",
            "--fuzz-dir",
            FUZZ,
            "--target-dir",
        ])
        .arg(&folder))?;
    let built = files(&folder)?
        .into_iter()
        .map(|path| path.join("release/any"));
    let binary = built.into_iter().find(|path| path.is_file());
    binary.ok_or_else(|| format!("cargo-fuzz left no binary in {}", folder.display()))
}

fn work() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target
        .map_or_else(|| root().join("target"), PathBuf::from)
        .join("fuzz")
}

fn one(binary: &Path, target: &str, options: &Options<'_>) -> Result<Report, String> {
    let seeds = root().join(FUZZ).join("corpus").join(target);
    let corpus = work().join("corpus").join(target);
    let artifacts = root().join(FUZZ).join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let command = |extra: &[String]| {
        let mut command = Command::new(binary);
        command
            .env("OBS_FUZZ_TARGET", target)
            .arg(format!("-max_len={MAX_LEN}"))
            .args(["-timeout=10", "-rss_limit_mb=2048", "-reload=0"])
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(extra);
        command
    };
    let time = format!("-max_total_time={}", options.seconds);
    let mut fuzzing = command(&[time, "-print_final_stats=1".to_owned()]);
    let report = watch(fuzzing.arg(&corpus).arg(&seeds), target, &artifacts)?;
    if options.keep && !report.finding {
        keep(&mut command(&["-merge=1".to_owned()]), &seeds, &corpus)?;
    }
    Ok(report)
}

/// Reads what libFuzzer says: `#1234  NEW  cov: 567 ft: 890 …`.
fn watch(command: &mut Command, target: &str, artifacts: &Path) -> Result<Report, String> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run the target: {error}"))?;
    let start = Instant::now();
    let mut last_new = start.elapsed();
    let mut report = Report {
        target: target.to_owned(),
        executions: 0,
        coverage_before: 0,
        coverage_after: 0,
        still: 0,
        finding: false,
    };
    let mut tail = Vec::new();
    for line in child
        .stderr
        .take()
        .into_iter()
        .flat_map(|errors| BufReader::new(errors).split(b'\n'))
    {
        let line = line.map_err(|error| format!("cannot read what the target says: {error}"))?;
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(after) = line.strip_prefix('#') {
            let number = |word: Option<&str>| word.and_then(|word| word.parse::<u64>().ok());
            report.executions =
                number(after.split_whitespace().next()).unwrap_or(report.executions);
            let coverage = line
                .split("cov: ")
                .nth(1)
                .and_then(|rest| number(rest.split_whitespace().next()));
            if let Some(coverage) = coverage {
                if line.contains("INITED") {
                    report.coverage_before = coverage;
                    last_new = start.elapsed();
                }
                if coverage > report.coverage_after {
                    report.coverage_after = coverage;
                    last_new = start.elapsed();
                }
            }
        } else {
            tail.push(line);
        }
    }
    let status = child
        .wait()
        .map_err(|error| format!("cannot wait for the target: {error}"))?;
    let whole = start.elapsed().as_secs().max(1);
    report.still = 100 - (last_new.as_secs() * 100 / whole).min(100);
    report.finding = !status.success();
    if report.finding {
        let from = tail.len().saturating_sub(40);
        println!("{}", tail[from..].join("\n"));
        println!("the input lies in {}", artifacts.display());
    }
    println!(
        "{} executions, coverage {} → {}, still for the last {} % of {whole} s",
        report.executions, report.coverage_before, report.coverage_after, report.still
    );
    Ok(report)
}

/// Adds to the committed corpus what reaches more than it, the smallest inputs first.
fn keep(merge: &mut Command, seeds: &Path, corpus: &Path) -> Result<(), String> {
    let found = corpus.with_extension("minimised");
    let _ = fs::remove_dir_all(&found);
    fs::create_dir_all(&found)
        .map_err(|error| format!("cannot make {}: {error}", found.display()))?;
    // The first folder of a merge gets what the others have and it lacks.
    for seed in files(seeds)? {
        let name = seed.file_name().unwrap_or_default();
        fs::copy(&seed, found.join(name))
            .map_err(|error| format!("cannot copy {}: {error}", seed.display()))?;
    }
    go(merge.arg(&found).arg(corpus).stderr(Stdio::null()))?;
    let mut new: Vec<(u64, PathBuf)> = files(&found)?
        .into_iter()
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| !seeds.join(name).exists())
        })
        .map(|path| {
            (
                fs::metadata(&path).map_or(u64::MAX, |data| data.len()),
                path,
            )
        })
        .collect();
    new.sort();
    let mut room: u64 = files(seeds)?
        .iter()
        .map(|path| fs::metadata(path).map_or(0, |data| data.len()))
        .fold(MAX_KEPT, u64::saturating_sub);
    let mut kept = 0;
    let places = MAX_FILES.saturating_sub(files(seeds)?.len());
    for (size, path) in new.iter().take(places) {
        if *size > room {
            break;
        }
        room -= size;
        kept += 1;
        let name = path.file_name().unwrap_or_default();
        fs::copy(path, seeds.join(name))
            .map_err(|error| format!("cannot copy {}: {error}", path.display()))?;
    }
    println!("kept {kept} of {} new inputs", new.len());
    Ok(())
}

/// What lies in a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error| format!("cannot read {}: {error}", folder.display());
    let mut paths = fs::read_dir(folder)
        .map_err(fail)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(fail)?;
    paths.sort();
    Ok(paths)
}
