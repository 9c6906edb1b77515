//! What a team adds to what its specs say: alerts and dashboards of its own, under the same rules as ours. Their queries ask for what
//! there is, tests hold alerts in place, and a page says what to do.

mod document;
mod drive;
mod evaluate;
mod panels;
mod trials;

use super::alert::{Alert, fill, literal};
use super::catalogue::Catalogue;
use super::dashboard::{self, Dashboard};
use super::runbook::{self, Words};
use super::subject::Subject;
use super::trial::{Fires, Trial, Wave};
use super::{Links, NOBODY, Profile};
use crate::lint::document::Query;
use crate::lint::query;
use crate::package::Package;
use document::{Test, Written};
use obs_codegen::load;
use obs_model::draft::Located;
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::{self, Node};
use obs_schema::source::{FileId, Loc};
use promql_parser::parser::{self, Expr};
use std::collections::BTreeMap;

/// The alerts of a document.
#[derive(Debug)]
pub(crate) struct File {
    /// `own-orders`, after `orders.alerts.yaml`.
    pub(crate) name: String,
    /// The document.
    pub(crate) from: Vec<String>,
    /// Its alerts.
    pub(crate) alerts: Vec<Alert>,
}

/// What a team adds.
#[derive(Default, Debug)]
pub(crate) struct Own {
    /// Alerts, by document.
    pub(crate) files: Vec<File>,
    /// What runbooks say of them.
    pub(crate) words: BTreeMap<String, Words>,
    /// Dashboards.
    pub(crate) dashboards: Vec<Dashboard>,
}

/// Reads the documents of a package, and says what is wrong with them.
pub(crate) fn read(
    package: &Package,
    catalogue: &Catalogue,
    profile: Profile,
) -> (Own, Vec<Diagnostic>) {
    let mut cx = Diagnostics::default();
    let subjects = Subject::all(&package.outcome.model);
    let links = Links::of(package);
    let mut reader = Reader {
        cx: &mut cx,
        package,
        catalogue,
        profile,
        links,
        subjects: &subjects,
        named: BTreeMap::new(),
        titles: BTreeMap::new(),
        leads: Vec::new(),
        own: Own::default(),
    };
    for file in package.outcome.operational.iter().copied() {
        reader.file(file);
    }
    reader.uids();
    let own = reader.own;
    (own, cx.into_sorted())
}

struct Reader<'a> {
    cx: &'a mut Diagnostics,
    package: &'a Package,
    catalogue: &'a Catalogue,
    profile: Profile,
    links: Links<'a>,
    subjects: &'a [Subject<'a>],
    /// Alerts so far, with their places.
    named: BTreeMap<String, Loc>,
    /// Uids of dashboards so far, with the places of their documents.
    titles: BTreeMap<String, Loc>,
    /// Dashboards that alerts lead to, by uid.
    leads: Vec<Located<String>>,
    own: Own,
}

impl<'a> Reader<'a> {
    fn file(&mut self, file: FileId) {
        let Some(source) = self.package.sources.get(file) else {
            return;
        };
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let tree = if name.ends_with(".json") {
            node::parse_json(self.cx, file, &source.text)
        } else {
            load::parse_yaml(self.cx, file, source)
        };
        let Some(tree) = tree else { return };
        let Some((stem, _)) = name.split_once(".alerts.") else {
            return self.dashboards(&tree, &source.path);
        };
        let written = document::read(self.cx, &tree);
        let alerts = written.iter().filter_map(|one| self.alert(one)).collect();
        let base = format!("own-{stem}");
        let same =
            |known: &&File| known.name == base || known.name.starts_with(&format!("{base}."));
        let before = self.own.files.iter().filter(same).count();
        let name = if before == 0 {
            base
        } else {
            format!("{base}.{}", before + 1)
        };
        self.own.files.push(File {
            name,
            from: vec![source.path.clone()],
            alerts,
        });
    }

    fn dashboards(&mut self, tree: &Node, path: &str) {
        let mut facts = panels::Facts {
            catalogue: self.catalogue,
            from: &[path.to_owned()],
            queries: Vec::new(),
        };
        let found = panels::read(self.cx, tree, &mut facts);
        for query in &facts.queries {
            let sources = &self.package.sources;
            query::check(self.cx, self.catalogue, &[], sources, query);
        }
        for (dashboard, loc) in found {
            if let Some(first) = self.titles.get(dashboard.uid()) {
                let message = format!("two dashboards have the uid `{}`", dashboard.uid());
                let finding = Diagnostic::error("duplicate-dashboard", loc, message);
                let finding = finding.other(*first, "the first is this");
                self.cx.push(finding.help("give one of them another title"));
                continue;
            }
            self.titles.insert(dashboard.uid().to_owned(), loc);
            self.own.dashboards.push(dashboard);
        }
    }

