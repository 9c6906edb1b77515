//! `*.alerts.yaml`: alerts of a team's own, as a document.
//!
//! ```yaml
//! alerts:
//!   - name: PaymentsDeclined
//!     expr: sum by (method) (increase(payments_declined_total[15m]))
//!     above: 10                       # or at_least, below, at_most; none where the expression says it all
//!     for: 10m
//!     severity: warning
//!     summary: payments by {method} are declined
//!     description: "{value} payments by {method} were declined within a quarter of an hour."
//!     shown: count                    # how {value} is printed: count, number or percent
//!     event: payment.captured         # whose team, service and dashboard it has, unless they are given
//!     team: billing
//!     service: shop
//!     labels: { tier: gold }
//!     dashboard: obs-payments         # an address, or the uid of a dashboard that is rendered
//!     runbook:                        # or an address
//!       meaning: The bank declines more than usual.
//!       impact: Orders are not paid.
//!       causes: [the bank is away]
//!       steps: [Ask the bank.]
//!     tests:                          # where none can be derived from the expression
//!       - name: ten at once
//!         every: 1m
//!         series: { 'payments_declined_total{method="CARD"}': 0x9 20x30 }
//!         checks:
//!           - { at: 9m }
//!           - { at: 25m, fires: { labels: { method: CARD }, value: 20 } }
//! ```

use super::trials::Comparison;
use crate::telemetry::alert::Shown;
use crate::telemetry::rule::Severity;
use crate::telemetry::runbook::Words;
use obs_model::draft::Located;
use obs_model::keys::value::{
    list, missing, number, object, required, seconds, text, texts, unknown_key, word, wrong_kind,
};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::node::{Member, Node};
use obs_schema::source::Loc;

/// An alert as it is written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: Located<String>,
    pub(super) expr: Located<String>,
    pub(super) threshold: Option<(Comparison, f64)>,
    pub(super) hold: u64,
    pub(super) severity: Severity,
    pub(super) summary: Located<String>,
    pub(super) description: Option<Located<String>>,
    pub(super) shown: Shown,
    pub(super) event: Option<Located<String>>,
    pub(super) team: Option<String>,
    pub(super) service: Option<String>,
    pub(super) labels: Vec<(Located<String>, Located<String>)>,
    pub(super) dashboard: Option<Located<String>>,
    pub(super) runbook: Option<String>,
    pub(super) words: Option<Words>,
    pub(super) tests: Vec<Test>,
}

/// A test as it is written.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) name: String,
    /// Seconds between values.
    pub(super) every: u64,
    pub(super) series: Vec<(Located<String>, String)>,
    pub(super) checks: Vec<Check>,
}

/// What is to be found at a moment.
#[derive(Debug)]
pub(super) struct Check {
    /// In seconds from the start.
    pub(super) at: Located<u64>,
    pub(super) fires: Option<Firing>,
}

/// An alert that fires.
#[derive(Default, Debug)]
pub(super) struct Firing {
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

const OF_ALERT: [&str; 18] = [
    "name",
    "expr",
    "above",
    "at_least",
    "below",
    "at_most",
    "for",
    "severity",
    "summary",
    "description",
    "shown",
    "event",
    "team",
    "service",
    "labels",
    "dashboard",
    "runbook",
    "tests",
];

const COMPARISONS: [(&str, Comparison); 4] = [
    ("above", Comparison::Above),
    ("at_least", Comparison::AtLeast),
    ("below", Comparison::Below),
    ("at_most", Comparison::AtMost),
];

const SEVERITIES: [(&str, Severity); 3] = [
    ("critical", Severity::Critical),
    ("warning", Severity::Warning),
    ("info", Severity::Info),
];

const SHOWN: [(&str, Shown); 3] = [
    ("count", Shown::Count),
    ("number", Shown::Number),
    ("percent", Shown::Percent),
];

/// Labels that say what we say of every alert.
const OURS: [&str; 7] = [
    "alertname",
    "alertstate",
    "severity",
    "team",
    "service",
    "event",
    "slo",
];

/// Reads a document.
pub(super) fn read(cx: &mut Diagnostics, node: &Node) -> Vec<Written> {
    let help = "write `alerts:` and a list of alerts";
    let members = object(cx, "a document of alerts", node, help).unwrap_or_default();
    let mut out = Vec::new();
    for member in members {
        if member.name == "alerts" {
            let items = list(cx, "`alerts`", &member.value, "write a list of alerts");
            out.extend(
                items
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|item| alert(cx, item)),
            );
        } else {
            unknown_key(cx, member, "in a document of alerts", &["alerts"]);
        }
    }
    if node.as_object().is_some() && node.get("alerts").is_none() {
        missing(cx, node, "`alerts`", "list the alerts");
    }
    out
}

