//! Alertmanager's own tool over the committed configuration. It is told by `OBS_AMTOOL`; `cargo xtask test` installs it.

use super::sample;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the script that comes with a configuration; nothing when there is no tool.
#[expect(clippy::print_stdout, reason = "what was left out is said")]
fn run(folder: &Path) -> Option<Output> {
    let Ok(tool) = std::env::var("OBS_AMTOOL") else {
        println!("left out: OBS_AMTOOL is not set; run `cargo xtask test tests`");
        return None;
    };
    let mut command = Command::new("sh");
    let command = command
        .arg(folder.join("routes_test.sh"))
        .env("AMTOOL", tool);
    Some(command.output().expect("a shell starts"))
}

#[test]
fn each_alert_reaches_whom_it_concerns() {
    let Some(output) = run(&sample().join("out/alertmanager")) else {
        return;
    };
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("SUCCESS"), "{words}");
}

#[test]
fn routes_that_lead_elsewhere_are_noticed() {
    let from = sample().join("out/alertmanager");
    let text = fs::read_to_string(from.join("alertmanager.yml")).expect("it is committed");
    let changes = [
        ("receiver: \"billing-page\"", "receiver: \"billing-ticket\""),
        ("team=\\\"checkout\\\"", "team=\\\"billing\\\""),
        ("severity=\"info\"", "severity=\"warning\""),
        ("receiver: anybody-page", "receiver: anybody"),
        ("- name: anybody\n", "- name: somebody\n"),
    ];
    for (number, (was, is)) in changes.into_iter().enumerate() {
        assert!(text.contains(was), "{was}");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("routes-{number}"));
        fs::create_dir_all(&folder).expect("a new folder");
        fs::write(folder.join("alertmanager.yml"), text.replacen(was, is, 1)).expect("a new file");
        fs::copy(from.join("routes_test.sh"), folder.join("routes_test.sh")).expect("a copy");
        let Some(output) = run(&folder) else { return };
        assert!(!output.status.success(), "{is}");
    }
}
