//! `telemetry`: what the people who run these events need, rendered from the same Model as the code.

mod alert;
mod catalogue;
mod code;
mod contract;
mod dashboard;
mod events;
mod own;
mod pipeline;
mod promql;
mod recording;
mod routing;
mod rule;
mod runbook;
mod sample;
mod shape;
mod slo;
mod subject;
mod trial;
mod view;
mod weaver;

pub(crate) use catalogue::{Catalogue, Found, Kind};

use crate::cli::{Cli, Telemetry};
use crate::generate::difference;
use crate::package::{self, Failure, Package};
use crate::render::{self, Settled, Target};
use crate::report;
use clap::ValueEnum;
use obs_codegen::fs;
use obs_codegen::obs_toml::Telemetry as Addresses;
use obs_schema::diag::Diagnostic;
use own::Own;
use rule::{Group, Severity};
use slo::Objective;
use std::collections::BTreeMap;
use std::path::Path;
use subject::Subject;

/// Samples that a scrape of one process may bring.
const SAMPLE_LIMIT: u64 = 50_000;

/// Who answers for what belongs to nobody.
const NOBODY: &str = "unowned";

/// Where it all will run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Profile {
    /// Nobody is woken, and scrapes come often.
    Dev,
    /// For the real world.
    Prod,
}

impl Profile {
    fn as_str(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Prod => "prod",
        }
    }

    fn severity(self, severity: Severity) -> Severity {
        match self {
            Profile::Dev => severity.max(Severity::Warning),
            Profile::Prod => severity,
        }
    }
}

/// Where alerts lead to.
struct Links<'a> {
    /// The package, which stands for a service where no event names one.
    package: &'a str,
    /// Addresses.
    of: &'a Addresses,
}

impl Links<'_> {
    fn of(package: &Package) -> Links<'_> {
        let name = if package.name.is_empty() {
            "events"
        } else {
            &package.name
        };
        Links {
            package: name,
            of: &package.settings.telemetry,
        }
    }

    fn uid(&self, uid: &str) -> String {
        let base = self.of.dashboards.as_deref().unwrap_or_default();
        format!("{base}/d/{uid}")
    }

    fn runbook(&self, alert: &str) -> String {
        let base = self.of.runbooks.as_deref().unwrap_or("runbooks");
        format!("{base}/{alert}.md")
    }

    fn dashboard(&self, name: &str) -> String {
        self.uid(&format!("obs-{name}"))
    }

    fn event_dashboard(&self, event: &str) -> String {
        self.dashboard(&format!("event?var-event={event}"))
    }

    fn slo_dashboard(&self, slo: &str) -> String {
        self.dashboard(&format!("slo?var-slo={slo}"))
    }
}

/// Names that are alike become others; those that nothing is like stay as they are.
fn tell_apart<'a>(names: impl Iterator<Item = &'a mut String>, other: impl Fn(usize) -> String) {
    let mut all: Vec<&mut String> = names.collect();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for name in &all {
        *known.entry((**name).clone()).or_default() += 1;
    }
    for (at, name) in all.iter_mut().enumerate() {
        if known.get(&**name).is_some_and(|count| *count > 1) {
            **name = other(at);
        }
    }
}

/// What the services of a package expose, and what our rules record of it.
pub(crate) fn catalogue_of(package: &Package) -> Catalogue {
    let mut catalogue = Catalogue::of(&package.outcome.model);
    let links = Links::of(package);
    catalogue.record(&[Group::new("events", 30, recording::rules())]);
    let subjects = Subject::all(&package.outcome.model);
    let objectives: Vec<Objective<'_>> = subjects.iter().flat_map(Objective::all).collect();
    for objective in &objectives {
        catalogue.record(&objective.groups(&links));
    }
    if slo::is_grouped(&links, &objectives) {
        for word in slo::Word::all(&objectives).0 {
            catalogue.record(&word.groups(&links));
        }
    }
    catalogue
}

/// `telemetry`
pub(crate) fn run(cli: &Cli, arguments: &Telemetry) -> Result<bool, Failure> {
    let mut clean = true;
    for package in package::all(cli)? {
        report::findings(cli, &package.outcome.diagnostics, &package.sources)?;
        if package.outcome.has_errors() {
            clean = false;
            continue;
        }
        let (own, wrong) = own::read(&package, &catalogue_of(&package), arguments.profile);
        report::findings(cli, &wrong, &package.sources)?;
        clean &= wrong.is_empty() && write(cli, arguments, &package, &own)?;
    }
    Ok(clean)
}

/// What is wrong with the documents about running the events.
pub(crate) fn findings(package: &Package) -> Vec<Diagnostic> {
    if package.outcome.has_errors() || package.outcome.operational.is_empty() {
        return Vec::new();
    }
    own::read(package, &catalogue_of(package), Profile::Prod).1
}

fn write(cli: &Cli, arguments: &Telemetry, package: &Package, own: &Own) -> Result<bool, Failure> {
    let over = arguments
        .templates
        .as_ref()
        .map(|path| package.root.join(path));
    let targets = render::targets(over.as_deref())?;
    for only in &arguments.only {
        if !targets.all.contains_key(only) {
            let known = targets.all.keys().map(String::as_str);
            let all = format!("one of {}", known.clone().collect::<Vec<_>>().join(", "));
            let help = package::instead(only, known, &all);
            return Err(format!("there is no target `{only}`\nhelp: {help}").into());
        }
    }
    let is_wanted =
        |target: &&Target| arguments.only.is_empty() || arguments.only.contains(&target.name);
    let wanted = || targets.all.values().filter(is_wanted);
    let view = view::of(package, arguments.profile, own)?;
    let files = render::render(&targets, wanted(), view)?;
    let folder = package.root.join(&arguments.out);
    let settled = render::settle(&folder, arguments.profile.as_str(), &files, &|target| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| only == target)
    })?;
    for refused in &settled.refused {
        report::complain(&format!("error: {}/{refused}", arguments.out.display()));
    }
    let clean = settled.refused.is_empty();
    if arguments.check {
        return Ok(show(cli, &arguments.out, &settled)? && clean);
    }
    for change in &settled.changes {
        let path = folder.join(&change.path);
        match &change.after {
            Some(text) => drop(fs::write_if_changed(&path, text).map_err(package::unwritable)?),
            None => fs::remove(&path).map_err(package::unwritable)?,
        }
    }
    report::note(
        cli,
        &format!(
            "{}: {} files, {} changed",
            folder.display(),
            files.len() + 1,
            settled.changes.len()
        ),
    );
    Ok(clean)
}

/// Prints what would change; true when nothing would.
fn show(cli: &Cli, out: &Path, settled: &Settled) -> Result<bool, Failure> {
    for change in &settled.changes {
        let name = format!("{}/{}", out.display(), change.path);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (before, after) = (text(&change.before), text(&change.after));
        report::say(difference(&name, &before, &after))?;
    }
    if !settled.changes.is_empty() {
        report::note(
            cli,
            "help: run `cargo obs-codegen telemetry`, and commit the difference",
        );
    }
    Ok(settled.changes.is_empty())
}