fn alert(cx: &mut Diagnostics, node: &Node) -> Option<Written> {
    let members = object(
        cx,
        "an alert",
        node,
        "write `name`, `expr` and what else it has",
    )?;
    let (mut name, mut expr, mut threshold) = (None, None, None::<(Comparison, f64, Loc)>);
    let (mut hold, mut severity, mut summary, mut description) = (None, None, None, None);
    let (mut event, mut team, mut service, mut dashboard) = (None, None, None, None);
    let (mut runbook, mut words, mut shown) = (None, None, Shown::Count);
    let (mut labels, mut tests) = (Vec::new(), Vec::new());
    for member in members {
        let value = &member.value;
        let comparison = COMPARISONS.iter().find(|(word, _)| *word == member.name);
        if let Some((_, comparison)) = comparison {
            let key = format!("`{}`", member.name);
            let range = "a finite number";
            let said = number(cx, &key, value, range, |_| true).map(|number| number.value);
            if let Some((_, _, first)) = threshold {
                cx.push(
                    Diagnostic::error(
                        "misplaced-key",
                        member.name_loc,
                        "an alert has one threshold",
                    )
                    .other(first, "this is one already")
                    .help("remove one of the two, or make it an alert of its own"),
                );
            } else {
                threshold = said.map(|said| (*comparison, said, member.name_loc));
            }
            continue;
        }
        match member.name.as_str() {
            "name" => name = alert_name(cx, value),
            "expr" => expr = query(cx, value),
            "for" => hold = seconds(cx, "`for`", value),
            "severity" => severity = word(cx, "`severity`", value, &SEVERITIES),
            "summary" => summary = text(cx, "`summary`", value),
            "description" => description = text(cx, "`description`", value),
            "shown" => {
                if let Some(word) = word(cx, "`shown`", value, &SHOWN) {
                    shown = word.value;
                }
            }
            "event" => event = text(cx, "`event`", value),
            "team" => team = text(cx, "`team`", value).map(|team| team.value),
            "service" => service = text(cx, "`service`", value).map(|service| service.value),
            "labels" => labels = pairs(cx, value),
            "dashboard" => dashboard = text(cx, "`dashboard`", value),
            "runbook" if value.as_str().is_some() => {
                runbook = text(cx, "`runbook`", value).map(|address| address.value);
            }
            "runbook" => words = page(cx, value),
            "tests" => {
                let items = list(cx, "`tests`", value, "write a list of tests");
                let items = items.unwrap_or_default().iter();
                tests.extend(items.filter_map(|item| test(cx, item)));
            }
            // Other tools call it so.
            "owner" => instead(cx, member, "`team`"),
            "annotations" => instead(cx, member, "`summary`, `description` and `runbook`"),
            _ => unknown_key(cx, member, "of an alert", &OF_ALERT),
        }
    }
    required(
        cx,
        node,
        &[
            ("name", "name the alert: `name: PaymentsDeclined`"),
            ("expr", "write what it looks at, in PromQL"),
            ("for", "say how long it must hold: `for: 10m`"),
            ("severity", "write `critical`, `warning` or `info`"),
            ("summary", "say in one line what is wrong"),
        ],
    );
    Some(Written {
        name: name?,
        expr: expr?,
        threshold: threshold.map(|(comparison, value, _)| (comparison, value)),
        hold: hold?.value,
        severity: severity?.value,
        summary: summary?,
        description,
        shown,
        event,
        team,
        service,
        labels,
        dashboard,
        runbook,
        words,
        tests,
    })
}

fn instead(cx: &mut Diagnostics, member: &Member, write: &str) {
    let message = format!("an alert has no `{}`", member.name);
    let finding = Diagnostic::error("unknown-key", member.name_loc, message);
    cx.push(finding.help(format!("write {write}")));
}

fn alert_name(cx: &mut Diagnostics, node: &Node) -> Option<Located<String>> {
    let name = text(cx, "`name`", node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.value.chars().all(plain) && !name.value.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(name);
    }
    let message = format!("`{}` is no name for an alert", name.value);
    let help = "write letters, digits and underscores, a letter first: `PaymentsDeclined`";
    cx.push(Diagnostic::error("invalid-alert-name", name.loc, message).help(help));
    None
}

/// PromQL, on one line or on several.
pub(super) fn query(cx: &mut Diagnostics, node: &Node) -> Option<Located<String>> {
    match node.as_str().map(str::trim) {
        Some("") => {
            let finding = Diagnostic::error("empty-value", node.loc, "the query is empty");
            cx.push(finding.help("write PromQL"));
            None
        }
        Some(text) => Some(Located {
            value: text.to_owned(),
            loc: node.loc,
        }),
        None => {
            wrong_kind(
                cx,
                "`expr`",
                node,
                "a query",
                "write PromQL, in quotes where YAML needs them",
            );
            None
        }
    }
}