    /// A uid stands for one dashboard, and alerts lead to one that is there.
    fn uids(&mut self) {
        let facts = dashboard::Facts {
            model: &self.package.outcome.model,
            subjects: self.subjects,
            from: &[],
            of: &|_| Vec::new(),
        };
        let ours = dashboard::all(&facts, Vec::new());
        for ours in &ours {
            if let Some(loc) = self.titles.get(ours.uid()) {
                let message = format!("the dashboard `{}` is made from the specs", ours.uid());
                let finding = Diagnostic::error("duplicate-dashboard", *loc, message);
                self.cx.push(finding.help("give it another title"));
            }
        }
        let known = || {
            let own = self.titles.keys().map(String::as_str);
            ours.iter().map(Dashboard::uid).chain(own)
        };
        for lead in &self.leads {
            if known().any(|uid| uid == lead.value) {
                continue;
            }
            let help = nearest(&lead.value, known()).map_or_else(
                || "write an address, or the uid of a dashboard that is rendered".to_owned(),
                |near| format!("write `{near}`"),
            );
            let message = format!("no dashboard has the uid `{}`", lead.value);
            self.cx
                .push(Diagnostic::error("unknown-dashboard", lead.loc, message).help(help));
        }
    }

    fn alert(&mut self, written: &Written) -> Option<Alert> {
        let subject = self.subject(written);
        let is_fresh = self.is_fresh(written);
        let expr = self.expr(written)?;
        let trials = self.trials(written, &expr)?;
        if !is_fresh || !self.texts(written, &trials) {
            return None;
        }
        let name = &written.name.value;
        let defaults = &self.package.settings.overlays.defaults;
        let default_team = defaults.owner.as_ref().map(|owner| owner.value.as_str());
        let team = written.team.as_deref();
        let team = team.or(subject.map(Subject::team)).or(default_team);
        let service = written.service.as_deref();
        let service = service.or(subject.and_then(Subject::service));
        let mut labels = vec![
            (
                "service".into(),
                literal(service.unwrap_or(self.links.package)),
            ),
            ("team".into(), literal(team.unwrap_or(NOBODY))),
        ];
        labels.extend(subject.map(|subject| ("event".into(), literal(subject.name()))));
        let further = written.labels.iter();
        labels
            .extend(further.map(|(name, value)| (name.value.clone().into(), value.value.clone())));
        let description = written.description.as_ref().unwrap_or(&written.summary);
        let words = written.words.clone().unwrap_or_else(|| Words {
            meaning: fill(&description.value, "{", str::to_owned),
            ..Words::default()
        });
        self.own.words.insert(name.clone(), words);
        let dashboard = match (&written.dashboard, subject) {
            (Some(address), _) if address.value.contains("://") => address.value.clone(),
            (Some(uid), _) => {
                self.leads.push(uid.clone());
                self.links.uid(&uid.value)
            }
            (None, Some(subject)) => self.links.event_dashboard(subject.name()),
            (None, None) => self.links.dashboard("overview"),
        };
        let runbook = written.runbook.clone();
        Some(Alert {
            name: name.clone().into(),
            severity: self.profile.severity(written.severity),
            expr: condition(written, &expr),
            hold: written.hold,
            labels,
            summary: written.summary.value.clone(),
            description: description.value.clone(),
            shown: written.shown,
            runbook: runbook.unwrap_or_else(|| self.links.runbook(name)),
            dashboard,
            trials,
        })
    }

    fn subject(&mut self, written: &Written) -> Option<&'a Subject<'a>> {
        let event = written.event.as_ref()?;
        let found = self
            .subjects
            .iter()
            .find(|subject| subject.name() == event.value);
        if found.is_none() {
            let near = nearest(&event.value, self.subjects.iter().map(Subject::name));
            let help = near.map_or_else(
                || "`cargo obs-codegen show` lists them".to_owned(),
                |near| format!("write `{near}`"),
            );
            let message = format!("no spec describes the event `{}`", event.value);
            self.cx
                .push(Diagnostic::error("unknown-event", event.loc, message).help(help));
        }
        found
    }

    /// Each name stands for one alert.
    fn is_fresh(&mut self, written: &Written) -> bool {
        let name = &written.name;
        let finding = if runbook::is_known(&name.value) {
            let message = format!("`{}` is an alert that is made from the specs", name.value);
            Diagnostic::error("duplicate-alert", name.loc, message)
        } else if let Some(first) = self.named.get(&name.value) {
            let message = format!("the alert `{}` is declared twice", name.value);
            Diagnostic::error("duplicate-alert", name.loc, message)
                .other(*first, "first declared here")
        } else {
            self.named.insert(name.value.clone(), name.loc);
            return true;
        };
        self.cx.push(finding.help("give it a name of its own"));
        false
    }

    /// The query, if there is nothing wrong with it.
    fn expr(&mut self, written: &Written) -> Option<Expr> {
        let mut own = Diagnostics::default();
        let query = Query {
            text: written.expr.value.clone(),
            loc: written.expr.loc,
        };
        query::check(&mut own, self.catalogue, &[], &self.package.sources, &query);
        let is_sound = !own.has_errors();
        self.cx.append(own);
        is_sound.then(|| parser::parse(&written.expr.value).ok())?
    }

