//! What templates see: values that are ready to print.

use super::alert::Alert;
use super::catalogue::Catalogue;
use super::own::Own;
use super::promql::duration;
use super::routing::Routing;
use super::rule::{Group, Rule, RuleFile, TestFile};
use super::slo::{self, Objective, Pace};
use super::subject::Subject;
use super::trial::{TestGroup, Trial};
use super::weaver::Registry;
use super::{
    Links, NOBODY, Profile, SAMPLE_LIMIT, code, contract, dashboard, events, pipeline, recording,
    runbook,
};
use crate::package::{Failure, Package};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
pub(super) fn of(package: &Package, profile: Profile, own: &Own) -> Result<Value, Failure> {
    let subjects = Subject::all(&package.outcome.model);
    let links = Links::of(package);
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
        package: links.package,
        profile: profile.as_str(),
        sample_limit: SAMPLE_LIMIT,
        scrape_interval: match profile {
            Profile::Dev => "5s",
            Profile::Prod => "15s",
        },
        from: &everything,
    };
    let team = package.settings.overlays.defaults.owner.as_ref();
    let team = team.map_or(NOBODY, |owner| owner.value.as_str());
    let mut rules = vec![RuleFile {
        name: "recording-events".to_owned(),
        from: everything.clone(),
        groups: vec![Group::new("events", 30, recording::rules())],
    }];
    let mut tests = vec![TestFile {
        name: "recording-events".to_owned(),
        from: everything.clone(),
        of: "recording-events".to_owned(),
        order: vec!["events".to_owned()],
        evaluation: duration(60),
        tests: vec![recording::trial().recorded()],
    }];
    let mut known: Vec<(Vec<String>, Alert)> = Vec::new();
    let mut objectives = Vec::new();
    let all = pipeline::alerts(team, &links, profile);
    known.extend(all.iter().map(|alert| (everything.clone(), alert.clone())));
    let of = ("alerts-telemetry".to_owned(), everything.clone());
    alerts(&mut rules, &mut tests, of, "telemetry".to_owned(), &all);
    for file in &own.files {
        let all = &file.alerts;
        known.extend(all.iter().map(|alert| (file.from.clone(), alert.clone())));
        let of = (file.name.clone(), file.from.clone());
        alerts(&mut rules, &mut tests, of, file.name.replace('-', " "), all);
    }
    for subject in &subjects {
        let event = subject.name();
        let all = events::alerts(subject, &links, profile);
        known.extend(all.iter().map(|alert| (place(subject), alert.clone())));
        let of = (format!("alerts-{event}"), place(subject));
        alerts(&mut rules, &mut tests, of, format!("event {event}"), &all);
    }
    let promised: Vec<Objective<'_>> = subjects.iter().flat_map(Objective::all).collect();
    for objective in &promised {
        let from = place(objective.subject);
        objectives.push(objective.shown(&links, from.clone()));
        let all = objective.alerts(&links, profile);
        known.extend(all.iter().map(|(_, alert)| (from.clone(), alert.clone())));
    }
    slo::Shown::tell_apart(&mut objectives);
    let (words, alone) = if slo::is_grouped(&links, &promised) {
        slo::Word::all(&promised)
    } else {
        (Vec::new(), promised.iter().collect())
    };
    for objective in alone {
        let from = place(objective.subject);
        let all = objective.alerts(&links, profile);
        one_by_one(&mut rules, &mut tests, from, objective, &links, &all);
    }
    for word in words {
        let objectives = word.objectives();
        let from: BTreeSet<String> = objectives.flat_map(|one| place(one.subject)).collect();
        let from = from.into_iter().collect();
        together(&mut rules, &mut tests, from, &word, &links, profile);
    }
    let catalogue = Catalogue::of(&package.outcome.model);
    let facts = dashboard::Facts {
        model: &package.outcome.model,
        subjects: &subjects,
        from: &everything,
        of: &place,
    };
    let dashboards = dashboard::all(&facts, own.dashboards.clone());
    let view: BTreeMap<&str, Value> = [
        ("head", serde_json::to_value(head)?),
        (
            "channels",
            serde_json::to_value(contract::channels(&package.outcome.model))?,
        ),
        (
            "events",
            serde_json::to_value(contract::entries(
                &package.outcome.model,
                &subjects,
                &links,
                &code::parts(&package.code)?,
            ))?,
        ),
        ("dashboards", serde_json::to_value(dashboards)?),
        ("families", serde_json::to_value(catalogue.rows())?),
        ("objectives", serde_json::to_value(objectives)?),
        (
            "routing",
            serde_json::to_value(Routing::of(
                &known,
                &package.outcome.model,
                &subjects,
                links.of,
            ))?,
        ),
        (
            "runbooks",
            serde_json::to_value(runbook::all(&known, &own.words))?,
        ),
        ("rule_files", serde_json::to_value(rules)?),
        ("test_files", serde_json::to_value(tests)?),
        (
            "weaver",
            serde_json::to_value(Registry::of(
                &package.outcome.model,
                &subjects,
                &catalogue,
                links.package,
            ))?,
        ),
    ]
    .into();
    Ok(serde_json::to_value(view)?)
}

