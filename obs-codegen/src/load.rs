//! From file texts to the trees of both dialects: which file holds what, in whichever spelling.

mod toml;
mod yaml;

use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Json;
use obs_schema::node::{self, Node};
use obs_schema::source::{FileId, Loc, SourceFile, SourceMap};
use obs_schema::{avro, json_schema};
use std::collections::BTreeMap;

pub use toml::parse as parse_toml;
pub use yaml::parse as parse_yaml;

/// What a spec folder holds.
#[derive(Debug, Default)]
pub struct Specs {
    /// Everything written in Avro.
    pub avro: avro::Set,
    /// Everything written in JSON Schema.
    pub json_schema: json_schema::Set,
    /// Each of its documents with what it needs of the others.
    pub bundles: BTreeMap<FileId, Json>,
    /// Documents of metrics.
    pub metrics: Vec<(FileId, Node)>,
    /// Documents about running the events, which the command line reads and builds do not.
    pub operational: Vec<FileId>,
    /// Files that are none of ours, with the reason.
    pub left_alone: Vec<(FileId, &'static str)>,
}

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Avro,
    Idl,
    JsonSchema,
    Metrics,
    Foreign(&'static str),
}

/// How the names of specs end.
pub const ENDINGS: [&str; 7] = ["avsc", "avro", "avpr", "avdl", "json", "yaml", "yml"];

/// Whether a file's name makes it worth reading.
#[must_use]
pub fn is_candidate(path: &str) -> bool {
    ENDINGS.contains(&path.rsplit('.').next().unwrap_or_default())
}

/// Reads every file of the map as what it is.
pub fn specs(cx: &mut Diagnostics, sources: &SourceMap, files: &[FileId]) -> Specs {
    let (mut left_alone, mut operational) = (Vec::new(), Vec::new());
    let mut avro_files: Vec<(FileId, Content)> = Vec::new();
    let (mut schema_files, mut metrics) = (Vec::new(), Vec::new());
    for id in files.iter().copied() {
        let Some(source) = sources.get(id) else {
            continue;
        };
        if is_operational(&source.path) {
            operational.push(id);
            continue;
        }
        let mut own = Diagnostics::default();
        let node = tree(&mut own, id, source);
        let kind = classify(&source.path, node.as_ref());
        // What is wrong in a file that is none of ours is none of our business.
        if !matches!(kind, Kind::Foreign(_)) {
            cx.append(own);
        }
        match (kind, node) {
            (Kind::Foreign(reason), _) => left_alone.push((id, reason)),
            (Kind::Idl, _) => avro_files.push((id, Content::Idl)),
            (Kind::Avro, Some(node)) => avro_files.push((id, Content::Tree(node))),
            (Kind::JsonSchema, Some(node)) => schema_files.push((id, node)),
            (Kind::Metrics, Some(node)) => metrics.push((id, node)),
            (Kind::Avro | Kind::JsonSchema | Kind::Metrics, None) => {}
        }
    }
    let (json_schema, bundles) = read_json_schema(cx, sources, &schema_files);
    Specs {
        avro: read_avro(cx, sources, &avro_files),
        json_schema,
        bundles,
        metrics,
        operational,
        left_alone,
    }
}

enum Content {
    Tree(Node),
    Idl,
}

fn read_avro(cx: &mut Diagnostics, sources: &SourceMap, files: &[(FileId, Content)]) -> avro::Set {
    let inputs: Vec<avro::parse::Input<'_>> = files
        .iter()
        .map(|(file, content)| avro::parse::Input {
            file: *file,
            content: match content {
                Content::Tree(node) => avro::parse::Content::Node(node),
                Content::Idl => avro::parse::Content::Idl,
            },
        })
        .collect();
    avro::parse::read_set(cx, sources, &inputs)
}

fn read_json_schema(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    files: &[(FileId, Node)],
) -> (json_schema::Set, BTreeMap<FileId, Json>) {
    let inputs = json_schema::inputs(sources, files);
    let set = json_schema::read_set(cx, &inputs);
    let bundles = json_schema::Bundler::new(&set, &inputs).documents();
    (set, bundles)
}

fn tree(cx: &mut Diagnostics, id: FileId, source: &SourceFile) -> Option<Node> {
    match source.path.rsplit('.').next().unwrap_or_default() {
        "avdl" => None,
        "yaml" | "yml" => yaml::parse(cx, id, source),
        // Avro's own tools read comments; so do we.
        "avsc" | "avro" | "avpr" => node::parse_json_with_comments(cx, id, &source.text),
        _ => node::parse_json(cx, id, &source.text),
    }
}

/// `orders.alerts.yaml`, `orders.dashboards.yaml`
fn is_operational(path: &str) -> bool {
    let base = path.rsplit_once('.').map_or(path, |(base, _)| base);
    [".alerts", ".dashboards"]
        .iter()
        .any(|word| base.ends_with(word))
}

fn classify(path: &str, node: Option<&Node>) -> Kind {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (base, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if base.ends_with(".metrics") {
        return Kind::Metrics;
    }
    match ending {
        "avsc" | "avro" | "avpr" => return Kind::Avro,
        "avdl" => return Kind::Idl,
        _ => {}
    }
    let says = |key: &str| node.is_some_and(|node| node.get(key).is_some());
    let avro_type = node
        .and_then(|node| node.get("type"))
        .and_then(Node::as_str);
    if matches!(avro_type, Some("record" | "error" | "fixed")) && says("name")
        || avro_type == Some("enum") && says("symbols")
        || says("protocol") && (says("types") || says("messages"))
    {
        return Kind::Avro;
    }
    if base.ends_with(".schema") || says("$schema") || says("x-obs") {
        return Kind::JsonSchema;
    }
    Kind::Foreign("it declares neither `$schema` nor `x-obs`")
}

/// Adds a file's bytes to the map. Complains about what is no text; an Avro data file is not a spec and is left out.
pub fn add(
    cx: &mut Diagnostics,
    sources: &mut SourceMap,
    path: &str,
    bytes: Vec<u8>,
) -> Option<FileId> {
    if bytes.starts_with(b"Obj\x01") {
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(sources.add(path, text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let id = sources.add(path, text);
            let loc = Loc::new(id, good, good + 1);
            cx.push(
                Diagnostic::error("not-utf8", loc, "the file is not UTF-8 text")
                    .help("save it as UTF-8"),
            );
            None
        }
    }
}
