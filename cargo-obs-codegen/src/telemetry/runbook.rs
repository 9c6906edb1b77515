//! Runbooks: a page for each alert, for whoever has just been woken by it.

mod pages;

use super::alert::Alert;
use super::promql::{increase, series, sum};
use obs_schema::names::family;
use pages::Look;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A runbook, as its page shows it.
#[derive(Serialize, Debug)]
pub(crate) struct Runbook {
    name: String,
    severity: &'static str,
    meaning: String,
    impact: String,
    causes: Vec<Text>,
    steps: Vec<Text>,
    queries: Vec<Text>,
    teams: Vec<Text>,
    dashboards: Vec<Text>,
    from: Vec<String>,
}

/// A line, as an object, for templates want names.
#[derive(Serialize, Debug)]
struct Text {
    text: String,
}

fn texts<T: Into<String>>(all: impl IntoIterator<Item = T>) -> Vec<Text> {
    all.into_iter()
        .map(|text| Text { text: text.into() })
        .collect()
}

/// What a document says about an alert of its own before it fires.
#[derive(Clone, Default, Debug)]
pub(crate) struct Words {
    pub(crate) meaning: String,
    pub(crate) impact: String,
    pub(crate) causes: Vec<String>,
    pub(crate) steps: Vec<String>,
}

/// Whether an alert is one of ours.
pub(crate) fn is_known(alert: &str) -> bool {
    pages::all().any(|page| page.alert == alert)
}

/// The runbook of each alert that there is, by name.
pub(crate) fn all(
    alerts: &[(Vec<String>, Alert)],
    documents: &BTreeMap<String, Words>,
) -> Vec<Runbook> {
    let names: BTreeSet<&str> = alerts.iter().map(|(_, alert)| &*alert.name).collect();
    let pages = names.into_iter().filter_map(|name| {
        let page = pages::all().find(|page| page.alert == name);
        let (words, look) = match page {
            Some(page) => (page.words(), page.look),
            None => (documents.get(name)?.clone(), None),
        };
        Some(runbook(name, words, look, alerts))
    });
    pages.collect()
}

fn runbook(name: &str, words: Words, look: Look, alerts: &[(Vec<String>, Alert)]) -> Runbook {
    let own = || alerts.iter().filter(|(_, alert)| alert.name == name);
    let label = |wanted: &str| -> BTreeSet<String> {
        own()
            .filter_map(|(_, alert)| alert.always(wanted))
            .collect()
    };
    let mut queries: Vec<String> = Vec::new();
    // What fires is what to look at first, without its threshold.
    if let Some((family, by)) = look {
        let part = series(family, "", &[]);
        queries.push(if family.kind == family::Kind::Counter {
            sum(by, &increase(&part, 3_600))
        } else {
            sum(by, &part)
        });
    }
    let exprs: BTreeSet<&str> = own().map(|(_, alert)| alert.expr.as_str()).collect();
    // A page is for reading: a few of many events show what the others ask.
    queries.extend(exprs.into_iter().take(5).map(str::to_owned));
    let dashboards: BTreeSet<String> = own().map(|(_, alert)| alert.dashboard.clone()).collect();
    let from: BTreeSet<String> = own().flat_map(|(from, _)| from.clone()).collect();
    let severity = own().map(|(_, alert)| alert.severity).min();
    Runbook {
        name: name.to_owned(),
        severity: severity.map_or("", super::rule::Severity::as_str),
        meaning: words.meaning,
        impact: words.impact,
        causes: texts(words.causes),
        steps: texts(words.steps),
        queries: texts(queries),
        teams: texts(label("team")),
        dashboards: texts(dashboards.into_iter().take(5)),
        from: from.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_once() {
        let names: BTreeSet<&str> = pages::all().map(|page| page.alert).collect();
        assert_eq!(names.len(), pages::all().count());
    }
}
