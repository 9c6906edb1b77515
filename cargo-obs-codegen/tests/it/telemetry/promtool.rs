//! Prometheus' own tool over the committed rules. It is told by `OBS_PROMTOOL`; `cargo xtask test` installs it.

mod mutants;

use super::sample;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The tool, or the admission that this was left out.
#[expect(clippy::print_stdout, reason = "what was left out is said")]
fn promtool() -> Option<Command> {
    let tool = std::env::var("OBS_PROMTOOL");
    if tool.is_err() {
        println!("left out: OBS_PROMTOOL is not set; run `cargo xtask test tests`");
    }
    tool.ok().map(Command::new)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = sample().join("out/prometheus").join(folder);
    let entries = fs::read_dir(folder).expect("it is committed");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn passes(mut command: Command) {
    let output = command.output().expect("promtool starts");
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success(), "{words}");
}

#[test]
fn rules_are_clean() {
    let Some(mut command) = promtool() else {
        return;
    };
    command.args(["check", "rules", "--lint=all", "--lint-fatal"]);
    command.args(files("rules"));
    passes(command);
}

#[test]
fn the_configuration_is_clean() {
    let Some(mut command) = promtool() else {
        return;
    };
    let config: &Path = &sample().join("out/prometheus/prometheus.yml");
    command
        .args(["check", "config", "--lint=all", "--lint-fatal"])
        .arg(config);
    passes(command);
}

#[test]
fn rules_pass_the_tests_that_come_with_them() {
    if promtool().is_none() {
        return;
    }
    // One tool uses one core.
    let files = files("tests");
    std::thread::scope(|scope| {
        for half in files.chunks(files.len().div_ceil(2)) {
            scope.spawn(move || {
                let mut command = promtool().expect("it was there");
                command.args(["test", "rules"]).args(half);
                passes(command);
            });
        }
    });
}
