//! Who hears of which alert: receivers of each team, and what must come out of the routes.

use super::Addresses;
use super::alert::Alert;
use super::pipeline::WATCHDOG;
use super::subject::Subject;
use obs_model::model::{Model, TypeKind};
use serde::Serialize;
use std::collections::BTreeSet;

/// What Alertmanager's configuration is printed from.
#[derive(Serialize, Debug)]
pub(crate) struct Routing {
    teams: Vec<Team>,
    tenants: Vec<Tenant>,
    /// Labels that name a tenant; none where nothing does.
    tenant_labels: Vec<String>,
    mail: Option<String>,
    webhook: Option<String>,
    watchdog: Option<String>,
    cases: Vec<Case>,
}

/// A tenant of whose alerts somebody hears beside the team.
#[derive(Serialize, Debug)]
struct Tenant {
    receiver: String,
    /// Its alerts, by each of the labels that may name it.
    matchers: Vec<String>,
    /// The name in paths.
    word: String,
}

/// A team with its receivers.
#[derive(Serialize, Debug)]
struct Team {
    name: String,
    /// Its alerts, as Alertmanager matches them.
    matcher: String,
    /// The name in addresses and paths.
    word: String,
    page: String,
    ticket: String,
    note: String,
}

/// An alert as its labels say it, and who must hear of it.
#[derive(Serialize, Debug)]
struct Case {
    matchers: Vec<String>,
    receiver: String,
}

/// Somebody who is no team of the specs.
const STRANGER: &str = "nobody-we-know";

/// What matches a label of this value and no other.
fn matcher(label: &str, value: &str) -> String {
    let escaped = value.replace('\\', r"\\").replace('"', "\\\"");
    format!("{label}=\"{}\"", escaped.replace('\n', r"\n"))
}

/// A word of a shell's command.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The same name where neither spaces nor slashes may stand.
fn word(team: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let word: String = team
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    word.trim_matches(['-', '.']).to_owned()
}

/// Labels of an alert.
fn of_team<'a>(team: &'a str, severity: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("service", "shop"), ("severity", severity), ("team", team)]
}

/// The label of an alert that is about one tenant.
const TENANT: &str = "tenant";

/// The labels by which alerts may name a tenant: ours, and those that specs make of their tenants.
fn tenant_labels(model: &Model, subjects: &[Subject<'_>]) -> BTreeSet<String> {
    let records = subjects
        .iter()
        .filter_map(|subject| match &model.get(subject.newest.ty).kind {
            TypeKind::Record(record) => Some(record),
            _ => None,
        });
    let marked = records
        .flat_map(|record| &record.fields)
        .filter(|field| field.obs.tenant)
        .filter_map(|field| field.obs.label.as_ref());
    marked.map(|label| label.name.clone()).collect()
}

impl Routing {
    /// The routes of all alerts there are.
    pub(crate) fn of(
        alerts: &[(Vec<String>, Alert)],
        model: &Model,
        subjects: &[Subject<'_>],
        addresses: &Addresses,
    ) -> Routing {
        let teams: BTreeSet<String> = alerts
            .iter()
            .filter_map(|(_, alert)| alert.always("team"))
            .collect();
        let receiver = |team: &str, what: &str| format!("{team}-{what}");
        let teams: Vec<Team> = teams
            .into_iter()
            .map(|team| Team {
                page: receiver(&team, "page"),
                ticket: receiver(&team, "ticket"),
                note: receiver(&team, "note"),
                matcher: matcher("team", &team),
                word: word(&team),
                name: team,
            })
            .collect();
        let mut tenant_labels = tenant_labels(model, subjects);
        if !tenant_labels.is_empty() || !addresses.tenants.is_empty() {
            tenant_labels.insert(TENANT.to_owned());
        }
        let names: BTreeSet<&String> = addresses.tenants.iter().collect();
        let tenants: Vec<Tenant> = names
            .iter()
            .map(|name| Tenant {
                receiver: format!("tenant-{name}"),
                matchers: tenant_labels
                    .iter()
                    .map(|label| matcher(label, name))
                    .collect(),
                word: word(name),
            })
            .collect();
        let case = |labels: &[(&str, &str)], receiver: &str| Case {
            matchers: labels
                .iter()
                .map(|(label, value)| shell(&matcher(label, value)))
                .collect(),
            receiver: shell(receiver),
        };
        let mut cases = vec![case(
            &[("alertname", WATCHDOG), ("severity", "info")],
            "watchdog",
        )];
        // The script asks for one receiver at a time, and a comma stands between two.
        let plain = |c: char| c != ',' && !c.is_control();
        let asked = |name: &str| name.chars().all(plain);
        let mut pages = vec![(STRANGER, "anybody-page")];
        for team in teams.iter().filter(|team| asked(&team.name)) {
            cases.push(case(&of_team(&team.name, "critical"), &team.page));
            cases.push(case(&of_team(&team.name, "warning"), &team.ticket));
            cases.push(case(&of_team(&team.name, "info"), &team.note));
            pages.push((&team.name, &team.page));
        }
        cases.push(case(&of_team(STRANGER, "critical"), "anybody-page"));
        cases.push(case(&of_team(STRANGER, "warning"), "anybody"));
        cases.push(case(&of_team(STRANGER, "info"), "anybody"));
        // Who hears of a tenant does so whatever the team: a stranger and a team of ours show it.
        for name in names.iter().filter(|name| asked(name)) {
            for label in &tenant_labels {
                for (team, page) in pages.iter().take(2) {
                    let mut labels = of_team(team, "critical");
                    labels.push((label, name));
                    cases.push(case(&labels, &format!("tenant-{name},{page}")));
                }
            }
        }
        Routing {
            teams,
            tenants,
            tenant_labels: tenant_labels.into_iter().collect(),
            mail: addresses.mail.clone(),
            webhook: addresses.webhook.clone(),
            watchdog: addresses.watchdog.clone(),
            cases,
        }
    }
}
