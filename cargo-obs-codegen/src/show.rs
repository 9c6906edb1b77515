//! `show`: everything an event becomes.

use crate::cli::{Cli, Show};
use crate::package::{self, Failure, Package};
use crate::report;
use obs_model::model::{Event, Model, TypeKind, UpcastHow};
use std::fmt::Write as _;

/// `show`
pub(crate) fn run(cli: &Cli, arguments: &Show) -> Result<bool, Failure> {
    for package in package::all(cli)? {
        report::findings(cli, &package.outcome.diagnostics, &package.sources)?;
        match &arguments.event {
            None => {
                for event in &package.outcome.model.events {
                    let place = package.sources.path(event.file);
                    report::say(format!("{}@{}  {place}\n", event.event_type, event.version))?;
                }
            }
            Some(wanted) => report::say(page(&package, package.event(wanted)?))?,
        }
    }
    Ok(true)
}

fn page(package: &Package, event: &Event) -> String {
    let model = &package.outcome.model;
    let ty = model.get(event.ty);
    let mut out = format!("{} {}\n", event.event_type, event.version);
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {name:14} {text}");
        }
    };
    line("spec", package.sources.path(event.file));
    line("type", &path(&ty.name));
    line("topic", &event.topic);
    line("subject", &event.subject);
    line(
        "encoding",
        &format!("{:?} in envelope {:?}", event.encoding, event.envelope).to_lowercase(),
    );
    line("owner", event.owner.as_deref().unwrap_or("nobody yet"));
    line("domain", event.domain.as_deref().unwrap_or_default());
    line("service", event.service.as_deref().unwrap_or_default());
    line("tags", &event.tags.join(", "));
    line("runbook", event.runbook.as_deref().unwrap_or_default());
    line("compatibility", &event.compatibility);
    line(
        "fingerprints",
        &format!("rabin {:016x}, sha-256 {}", event.rabin, hex(&event.sha256)),
    );
    let labels = labels(model, event);
    let series: usize = labels.iter().map(|(_, values)| values.len()).product();
    let shown: Vec<String> = labels
        .iter()
        .map(|(name, values)| format!("{name} ({})", values.join(", ")))
        .collect();
    line("labels", &shown.join("; "));
    line(
        "published",
        &format!("event_published_total, {series} series"),
    );
    for slo in &event.slos {
        let under = slo
            .under_ns
            .map(|under| format!(" under {} ms", under.value / 1_000_000))
            .unwrap_or_default();
        line("slo", &format!("{} {} %{under}", slo.objective, slo.target));
    }
    for feed in &event.metrics {
        line("feeds", &format!("{} ({})", feed.name, feed.kind));
    }
    match event.upcast.as_ref() {
        Some(upcast) => {
            let from = model.events[upcast.from].version;
            match &upcast.how {
                UpcastHow::Derived => line("upcast", &format!("from {from}, derived")),
                UpcastHow::ByHand { reasons } => {
                    line(
                        "upcast",
                        &format!("from {from}, yours to write: {}", reasons.join("; ")),
                    );
                }
            }
        }
        None => line("upcast", "first version"),
    }
    if let TypeKind::Record(record) = &ty.kind {
        out.push_str("  fields\n");
        for field in &record.fields {
            let mut marks = Vec::new();
            let obs = &field.obs;
            for (on, mark) in [
                (obs.key, "key"),
                (obs.log, "log"),
                (obs.secret, "secret"),
                (obs.tenant, "tenant"),
                (obs.correlation, "correlation"),
                (field.optional, "optional"),
            ] {
                if on {
                    marks.push(mark.to_owned());
                }
            }
            marks.extend(obs.attr.iter().map(|attr| format!("span attribute {attr}")));
            marks.extend(
                obs.label
                    .iter()
                    .map(|label| format!("label {}", label.name)),
            );
            marks.extend(
                obs.pii
                    .iter()
                    .map(|pii| format!("pii {pii:?}").to_lowercase()),
            );
            let _ = writeln!(out, "    {:24} {}", field.wire, marks.join(", "));
        }
    }
    out
}

fn labels(model: &Model, event: &Event) -> Vec<(String, Vec<String>)> {
    let TypeKind::Record(record) = &model.get(event.ty).kind else {
        return Vec::new();
    };
    let labels = record
        .fields
        .iter()
        .filter_map(|field| field.obs.label.as_ref());
    labels
        .map(|label| (label.name.clone(), label.values.clone()))
        .collect()
}

fn path(name: &obs_model::model::RustName) -> String {
    name.module
        .iter()
        .chain([&name.ident])
        .cloned()
        .collect::<Vec<_>>()
        .join("::")
}

/// Bytes as people read them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