    fn trials(&mut self, written: &Written, expr: &Expr) -> Option<Vec<Trial>> {
        let (message, help) = if written.tests.is_empty() {
            let condition = trials::Condition {
                expr,
                threshold: written.threshold,
                hold: written.hold,
                shown: written.shown,
            };
            match trials::derive(self.catalogue, &condition) {
                Ok(trials) => return Some(trials),
                Err(why) => (
                    format!("no test of `{}` can be derived: {why}", written.name.value),
                    "add `tests` with one check that fires and one that does not",
                ),
            }
        } else {
            let trials: Option<Vec<Trial>> =
                written.tests.iter().map(|test| self.test(test)).collect();
            let trials = trials?;
            let mut checks = trials.iter().flat_map(|trial| &trial.checks);
            let fires = checks.clone().any(|(_, fires)| fires.is_some());
            let is_silent = checks.any(|(_, fires)| fires.is_none());
            if fires && is_silent {
                return Some(trials);
            }
            let which = if fires { "quiet" } else { "firing" };
            (
                format!("no test of `{}` shows it {which}", written.name.value),
                "add a check: `{ at: 10m }` where it is quiet, and with `fires` where it fires",
            )
        };
        let finding = Diagnostic::error("alert-without-tests", written.name.loc, message);
        self.cx.push(finding.help(help));
        None
    }

    /// A test as it is written, its series asked like any query.
    fn test(&mut self, test: &Test) -> Option<Trial> {
        let mut is_sound = true;
        for (name, _) in &test.series {
            let mut own = Diagnostics::default();
            // As counters stand outside of rates here, what they are asked is how many there are.
            let query = Query {
                text: format!("count({})", name.value),
                loc: name.loc,
            };
            query::check(&mut own, self.catalogue, &[], &self.package.sources, &query);
            is_sound &= !own.has_errors();
            self.cx.append(own);
        }
        for check in &test.checks {
            if !check.at.value.is_multiple_of(test.every) {
                is_sound = false;
                let message = "there is no value at this moment".to_owned();
                let finding = Diagnostic::error("out-of-range", check.at.loc, message);
                let help = format!("write a multiple of `every`, which is {}s", test.every);
                self.cx.push(finding.help(help));
            }
        }
        let input = |(name, values): &(_, String)| {
            let name: &Located<String> = name;
            (name.value.clone(), Wave::written(values))
        };
        is_sound.then(|| Trial {
            looks: Vec::new(),
            name: test.name.clone().into(),
            step: test.every,
            inputs: test.series.iter().map(input).collect(),
            checks: test
                .checks
                .iter()
                .map(|check| {
                    let fires = check.fires.as_ref().map(|firing| Fires {
                        labels: firing
                            .labels
                            .iter()
                            .map(|(name, value)| (name.clone().into(), value.clone()))
                            .collect(),
                        value: firing.value,
                    });
                    (check.at.value / test.every, fires)
                })
                .collect(),
        })
    }

    /// Each sign in the texts must be a label that is there when it fires, or the value.
    fn texts(&mut self, written: &Written, trials: &[Trial]) -> bool {
        let fires = trials
            .iter()
            .flat_map(|trial| &trial.checks)
            .find_map(|(_, fires)| fires.as_ref());
        let Some(fires) = fires else { return true };
        let known: Vec<&str> = fires
            .labels
            .iter()
            .map(|(name, _)| &**name)
            .chain(["value"])
            .collect();
        let texts = [Some(&written.summary), written.description.as_ref()];
        let values = written.labels.iter().map(|(_, value)| value);
        let mut is_sound = true;
        for text in texts.into_iter().flatten().chain(values) {
            let mut unknown: Vec<String> = Vec::new();
            // Who knows Prometheus writes `{{ $labels.method }}`.
            let theirs = text.value.split("{{").skip(1);
            unknown.extend(
                theirs
                    .filter_map(|rest| rest.split_once('}'))
                    .map(|(name, _)| format!("{{{name}")),
            );
            fill(&text.value, "{", |name| {
                if !known.contains(&name) {
                    unknown.push(name.to_owned());
                }
                String::new()
            });
            for name in unknown {
                is_sound = false;
                let words: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
                let plain = name.trim_start_matches(['{', ' ', '$']);
                let plain = plain.trim_start_matches("labels.").trim();
                let help = nearest(plain, known.iter().copied()).map_or_else(
                    || format!("write one of {}", words.join(", ")),
                    |near| format!("write `{{{near}}}`"),
                );
                let message = format!("`{{{name}}}` is no label of what the alert fires with");
                let finding = Diagnostic::error("unknown-placeholder", text.loc, message);
                self.cx.push(finding.help(help));
            }
        }
        is_sound
    }
}

/// The expression with its threshold.
fn condition(written: &Written, expr: &Expr) -> String {
    let text = &written.expr.value;
    let Some((comparison, threshold)) = written.threshold else {
        return text.clone();
    };
    let op = comparison.op();
    if matches!(expr, Expr::Binary(_)) || text.contains('#') {
        format!("(\n{}\n) {op} {threshold}", super::promql::inset(text, 2))
    } else {
        format!("{text} {op} {threshold}")
    }
}
