//! Each case is a file, or several, and what comes of it: the canonical form, then the complaints.

use super::*;
use crate::avro::canonical;

/// Reads files as JSON and says what came out: roots in canonical form, then complaints by position.
fn read(files: &[(&str, &str)]) -> (Set, String) {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<FileId> = files
        .iter()
        .map(|(path, text)| sources.add(*path, *text))
        .collect();
    let nodes: Vec<Option<Node>> = ids
        .iter()
        .map(|id| node::parse_json_with_comments(&mut cx, *id, &sources.get(*id).unwrap().text))
        .collect();
    let inputs: Vec<Input<'_>> = ids
        .iter()
        .zip(&nodes)
        .filter_map(|(file, node)| {
            Some(Input {
                file: *file,
                content: Content::Node(node.as_ref()?),
            })
        })
        .collect();
    let set = read_set(&mut cx, &sources, &inputs);
    let mut out: Vec<String> = set
        .documents
        .iter()
        .filter(|document| !document.broken)
        .filter_map(|document| document.root.as_ref())
        .map(|root| canonical::of(&set, root))
        .collect();
    for diagnostic in cx.into_sorted() {
        let position = sources.position(diagnostic.primary.loc).unwrap();
        let file = if files.len() > 1 {
            format!("{}:", sources.path(diagnostic.primary.loc.file))
        } else {
            String::new()
        };
        out.push(format!(
            "{file}{}:{} {}: {} ({})",
            position.line,
            position.column,
            diagnostic.code,
            diagnostic.message,
            diagnostic.help.unwrap_or_default()
        ));
    }
    (set, out.join("\n"))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(read(&[("a.avsc", text)]).1, expected);
}

#[test]
fn primitives_and_containers() {
    check("\"int\"", "\"int\"");
    check("{\"type\":{\"type\":{\"type\":\"int\"}}}", "\"int\"");
    check(
        "{\"type\":\"array\",\"items\":{\"type\":\"null\"}}",
        "{\"type\":\"array\",\"items\":\"null\"}",
    );
    check(
        "{\"values\":\"bytes\",\"type\":\"map\"}",
        "{\"type\":\"map\",\"values\":\"bytes\"}",
    );
    check("[\"int\"]", "[\"int\"]");
    check(
        "[\"string\",\"null\",{\"type\":\"long\"}]",
        "[\"string\",\"null\",\"long\"]",
    );
    check(
        "[]",
        "[]\n1:1 empty-union: this union has no branches, so no value fits it (list the types a value may have)",
    );
}
