//! Targets: the folders we bring, and those of a user, which add to them or stand in their place file by file.

use super::accept::Parser;
use crate::package::{self, Failure};
use obs_codegen::{fs, load};
use obs_model::diag;
use obs_schema::diag::Diagnostics;
use obs_schema::node::Node;
use obs_schema::source::SourceMap;
use std::collections::BTreeMap;
use std::path::Path;

/// Templates that all targets may use.
const SHARED: &str = "_partials";

/// What describes a target.
const ABOUT: &str = "target.toml";

/// A target.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name, which is its folder's.
    pub(crate) name: String,
    /// The files it makes.
    pub(crate) files: Vec<File>,
}

/// A file, or many of one kind, that a target makes.
#[derive(Debug)]
pub(crate) struct File {
    /// The template's text.
    pub(crate) template: String,
    /// A list in the view: one file for each of its items. One file in all when there is none.
    pub(crate) each: Option<String>,
    /// Where it goes: a template too.
    pub(crate) path: String,
    /// What must accept the result.
    pub(crate) parser: Parser,
}

/// Targets by name, and the partials they share.
#[derive(Debug)]
pub(crate) struct Targets {
    /// The targets.
    pub(crate) all: BTreeMap<String, Target>,
    /// Templates that other templates name.
    pub(crate) partials: BTreeMap<String, String>,
}

type Folder = BTreeMap<String, String>;

/// Texts by folder, then by name.
type Folders = BTreeMap<String, Folder>;

macro_rules! built_in {
    ($($folder:literal: $($file:literal),+;)+) => {
        &[$($((
            $folder,
            $file,
            include_str!(concat!("../../templates/", $folder, "/", $file)),
        ),)+)+]
    };
}

const BUILT_IN: &[(&str, &str, &str)] = built_in! {
    "_partials": "panel.hbs", "slack.hbs";
    "alertmanager": "target.toml", "alertmanager.hbs", "routes.hbs";
    "docs": "target.toml", "asyncapi.hbs", "events.hbs", "metrics.hbs";
    "grafana": "target.toml", "dashboard.hbs", "provider.hbs", "sources.hbs";
    "prometheus": "target.toml", "prometheus.hbs", "rules.hbs", "tests.hbs";
    "runbooks": "target.toml", "alert.hbs", "index.hbs";
    "slo": "target.toml", "openslo.hbs", "policy.hbs";
    "weaver": "target.toml", "attributes.hbs", "manifest.hbs", "signals.hbs";
};

/// Our targets with those of a folder laid over them.
pub(crate) fn targets(over: Option<&Path>) -> Result<Targets, Failure> {
    let mut folders = Folders::new();
    for (folder, name, text) in BUILT_IN {
        put(&mut folders, folder, name, (*text).to_owned());
    }
    if let Some(root) = over {
        for path in fs::list(root)?.files {
            let name = fs::relative(root, &path);
            let Some((folder, name)) = name.split_once('/') else {
                continue;
            };
            let text = String::from_utf8(fs::read(&path)?).map_err(|_| {
                format!(
                    "{} is not UTF-8 text\nhelp: save it as UTF-8",
                    path.display()
                )
            })?;
            put(&mut folders, folder, name, text);
        }
    }
    let mut partials = BTreeMap::new();
    for (name, text) in folders.remove(SHARED).unwrap_or_default() {
        let name = name.strip_suffix(".hbs").unwrap_or(&name).to_owned();
        partials.insert(name, text);
    }
    let mut all = BTreeMap::new();
    for (name, folder) in folders {
        all.insert(name.clone(), read(&name, &folder)?);
    }
    Ok(Targets { all, partials })
}

fn put(folders: &mut Folders, folder: &str, name: &str, text: String) {
    let folder = folders.entry(folder.to_owned()).or_default();
    folder.insert(name.to_owned(), text);
}

fn read(name: &str, folder: &Folder) -> Result<Target, Failure> {
    let place = format!("{name}/{ABOUT}");
    let Some(text) = folder.get(ABOUT) else {
        return Err(format!(
            "the target `{name}` has no {ABOUT}\nhelp: add one with a `[[file]]` for each template"
        )
        .into());
    };
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let file = sources.add(&place, text.as_str());
    let root = load::parse_toml(&mut cx, file, text);
    let found = cx.into_sorted();
    let Some(root) = root.filter(|_| found.is_empty()) else {
        return Err(diag::render(&found, &sources, diag::Format::Human, false).into());
    };
    let unknown = |known: &[&str], node: &Node| {
        let members = node.as_object().unwrap_or_default();
        let member = members
            .iter()
            .find(|member| !known.contains(&member.name.as_str()))?;
        let help = package::instead(&member.name, known.iter().copied(), "remove it");
        Some(format!(
            "{place} has no key `{}`\nhelp: {help}",
            member.name
        ))
    };
    if let Some(error) = unknown(&["file"], &root) {
        return Err(error.into());
    }
    let items = root.get("file").and_then(Node::as_array);
    let mut files = Vec::new();
    for node in items.unwrap_or_default() {
        if let Some(error) = unknown(&["template", "each", "path", "parser"], node) {
            return Err(error.into());
        }
        let said = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let needed = |key: &str| {
            said(key).ok_or_else(|| format!("a `[[file]]` of {place} has no `{key}`\nhelp: add it"))
        };
        let template = needed("template")?;
        let Some(text) = folder.get(&template) else {
            let help = package::instead(&template, folder.keys().map(String::as_str), "add it");
            return Err(format!(
                "{place} names `{template}`, which is not beside it\nhelp: {help}"
            )
            .into());
        };
        let parser = needed("parser")?;
        let Some(known) = Parser::named(&parser) else {
            let help = package::instead(
                &parser,
                Parser::names(),
                "one of yaml, json, markdown, text",
            );
            return Err(format!("{place}: no parser is called `{parser}`\nhelp: {help}").into());
        };
        files.push(File {
            template: text.clone(),
            each: said("each"),
            path: needed("path")?,
            parser: known,
        });
    }
    Ok(Target {
        name: name.to_owned(),
        files,
    })
}
