//! Who hears of which alert: receivers of each team, and what must come out of the routes.

use super::Addresses;
use super::alert::Alert;
use serde::Serialize;
use std::collections::BTreeSet;

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
    matchers: [String; 3],
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

impl Routing {
    /// The routes of all alerts there are.
    pub(crate) fn of(alerts: &[(Vec<String>, Alert)], addresses: &Addresses) -> Routing {
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
        let case = |team: &str, severity: &str, receiver: &str| Case {
            matchers: [("service", "shop"), ("severity", severity), ("team", team)]
                .map(|(label, value)| shell(&matcher(label, value))),
            receiver: shell(receiver),
        };
        let mut cases = Vec::new();
        // The script asks for one receiver at a time, and a comma stands between two.
        let plain = |c: char| c != ',' && !c.is_control();
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
