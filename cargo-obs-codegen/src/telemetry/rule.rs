//! Rules, as Prometheus has them, and the files they stand in.

use super::alert::Alert;
use super::promql::duration;
use super::trial::TestGroup;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A name: one of ours, or one that a document gives.
pub(crate) type Word = Cow<'static, str>;

/// How much an alert matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Severity {
    /// Somebody gets up.
    Critical,
    /// Somebody looks in working hours.
    Warning,
    /// It is good to know.
    Info,
}

impl Severity {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// A rule: it records under a name, or it alerts.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Rule {
    /// The name it records under.
    pub(crate) record: Option<String>,
    /// The alert's name.
    pub(crate) alert: Option<Word>,
    /// What it evaluates.
    pub(crate) expr: String,
    /// For how long it must hold.
    pub(crate) hold: Option<String>,
    /// Labels it adds.
    pub(crate) labels: BTreeMap<Word, String>,
    /// What it tells.
    pub(crate) annotations: BTreeMap<&'static str, String>,
}

impl Rule {
    /// A rule that records.
    pub(crate) fn record(name: impl Into<String>, expr: impl Into<String>) -> Rule {
        Rule {
            record: Some(name.into()),
            alert: None,
            expr: expr.into(),
            hold: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// The same with labels.
    pub(crate) fn labelled(
        mut self,
        labels: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Rule {
        let labels = labels.into_iter();
        self.labels
            .extend(labels.map(|(name, value)| (name.into(), value)));
        self
    }
}

/// Rules that are evaluated one after the other.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Group {
    /// Its name, once in all files.
    pub(crate) name: String,
    /// How often.
    pub(crate) interval: String,
    /// The rules.
    pub(crate) rules: Vec<Rule>,
}

impl Group {
    /// Rules with an interval in seconds.
    pub(crate) fn new(name: impl Into<String>, interval: u64, rules: Vec<Rule>) -> Group {
        Group {
            name: name.into(),
            interval: duration(interval),
            rules,
        }
    }

    /// The rules of alerts.
    pub(crate) fn of(name: impl Into<String>, interval: u64, alerts: &[Alert]) -> Group {
        let rules = alerts.iter().map(Alert::rule).collect();
        Group::new(name, interval, rules)
    }
}

/// A file of rules.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct RuleFile {
    /// Its name without an ending.
    pub(crate) name: String,
    /// The specs it comes from.
    pub(crate) from: Vec<String>,
    /// Its groups.
    pub(crate) groups: Vec<Group>,
}

/// Tests of a file of rules that go at one pace.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct TestFile {
    /// Its name without an ending.
    pub(crate) name: String,
    /// The specs it comes from.
    pub(crate) from: Vec<String>,
    /// The file of rules.
    pub(crate) of: String,
    /// Groups of rules, each before those that need it.
    pub(crate) order: Vec<String>,
    /// How often rules are evaluated.
    pub(crate) evaluation: String,
    /// The tests.
    pub(crate) tests: Vec<TestGroup>,
}
