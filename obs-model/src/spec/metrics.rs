//! `*.metrics.yaml`: families of things that are no event, as a document.
//!
//! ```yaml
//! name: Payments                  # the struct; the file's name unless given
//! namespace: acme.billing         # its module
//! help: What happens to payments.
//! prefix: payments                # before the names of fields
//! max_series: 100
//! labels:
//!   provider: [stripe, adyen]
//!   repeated: bool
//! metrics:
//!   - field: attempts             # payments_attempts_total
//!     type: counter
//!     help: Payments that were tried.
//!     labels: [provider, repeated]
//!   - name: payment_duration_seconds
//!     type: histogram
//!     help: How long a payment took.
//!     unit: seconds
//!     buckets: [0.1, 1, 10]
//! ```

use super::avro::stem;
use crate::draft::Draft;
use crate::keys::{self, FamilyKeys};
use crate::model::RustName;
use crate::model::metrics::{
    Family, FamilyKind, FamilyLabel, LabelOf, LabelType, MOST_SERIES, MetricSet, USUAL_BUDGET,
};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::{Member, Node};
use obs_schema::source::{FileId, SourceMap};

/// Keys of a document.
const OF_DOCUMENT: [&str; 7] = [
    "name",
    "namespace",
    "help",
    "prefix",
    "max_series",
    "labels",
    "metrics",
];
/// Keys of a family, beside those every family has.
const OF_FAMILY: [&str; 4] = ["field", "type", "number", "allow"];

/// Reads all documents.
pub fn lower(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    documents: &[(FileId, Node)],
    draft: &mut Draft,
) {
    for (file, node) in documents {
        draft.metric_sets.extend(document(cx, sources, *file, node));
    }
}

fn document(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    file: FileId,
    node: &Node,
) -> Option<MetricSet> {
    let help = "write `metrics:` and a list of families";
    let members = keys::object(cx, "a metrics document", node, help)?;
    let stem = stem(sources, file);
    let mut set = MetricSet {
        name: RustName {
            module: Vec::new(),
            ident: stem.strip_suffix(".metrics").unwrap_or(&stem).to_owned(),
        },
        doc: None,
        labels: Vec::new(),
        families: Vec::new(),
        max_series: USUAL_BUDGET,
        file,
        loc: node.loc,
    };
    let (mut prefix, mut families) = (String::new(), None);
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "name" => {
                if let Some(name) = keys::text(cx, "`name`", value) {
                    set.name.ident = name.value;
                    set.loc = name.loc;
                }
            }
            "namespace" => {
                if let Some(namespace) = keys::text(cx, "`namespace`", value) {
                    set.name.module = namespace.value.split('.').map(str::to_owned).collect();
                }
            }
            "help" => set.doc = keys::text(cx, "`help`", value).map(|help| help.value),
            "prefix" => {
                if let Some(name) = keys::family_name(cx, "`prefix`", value) {
                    prefix = name.value;
                }
            }
            "max_series" => {
                if let Some(most) = keys::whole(cx, "`max_series`", value, 1..=MOST_SERIES) {
                    set.max_series = most.value;
                }
            }
            "labels" => set.labels = label_types(cx, value),
            "metrics" => families = keys::list(cx, "`metrics`", value, "write a list of families"),
            _ => keys::unknown_key(cx, member, "in a metrics document", &OF_DOCUMENT),
        }
    }
    if node.get("metrics").is_none() {
        keys::missing(cx, node, "`metrics`", "list the families");
    }
    for node in families.unwrap_or_default() {
        let family = family(cx, node, &prefix, &set.labels);
        set.families.extend(family);
    }
    Some(set)
}

/// Labels with their closed sets of words.
fn label_types(cx: &mut Diagnostics, node: &Node) -> Vec<LabelType> {
    let help = "write `label: [word, word]`";
    let members = keys::object(cx, "`labels`", node, help).unwrap_or_default();
    let mut out = Vec::new();
    for Member {
        name,
        name_loc,
        value,
    } in members
    {
        if !keys::is_label_name(cx, name, *name_loc) {
            continue;
        }
        let values = if value.as_str() == Some("bool") {
            Vec::new()
        } else {
            let label = format!("the label `{name}`");
            let Some(words) = keys::texts(cx, &label, value) else {
                continue;
            };
            if words.is_empty() {
                let message = format!("{label} has no values");
                let help = "list its values, or write `bool`";
                cx.push(Diagnostic::error("empty-value", value.loc, message).help(help));
                continue;
            }
            words
                .into_iter()
                .map(|word| (word.value, String::new()))
                .collect()
        };
        out.push(LabelType {
            name: name.clone(),
            ident: name.clone(),
            values,
            loc: *name_loc,
        });
    }
    out
}

