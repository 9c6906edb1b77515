//! Each rule is changed in one place, and one of the tests that come with it must fail: no test is there for show.
//!
//! The mutants of a rule stand beside it under names of their own, with what depends on them, and the tests ask for them
//! all at once: so series are loaded and all else is evaluated once.

mod change;
mod text;

use super::{files, grouped, promtool};
use change::changes;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use text::{Rules, Test, names, renamed};

/// Endings of files of tests, the quickest first.
const PACES: [&str; 8] = [
    "", "-15s", "-30s", "-300s", "-1800s", "-hours", "-days", "-period",
];

/// A file of rules with the files of its tests.
struct Case {
    rules: PathBuf,
    tests: Vec<PathBuf>,
}

impl Case {
    fn of(rules: &Path, names: &[&str]) -> Case {
        let folder = rules.ancestors().nth(2).expect("a folder").join("tests");
        let paths = names
            .iter()
            .flat_map(|name| PACES.map(|pace| format!("{name}{pace}_test.yml")));
        let tests = paths.map(|name| folder.join(name));
        Case {
            rules: rules.to_owned(),
            tests: tests.filter(|path: &PathBuf| path.exists()).collect(),
        }
    }

    fn name(&self) -> String {
        let name = self.rules.file_stem().expect("a name");
        name.to_string_lossy().into_owned()
    }
}

/// A rule that says something else, and all that hangs on it.
struct Mutant {
    what: String,
    /// Which rule, and what it says instead.
    at: usize,
    text: String,
    /// All rules that have a name of their own for it: this one, those that ask for what it records, and those that fire
    /// under the same name.
    touched: BTreeSet<usize>,
}

/// The mutants of a file, of the rules that nobody has hunted yet.
fn mutants(rules: &Rules, known: &mut BTreeSet<String>) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (at, rule) in rules.all.iter().enumerate() {
        // What one alert of a shape is held by, those about other events and families are as well: their tests come from one place.
        if rule.alerts && !known.insert(shape(&rule.text)) {
            continue;
        }
        let touched = rules.touched(at);
        for (what, text) in changes(&rule.text, rule.alerts) {
            all.push(Mutant {
                what: format!("{}: {what}", rule.name),
                at,
                text,
                touched: touched.clone(),
            });
        }
    }
    all
}

/// What an alert asks and for how long, whatever its names are.
fn shape(rule: &str) -> String {
    let lines = rule.lines().skip(1);
    let asks = lines.take_while(|line| !line.starts_with("        labels:"));
    let text: String = asks.collect::<Vec<_>>().join("\n");
    let mut plain = String::new();
    for part in text.split('{') {
        plain += part.split_once('}').map_or(part, |(_, behind)| behind);
    }
    let words = [
        "absent", "and", "deriv", "increase", "max", "offset", "or", "rate", "sum", "unless",
    ];
    let is_kept =
        |word: &str| words.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit());
    let plain = renamed(&plain, &|word| (!is_kept(word)).then(String::new));
    plain.replace(',', "").split_whitespace().collect()
}

/// What a rule is called for a mutant.
fn called(name: &str, mutant: usize) -> String {
    format!("{name}_m{mutant}")
}

/// Which of the tests of a file: those that notice most for little come first, and nobody runs the others for what they noticed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    /// What is recorded.
    Looks,
    /// What takes few evaluations.
    Short,
    /// All.
    Long,
}

impl Round {
    fn of<'a>(self, head: &str, tests: Vec<Test<'a>>) -> Vec<Test<'a>> {
        // As many as there are minutes, save where rules are evaluated seldom.
        let is_seldom = !head.contains("evaluation_interval: 1m\n");
        match self {
            Round::Looks => tests.iter().map(Test::looks).collect(),
            Round::Short if is_seldom => tests,
            Round::Short => {
                let short = tests.into_iter().filter(|test| test.minutes() <= 150);
                short.collect()
            }
            Round::Long => tests,
        }
    }
}

