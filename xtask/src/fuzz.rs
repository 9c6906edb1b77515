//! `cargo xtask fuzz`: the targets of `tests/fuzz-targets` driven by coverage, one after the other.
//!
//! libFuzzer works on a copy of the committed corpus below `target`. What it found comes back with `--keep`, minimised,
//! so the repository holds small inputs that reach everything that was ever reached. A target runs until its coverage
//! stands still, by the rule in `fuzz/watch.rs`.

mod ours;
mod watch;

use crate::run::{go, root, target};
use crate::tools::works;
pub(crate) use ours::{is_rustc, rustc};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use watch::{Report, Rule, watch};

/// The package that cargo-fuzz builds.
const FUZZ: &str = "tests/fuzz";

/// An input larger than this is rarely about something else than a smaller one.
const MAX_LEN: usize = 4096;

/// The inputs of one target may take this many bytes; of those that were found the smallest are kept.
const MAX_KEPT: u64 = 128 * 1024;

/// What is asked for.
struct Options<'a> {
    targets: Vec<&'a str>,
    rule: Rule,
    keep: bool,
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
    print!("\n{}", table(&reports));
    let found: Vec<&str> = reports
        .iter()
        .filter(|report| report.end == watch::End::Finding)
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

/// In Markdown, to be copied to where figures are kept.
fn table(reports: &[Report]) -> String {
    let mut out = String::from(
        "| target | executions | seconds | edges, committed corpus → end | features | last new edge, after seconds | ended |\n\
         |---|---:|---:|---:|---:|---:|---|\n",
    );
    for report in reports {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} → {} | {} | {} | {} |",
            report.target,
            report.executions,
            report.seconds,
            report.edges_before,
            report.edges_after,
            report.features,
            report.seconds - report.still,
            report.end.as_str(),
        );
    }
    out
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
        rule: Rule::default(),
        keep: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--keep" => options.keep = true,
            "--still" => options.rule.still = number(word, words.next())?,
            "--seconds" => options.rule.seconds = number(word, words.next())?,
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

fn number(option: &str, word: Option<&&str>) -> Result<u64, String> {
    let number = word.and_then(|word| word.parse().ok());
    number.ok_or_else(|| format!("`{option}` takes a number"))
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
    let ours = std::env::current_exe().map_err(|error| format!("where are we? {error}"))?;
    go(nightly()
        .env("RUSTC_WRAPPER", ours)
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
    target().join("fuzz")
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
    let time = format!("-max_total_time={}", options.rule.seconds);
    let mut fuzzing = command(&[time]);
    let report = watch(
        fuzzing.arg(&corpus).arg(&seeds),
        target,
        &artifacts,
        options.rule,
    )?;
    if options.keep && report.end != watch::End::Finding {
        // By edges alone: how often each was passed would keep ten times as much.
        let merge = ["-set_cover_merge=1", "-use_counters=0"].map(str::to_owned);
        keep(&mut command(&merge), &seeds, &corpus)?;
    }
    Ok(report)
}

/// Chooses the committed corpus anew: what has a name stays, and beside it the few and small inputs that together
/// reach every edge that was reached.
fn keep(merge: &mut Command, seeds: &Path, corpus: &Path) -> Result<(), String> {
    let chosen = corpus.with_extension("minimised");
    let _ = fs::remove_dir_all(&chosen);
    fs::create_dir_all(&chosen)
        .map_err(|error| format!("cannot make {}: {error}", chosen.display()))?;
    for seed in files(seeds)?.iter().filter(|seed| !is_found(seed)) {
        copy(seed, &chosen)?;
    }
    // The first folder of a merge gets what the others have and it lacks.
    merge.args([&chosen, corpus, seeds]).stderr(Stdio::null());
    go(merge)?;
    for seed in files(seeds)?.iter().filter(|seed| is_found(seed)) {
        fs::remove_file(seed)
            .map_err(|error| format!("cannot remove {}: {error}", seed.display()))?;
    }
    let mut found = Vec::new();
    let mut bytes = 0;
    for path in files(&chosen)? {
        let size = fs::metadata(&path).map_or(u64::MAX, |data| data.len());
        if is_found(&path) {
            found.push((size, path));
        } else {
            bytes += size;
        }
    }
    found.sort();
    let mut kept = 0;
    for (size, path) in &found {
        bytes += size;
        if bytes > MAX_KEPT {
            break;
        }
        copy(path, seeds)?;
        kept += 1;
    }
    println!("kept {kept} of {} inputs that were found", found.len());
    Ok(())
}

/// libFuzzer calls what it finds by the SHA-1; what we wrote has a name.
fn is_found(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn copy(path: &Path, folder: &Path) -> Result<(), String> {
    let to = folder.join(path.file_name().unwrap_or_default());
    let copied = fs::copy(path, to).map(drop);
    copied.map_err(|error| format!("cannot copy {}: {error}", path.display()))
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
