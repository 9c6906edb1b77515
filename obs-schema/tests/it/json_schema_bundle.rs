//! Texts that mean by themselves what a schema means among its files.

use crate::parsed;
use obs_schema::diag::Diagnostics;
use obs_schema::json::Json;
use obs_schema::json_schema::{
    Bundler, Input, SchemaDoc, SchemaId, ValidatorOptions, canonical_text, inputs, read_set,
};
use obs_schema::node::parse_json;
use obs_schema::source::SourceMap;

/// The bundle of the schema at a pointer of the first file; it must read without a word.
#[track_caller]
fn check(files: &[(&str, &str)], pointer: &str, expected: &str) {
    let mut cx = Diagnostics::default();
    let (sources, nodes) = parsed(&mut cx, files);
    let inputs = inputs(&sources, &nodes);
    let set = read_set(&mut cx, &inputs);
    assert!(cx.as_slice().is_empty(), "{:?}", cx.as_slice());
    let root = (0..).map(SchemaId).find(|id| {
        let schema = set.get(*id);
        schema.file == nodes[0].0 && schema.pointer == pointer
    });
    let text = Bundler::new(&set, &inputs)
        .bundle(root.expect("a schema"))
        .to_string();
    assert_eq!(text, expected);

    let mut cx = Diagnostics::default();
    let mut sources = SourceMap::default();
    let file = sources.add("alone.json", &*text);
    let node = parse_json(&mut cx, file, &text).expect("JSON");
    read_set(
        &mut cx,
        &[Input {
            file,
            path: "alone.json",
            node: &node,
        }],
    );
    assert!(cx.as_slice().is_empty(), "{:?}", cx.as_slice());
}

#[test]
fn a_file_that_needs_no_other_is_its_own_bundle() {
    check(
        &[(
            "a.json",
            r##"{"title": "A", "x-obs": {"key": true}, "$id": "https://x.example/a", "properties": {"b": {"$ref": "#/$defs/b"},
                "c": {"$ref": "http://json-schema.org/draft-07/schema#"}, "d": {"$ref": "a#b"}}, "$defs": {"b": {"$anchor": "b"}}}"##,
        )],
        "",
        r##"{"title":"A","x-obs":{"key":true},"$id":"https://x.example/a","properties":{"b":{"$ref":"#/$defs/b"},"c":{"$ref":"http://json-schema.org/draft-07/schema#"},"d":{"$ref":"a#b"}},"$defs":{"b":{"$anchor":"b"}}}"##,
    );
}

#[test]
fn needed_definitions_come_along() {
    check(
        &[
            (
                "events/a.json",
                r##"{"properties": {"m": {"$ref": "../common.json#/$defs/Money"}, "n": {"$ref": "../common.json#name"}, "o": {"$ref": "#/properties/m"}},
                    "x-obs": {"owner": "me"}, "$defs": {"Money": {}}}"##,
            ),
            (
                "common.json",
                r##"{"$id": "https://x.example/common", "$defs": {
                    "Money": {"properties": {"currency": {"$ref": "#/$defs/Currency"}, "of": {"$ref": "events/a.json"}}},
                    "Currency": {"enum": ["EUR"], "default": {"$ref": "kept"}},
                    "Name": {"$anchor": "name", "not": {"$id": "nested", "type": "string"}}, "Unused": {}}}"##,
            ),
        ]
        .map(|(path, text)| (path, text)),
        "",
        r##"{"properties":{"m":{"$ref":"#/$defs/Money2"},"n":{"$ref":"#/$defs/Name"},"o":{"$ref":"#/properties/m"}},"x-obs":{"owner":"me"},"$defs":{"Money":{},"Money2":{"properties":{"currency":{"$ref":"#/$defs/Currency"},"of":{"$ref":"#"}}},"Name":{"not":{"type":"string"}},"Currency":{"enum":["EUR"],"default":{"$ref":"kept"}}}}"##,
    );
}

#[test]
fn a_part_of_a_file_brings_the_rest() {
    check(
        &[(
            "a.json",
            r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {
                "A": {"items": {"$ref": "#/definitions/B"}, "not": {"$ref": "#/definitions/A/items"}}, "B": {"items": {"$ref": "#/definitions/A"}}}}"##,
        )],
        "/definitions/A",
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","items":{"$ref":"#/definitions/B"},"not":{"$ref":"#/items"},"definitions":{"B":{"items":{"$ref":"#"}}}}"##,
    );
}

#[test]
fn dialects_are_kept_apart() {
    check(
        &[
            (
                "a.json",
                r#"{"prefixItems": [{"$ref": "old.json#/definitions/x"}]}"#,
            ),
            (
                "old.json",
                r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"x": {"items": [{"$ref": "#/definitions/y"}]}, "y": {"$ref": "a.json"}}}"##,
            ),
        ],
        "",
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"file:///a.json","prefixItems":[{"$ref":"file:///old.json#/definitions/x"}],"$defs":{"file:///old.json":{"$id":"file:///old.json","$schema":"http://json-schema.org/draft-07/schema#","definitions":{"x":{"items":[{"$ref":"#/definitions/y"}]},"y":{"$ref":"file:///a.json#"}}}}}"##,
    );
}

#[test]
fn canonical_texts_differ_only_in_meaning() {
    let text = |text: &str| {
        let mut cx = Diagnostics::default();
        let file = SourceMap::default().add("a.json", "");
        canonical_text(&parse_json(&mut cx, file, text).expect("JSON").to_json())
    };
    assert_eq!(
        text(r#"{"b": [{"d": 1, "c": 2}], "a": {}}"#),
        r#"{"a":{},"b":[{"c":2,"d":1}]}"#
    );
}

#[test]
fn a_document_is_read_when_first_asked() {
    static GOOD: SchemaDoc = SchemaDoc::new(r#"{"type":"null"}"#, ValidatorOptions::DEFAULT);
    static BAD: SchemaDoc = SchemaDoc::new(r#"{"type":"nil"}"#, ValidatorOptions::DEFAULT);
    assert_eq!(GOOD.validate(&Json::Null), []);
    assert_eq!(GOOD.validate(&Json::Bool(true))[0].rule, "type");
    assert_eq!(BAD.validate(&Json::Null)[0].rule, "false");
}
