//! `telemetry`: what it renders is committed in `tests/telemetry/out`, and what it does to a folder is held here.

mod amtool;
mod promtool;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The package that uses every key.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry")
}

/// A copy of it without what was rendered.
fn copy(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("telemetry-{name}"));
    let _ = fs::remove_dir_all(&root);
    for (folder, files) in [
        ("", vec!["Cargo.toml", "lib.rs", "obs.toml"]),
        (
            "specs",
            vec!["order-placed.v2.0.0.avsc", "user-left.schema.json"],
        ),
    ] {
        fs::create_dir_all(root.join(folder)).expect("a new folder");
        for file in files {
            let from = sample().join(folder).join(file);
            fs::copy(from, root.join(folder).join(file)).expect("a copy");
        }
    }
    root
}

/// Exit code, standard output and standard error.
fn run(root: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
        .current_dir(root)
        .arg("telemetry")
        .args(arguments)
        .output()
        .expect("the tool starts");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).expect("it is there");
    fs::write(path, change(text)).expect("it can be written");
}

#[test]
fn what_is_committed_is_fresh() {
    let (code, difference, words) = run(&sample(), &["--out", "out", "--check"]);
    assert_eq!(code, Some(0), "{words}{difference}");
}

#[test]
fn edits_outside_our_part_stay_and_those_inside_are_shown() {
    let root = copy("edits");
    assert_eq!(run(&root, &[]).0, Some(0));
    let rules = root.join("deploy/observability/prometheus/rules/alerts-user.left.yml");
    let fresh = fs::read_to_string(&rules).expect("it was written");
    let mine = "  - name: mine\n    rules: []\n";
    edit(&rules, |text| format!("# kept\n{text}{mine}"));
    let (code, difference, _) = run(&root, &["--check"]);
    assert_eq!((code, difference.as_str()), (Some(0), ""));
    edit(&rules, |text| text.replace("for: 5m", "for: 9m"));
    let (code, difference, words) = run(&root, &["--check"]);
    assert_eq!(code, Some(1));
    assert!(
        difference.contains("-        for: 9m\n+        for: 5m\n"),
        "{difference}"
    );
    assert!(words.contains("help: "), "{words}");
    assert_eq!(run(&root, &[]).0, Some(0));
    let now = fs::read_to_string(&rules).expect("it is there");
    assert_eq!(now, format!("# kept\n{fresh}{mine}"));
}

#[test]
fn files_of_others_are_not_written_over() {
    let root = copy("others");
    let config = root.join("deploy/observability/prometheus/prometheus.yml");
    fs::create_dir_all(config.parent().expect("a folder")).expect("a new folder");
    fs::write(&config, "global: {}\n").expect("a new file");
    for _ in 0..2 {
        let (code, _, words) = run(&root, &[]);
        assert_eq!(code, Some(1));
        let said =
            "deploy/observability/prometheus/prometheus.yml is there, and has no part of ours";
        assert!(words.contains(said), "{words}");
    }
    let text = fs::read_to_string(&config).expect("it is there");
    assert_eq!(text, "global: {}\n");
}

#[test]
fn files_of_events_that_are_gone_go_unless_they_were_edited() {
    let root = copy("gone");
    assert_eq!(run(&root, &[]).0, Some(0));
    fs::remove_file(root.join("specs/user-left.schema.json")).expect("it was there");
    let folder = root.join("deploy/observability/prometheus");
    let (rules, tests) = (
        folder.join("rules/alerts-user.left.yml"),
        folder.join("tests/alerts-user.left_test.yml"),
    );
    edit(&rules, |text| text + "# mine\n");
    let (code, _, words) = run(&root, &[]);
    assert_eq!(code, Some(1), "{words}");
    assert!(
        words.contains("alerts-user.left.yml is no longer made"),
        "{words}"
    );
    assert!(rules.exists() && !tests.exists());
}

