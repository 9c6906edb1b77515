//! What lay before: three days in which all was well.
//!
//! Objectives look back for days, and a Prometheus that has just been born would see nothing but the fault. So it is
//! born with what its own rules would have recorded: how much there was, and that none of it was bad.

use super::faults::PACE;
use super::shorter::{Hour, seconds};
use super::{CONSUMER, write};
use crate::run::output;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far it goes back: as far as the longest window of an alert.
const BACK: u64 = 3 * 86_400;

/// A rule that records what long windows sum up.
#[derive(Default, Debug)]
struct Recorded {
    name: String,
    labels: BTreeMap<String, String>,
}

/// Makes the blocks of a Prometheus in `data`.
pub(crate) fn make(rules: &Path, promtool: &Path, data: &Path, hour: Hour) -> Result<(), String> {
    let mut out = String::new();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX) - 1_000;
    let told = |error| format!("cannot read {}: {error}", rules.display());
    for entry in fs::read_dir(rules).map_err(told)? {
        let text = fs::read_to_string(entry.map_err(told)?.path()).map_err(told)?;
        let step = hour.millis(interval(&text).unwrap_or(30));
        for rule in recorded(&text) {
            let per_second = if rule.name.contains(":total_") {
                PACE
            } else {
                0
            };
            let labels: Vec<String> = rule
                .labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{value}\""))
                .collect();
            let series = format!("{}{{{}}}", rule.name, labels.join(","));
            let _ = writeln!(out, "# TYPE {} gauge", rule.name);
            for at in (now - hour.millis(BACK)..now).step_by(usize::try_from(step).unwrap_or(1)) {
                let _ = writeln!(
                    out,
                    "{series} {per_second} {}.{:03}",
                    at / 1_000,
                    at % 1_000
                );
            }
        }
    }
    if out.is_empty() {
        return Err(format!(
            "{} records nothing that objectives sum up",
            rules.display()
        ));
    }
    out += "# EOF\n";
    let file = data.with_extension("om");
    write(&file, &out)?;
    let words = ["tsdb", "create-blocks-from", "openmetrics"];
    output(Command::new(promtool).args(words).arg(&file).arg(data)).map(drop)
}

/// The interval of the first group, which is the one that records for all.
fn interval(rules: &str) -> Option<u64> {
    let line = rules
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("interval: "))?;
    seconds(line)
}

/// Rules that record how much was bad, and of how much, with their labels; and the consumer, where it is told apart.
fn recorded(rules: &str) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    let mut within_labels = false;
    let mut is_wanted = false;
    for line in rules.lines() {
        let text = line.trim_start();
        if let Some(name) = text.strip_prefix("- ") {
            let name = name
                .strip_prefix("record: ")
                .unwrap_or_default()
                .trim_matches('"');
            is_wanted = name.contains(":bad_rate") || name.contains(":total_rate");
            within_labels = false;
            if is_wanted {
                all.push(Recorded {
                    name: name.to_owned(),
                    ..Recorded::default()
                });
            }
        } else if let Some(rule) = all.last_mut().filter(|_| is_wanted) {
            if text.contains("by (consumer)") {
                rule.labels
                    .insert("consumer".to_owned(), CONSUMER.to_owned());
            } else if text == "labels:" {
                within_labels = true;
            } else if let (true, Some((name, value))) = (within_labels, text.split_once(": ")) {
                rule.labels
                    .insert(name.to_owned(), value.trim_matches('"').to_owned());
            }
        }
    }
    all
}
