//! Real Avro schemas: all of them parse, and what is written of them says the same.

use std::collections::BTreeMap;

use crate::corpora;
use obs_schema::avro::{self, Content, Input, Set, canonical, fingerprint, full_text};
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::json::Json;
use obs_schema::node::{self, Node};
use obs_schema::source::SourceMap;

/// Reads files as one set and gives the complaints as text.
fn read(files: &[(String, String)]) -> (Set, Vec<String>) {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<_> = files
        .iter()
        .map(|(path, text)| sources.add(path, text))
        .collect();
    let nodes: Vec<Option<Node>> = ids
        .iter()
        .map(|id| {
            node::parse_json_with_comments(&mut cx, *id, &sources.get(*id).expect("added").text)
        })
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
    let set = avro::read_set(&mut cx, &sources, &inputs);
    let complaints = cx
        .into_sorted()
        .iter()
        .map(|diagnostic| {
            let loc = diagnostic.primary.loc;
            let line = sources.position(loc).map_or(0, |position| position.line);
            let severity = diagnostic.severity.as_str();
            format!(
                "{severity}[{}] {}:{line}: {}",
                diagnostic.code,
                sources.path(loc.file),
                diagnostic.message
            )
        })
        .collect();
    (set, complaints)
}

/// The canonical form and the full text of a type, read again, have the same canonical form.
fn assert_round_trip(form: &str, full: &str, what: &str) {
    for text in [form, full] {
        let set = avro::read_text(text)
            .unwrap_or_else(|complaints| panic!("{what}: {complaints:#?}\n{text}"));
        let root = set.documents[0].root.as_ref().expect("a root");
        assert_eq!(canonical::of(&set, root), form, "{what}");
    }
    let set = avro::read_text(full).expect("read before");
    let root = set.documents[0].root.as_ref().expect("a root");
    assert_eq!(full_text::of(&set, root), full, "{what}");
}

#[test]
fn every_schema_parses_and_survives_being_written() {
    let Some(folder) = corpora::folder() else {
        return;
    };
    let mut schemas = 0;
    for source in [
        "avro-test-schemas",
        "avsc-kafka-streams-examples",
        "avsc-openedx",
        "cloudevents",
    ] {
        let mut files = corpora::files(&folder.join(source), &[".avsc", ".avpr", "schema.json"]);
        // Data, and JSON Schema.
        files.retain(|(path, _)| !path.ends_with("weather.json") && path != "cloudevents.json");
        let (set, complaints) = read(&files);
        let errors: Vec<_> = complaints
            .iter()
            .filter(|complaint| complaint.starts_with(Severity::Error.as_str()))
            .collect();
        assert!(errors.is_empty(), "{source}: {errors:#?}");
        assert!(complaints.len() < 20, "{source}: {complaints:#?}");
        for document in &set.documents {
            assert!(!document.broken && document.protocol.is_some() == document.root.is_none());
            if let Some(root) = &document.root {
                schemas += 1;
                assert_round_trip(
                    &canonical::of(&set, root),
                    &full_text::of(&set, root),
                    source,
                );
            }
        }
        for document in set
            .documents
            .iter()
            .filter(|document| document.protocol.is_some())
        {
            for id in &document.defines {
                let name = set.get(*id).name.to_string();
                assert_round_trip(
                    &canonical::named(&set, *id),
                    &full_text::named(&set, *id),
                    &name,
                );
            }
        }
    }
    assert!(schemas > 140, "{schemas}");
}

#[test]
fn schemas_of_the_specification() {
    let Some(folder) = corpora::folder() else {
        return;
    };
    let files = corpora::files(
        &folder.join("avro-test-schemas/share/test/data"),
        &["schema-tests.txt"],
    );
    let mut cases = 0;
    for case in files[0].1.split("\n\n") {
        let entries: BTreeMap<&str, String> = entries(case);
        let Some(input) = entries.get("INPUT") else {
            continue;
        };
        cases += 1;
        let set =
            avro::read_text(input).unwrap_or_else(|complaints| panic!("{input}: {complaints:#?}"));
        let form = canonical::of(&set, set.documents[0].root.as_ref().expect("a root"));
        assert_eq!(&form, &entries["canonical"]);
        if let Some(expected) = entries.get("fingerprint") {
            assert_eq!(
                fingerprint::rabin(form.as_bytes())
                    .cast_signed()
                    .to_string(),
                *expected,
                "{form}"
            );
        }
    }
    assert_eq!(cases, 34);
}

/// `<<NAME value`, or `<<NAME`, lines, and `NAME` on a line of its own.
fn entries(case: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut open: Option<(&str, String)> = None;
    for line in case.lines() {
        if let Some((name, mut text)) = open.take() {
            if line == name {
                found.insert(name, text);
            } else {
                text.push_str(line);
                text.push('\n');
                open = Some((name, text));
            }
        } else if let Some(entry) = line.strip_prefix("<<") {
            match entry.split_once(' ') {
                Some((name, value)) => drop(found.insert(name, value.to_owned())),
                None => open = Some((entry, String::new())),
            }
        }
    }
    found
}

#[test]
fn fingerprints_of_java() {
    let Some(folder) = corpora::folder() else {
        return;
    };
    let files = corpora::files(&folder.join("avro-compat-pairs"), &["pairs.jsonl"]);
    let mut sources = SourceMap::default();
    let (mut equal, mut refused, mut forgiven) = (0, 0, 0);
    for line in files[0].1.lines() {
        let mut cx = Diagnostics::default();
        let file = sources.add("pair.json", line);
        let pair = node::parse_json(&mut cx, file, line)
            .expect("JSON")
            .to_json();
        let text = |key| pair.get(key).and_then(Json::as_str).expect("text");
        let (reader, writer) = (
            avro::read_text(text("reader")),
            avro::read_text(text("writer")),
        );
        // What Java cannot parse has no fingerprint; we forgive it namespaces with dashes only.
        if text("java") == "PARSE_ERROR" {
            if reader.is_err() || writer.is_err() {
                refused += 1;
            } else {
                forgiven += 1;
                assert!(line.contains("redemption-reversed"), "{line}");
            }
            continue;
        }
        writer.unwrap_or_else(|complaints| panic!("{complaints:#?}\n{line}"));
        let set = reader.unwrap_or_else(|complaints| panic!("{complaints:#?}\n{line}"));
        let form = canonical::of(&set, set.documents[0].root.as_ref().expect("a root"));
        let fingerprint = fingerprint::rabin(form.as_bytes());
        assert_eq!(format!("{fingerprint:x}"), text("reader_crc64"), "{form}");
        equal += 1;
    }
    assert_eq!((equal, refused, forgiven), (688, 9, 3));
}
