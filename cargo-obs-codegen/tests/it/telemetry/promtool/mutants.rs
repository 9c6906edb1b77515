//! Each alert is changed in one place, and one of the tests that come with it must fail: no test is there for show.

use super::{files, promtool, sample};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A rule that alerts: its name, and its lines.
struct Rule<'a> {
    alert: &'a str,
    text: &'a str,
}

/// The rules of a file that alert. We wrote it, so lines say where they begin.
fn alerts(text: &str) -> Vec<Rule<'_>> {
    const START: &str = "      - alert: \"";
    let mut rules = Vec::new();
    for (at, _) in text.match_indices(START) {
        let rest = &text[at..];
        let end = rest[1..].find("\n      - ").or(rest.find("\n# obs: end"));
        let rule = &rest[..end.map_or(rest.len(), |end| end + 1)];
        let alert = rule[START.len()..].split('"').next().expect("a name");
        rules.push(Rule { alert, text: rule });
    }
    rules
}

/// A change of a rule, in words, and the rule with it.
type Mutant = (String, String);

/// Comparators the other way round, thresholds, windows and `for` twice and half of what they are.
fn mutants(rule: &str) -> Vec<Mutant> {
    let mut out = Vec::new();
    let expr = rule.find("expr: |-").expect("an expression");
    // What fires all the time holds for no time, and has nothing to change.
    let Some(end) = rule.find("        for: ") else {
        return out;
    };
    for (from, to) in [
        (" > ", " < "),
        (" < ", " > "),
        (" >= ", " < "),
        (" == ", " != "),
        (" <= ", " > "),
    ] {
        for (at, _) in rule[expr..end].match_indices(from) {
            let at = expr + at;
            let number = &rule[at + from.len()..];
            let number = &number[..number.find(['\n', ' ']).expect("a line ends")];
            let Ok(value) = number.parse::<f64>() else {
                continue;
            };
            let behind = at + from.len() + number.len();
            let change = |comparator: &str, value: f64| {
                let text = format!("{}{comparator}{value}{}", &rule[..at], &rule[behind..]);
                (format!("`{from}{number}` is `{comparator}{value}`"), text)
            };
            out.push(change(to, value));
            // That there is something at all is a guard, and has no threshold.
            let is_guard = value == 0.0
                && (from != " > "
                    || rule[..at].trim_end().ends_with(')') && rule[behind..].starts_with(" <"));
            if rule[..at].ends_with('\n') || rule[..at].ends_with("   ") || is_guard {
                continue;
            }
            let (more, less) = if value == 0.0 {
                (1e6, -1.0)
            } else {
                (value * 2.0, value / 2.0)
            };
            out.push(change(from, more));
            out.push(change(from, less));
        }
    }
    let mut windows: Vec<&str> = rule[expr..end]
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split(']').next())
        .collect();
    windows.sort_unstable();
    windows.dedup();
    for window in windows {
        for (how, seconds) in twice_and_half(window) {
            let text = rule.replace(&format!("[{window}]"), &format!("[{seconds}s]"));
            out.push((format!("the window of {window} is {how}"), text));
        }
    }
    let hold = rule[end..].lines().next().expect("a line");
    let length = hold.trim_start().trim_start_matches("for: ");
    for (how, seconds) in twice_and_half(length) {
        let text = rule.replace(hold, &format!("        for: {seconds}s"));
        out.push((format!("`for: {length}` is {how}"), text));
    }
    out
}

