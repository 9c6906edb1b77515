//! What templates see: values that are ready to print.

use super::alert::Alert;
use super::rule::{Group, RuleFile};
use super::subject::Subject;
use super::trial::TestGroup;
use super::{Links, Profile, SAMPLE_LIMIT, events, pipeline, recording};
use crate::package::{Failure, Package};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who answers for what belongs to nobody.
const NOBODY: &str = "unowned";

/// What every file may want to know.
#[derive(Serialize)]
struct Head<'a> {
    package: &'a str,
    profile: &'static str,
    sample_limit: u64,
    scrape_interval: &'static str,
    from: &'a [String],
}

/// The view of a package.
pub(super) fn of(
    package: &Package,
    profile: Profile,
) -> Result<BTreeMap<&'static str, Value>, Failure> {
    let subjects = Subject::all(&package.outcome.model);
    let name = if package.name.is_empty() {
        "events"
    } else {
        &package.name
    };
    let links = Links { package: name };
    let place = |subject: &Subject<'_>| -> Vec<String> {
        let files: BTreeSet<&str> = subject
            .versions
            .iter()
            .map(|event| package.sources.path(event.file))
            .collect();
        files.into_iter().map(str::to_owned).collect()
    };
    let everything: BTreeSet<String> = subjects.iter().flat_map(place).collect();
    let everything: Vec<String> = everything.into_iter().collect();
    let head = Head {
        package: name,
        profile: profile.as_str(),
        sample_limit: SAMPLE_LIMIT,
        scrape_interval: match profile {
            Profile::Dev => "5s",
            Profile::Prod => "15s",
        },
        from: &everything,
    };
    let recording = vec![Group::new("events", 30, recording::rules())];
    let team = package.settings.overlays.defaults.owner.as_ref();
    let team = team.map_or(NOBODY, |owner| owner.value.as_str());
    let mut rule_files = vec![alerts(
        "alerts-telemetry".to_owned(),
        everything.clone(),
        "telemetry".to_owned(),
        &pipeline::alerts(team, &links, profile),
    )];
    for subject in &subjects {
        let event = subject.name();
        let all = events::alerts(subject, &links, profile);
        rule_files.push(alerts(
            format!("alerts-{event}"),
            place(subject),
            format!("event {event}"),
            &all,
        ));
    }
    Ok([
        ("head", serde_json::to_value(head)?),
        ("recording", serde_json::to_value(recording)?),
        ("rule_files", serde_json::to_value(rule_files)?),
    ]
    .into())
}

fn alerts(name: String, from: Vec<String>, group: String, all: &[Alert]) -> RuleFile {
    let tests = TestGroup::merge(all.iter().flat_map(Alert::tests));
    RuleFile {
        name,
        from,
        groups: vec![Group::of(group, 30, all)],
        needs: Vec::new(),
        evaluation: "1m".to_owned(),
        tests,
    }
}