/// Which of some mutants a file of tests notices.
fn noticed(
    folder: &Path,
    rules: &Rules,
    tests: &Path,
    round: Round,
    mutants: &BTreeMap<usize, &Mutant>,
) -> BTreeSet<usize> {
    let text = fs::read_to_string(tests).expect("it is committed");
    let (head, tests) = Test::all(&text);
    let tests = round.of(&head, tests);
    let mut caught = BTreeSet::new();
    loop {
        let left: BTreeMap<usize, &Mutant> = mutants
            .iter()
            .filter(|(number, _)| !caught.contains(*number))
            .map(|(number, mutant)| (*number, *mutant))
            .collect();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut out = head.to_owned();
        for test in &tests {
            let test = test.asking(|check| {
                let mut checks = Vec::new();
                for (number, mutant) in &left {
                    let own: Vec<&str> = mutant
                        .touched
                        .iter()
                        .map(|at| rules.all[*at].name.as_str())
                        .filter(|name| names(check, name))
                        .collect();
                    if own.is_empty() {
                        continue;
                    }
                    asked.extend(own.iter().map(|name| (*name).to_owned()));
                    let is = |name: &str| own.contains(&name).then(|| called(name, *number));
                    checks.push(renamed(check, &is));
                }
                if !checks.is_empty() {
                    checks.insert(0, check.to_owned());
                }
                checks
            });
            out += &test;
        }
        if asked.is_empty() {
            return caught;
        }
        let before = caught.len();
        let rules_text = rules.with(&asked, |at| {
            let touching = left
                .iter()
                .filter(|(_, mutant)| mutant.touched.contains(&at));
            let clones = touching.map(|(number, mutant)| {
                let text = if mutant.at == at {
                    &mutant.text
                } else {
                    &rules.all[at].text
                };
                let is = |name: &str| {
                    let mut touched = mutant.touched.iter();
                    let own = touched.any(|at| rules.all[*at].name == name);
                    own.then(|| called(name, *number))
                };
                renamed(text, &is)
            });
            clones.collect()
        });
        fs::write(folder.join("rules.yml"), rules_text).expect("a new file");
        let path = folder.join("tests.yml");
        fs::write(&path, out).expect("a new file");
        let mut command = promtool().expect("it was there");
        let output = command.args(["test", "rules"]).arg(path).output();
        let output = output.expect("promtool starts");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        // What cannot be evaluated ends a test, so the others are asked again without it.
        let mut failed_to_run = false;
        for line in words.lines() {
            let line = line.trim_start();
            let kind = ["rule: ", "alertname: ", "expr: "]
                .into_iter()
                .find(|kind| line.starts_with(kind));
            let Some(kind) = kind else { continue };
            let numbers = text::numbers(line);
            assert!(!numbers.is_empty(), "{} as it is: {line}", words);
            failed_to_run |= kind == "rule: ";
            caught.extend(numbers);
        }
        assert!(
            output.status.success() || caught.len() > before,
            "promtool said something else: {words}"
        );
        if !failed_to_run {
            return caught;
        }
    }
}

/// How many mutants of a file there are, and which live.
fn hunt(folder: &Path, case: &Case, mutants: &[Mutant], rules: &Rules) -> Vec<String> {
    let mut alive: BTreeMap<usize, &Mutant> = mutants.iter().enumerate().collect();
    for round in [Round::Looks, Round::Short, Round::Long] {
        for tests in &case.tests {
            // An alert's mutants are evaluated in its own tests alone, and what is recorded in all of them.
            let mut by_alert: BTreeMap<Option<&str>, BTreeMap<usize, &Mutant>> = BTreeMap::new();
            for (number, mutant) in &alive {
                let rule = &rules.all[mutant.at];
                let key = rule.alerts.then_some(rule.name.as_str());
                by_alert.entry(key).or_default().insert(*number, *mutant);
            }
            for (alert, some) in by_alert {
                if round == Round::Looks && alert.is_some() {
                    continue;
                }
                for number in noticed(folder, rules, tests, round, &some) {
                    alive.remove(&number);
                }
            }
        }
    }
    let case = case.name();
    alive
        .values()
        .map(|mutant| format!("{case}: {}", mutant.what))
        .collect()
}

#[test]
fn a_rule_that_says_something_else_fails_its_tests() {
    if promtool().is_none() {
        return;
    }
    let mut cases = Vec::new();
    // One objective stands for all, which differ in what they count.
    let mut all = files("rules");
    all.retain(|path| {
        let path = path.to_string_lossy();
        !path.contains("/slo-") || path.contains("-publish-success")
    });
    all.sort();
    for path in all {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        cases.push(Case::of(&path, &[&name]));
    }
    let shared = grouped("hunted").join("rules/slo-publish-success.yml");
    let of_each = ["slo-payment.captured", "slo-order.placed"]
        .map(|event| format!("{event}-publish-success"));
    cases.push(Case::of(&shared, &of_each.each_ref().map(String::as_str)));
    let mut known = BTreeSet::new();
    let mut work = Vec::new();
    for case in cases {
        let text = fs::read_to_string(&case.rules).expect("it is committed");
        let rules = Rules::of(&text);
        // The two layouts alert under the same names, and are hunted both.
        if case.rules == shared {
            known.clear();
        }
        let mutants = mutants(&rules, &mut known);
        assert!(
            mutants.is_empty() || !case.tests.is_empty(),
            "{} has no tests",
            case.name()
        );
        work.push((case, rules, mutants));
    }
    let hunted: usize = work.iter().map(|(_, _, mutants)| mutants.len()).sum();
    // One tool uses one core, and the longest comes first.
    work.sort_by_key(|(_, _, mutants)| mutants.len());
    let work = std::sync::Mutex::new(work);
    let alive: Vec<String> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..2)
            .map(|number| {
                scope.spawn(move || {
                    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
                    let folder = target.join(format!("mutants-{number}"));
                    fs::create_dir_all(&folder).expect("a new folder");
                    let mut alive = Vec::new();
                    loop {
                        let next = work.lock().expect("no panic").pop();
                        let Some((case, rules, mutants)) = next else {
                            return alive;
                        };
                        alive.extend(hunt(&folder, &case, &mutants, &rules));
                    }
                })
            })
            .collect();
        let found = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        found.flatten().collect()
    });
    assert!(
        alive.is_empty(),
        "of {hunted} mutants, {} live:\n{}",
        alive.len(),
        alive.join("\n")
    );
    assert!(hunted > 400, "only {hunted} mutants");
}