#[test]
fn profiles_and_targets_are_chosen() {
    let root = copy("profiles");
    let rules = root.join("deploy/observability/prometheus/rules/alerts-order.placed.yml");
    for (profile, pages) in [("prod", true), ("dev", false)] {
        let (code, _, words) = run(&root, &["--profile", profile, "--only", "prometheus"]);
        assert_eq!(code, Some(0), "{words}");
        let text = fs::read_to_string(&rules).expect("it was written");
        assert_eq!(text.contains("severity: \"critical\""), pages);
    }
    let (code, _, words) = run(&root, &["--only", "prometeus"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("help: write `prometheus`"), "{words}");
}

#[test]
fn targets_of_ones_own_are_rendered_and_held_to_the_same() {
    const FILE: &str =
        "[[file]]\ntemplate = \"a.hbs\"\npath = \"a/{{it.name}}.json\"\neach = \"rule_files\"\n";
    for (name, about, template, expected) in [
        (
            "json",
            "parser = \"json\"\n",
            "{\"of\": \"{{it.name}}\"}\n",
            None,
        ),
        (
            "broken",
            "parser = \"json\"\n",
            "{\"of\": {{it.name}}}\n",
            Some("gave what is no Json"),
        ),
        (
            "strict",
            "parser = \"text\"\n",
            "{{it.nam}}\n",
            Some("help: correct the template"),
        ),
        (
            "parser",
            "parser = \"yml\"\n",
            "",
            Some("help: write `yaml`"),
        ),
        (
            "key",
            "parser = \"text\"\neache = 1\n",
            "",
            Some("help: write `each`"),
        ),
    ] {
        let root = copy(&format!("own-{name}"));
        let folder = root.join("mine/own");
        fs::create_dir_all(&folder).expect("a new folder");
        fs::write(folder.join("target.toml"), format!("{FILE}{about}")).expect("a new file");
        fs::write(folder.join("a.hbs"), template).expect("a new file");
        let (code, _, words) = run(&root, &["--templates", "mine"]);
        match expected {
            None => {
                assert_eq!(code, Some(0), "{words}");
                let made = root.join("deploy/observability/a/alerts-user.left.json");
                let text = fs::read_to_string(made).expect("it was written");
                assert_eq!(text, "{\"of\": \"alerts-user.left\"}\n");
            }
            Some(said) => {
                assert_eq!(code, Some(2), "{words}");
                assert!(words.contains(said), "{name}: {words}");
            }
        }
    }
}

#[test]
fn every_alert_leads_to_a_page_that_is_there() {
    let folder = sample().join("out");
    let (mut asked, mut index) = (0, String::new());
    for entry in fs::read_dir(folder.join("prometheus/rules")).expect("it is committed") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(path).expect("it is text");
        for line in text.lines().map(str::trim) {
            let Some(url) = line.strip_prefix("runbook_url: ") else {
                continue;
            };
            let url = url.trim_matches('"');
            let is_own = url.starts_with("https://runbooks.acme.example/");
            assert!(is_own || folder.join(url).is_file(), "{url}");
            asked += 1;
        }
        for alert in text.split("- alert: \"").skip(1) {
            index += alert.split('"').next().expect("a name");
            index.push('\n');
        }
    }
    assert!(asked > 30);
    for alert in index.lines() {
        assert!(
            folder.join(format!("runbooks/{alert}.md")).is_file(),
            "{alert}"
        );
    }
}

/// What the reference shows of an event, its schema takes, and what is written of it is read again.
#[test]
fn samples_in_the_reference_are_taken() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
    for (root, out, count) in [
        (sample(), "out", 3),
        (quickstart, "deploy/observability", 2),
    ] {
        let text = fs::read_to_string(root.join(out).join("docs/events.md")).expect("it is text");
        let mut found = 0;
        for part in text
            .split("A sample, which `cargo obs-codegen encode ")
            .skip(1)
        {
            let (event, rest) = part.split_once('`').expect("an event");
            let (_, rest) = rest.split_once("```json\n").expect("a fence");
            let (json, _) = rest.split_once("\n```").expect("its end");
            let ask = |verb: &str, body: &[u8]| {
                let mut child = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
                    .current_dir(&root)
                    .args([verb, event])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("the tool starts");
                let mut stdin = child.stdin.take().expect("it listens");
                stdin.write_all(body).expect("it reads");
                drop(stdin);
                let output = child.wait_with_output().expect("it ends");
                let words = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(output.status.success(), "{verb} {event}: {words}");
                output.stdout
            };
            ask("validate", json.as_bytes());
            let again = ask("decode", &ask("encode", json.as_bytes()));
            let value = |text: &[u8]| -> serde_json::Value {
                serde_json::from_slice(text).expect("it is JSON")
            };
            assert_eq!(value(&again), value(json.as_bytes()), "{event}");
            found += 1;
        }
        assert_eq!(found, count, "{}", root.display());
    }
}
