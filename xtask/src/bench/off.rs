//! What is left of telemetry that is switched off when a program is built: nothing.
//!
//! A program that publishes is built with each of the features. With `off` a publish costs what its message costs by
//! hand, an observed function what the plain one does to the instruction, and the binary has no symbol of the modules
//! that make telemetry; with each of them the binary has none of the names of its signal. That the search finds them at
//! all, and that being observed costs anything at all, is shown on the program with everything.

use super::gate::{self, Cost};
use super::{program_with, scratch};
use crate::run::{go, output};
use crate::tools;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "obs-bench-off";

/// A signal, the feature without it, and names that are its alone. Short ones the compiler makes numbers of, so they
/// cannot be looked for.
const SIGNALS: [(&str, &[&str]); 3] = [
    (
        "off-logs",
        &[
            "\"event_version\":",
            "\"correlation_id\":",
            "\"causation_id\":",
            "\"trace_id\":",
            "\"span_id\":",
            "\"duration_ms\":",
            "event published",
            "event not published",
        ],
    ),
    (
        "off-metrics",
        &[
            "event_published_total",
            "event_publish_errors_total",
            "event_publish_duration_seconds",
            "event_payload_bytes",
            "event_schema_info",
            "bus_queue_depth",
            "bus_queue_capacity",
            "obs_spans_dropped_total",
            "obs_logs_dropped_total",
            "obs_export_failures_total",
            "obs_label_overflow_total",
            "obs_redaction_failures_total",
            "obs_series",
            "obs_buffer_bytes",
        ],
    ),
    (
        "off-spans",
        &[
            "messaging.system",
            "messaging.operation.name",
            "messaging.operation.type",
            "messaging.destination.name",
            "messaging.message.id",
            "messaging.message.conversation_id",
            "messaging.destination.partition.id",
            "event.id",
            "event.type",
            "event.version",
            "error.type",
            "exception.type",
            "exception.message",
            "exception.stacktrace",
            "sampling.reason",
            "sampling.truncated",
            "server.port",
        ],
    ),
];

/// Modules that make telemetry, as they stand in the names of symbols.
const MODULES: [&str; 5] = ["export", "log", "metric", "sample", "span"];

/// How many percent a publish without telemetry may cost above its message by hand.
const OVER: u64 = 1;

/// Fails when something is left. Gives back what could not be checked here.
pub(crate) fn check() -> Result<Option<String>, String> {
    let whole = build(None)?;
    let off = build(Some("off"))?;
    let mut left = Vec::new();
    for (feature, names) in SIGNALS {
        for name in names {
            if !holds(&whole, name)? {
                left.push(format!(
                    "`{name}` is looked for and is not in the program with everything\n\
                     help: if it is called otherwise now, change the list in xtask/src/bench/off.rs"
                ));
            }
        }
        let without = build(Some(feature))?;
        for (feature, program) in [(feature, &without), ("off", &off)] {
            for name in names {
                if holds(program, name)? {
                    left.push(format!("`{name}` is in the program with `{feature}`"));
                }
            }
        }
    }
    if symbols(&whole)?.is_empty() {
        left.push("no symbols are found in the program with everything".to_owned());
    }
    for symbol in symbols(&off)? {
        left.push(format!("a symbol in the program with `off`: {symbol}"));
    }
    if !left.is_empty() {
        return Err(left.join("\n"));
    }
    go(Command::new(&off).arg("compare"))?;
    costs(&off, &whole)
}

/// What a publish costs beside its message by hand, and what is observed beside what is not.
fn costs(off: &Path, whole: &Path) -> Result<Option<String>, String> {
    let text = output(Command::new(off).arg("allocations"))?;
    let allocations: Vec<(String, Cost)> = text
        .lines()
        .map(gate::parse_line)
        .collect::<Result<_, _>>()?;
    let (pairs, rest) = allocations.as_chunks::<2>();
    if pairs.len() != 3 || !rest.is_empty() {
        return Err(format!("three pairs of operations, not\n{text}"));
    }
    for [(ours, our), (theirs, their)] in pairs {
        println!(
            "allocations: {ours} {}, {theirs} {}",
            our.allocations, their.allocations
        );
        if our.allocations != their.allocations {
            return Err(format!(
                "{ours} asks for memory more or less often than {theirs}"
            ));
        }
    }
    if let Err(why) = tools::valgrind() {
        return Ok(Some(format!(
            "instructions of publishing and of observed functions with `off`: {why}"
        )));
    }
    for [(ours, _), (theirs, _)] in pairs {
        let our = gate::instructions_of_one(off, ours)?;
        let their = gate::instructions_of_one(off, theirs)?;
        println!("instructions: {ours} {our}, {theirs} {their}");
        if ours == "publish" {
            if our * 100 > their * (100 + OVER) {
                return Err(format!("{ours} costs more than {OVER} % over {theirs}"));
            }
            continue;
        }
        if our != their {
            return Err(format!("with `off`, {ours} is not what {theirs} is"));
        }
        let with = gate::instructions_of_one(whole, ours)?;
        if with <= our {
            return Err(format!(
                "{ours} costs nothing in the program with everything, so this shows nothing"
            ));
        }
    }
    Ok(None)
}

/// The program with a feature, put aside: the next one takes its place.
fn build(feature: Option<&str>) -> Result<PathBuf, String> {
    let features = feature.map_or(Vec::new(), |feature| vec!["--features", feature]);
    let built = program_with(PACKAGE, true, &features)?;
    let aside = scratch("off")?.join(feature.unwrap_or("everything"));
    std::fs::copy(built, &aside).map_err(|error| error.to_string())?;
    Ok(aside)
}

fn read(program: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(program).map_err(|error| format!("cannot read {}: {error}", program.display()))
}

fn holds(program: &Path, name: &str) -> Result<bool, String> {
    let bytes = read(program)?;
    Ok(bytes
        .windows(name.len())
        .any(|part| part == name.as_bytes()))
}

/// Symbols of the modules that make telemetry.
fn symbols(program: &Path) -> Result<Vec<String>, String> {
    let bytes = read(program)?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_$.".contains(byte);
    let words = bytes
        .split(|byte| !is_part(byte))
        .filter_map(|word| str::from_utf8(word).ok());
    Ok(words
        .filter(|word| is_ours(word))
        .map(str::to_owned)
        .collect())
}

/// In a path the length of a word stands before it, and in the names of implementations dots stand between them.
///
/// What drops a value is left aside: the linker gives all such functions that come out alike one of their names.
fn is_ours(symbol: &str) -> bool {
    let of = |module: &str| {
        symbol.contains(&format!("11obs_runtime{}{module}", module.len()))
            || symbol.contains(&format!("obs_runtime..{module}"))
    };
    !symbol.contains("drop_in_place") && MODULES.into_iter().any(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_telemetry_are_known() {
        for (symbol, ours) in [
            (
                "_ZN11obs_runtime3log6output5flush17h0123456789abcdefE",
                true,
            ),
            (
                "_ZN76_$LT$obs_runtime..metric..Family$u20$as$u20$core..fmt..Debug$GT$3fmt17h01E",
                true,
            ),
            ("_RNvNtNtCs1234_11obs_runtime4span5local5sweep", true),
            (
                "_ZN11obs_runtime7publish6flight6Flight5begin17h0123456789abcdefE",
                false,
            ),
            (
                "_ZN4core3ptr47drop_in_place$LT$obs_runtime..span..Span$GT$17h01E",
                false,
            ),
            ("_ZN7metrics3log3runE", false),
        ] {
            assert_eq!(is_ours(symbol), ours, "{symbol}");
        }
    }
}
