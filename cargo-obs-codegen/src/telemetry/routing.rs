//! Who hears of which alert: receivers of each team, and what must come out of the routes.

use super::Addresses;
use super::alert::Alert;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What Alertmanager's configuration is printed from.
#[derive(Serialize, Debug)]
pub(crate) struct Routing {
    teams: Vec<Team>,
    mail: Option<String>,
    webhook: Option<String>,
    cases: Vec<Case>,
}

/// A team with its receivers.
#[derive(Serialize, Debug)]
struct Team {
    name: String,
    page: String,
    ticket: String,
    note: String,
}

/// An alert as its labels say it, and who must hear of it.
#[derive(Serialize, Debug)]
struct Case {
    labels: BTreeMap<&'static str, String>,
    receiver: String,
}

/// Somebody who is no team of the specs.
const STRANGER: &str = "nobody-we-know";

impl Routing {
    /// The routes of all alerts there are.
    pub(crate) fn of(alerts: &[(Vec<String>, Alert)], addresses: &Addresses) -> Routing {
        let teams: BTreeSet<&str> = alerts
            .iter()
            .flat_map(|(_, alert)| &alert.labels)
            .filter(|(name, _)| *name == "team")
            .map(|(_, team)| team.as_str())
            .collect();
        let receiver = |team: &str, what: &str| format!("{team}-{what}");
        let teams: Vec<Team> = teams
            .into_iter()
            .map(|team| Team {
                name: team.to_owned(),
                page: receiver(team, "page"),
                ticket: receiver(team, "ticket"),
                note: receiver(team, "note"),
            })
            .collect();
        let case = |team: &str, severity: &str, receiver: &str| Case {
            labels: [
                ("severity", severity.to_owned()),
                ("team", team.to_owned()),
                ("service", "shop".to_owned()),
            ]
            .into(),
            receiver: receiver.to_owned(),
        };
        let mut cases = Vec::new();
        // A name that means something to a shell is left out of the script, not of the routes.
        let plain = |c: char| c.is_alphanumeric() || " -_./@".contains(c);
        for team in teams.iter().filter(|team| team.name.chars().all(plain)) {
            cases.push(case(&team.name, "critical", &team.page));
            cases.push(case(&team.name, "warning", &team.ticket));
            cases.push(case(&team.name, "info", &team.note));
        }
        cases.push(case(STRANGER, "critical", "anybody-page"));
        cases.push(case(STRANGER, "warning", "anybody"));
        cases.push(case(STRANGER, "info", "anybody"));
        Routing {
            teams,
            mail: addresses.mail.clone(),
            webhook: addresses.webhook.clone(),
            cases,
        }
    }
}
