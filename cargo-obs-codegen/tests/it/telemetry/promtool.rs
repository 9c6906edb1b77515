//! Prometheus' own tool over the committed rules. It is told by `OBS_PROMTOOL`; `cargo xtask test` installs it.

mod mutants;

use super::{copy, edit, run, sample};
use std::collections::BTreeSet;
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
    let mut command = Command::new(tool.ok()?);
    // It lives shortly, and has little to tidy up.
    command.env("GOGC", "400");
    Some(command)
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

/// The sample with shared rules, of two events that promise the same.
fn grouped(name: &str) -> PathBuf {
    let root = copy(name);
    let spec = "specs/payment-captured.avsc";
    fs::copy(sample().join(spec), root.join(spec)).expect("a copy");
    edit(&root.join("obs.toml"), |text| {
        text + "slo_layout = \"grouped\"\n"
    });
    edit(&root.join("specs/order-placed.v2.0.0.avsc"), |text| {
        let slo = "\"slo\": [{ \"objective\": \"publish-success\", \"target\": 99 }], ";
        text.replace("\"min_rate\"", &format!("{slo}\"min_rate\""))
    });
    assert_eq!(run(&root, &["--only", "prometheus"]).0, Some(0));
    root.join("deploy/observability/prometheus")
}

/// Objectives that share their rules tell the same: the tests are those of rules for one, and hold for two events in one set.
#[test]
fn objectives_tell_the_same_in_both_layouts() {
    let folder = grouped("grouped");
    // What all alerts of a file go through together, and what is absent, stands elsewhere.
    let tests = |text: &str| -> BTreeSet<String> {
        let tests = text.split("  - name: \"").skip(1);
        let tests = tests.map(|test| test.split("# obs: end").next().expect("a test"));
        let own = tests.filter(|test| test.starts_with("SLOBu"));
        own.map(str::to_owned).collect()
    };
    let (mut same, mut asked) = (0, Vec::new());
    for entry in fs::read_dir(folder.join("tests")).expect("it was written") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if !name.starts_with("slo-") {
            continue;
        }
        let alone = sample().join("out/prometheus/tests").join(&*name);
        if let Ok(alone) = fs::read_to_string(alone) {
            let text = fs::read_to_string(&path).expect("it is text");
            assert_eq!(tests(&text), tests(&alone), "{name}");
            same += 1;
        }
        asked.push(path.clone());
    }
    assert!(same == 12 && asked.len() == 20, "{same} of {}", asked.len());
    let Some(mut command) = promtool() else {
        return;
    };
    command.args(["check", "rules", "--lint=all", "--lint-fatal"]);
    for word in ["publish-success", "publish-latency", "freshness"] {
        command.arg(folder.join(format!("rules/slo-{word}.yml")));
    }
    passes(command);
    // Long windows take long, and are sums for all words.
    asked.retain(|path| {
        let path = path.to_string_lossy();
        let is_long = path.contains("-period_") || path.contains("-days_");
        !is_long && (path.contains("publish-success") || !path.contains("-hours_"))
    });
    let mut command = promtool().expect("it was there");
    command.args(["test", "rules"]).args(asked);
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
