//! What a part of a publish costs: the same with it and without it, in turns.

use crate::child::{Racer, Took};
use crate::race::{JSON, median, turns};
use crate::{Body, Course};
use std::path::{Path, PathBuf};

/// Everything but the line.
const QUIET: Course = Course::new(Body::JsonQuiet);

/// A publish whose parent nobody samples.
const UNSAMPLED: Course = QUIET.sampled(0.0);

/// The log line of ten fields, beside the JSON layer of tracing-subscriber.
pub fn log(short: bool, missed: &mut Vec<String>) -> Result<(), String> {
    println!("\nlog: a line of ten fields: ns of the thread\n");
    let entrants = [
        ("tracing", JSON),
        ("tracing-in-span", JSON),
        ("ours", JSON),
        ("ours", QUIET),
        ("limit", JSON),
        ("limit", QUIET),
    ];
    let mut racers = Vec::new();
    for (team, course) in &entrants {
        racers.push((Racer::start(team, course, None)?, course));
    }
    let all = turns(racers, short)?;
    let [flat, in_span, ours, quiet, limit, limit_quiet] = &all[..] else {
        return Err("not all have run".to_owned());
    };
    let ours = difference(ours, quiet);
    let limit = difference(limit, limit_quiet);
    let (flat, in_span) = (middle(flat), middle(in_span));
    println!(
        "| tracing JSON layer | in a span of three fields | limit | ours | tracing × ours | in a span × ours |\n|---|---|---|---|---|---|"
    );
    println!(
        "| {flat:.0} | {in_span:.0} | {limit:.0} | {ours:.0} | {:.1} | {:.1} |",
        flat / ours,
        in_span / ours
    );
    println!("\nThose of ours and of the limit are a publish with its line, less one without.");
    if flat / ours < 10.0 || in_span / ours < 25.0 {
        missed.push(format!(
            "log: {:.1} and {:.1} times faster",
            flat / ours,
            in_span / ours
        ));
    }
    Ok(())
}

/// The span of a publish that nobody samples and that may be rescued, over a program without spans.
pub fn unsampled(off: Option<&Path>, short: bool, missed: &mut Vec<String>) -> Result<(), String> {
    println!(
        "\nunsampled: a publish that may be rescued, and one compiled without spans: ns of the thread\n"
    );
    let Some(off) = off else {
        println!("left out: `--off PROGRAM` names the same program built with `off-spans`");
        return Ok(());
    };
    let off: Option<PathBuf> = Some(off.to_owned());
    let racers = vec![
        (Racer::start("ours-child", &UNSAMPLED, None)?, &UNSAMPLED),
        (Racer::start("ours-child", &UNSAMPLED, off)?, &UNSAMPLED),
    ];
    let all = turns(racers, short)?;
    let [on, off] = &all[..] else {
        return Err("not all have run".to_owned());
    };
    let span = difference(on, off);
    println!("| with spans, unsampled | `off-spans` | difference |\n|---|---|---|");
    println!("| {:.0} | {:.0} | {span:.0} |", middle(on), middle(off));
    if span > 10.0 {
        missed.push(format!("unsampled: {span:.0} ns"));
    }
    Ok(())
}

fn middle(took: &[Took]) -> f64 {
    median(took.iter().map(|took| took.thread))
}

/// Of batches that ran one after the other.
fn difference(with: &[Took], without: &[Took]) -> f64 {
    median(
        with.iter()
            .zip(without)
            .map(|(with, without)| with.thread - without.thread),
    )
}
