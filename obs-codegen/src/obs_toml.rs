//! `obs.toml`: how the output looks, defaults for every event, and annotations of schemas somebody else owns.

use obs_model::draft::Located;
use obs_model::keys;
use obs_model::resolve::Overlays;
use obs_model::settings::{MapType, Settings};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::node::{Member, Node};
use obs_schema::source::FileId;
use std::collections::BTreeMap;

/// What an `obs.toml` says.
#[derive(Clone, Debug, Default)]
pub struct ObsToml {
    /// `specs`: spec folders, relative to the file.
    pub specs: Vec<String>,
    /// `[build]`
    pub settings: Settings,
    /// `[defaults]` and `[events]`
    pub overlays: Overlays,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// `[defaults]` and `[events]` as they stand, for the derives of the package.
    pub exported: Option<Node>,
}

/// Addresses: where alerts go, and where they lead to; and how rules are laid out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Telemetry {
    /// Of Grafana.
    pub dashboards: Option<String>,
    /// Of the folder with the runbooks.
    pub runbooks: Option<String>,
    /// The domain that mail comes from and goes to.
    pub mail: Option<String>,
    /// Who is told of what nobody need do anything about.
    pub webhook: Option<String>,
    /// Who expects to hear all the time that alerts get through.
    pub watchdog: Option<String>,
    /// Tenants whose alerts somebody hears of beside the team.
    pub tenants: Vec<String>,
    /// Whether objectives share their rules; by their number when nothing is said.
    pub grouped: Option<bool>,
}

/// Top-level keys.
const TOP: [&str; 5] = ["specs", "build", "defaults", "events", "telemetry"];

/// Keys of `[build]`.
const BUILD: [&str; 14] = [
    "avro",
    "json",
    "serde",
    "borrowed",
    "setters",
    "keep_unknown",
    "formats",
    "map",
    "runtime",
    "modules",
    "attributes",
    "extern_types",
    "boxed",
    "rename",
];

/// Keys of `[telemetry]`.
const TELEMETRY: [&str; 7] = [
    "dashboards",
    "mail",
    "runbooks",
    "slo_layout",
    "tenants",
    "watchdog",
    "webhook",
];

/// Reads the text of an `obs.toml`.
pub fn read(cx: &mut Diagnostics, file: FileId, text: &str) -> ObsToml {
    let mut out = ObsToml::default();
    let Some(root) = crate::load::parse_toml(cx, file, text) else {
        return out;
    };
    for member in root.as_object().unwrap_or_default() {
        match member.name.as_str() {
            "specs" => out.specs = texts(cx, "specs", &member.value),
            "build" => build(cx, &member.value, &mut out.settings),
            "defaults" => {
                out.overlays.defaults = keys::event_keys(cx, &member.value);
                out.overlays.defaults.loc = None;
            }
            "telemetry" => telemetry(cx, &member.value, &mut out.telemetry),
            "events" => {
                for event in object(cx, "events", &member.value) {
                    let located = Located {
                        value: event.value.clone(),
                        loc: event.name_loc,
                    };
                    out.overlays.events.push((event.name.clone(), located));
                }
            }
            _ => unknown(cx, member, &TOP, "obs.toml"),
        }
    }
    out.exported = Some(root);
    out
}

fn build(cx: &mut Diagnostics, node: &Node, settings: &mut Settings) {
    for member in object(cx, "build", node) {
        let (key, value) = (member.name.as_str(), &member.value);
        match key {
            "avro" => set(cx, key, value, &mut settings.avro),
            "json" => set(cx, key, value, &mut settings.json),
            "serde" => set(cx, key, value, &mut settings.serde),
            "borrowed" => set(cx, key, value, &mut settings.borrowed),
            "setters" => set(cx, key, value, &mut settings.setters),
            "keep_unknown" => set(cx, key, value, &mut settings.keep_unknown),
            "formats" => {
                if let Some(word) = word(cx, key, value, &["assert", "annotate"]) {
                    settings.assert_formats = word == "assert";
                }
            }
            "map" => {
                if let Some(word) = word(cx, key, value, &["BTreeMap", "HashMap"]) {
                    settings.map = if word == "HashMap" {
                        MapType::HashMap
                    } else {
                        MapType::BTreeMap
                    };
                }
            }
            "modules" => {
                if let Some(word) = word(cx, key, value, &["namespace", "flat"]) {
                    settings.flat_modules = word == "flat";
                }
            }
            "runtime" => match value.as_str() {
                Some(path) => settings.runtime = path.to_owned(),
                None => wrong(cx, key, value, "a path such as `::obs_runtime`"),
            },
            "attributes" => {
                for entry in object(cx, key, value) {
                    settings
                        .attributes
                        .insert(entry.name.clone(), texts(cx, &entry.name, &entry.value));
                }
            }
            "extern_types" => settings.extern_types = map(cx, key, value),
            "rename" => settings.renames = map(cx, key, value),
            "boxed" => settings.boxed = texts(cx, key, value).into_iter().collect(),
            _ => unknown(cx, member, &BUILD, "[build]"),
        }
    }
}

