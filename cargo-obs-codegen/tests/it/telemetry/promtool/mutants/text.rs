//! Rules and tests as text. We wrote them, so lines say where things begin.

use std::collections::BTreeSet;

/// A rule: what it is called, and its lines.
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) alerts: bool,
    pub(super) text: String,
    group: usize,
}

/// The rules of a file.
pub(super) struct Rules {
    groups: Vec<String>,
    pub(super) all: Vec<Rule>,
}

impl Rules {
    pub(super) fn of(text: &str) -> Rules {
        let mut rules = Rules {
            groups: Vec::new(),
            all: Vec::new(),
        };
        for line in text.lines().skip_while(|line| !line.starts_with("  - ")) {
            let name = |sign: &str| {
                let rest = line.strip_prefix(sign)?;
                Some(rest.trim_end_matches('"').to_owned())
            };
            let alert = name("      - alert: \"");
            let alerts = alert.is_some();
            if line.starts_with('#') {
                break;
            } else if line.starts_with("  - ") {
                rules.groups.push(format!("{line}\n"));
            } else if let Some(name) = alert.or_else(|| name("      - record: \"")) {
                rules.all.push(Rule {
                    name,
                    alerts,
                    text: format!("{line}\n"),
                    group: rules.groups.len() - 1,
                });
            } else if let Some(rule) = rules
                .all
                .last_mut()
                .filter(|_| line.starts_with("        "))
            {
                rule.text += line;
                rule.text.push('\n');
            }
        }
        rules
    }

    /// A rule, those of the same name, and all that hang on what they record.
    pub(super) fn touched(&self, at: usize) -> BTreeSet<usize> {
        let mut touched = BTreeSet::from([at]);
        loop {
            let before = touched.len();
            for (other, rule) in self.all.iter().enumerate() {
                let hangs = touched.iter().any(|at| {
                    let known = &self.all[*at];
                    rule.name == known.name || !known.alerts && names(&rule.text, &known.name)
                });
                if hangs {
                    touched.insert(other);
                }
            }
            if touched.len() == before {
                return touched;
            }
        }
    }

    /// The rules of these names with all that they need, each followed by further ones.
    pub(super) fn with(
        &self,
        asked: &BTreeSet<String>,
        further: impl Fn(usize) -> Vec<String>,
    ) -> String {
        let mut needed: BTreeSet<usize> = BTreeSet::new();
        loop {
            let before = needed.len();
            for (at, rule) in self.all.iter().enumerate() {
                let is_needed = asked.contains(&rule.name)
                    || needed
                        .iter()
                        .any(|other| names(&self.all[*other].text, &rule.name));
                if is_needed {
                    needed.insert(at);
                }
            }
            if needed.len() == before {
                break;
            }
        }
        let mut out = "groups:\n".to_owned();
        for (group, head) in self.groups.iter().enumerate() {
            out += head;
            out += "    rules:\n";
            let own = needed.iter().filter(|at| self.all[**at].group == group);
            for at in own {
                out += &self.all[*at].text;
                out.extend(further(*at));
            }
        }
        out
    }
}

/// A test of promtool's.
#[derive(Clone)]
pub(super) struct Test<'a> {
    inputs: &'a str,
    alerts: Vec<&'a str>,
    exprs: Vec<&'a str>,
}

const ALERTS: &str = "    alert_rule_test:\n";
const EXPRS: &str = "    promql_expr_test:\n";

impl<'a> Test<'a> {
    /// What stands before the tests of a file, for rules that lie beside it, and the tests.
    pub(super) fn all(text: &'a str) -> (String, Vec<Test<'a>>) {
        let (head, tests) = text.split_once("\ntests:\n").expect("there are tests");
        let from = head.find("../rules/").expect("rules");
        let to = from + head[from..].find('"').expect("an end");
        let head = format!("{}rules.yml{}\ntests:\n", &head[..from], &head[to..]);
        let tests = tests.split("  - name: ").skip(1).map(|test| {
            let test = test.split("# obs: end").next().unwrap_or_default();
            let (test, exprs) = test.split_once(EXPRS).unwrap_or((test, ""));
            let (inputs, alerts) = test.split_once(ALERTS).unwrap_or((test, ""));
            Test {
                inputs,
                alerts: alerts.split("      - eval_time: ").skip(1).collect(),
                exprs: exprs.split("      - expr: ").skip(1).collect(),
            }
        });
        (head, tests.collect())
    }

    /// What of it looks at what is recorded.
    pub(super) fn looks(&self) -> Test<'a> {
        Test {
            alerts: Vec::new(),
            ..self.clone()
        }
    }

    /// How many minutes it takes.
    pub(super) fn minutes(&self) -> u64 {
        let at = |check: &&str| {
            let word = check.split_whitespace().next()?;
            let (number, unit) = word.split_at(word.len() - 1);
            let number: u64 = number.parse().ok()?;
            Some(match unit {
                "d" => number * 1_440,
                "h" => number * 60,
                "m" => number,
                _ => number / 60,
            })
        };
        self.alerts.iter().filter_map(at).max().unwrap_or_default()
    }

    /// The test with what is made of each of its checks; nothing when that is nothing.
    pub(super) fn asking(&self, mut each: impl FnMut(&str) -> Vec<String>) -> String {
        let mut part = |head: &str, sign: &str, checks: &[&str]| {
            let all = checks.iter().flat_map(|check| each(check));
            let all: String = all
                .map(|check| format!("      - {sign}: {check}"))
                .collect();
            if all.is_empty() {
                all
            } else {
                format!("{head}{all}")
            }
        };
        let checks = part(ALERTS, "eval_time", &self.alerts) + &part(EXPRS, "expr", &self.exprs);
        if checks.is_empty() {
            checks
        } else {
            format!("  - name: {}{checks}", self.inputs)
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// Whether a text names something.
pub(super) fn names(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + name.len()..].chars().next();
        // What has a colon behind it is the name of a test, or a key.
        !before.is_some_and(is_word) && !behind.is_some_and(is_word)
    })
}

/// The same text with other names.
pub(super) fn renamed(text: &str, is: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        out += &rest[..start];
        rest = &rest[start..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        out += &is(word).unwrap_or_else(|| word.to_owned());
        rest = &rest[end..];
    }
    out + rest
}

/// The numbers of the mutants that a line names.
pub(super) fn numbers(line: &str) -> BTreeSet<usize> {
    let words = line.split(|c| !is_word(c));
    let numbers = words.filter_map(|word| word.rsplit_once("_m")?.1.parse().ok());
    numbers.collect()
}
