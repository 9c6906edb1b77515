//! The keys of a family that is fed by code: those of a field of a `MetricSet`, and of a `*.metrics.yaml` document.

use super::field::label_name;
use super::metric::family_name;
use super::value::{ascending, list, seconds, text, unknown_key};
use crate::check::metric_fault;
use crate::draft::Located;
use crate::model::metrics::{Family, FamilyKind};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::{RESERVED_LABELS, is_family};
use obs_schema::node::Member;

/// What one family says about itself.
#[derive(Default)]
pub(crate) struct FamilyKeys {
    pub(crate) name: Option<Located<String>>,
    pub(crate) help: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) labels: Option<Vec<Located<String>>>,
    pub(crate) buckets: Option<Vec<f64>>,
    pub(crate) quantiles: Option<Vec<f64>>,
    pub(crate) window_s: Option<u64>,
}

const KEYS: [&str; 7] = [
    "name",
    "help",
    "unit",
    "labels",
    "buckets",
    "quantiles",
    "window",
];

/// Reads the keys of a family; `others` are the caller's.
pub(crate) fn family_keys(
    cx: &mut Diagnostics,
    members: &[Member],
    kind: Option<FamilyKind>,
    place: &str,
    others: &[&str],
) -> FamilyKeys {
    let mut keys = FamilyKeys::default();
    for member in members {
        let value = &member.value;
        let only = match member.name.as_str() {
            "name" => {
                keys.name = family_name(cx, "`name`", value);
                None
            }
            "help" => {
                keys.help = text(cx, "`help`", value).map(|help| help.value);
                None
            }
            "unit" => {
                keys.unit = label_name(cx, "`unit`", value);
                None
            }
            "labels" => {
                keys.labels = labels(cx, value);
                None
            }
            "buckets" => {
                keys.buckets = ascending(cx, "`buckets`", value, "a finite number", |_| true);
                Some((FamilyKind::Histogram, "a histogram"))
            }
            "quantiles" => {
                let range = "a number above 0 and below 1";
                keys.quantiles = ascending(cx, "`quantiles`", value, range, |q| q > 0.0 && q < 1.0);
                Some((FamilyKind::Summary, "a summary"))
            }
            "window" => {
                keys.window_s = seconds(cx, "`window`", value).map(|window| window.value);
                Some((FamilyKind::Summary, "a summary"))
            }
            name if others.contains(&name) => None,
            _ => {
                let known: Vec<&str> = KEYS.iter().chain(others).copied().collect();
                unknown_key(cx, member, place, &known);
                None
            }
        };
        if let (Some((wanted, words)), Some(kind)) = (only, kind)
            && kind != wanted
        {
            let message = format!("`{}` belongs on {words}", member.name);
            let help = format!("remove it, or make it {words}");
            cx.push(Diagnostic::error("misplaced-key", member.name_loc, message).help(help));
        }
    }
    keys
}

fn labels(cx: &mut Diagnostics, node: &obs_schema::node::Node) -> Option<Vec<Located<String>>> {
    let items = list(
        cx,
        "`labels`",
        node,
        "write a list of names: `[\"channel\"]`",
    )?;
    let mut out: Vec<Located<String>> = Vec::new();
    for item in items {
        let Some(name) = label_name(cx, "an element of `labels`", item) else {
            continue;
        };
        out.push(Located {
            value: name,
            loc: item.loc,
        });
    }
    Some(out)
}

/// Complains about labels that are taken, by us or by each other.
pub(crate) fn check_labels(cx: &mut Diagnostics, labels: &[Located<String>]) {
    for (at, label) in labels.iter().enumerate() {
        if RESERVED_LABELS.contains(&label.value.as_str()) {
            let message = format!("the label `{}` is taken", label.value);
            cx.push(
                Diagnostic::error("reserved-label", label.loc, message)
                    .help("give it another name in `labels`"),
            );
        }
        if let Some(first) = labels[..at].iter().find(|one| one.value == label.value) {
            let message = format!("two labels are called `{}`", label.value);
            cx.push(
                Diagnostic::error("duplicate-label", label.loc, message)
                    .other(first.loc, "first used here")
                    .help("give one of them another name in `labels`"),
            );
        }
    }
}

/// The name of a family that has none: prefix, field and unit, with the ending of its kind.
pub(crate) fn name_of(prefix: &str, field: &str, unit: &str, kind: FamilyKind) -> String {
    let mut name = field.to_owned();
    if !prefix.is_empty() {
        name = format!("{prefix}_{name}");
    }
    let ending = kind.ending();
    if let Some(stem) = name.strip_suffix(ending) {
        name.truncate(stem.len());
    }
    if !unit.is_empty() && name != unit && !name.ends_with(&format!("_{unit}")) {
        name = format!("{name}_{unit}");
    }
    name + ending
}

/// Complains about names that are taken, by us or by each other, or that break the practices.
pub(crate) fn check_names(cx: &mut Diagnostics, families: &[Family]) {
    for (at, family) in families.iter().enumerate() {
        let name = family.name.as_str();
        if is_family(name) {
            let message = format!("family `{name}` is one of ours");
            cx.push(
                Diagnostic::error("reserved-metric", family.name_loc, message)
                    .help("give it a name of your own domain"),
            );
        }
        if let Some(first) = families[..at].iter().find(|one| one.name == name) {
            let message = format!("two families are called `{name}`");
            cx.push(
                Diagnostic::error("duplicate-value", family.name_loc, message)
                    .other(first.name_loc, "first declared here")
                    .help("give one of them another `name`"),
            );
        }
        if let Some((what, better)) = metric_fault(name, family.kind.word()) {
            let message = format!("family `{name}` {what}");
            let help = format!("write `{better}`, or keep it with `allow: [metric-name]`");
            cx.push(Diagnostic::warning("metric-name", family.name_loc, message).help(help));
        }
    }
}