fn telemetry(cx: &mut Diagnostics, node: &Node, to: &mut Telemetry) {
    for member in object(cx, "telemetry", node) {
        let address = match member.name.as_str() {
            "dashboards" => &mut to.dashboards,
            "mail" => &mut to.mail,
            "runbooks" => &mut to.runbooks,
            "watchdog" => &mut to.watchdog,
            "webhook" => &mut to.webhook,
            "tenants" => {
                to.tenants = texts(cx, "tenants", &member.value);
                continue;
            }
            "slo_layout" => {
                let words = ["expanded", "grouped"];
                let said = word(cx, "slo_layout", &member.value, &words);
                to.grouped = said.map(|said| said == "grouped");
                continue;
            }
            _ => {
                unknown(cx, member, &TELEMETRY, "[telemetry]");
                continue;
            }
        };
        match member.value.as_str() {
            Some(text) => *address = Some(text.trim_end_matches('/').to_owned()),
            None => wrong(cx, &member.name, &member.value, "an address in quotes"),
        }
    }
}

fn set(cx: &mut Diagnostics, key: &str, node: &Node, to: &mut bool) {
    match node.as_bool() {
        Some(value) => *to = value,
        None => wrong(cx, key, node, "`true` or `false`"),
    }
}

fn word<'a>(cx: &mut Diagnostics, key: &str, node: &'a Node, known: &[&str]) -> Option<&'a str> {
    let word = node.as_str();
    if word.is_none_or(|word| !known.contains(&word)) {
        wrong(
            cx,
            key,
            node,
            &known
                .iter()
                .map(|word| format!("`\"{word}\"`"))
                .collect::<Vec<_>>()
                .join(" or "),
        );
        return None;
    }
    word
}

fn texts(cx: &mut Diagnostics, key: &str, node: &Node) -> Vec<String> {
    let items = match node.as_array() {
        Some(items) => items,
        None => std::slice::from_ref(node),
    };
    let mut out = Vec::new();
    for item in items {
        match item.as_str() {
            Some(text) => out.push(text.to_owned()),
            None => wrong(cx, key, item, "a string"),
        }
    }
    out
}

fn map(cx: &mut Diagnostics, key: &str, node: &Node) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for entry in object(cx, key, node) {
        match entry.value.as_str() {
            Some(text) => drop(out.insert(entry.name.clone(), text.to_owned())),
            None => wrong(cx, &entry.name, &entry.value, "a string"),
        }
    }
    out
}

fn object<'a>(cx: &mut Diagnostics, key: &str, node: &'a Node) -> &'a [Member] {
    node.as_object().unwrap_or_else(|| {
        wrong(cx, key, node, "a table");
        &[]
    })
}

fn wrong(cx: &mut Diagnostics, key: &str, node: &Node, expected: &str) {
    let message = format!("`{key}` is {}, not {expected}", said(node));
    cx.push(
        Diagnostic::error("wrong-setting", node.loc, message).help(format!("write {expected}")),
    );
}

/// A word that is none of those known is told as it stands; of anything else the kind says enough.
fn said(node: &Node) -> String {
    node.as_str()
        .map_or_else(|| node.kind().to_owned(), |word| format!("`\"{word}\"`"))
}

fn unknown(cx: &mut Diagnostics, member: &Member, known: &[&str], place: &str) {
    let help = match nearest(&member.name, known.iter().copied()) {
        Some(near) => format!("write `{near}`"),
        None => format!("{place} knows {}", known.join(", ")),
    };
    let message = format!("{place} has no key `{}`", member.name);
    cx.push(Diagnostic::error("unknown-setting", member.name_loc, message).help(help));
}
