//! `allow`: lints that a spec breaks on purpose.

use super::RULES;
use super::pages;
use crate::draft::Located;
use crate::model::Model;
use obs_schema::diag::{Diagnostic, Diagnostics, Severity, nearest};
use obs_schema::source::Loc;
use obs_schema::table::{Numbered, Table};

/// Takes out the warnings that the specs they stand in allow, and complains about an `allow` that allows nothing.
pub(super) fn apply(found: Diagnostics, model: &Model) -> Diagnostics {
    let mut out = Diagnostics::default();
    let mut used: Table<u128, ()> = Table::default();
    for diagnostic in found.into_sorted() {
        let place = diagnostic.primary.loc;
        let mut is_allowed = false;
        if diagnostic.severity == Severity::Warning {
            each_allowed(model, &mut |scope, rule| {
                if rule.value == diagnostic.code && covers(scope, place) {
                    is_allowed = true;
                    used.insert(rule.loc.number(), ());
                }
            });
        }
        if !is_allowed {
            out.push(diagnostic);
        }
    }
    let mut seen: Table<u128, ()> = Table::default();
    each_allowed(model, &mut |_, rule| {
        // Defaults of `obs.toml` stand in every event; they are judged once.
        if !used.contains(&rule.loc.number()) && seen.insert(rule.loc.number(), ()).is_none() {
            out.push(idle(rule));
        }
    });
    out
}

/// Goes through every lint that is allowed, with the place where that is in force.
fn each_allowed(model: &Model, see: &mut dyn FnMut(Scope, &Located<String>)) {
    let mut all = |scope, rules: &[Located<String>]| {
        for rule in rules {
            see(scope, rule);
        }
    };
    for event in &model.events {
        all(Scope::File(event.loc), &event.keys.allow);
        for feed in &event.keys.metrics {
            all(Scope::Range(feed.loc), &feed.value.allow);
        }
    }
    for set in &model.metric_sets {
        for family in &set.families {
            all(Scope::Range(family.loc), &family.allow);
        }
    }
}

#[derive(Clone, Copy)]
enum Scope {
    /// The file of an event: its fields and parts included.
    File(Loc),
    /// A family.
    Range(Loc),
}

fn covers(scope: Scope, place: Loc) -> bool {
    match scope {
        Scope::File(event) => event.file == place.file,
        Scope::Range(range) => {
            range.file == place.file && range.start <= place.start && place.end <= range.end
        }
    }
}

fn idle(rule: &Located<String>) -> Diagnostic {
    let name = &rule.value;
    if pages::explain(name).is_none() {
        let known = RULES.iter().map(|rule| rule.code);
        let help = match nearest(name, known) {
            Some(near) => format!("write `{near}`"),
            None => "name a warning by its code".to_owned(),
        };
        return Diagnostic::error(
            "unknown-rule",
            rule.loc,
            format!("there is no rule `{name}`"),
        )
        .help(help);
    }
    Diagnostic::warning(
        "unused-allow",
        rule.loc,
        format!("nothing here breaks `{name}`"),
    )
    .help("remove it; errors cannot be allowed")
}