/// Labels with their values.
fn pairs(cx: &mut Diagnostics, node: &Node) -> Vec<(Located<String>, Located<String>)> {
    let members = object(cx, "`labels`", node, "write `label: value`").unwrap_or_default();
    let mut out = Vec::new();
    for member in members {
        let name = &member.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_label = name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit());
        let wrong = if OURS.contains(&name.as_str()) {
            Some((
                "reserved-label",
                format!("the label `{name}` is one that every alert has"),
                "give it as a key of the alert, or call the label something else",
            ))
        } else if !is_label || name.starts_with("__") {
            Some((
                "invalid-label-name",
                format!("`{name}` is no name for a label"),
                "write letters, digits and underscores, a letter first",
            ))
        } else {
            None
        };
        if let Some((code, message, help)) = wrong {
            cx.push(Diagnostic::error(code, member.name_loc, message).help(help));
            continue;
        }
        let label = format!("the label `{name}`");
        if let Some(value) = text(cx, &label, &member.value) {
            let name = Located {
                value: name.clone(),
                loc: member.name_loc,
            };
            out.push((name, value));
        }
    }
    out
}

/// The words of a runbook.
fn page(cx: &mut Diagnostics, node: &Node) -> Option<Words> {
    let help = "write an address, or `meaning`, `impact`, `causes` and `steps`";
    let members = object(cx, "`runbook`", node, help)?;
    let mut words = Words::default();
    let lines = |cx: &mut Diagnostics, key: &str, node: &Node| -> Vec<String> {
        let all = texts(cx, key, node).unwrap_or_default().into_iter();
        all.map(|text| text.value).collect()
    };
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "meaning" => words.meaning = paragraph(cx, "`meaning`", value),
            "impact" => words.impact = paragraph(cx, "`impact`", value),
            "causes" => words.causes = lines(cx, "`causes`", value),
            "steps" => words.steps = lines(cx, "`steps`", value),
            _ => {
                let known = ["meaning", "impact", "causes", "steps"];
                unknown_key(cx, member, "in `runbook`", &known);
            }
        }
    }
    required(
        cx,
        node,
        &[("meaning", "say what it means when the alert fires")],
    );
    Some(words)
}

/// A text that may have several lines.
fn paragraph(cx: &mut Diagnostics, key: &str, node: &Node) -> String {
    match node.as_str().map(str::trim) {
        Some(text) if text.contains('\n') => text.to_owned(),
        _ => text(cx, key, node).map_or_else(String::new, |text| text.value),
    }
}

fn test(cx: &mut Diagnostics, node: &Node) -> Option<Test> {
    let members = object(cx, "a test", node, "write `name`, `series` and `checks`")?;
    let mut test = Test {
        name: "as its document has it".to_owned(),
        every: 60,
        series: Vec::new(),
        checks: Vec::new(),
    };
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "name" => {
                if let Some(name) = text(cx, "`name`", value) {
                    test.name = name.value;
                }
            }
            "every" => {
                if let Some(every) = seconds(cx, "`every`", value) {
                    test.every = every.value;
                }
            }
            "series" => {
                let help = "write series and their values: `'queue_depth{bus=\"a\"}': 0x10 90x30`";
                for one in object(cx, "`series`", value, help).unwrap_or_default() {
                    if let Some(values) = text(cx, "the values of a series", &one.value) {
                        let name = Located {
                            value: one.name.clone(),
                            loc: one.name_loc,
                        };
                        test.series.push((name, values.value));
                    }
                }
            }
            "checks" => {
                let help = "write a list of checks: `[{ at: 10m }]`";
                let items = list(cx, "`checks`", value, help).unwrap_or_default();
                test.checks
                    .extend(items.iter().filter_map(|item| check(cx, item)));
            }
            _ => {
                let known = ["name", "every", "series", "checks"];
                unknown_key(cx, member, "of a test", &known);
            }
        }
    }
    required(
        cx,
        node,
        &[
            ("series", "write the series that the test begins with"),
            ("checks", "say when it fires and when it does not"),
        ],
    );
    Some(test)
}

fn check(cx: &mut Diagnostics, node: &Node) -> Option<Check> {
    let members = object(cx, "a check", node, "write `{ at: 10m }`")?;
    let (mut at, mut fires) = (None, None);
    for member in members {
        match member.name.as_str() {
            "at" => at = seconds(cx, "`at`", &member.value),
            "fires" => fires = firing(cx, &member.value),
            _ => unknown_key(cx, member, "of a check", &["at", "fires"]),
        }
    }
    required(cx, node, &[("at", "say when to look: `at: 10m`")]);
    Some(Check { at: at?, fires })
}

fn firing(cx: &mut Diagnostics, node: &Node) -> Option<Firing> {
    let help = "write `{ labels: { … }, value: 12 }`, or `{}`";
    let members = object(cx, "`fires`", node, help)?;
    let mut out = Firing::default();
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "labels" => {
                let help = "write `label: value`";
                for one in object(cx, "`labels`", value, help).unwrap_or_default() {
                    if let Some(value) = text(cx, "the value of a label", &one.value) {
                        out.labels.push((one.name.clone(), value.value));
                    }
                }
            }
            "value" => {
                let said = number(cx, "`value`", value, "a finite number", |_| true);
                out.value = said.map_or(0.0, |said| said.value);
            }
            _ => unknown_key(cx, member, "in `fires`", &["labels", "value"]),
        }
    }
    Some(out)
}
