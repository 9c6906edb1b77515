//! Codegen, measured: all in one process, and as a build script.
//!
//! `speed FOLDER` times the phases over 1,000 specs; `build-script FOLDER` runs as a build script would, three times,
//! each in a process of its own; `crate FOLDER COUNT PARTS` writes a crate of events to be checked by the compiler.

mod specs;

use obs_codegen::{compile, fs, project};
use obs_model::emit::Layout;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const SPECS: usize = 1000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["speed", folder] => speed(Path::new(folder)),
        ["build-script", folder] => build_script(Path::new(folder)),
        ["as-build-script"] => {
            obs_codegen::build("specs");
            Ok(())
        }
        ["crate", folder, count, parts] => {
            let count = count.parse().map_err(io::Error::other)?;
            events(Path::new(folder), count, parts)
        }
        _ => Err(io::Error::other(
            "`speed FOLDER`, `build-script FOLDER` or `crate FOLDER COUNT PARTS`",
        )),
    }
}

fn fresh(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    specs::mixed(&folder.join("specs"), SPECS)
}

fn speed(folder: &Path) -> io::Result<()> {
    fresh(folder)?;
    let mut best = [Duration::MAX; 5];
    let mut whole = Duration::MAX;
    let mut files = 0;
    for round in 0..7 {
        let out = folder.join(format!("out{round}"));
        let start = Instant::now();
        let inputs = project::find(folder, &[PathBuf::from("specs")])?;
        let mut loaded = project::load(&inputs)?;
        let read = start.elapsed();
        let outcome = compile::compile(
            std::mem::take(&mut loaded.cx),
            &loaded.sources,
            &loaded.files,
            &loaded.settings,
            None,
        );
        let understood = start.elapsed();
        let artifacts =
            compile::artifacts(&outcome, &loaded.sources, &loaded.settings, Layout::OutDir);
        let emitted = start.elapsed();
        fs::write_all(&out, &artifacts, |_| true)?;
        let written = start.elapsed();
        if outcome.has_errors() || outcome.model.events.len() != SPECS {
            return Err(io::Error::other("the specs are wrong"));
        }
        files = artifacts.len();
        whole = whole.min(emitted);
        let phases = [
            read,
            understood - read,
            emitted - understood,
            written - emitted,
            written,
        ];
        for (best, phase) in best.iter_mut().zip(phases) {
            *best = (*best).min(phase);
        }
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{SPECS} specs, {files} files, best of 7: read {:.1} ms, understand {:.1} ms, emit {:.1} ms, write {:.1} ms",
        ms(best[0]),
        ms(best[1]),
        ms(best[2]),
        ms(best[3])
    );
    println!(
        "{:.0} schemas a second without writing, {:.0} with",
        SPECS as f64 / whole.as_secs_f64(),
        SPECS as f64 / best[4].as_secs_f64()
    );
    Ok(())
}

fn build_script(folder: &Path) -> io::Result<()> {
    fresh(folder)?;
    let mut times = BTreeMap::new();
    for round in 0..5 {
        let out = folder.join(format!("out{round}"));
        std::fs::create_dir_all(&out)?;
        let first = as_build_script(folder, &out)?;
        let before = states(&out)?;
        let second = as_build_script(folder, &out)?;
        if before.is_empty() || states(&out)? != before {
            return Err(io::Error::other("the second run wrote something"));
        }
        // Without the note of the last run everything is compiled again, and found to be there.
        std::fs::remove_file(out.join("obs/stamp"))?;
        let again = as_build_script(folder, &out)?;
        for (what, time) in [("first", first), ("unchanged", second), ("compared", again)] {
            let best = times.entry(what).or_insert(Duration::MAX);
            *best = time.min(*best);
        }
    }
    for (what, time) in times {
        println!(
            "{what:10} run of {SPECS} specs: {:5.0} ms of processor time",
            time.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

/// The processor time of a run where the system tells it, for the machine may be busy; else the time on the wall.
fn as_build_script(folder: &Path, out: &Path) -> io::Result<Duration> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("as-build-script")
        .env("CARGO_MANIFEST_DIR", folder)
        .env("OUT_DIR", out);
    let (start, before) = (Instant::now(), children());
    let output = command.output()?;
    let wall = start.elapsed();
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(why));
    }
    Ok(children()
        .zip(before)
        .map_or(wall, |(after, before)| after - before))
}

/// Processor time of children that have ended, in steps of ten milliseconds.
fn children() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let words = text.rsplit(')').next()?.split_whitespace().skip(13).take(2);
    let ticks: u64 = words.filter_map(|word| word.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}

fn states(folder: &Path) -> io::Result<BTreeMap<PathBuf, SystemTime>> {
    fs::list(folder)?
        .files
        .into_iter()
        .map(|path| Ok((path.clone(), std::fs::metadata(&path)?.modified()?)))
        .collect()
}

/// Writes `src/events` with so many flat events, the named parts switched on, and tells how long they are.
fn events(folder: &Path, count: usize, parts: &str) -> io::Result<()> {
    let on = |part: &str| parts.split('+').any(|word| word == part);
    let specs = folder.join("specs");
    for old in [&specs, &folder.join("src/events")] {
        if old.exists() {
            std::fs::remove_dir_all(old)?;
        }
    }
    if on("json-schema") {
        specs::flat_json(&specs, count)?;
    } else {
        specs::flat(&specs, count)?;
    }
    let inputs = project::find(folder, &[PathBuf::from("specs")])?;
    let mut loaded = project::load(&inputs)?;
    let settings = &mut loaded.settings.settings;
    settings.avro = on("avro");
    settings.json = on("json");
    settings.setters = on("setters");
    settings.serde = on("serde");
    settings.borrowed = on("borrowed");
    let outcome = compile::compile(
        std::mem::take(&mut loaded.cx),
        &loaded.sources,
        &loaded.files,
        &loaded.settings,
        None,
    );
    let artifacts = compile::artifacts(
        &outcome,
        &loaded.sources,
        &loaded.settings,
        Layout::CheckedIn,
    );
    fs::write_all(&folder.join("src/events"), &artifacts, |_| true)?;
    let lines: usize = artifacts
        .iter()
        .filter(|(name, _)| *name != "mod.rs")
        .map(|(_, text)| text.lines().count())
        .sum();
    let bytes: usize = artifacts.values().map(String::len).sum();
    println!("{} {}", lines / count, bytes / count);
    Ok(())
}