fn family(cx: &mut Diagnostics, node: &Node, prefix: &str, types: &[LabelType]) -> Option<Family> {
    let help = "write `{ name: orders_total, type: counter, help: … }`";
    let members = keys::object(cx, "a family", node, help)?;
    let words = FamilyKind::ALL.map(|(word, kind, _)| (word, kind));
    let kind = node
        .get("type")
        .map(|node| keys::word(cx, "`type`", node, &words).map(|kind| kind.value));
    if kind.is_none() {
        keys::missing(cx, node, "`type`", "say what it is: `type: counter`");
    }
    let kind = kind.flatten();
    let keys = keys::family_keys(cx, members, kind, "on a family", &OF_FAMILY);
    let (mut field, mut float, mut allow) = (None, false, Vec::new());
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "field" => field = keys::text(cx, "`field`", value),
            "number" => {
                let words = [("whole", false), ("float", true)];
                float = keys::word(cx, "`number`", value, &words).is_some_and(|word| word.value);
                if !matches!(kind, None | Some(FamilyKind::Counter | FamilyKind::Gauge)) {
                    let message = "`number` belongs on a counter or a gauge";
                    cx.push(
                        Diagnostic::error("misplaced-key", member.name_loc, message)
                            .help("remove it: what is observed is always a float"),
                    );
                }
            }
            "allow" => allow = keys::texts(cx, "`allow`", value).unwrap_or_default(),
            _ => {}
        }
    }
    if keys.help.is_none() && node.get("help").is_none() {
        keys::missing(cx, node, "`help`", "say what it tells");
    }
    let kind = kind?;
    let labels = labels(cx, &keys, kind, types);
    let unit = keys.unit.clone().unwrap_or_default();
    let (name, name_loc, ident) = match (&keys.name, field) {
        (Some(name), Some(field)) => (name.value.clone(), name.loc, field.value),
        (Some(name), None) => (
            name.value.clone(),
            name.loc,
            short(&name.value, prefix, kind),
        ),
        (None, Some(field)) => {
            let name = keys::name_of(prefix, &field.value, &unit, kind);
            (name, field.loc, field.value)
        }
        (None, None) => {
            if node.get("name").is_none() && node.get("field").is_none() {
                keys::missing(cx, node, "`name`", "name the family: `name: orders_total`");
            }
            return None;
        }
    };
    Some(Family {
        ident,
        ty: None,
        kind,
        float,
        name,
        help: keys.help.unwrap_or_default(),
        unit,
        labels,
        buckets: keys.buckets,
        quantiles: keys.quantiles,
        window_s: keys.window_s,
        allow,
        loc: node.loc,
        name_loc,
    })
}

/// The field for a family's name: without the prefix of all and the ending of its kind.
fn short(name: &str, prefix: &str, kind: FamilyKind) -> String {
    let stem = name.strip_suffix(kind.ending()).unwrap_or(name);
    let stem = stem
        .strip_prefix(prefix)
        .and_then(|stem| stem.strip_prefix('_'))
        .unwrap_or(stem);
    if stem.is_empty() { name } else { stem }.to_owned()
}

fn labels(
    cx: &mut Diagnostics,
    keys: &FamilyKeys,
    kind: FamilyKind,
    types: &[LabelType],
) -> Vec<FamilyLabel> {
    let Some(names) = &keys.labels else {
        return Vec::new();
    };
    keys::check_labels(cx, names);
    if names.len() > 6 && kind != FamilyKind::Info {
        let message = format!("{} labels are more than a family can have", names.len());
        cx.push(
            Diagnostic::error("out-of-range", names[6].loc, message)
                .help("use six labels at most; each multiplies the series"),
        );
    }
    let mut out = Vec::new();
    for name in names {
        let of = if kind == FamilyKind::Info {
            LabelOf::Words
        } else if let Some(at) = types.iter().position(|ty| ty.name == name.value) {
            match types[at].values.is_empty() {
                true => LabelOf::Bool,
                false => LabelOf::Declared(at),
            }
        } else {
            let message = format!("no label is called `{}`", name.value);
            let known = types.iter().map(|ty| ty.name.as_str());
            let help = match nearest(&name.value, known) {
                Some(near) => format!("write `{near}`"),
                None => format!("declare it: `labels: {{ {}: [word, word] }}`", name.value),
            };
            cx.push(Diagnostic::error("unknown-word", name.loc, message).help(help));
            continue;
        };
        out.push(FamilyLabel {
            name: name.value.clone(),
            of,
        });
    }
    out
}
