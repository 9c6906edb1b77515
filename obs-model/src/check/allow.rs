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
        let allows = |rule: &&Located<String>| rule.value == diagnostic.code;
        let by: Vec<Loc> = match diagnostic.severity {
            Severity::Error => Vec::new(),
            Severity::Warning => scopes(model)
                .filter(|(scope, _)| covers(*scope, place))
                .flat_map(|(_, rules)| rules.iter().filter(allows).map(|rule| rule.loc))
                .collect(),
        };
        if by.is_empty() {
            out.push(diagnostic);
        }
        for rule in by {
            used.insert(rule.number(), ());
        }
    }
    let mut seen: Table<u128, ()> = Table::default();
    for rule in scopes(model).flat_map(|(_, rules)| rules) {
        // Defaults of `obs.toml` stand in every event; they are judged once.
        if !used.contains(&rule.loc.number()) && seen.insert(rule.loc.number(), ()).is_none() {
            out.push(idle(rule));
        }
    }
    out
}

/// Every list of allowed lints with the place it is in force.
fn scopes(model: &Model) -> impl Iterator<Item = (Scope, &[Located<String>])> {
    let events = model.events.iter().flat_map(|event| {
        let own = std::iter::once((Scope::File(event.loc), event.keys.allow.as_slice()));
        let feeds = event.keys.metrics.iter();
        own.chain(feeds.map(|feed| (Scope::Range(feed.loc), feed.value.allow.as_slice())))
    });
    let families = model.metric_sets.iter().flat_map(|set| &set.families);
    events.chain(families.map(|family| (Scope::Range(family.loc), family.allow.as_slice())))
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
