//! Where queries stand: `expr` and `query` in YAML and JSON, blocks marked `promql` in Markdown.

use obs_codegen::load;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{self, Node};
use obs_schema::source::{FileId, Loc, SourceMap};

/// A query and its place.
#[derive(Debug)]
pub(crate) struct Query {
    /// What it says.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) loc: Loc,
}

/// A file with queries.
#[derive(Default, Debug)]
pub(super) struct Document {
    /// Its queries.
    pub(super) queries: Vec<Query>,
    /// Names that its rules record.
    pub(super) records: Vec<String>,
}

/// Reads a file; nothing when it has no queries.
pub(super) fn read(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    file: FileId,
    name: &str,
) -> Option<Document> {
    let source = sources.get(file)?;
    let mut document = Document::default();
    if name.ends_with(".md") {
        markdown(&mut document, file, &source.text);
    } else {
        let tree = if name.ends_with(".json") {
            node::parse_json(cx, file, &source.text)
        } else {
            load::parse_yaml(cx, file, source)
        };
        walk(&mut document, &tree?, true);
    }
    let empty = document.queries.is_empty() && document.records.is_empty();
    (!empty).then_some(document)
}

/// Looks for queries everywhere, but not below a source of data that is not Prometheus.
fn walk(document: &mut Document, node: &Node, is_prometheus: bool) {
    for item in node.as_array().unwrap_or_default() {
        walk(document, item, is_prometheus);
    }
    let source = node.get("datasource").and_then(|source| source.get("type"));
    let source = source.and_then(Node::as_str);
    let is_prometheus = source.map_or(is_prometheus, |source| source == "prometheus");
    // A variable of a dashboard asks for a list, unless its values are written down.
    let is_variable = node.get("type").and_then(Node::as_str) == Some("query");
    for member in node.as_object().unwrap_or_default() {
        let text = member.value.as_str();
        match (member.name.as_str(), text) {
            ("record", Some(name)) => document.records.push(name.to_owned()),
            ("expr", Some(text)) if is_prometheus => document.queries.push(Query {
                text: text.to_owned(),
                loc: member.value.loc,
            }),
            ("query", Some(text))
                if is_prometheus && (is_variable || text.starts_with("label_values(")) =>
            {
                if let Some(text) = listed(text) {
                    document.queries.push(Query {
                        text,
                        loc: member.value.loc,
                    });
                }
            }
            _ => walk(document, &member.value, is_prometheus),
        }
    }
}

/// What `label_values(selector, label)` and `query_result(query)` ask for, as a query.
fn listed(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix("query_result(") {
        return Some(inside.strip_suffix(')')?.to_owned());
    }
    let inside = text.strip_prefix("label_values(")?.strip_suffix(')')?;
    let (selector, label) = inside.rsplit_once(',')?;
    Some(format!("count by ({}) ({selector})", label.trim()))
}

fn markdown(document: &mut Document, file: FileId, text: &str) {
    let (mut at, mut block) = (0, None);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        match block {
            None if bare == "```promql" => block = Some(at + line.len()),
            Some(start) if bare == "```" => {
                document.queries.push(Query {
                    text: text[start..at].to_owned(),
                    loc: Loc::new(file, start, at),
                });
                block = None;
            }
            _ => {}
        }
        at += line.len();
    }
}