fn alerts(
    rules: &mut Vec<RuleFile>,
    tests: &mut Vec<TestFile>,
    (name, from): (String, Vec<String>),
    group: String,
    all: &[Alert],
) {
    // Rules are evaluated as often as values come; most of them every minute, and seldom only where that shows what they hold for.
    let pace = |hold: u64, trial: &Trial| {
        let seldom = hold.is_multiple_of(trial.step);
        trial.step.min(if seldom {
            u64::MAX
        } else {
            Pace::Fast.seconds()
        })
    };
    let trials = all
        .iter()
        .flat_map(|alert| alert.trials.iter().map(|trial| pace(alert.hold, trial)));
    let steps: BTreeSet<u64> = trials.collect();
    for step in steps {
        let ending = if step == Pace::Fast.seconds() {
            String::new()
        } else {
            format!("-{step}s")
        };
        let of_step = all
            .iter()
            .flat_map(|alert| alert.tests(move |trial| pace(alert.hold, trial) == step));
        tests.push(TestFile {
            name: format!("{name}{ending}"),
            from: from.clone(),
            of: name.clone(),
            order: vec![group.clone()],
            evaluation: duration(step),
            tests: TestGroup::merge(of_step),
        });
    }
    rules.push(RuleFile {
        name,
        from,
        groups: vec![Group::of(group, 30, all)],
    });
}

/// The rules of an objective; a file of tests for each pace.
fn one_by_one(
    rules: &mut Vec<RuleFile>,
    tests: &mut Vec<TestFile>,
    from: Vec<String>,
    objective: &Objective<'_>,
    links: &Links<'_>,
    all: &[(Pace, Alert)],
) {
    let name = objective.file();
    let mut groups = objective.groups(links);
    let told = all.iter().map(|(_, alert)| alert.rule()).collect();
    groups.push(Group::new(
        format!("slo {} alerts", objective.id()),
        30,
        told,
    ));
    tests.extend(by_pace(
        &name,
        &from,
        &name,
        &groups,
        &all.iter().collect::<Vec<_>>(),
    ));
    rules.push(RuleFile { name, from, groups });
}

/// The rules of all objectives of a word, held by the tests of some of them.
fn together(
    rules: &mut Vec<RuleFile>,
    tests: &mut Vec<TestFile>,
    from: Vec<String>,
    word: &slo::Word<'_>,
    links: &Links<'_>,
    profile: Profile,
) {
    let name = word.file();
    let mut groups = word.groups(links);
    groups.push(Group::new(
        format!("{} alerts", name.replacen('-', " ", 1)),
        30,
        word.alerts(links, profile),
    ));
    for objective in word.witnesses() {
        let all = objective.alerts(links, profile);
        let held: Vec<&(Pace, Alert)> = all
            .iter()
            .filter(|(_, alert)| alert.name != slo::ABSENT)
            .collect();
        tests.extend(by_pace(&objective.file(), &from, &name, &groups, &held));
    }
    // What is absent can be asked of one at a time alone.
    for objective in word.objectives() {
        let all = objective.alerts(links, profile);
        let absent: Vec<&(Pace, Alert)> = all
            .iter()
            .filter(|(_, alert)| alert.name == slo::ABSENT)
            .collect();
        let told: Vec<Rule> = absent.iter().map(|(_, alert)| alert.rule()).collect();
        if told.is_empty() {
            continue;
        }
        let name = format!("{}-absent", objective.file());
        let group = format!("slo {} absent", objective.id());
        let groups = vec![Group::new(group, 30, told)];
        tests.extend(by_pace(&name, &from, &name, &groups, &absent));
        rules.push(RuleFile {
            name,
            from: from.clone(),
            groups,
        });
    }
    rules.push(RuleFile { name, from, groups });
}

/// A file of tests for each pace at which there are some.
fn by_pace(
    name: &str,
    from: &[String],
    of: &str,
    groups: &[Group],
    all: &[&(Pace, Alert)],
) -> Vec<TestFile> {
    let file = |(pace, ending): (Pace, &str)| {
        let of_pace = all.iter().filter(|(of, _)| *of == pace);
        let tests = TestGroup::merge(of_pace.flat_map(|(_, alert)| alert.tests(|_| true)));
        (!tests.is_empty()).then(|| TestFile {
            name: format!("{name}{ending}"),
            from: from.to_vec(),
            of: of.to_owned(),
            order: groups.iter().map(|group| group.name.clone()).collect(),
            evaluation: duration(pace.seconds()),
            tests,
        })
    };
    Pace::ALL.into_iter().filter_map(file).collect()
}