fn twice_and_half(duration: &str) -> [(&'static str, u64); 2] {
    let (number, unit) = duration.split_at(duration.len() - 1);
    let unit = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    let seconds = number.parse::<u64>().expect("a number") * unit;
    [
        ("twice as long", seconds * 2),
        ("half as long", seconds / 2),
    ]
}

/// The tests of an alert among those of a file: the head, and each test that asks for it.
fn tests_of(text: &str, alert: &str) -> Option<String> {
    let (head, tests) = text.split_once("\ntests:\n")?;
    let mut out = format!("{head}\ntests:\n");
    let before = out.len();
    for test in tests.split("  - name: ").skip(1) {
        let asks = format!("alertname: \"{alert}\"");
        if !test.contains(&asks) {
            continue;
        }
        let (inputs, checks) = test.split_once("    alert_rule_test:\n")?;
        out += &format!("  - name: {inputs}    alert_rule_test:\n");
        for check in checks.split("      - eval_time: ").skip(1) {
            if check.contains(&asks) {
                let check = check.split("# obs: end").next()?;
                out += &format!("      - eval_time: {}\n", check.trim_end());
            }
        }
    }
    (out.len() > before).then_some(out)
}

/// What is recorded, without what nobody asks for: most of the time goes there.
fn asked_for(recorded: &str, rule: &str) -> String {
    const START: &str = "      - record: \"";
    let mut parts: Vec<&str> = Vec::new();
    let mut from = 0;
    for (at, _) in recorded.match_indices(START) {
        parts.push(&recorded[from..at]);
        from = at;
    }
    parts.push(&recorded[from..]);
    let name = |part: &str| {
        let rest = part.strip_prefix(START)?;
        Some(format!("{}{{", rest.split('"').next()?))
    };
    let mut asked = rule.to_owned();
    loop {
        let before = asked.len();
        for part in &parts {
            if name(part).is_some_and(|name| asked.contains(&name)) && !asked.contains(*part) {
                asked.push_str(part);
            }
        }
        if asked.len() == before {
            break;
        }
    }
    let kept = parts
        .iter()
        .map(|part| match (name(part), part.find("  - name: \"")) {
            (Some(name), group) if !asked.contains(&name) => {
                group.map_or("", |group| &part[group..])
            }
            _ => part,
        });
    kept.collect()
}

/// Runs the tests of an alert against its rule alone, and what is recorded for it.
fn survives(folder: &Path, recorded: &str, rule: &str, tests: &[String]) -> bool {
    let groups = if recorded.is_empty() {
        "groups:\n".to_owned()
    } else {
        asked_for(recorded, rule)
    };
    let text = format!("{groups}  - name: \"mutant\"\n    interval: 30s\n    rules:\n{rule}\n");
    fs::write(folder.join("rules.yml"), text).expect("a new file");
    tests.iter().enumerate().all(|(number, test)| {
        let path: PathBuf = folder.join(format!("{number}.yml"));
        fs::write(&path, test).expect("a new file");
        let mut command = promtool().expect("it was there");
        let output = command.args(["test", "rules"]).arg(path).output();
        output.expect("promtool starts").status.success()
    })
}

/// How many of the mutants of some files there are, and which survive.
fn hunt(number: usize, files: &[PathBuf], known: &Mutex<BTreeSet<String>>) -> (usize, Vec<String>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutants-{number}"));
    fs::create_dir_all(&folder).expect("a new folder");
    let (mut hunted, mut alive) = (0, Vec::new());
    for path in files {
        let text = fs::read_to_string(path).expect("it is committed");
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let recorded = recorded(&text);
        for rule in alerts(&text) {
            // What one event's alert is held by, those of others are as well.
            if !known
                .lock()
                .expect("no panic")
                .insert(rule.alert.to_owned())
            {
                continue;
            }
            let tests: Vec<String> = [
                "", "-hours", "-days", "-period", "-1800s", "-300s", "-30s", "-15s",
            ]
            .iter()
            .filter_map(|ending| {
                let path = sample().join(format!("out/prometheus/tests/{name}{ending}_test.yml"));
                let tests = tests_of(&fs::read_to_string(path).ok()?, rule.alert)?;
                let tests = tests.replace(&format!("../rules/{name}.yml"), "rules.yml");
                let last = format!("  - \"{}\"", group_of(&text));
                Some(tests.replace(&last, "  - \"mutant\""))
            })
            .collect();
            assert!(!tests.is_empty(), "{} of {name} has no tests", rule.alert);
            assert!(
                survives(&folder, &recorded, rule.text, &tests),
                "{} of {name} does not pass as it is",
                rule.alert
            );
            for (what, mutant) in mutants(rule.text) {
                hunted += 1;
                if survives(&folder, &recorded, &mutant, &tests) {
                    alive.push(format!("{} of {name}: {what}", rule.alert));
                }
            }
        }
    }
    (hunted, alive)
}

/// The group that the alerts of a file are in: the last.
fn group_of(text: &str) -> &str {
    let start = text.rfind("  - name: \"").expect("a group") + "  - name: \"".len();
    text[start..].split('"').next().expect("a name")
}

/// What a file records, up to the group of its alerts; nothing when that is the first.
fn recorded(text: &str) -> String {
    let end = text.rfind("  - name: \"").expect("a group");
    let start = text.find("groups:\n").expect("groups");
    let text = &text[start..end];
    if text.contains("record:") {
        text.to_owned()
    } else {
        String::new()
    }
}

#[test]
fn an_alert_that_says_something_else_fails_its_tests() {
    if promtool().is_none() {
        return;
    }
    // One objective stands for all, which differ in what they count.
    let mut files = files("rules");
    files.retain(|path| {
        let path = path.to_string_lossy();
        !path.contains("/slo-") || path.contains("-publish-success")
    });
    files.sort();
    let known = Mutex::new(BTreeSet::new());
    let halves = files.chunks(files.len().div_ceil(2)).enumerate();
    let found: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let known = &known;
        let threads: Vec<_> = halves
            .map(|(number, half)| scope.spawn(move || hunt(number, half, known)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    let hunted: usize = found.iter().map(|(hunted, _)| hunted).sum();
    let alive: Vec<String> = found.into_iter().flat_map(|(_, alive)| alive).collect();
    assert!(
        alive.is_empty(),
        "of {hunted} mutants, {} live:\n{}",
        alive.len(),
        alive.join("\n")
    );
    assert!(hunted > 150, "only {hunted} mutants");
}
