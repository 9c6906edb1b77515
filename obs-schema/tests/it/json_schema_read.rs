//! Reading JSON Schema: what references mean, and what is said about mistakes.

use crate::parsed;
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::json_schema::{Body, Dialect, Keywords, Set, inputs, read_set};
use obs_schema::source::{FileId, SourceMap};

/// Files in memory with what reading them gave.
struct Files {
    sources: SourceMap,
    set: Set,
    cx: Diagnostics,
}

fn read(files: &[(&str, &str)]) -> Files {
    let mut cx = Diagnostics::default();
    let (sources, nodes) = parsed(&mut cx, files);
    let set = read_set(&mut cx, &inputs(&sources, &nodes));
    Files { sources, set, cx }
}

impl Files {
    /// Every reference with the place it leads to, and every complaint.
    fn tell(self) -> String {
        let mut out = Vec::new();
        for schema in &self.set.schemas {
            let Body::Keywords(keywords) = &schema.body else {
                continue;
            };
            if schema.file == FileId::BUILT_IN {
                continue;
            }
            for target in keywords
                .ref_
                .iter()
                .chain(keywords.dynamic_ref.iter().map(|(target, _)| target))
            {
                let target = self.set.get(*target);
                let file = if target.file == schema.file {
                    ""
                } else {
                    self.sources.path(target.file)
                };
                out.push(format!("{} -> {file}#{}", schema.pointer, target.pointer));
            }
        }
        for diagnostic in self.cx.into_sorted() {
            let position = self
                .sources
                .position(diagnostic.primary.loc)
                .expect("a file place");
            let help = diagnostic.help.unwrap_or_default();
            out.push(format!(
                "{}:{} {}[{}] {} ({help})",
                position.line,
                position.column,
                if diagnostic.severity == Severity::Error {
                    "error"
                } else {
                    "warning"
                },
                diagnostic.code,
                diagnostic.message,
            ));
        }
        out.join("\n")
    }
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    assert_eq!(read(files).tell(), expected);
}

fn root(files: &Files) -> &Keywords {
    match &files.set.get(files.set.documents[0].root).body {
        Body::Keywords(keywords) => keywords,
        Body::Bool(_) => panic!("an object"),
    }
}

#[test]
fn pointers_lead_anywhere_in_the_file() {
    check(
        &[(
            "a.json",
            r##"{"properties": {
            "x": {"$ref": "#/components/schemas/Big%20X~1Y"},
            "y": {"$ref": "#/properties/x"},
            "z": {"$ref": "#/list/1"},
            "all": {"items": {"$ref": "#"}}},
            "list": [1, {"$ref": "#/components/schemas/a~0b"}],
            "components": {"schemas": {"Big X/Y": {}, "a~b": true}}}"##,
        )],
        "/properties/x -> #/components/schemas/Big X~1Y\n\
         /properties/y -> #/properties/x\n\
         /properties/z -> #/list/1\n\
         /properties/all/items -> #\n\
         /list/1 -> #/components/schemas/a~0b",
    );
}

#[test]
fn files_and_ids_are_found() {
    check(
        &[
            (
                "events/a.json",
                r#"{"$id": "https://acme.example/events/a", "properties": {
                "by_path": {"$ref": "../common/money.json#/$defs/Amount"},
                "by_id": {"$ref": "https://acme.example/common/money#amount"},
                "by_relative_id": {"$ref": "../common/money"}}}"#,
            ),
            (
                "common/money.json",
                r#"{"$id": "https://acme.example/common/money",
                "$defs": {"Amount": {"$anchor": "amount", "$ref": "./currency%20codes.json"}}}"#,
            ),
            ("common/currency codes.json", "true"),
        ],
        "/properties/by_path -> common/money.json#/$defs/Amount\n\
         /properties/by_id -> common/money.json#/$defs/Amount\n\
         /properties/by_relative_id -> common/money.json#\n\
         /$defs/Amount -> common/currency codes.json#",
    );
}

#[test]
fn nested_ids_move_the_base() {
    check(
        &[(
            "a.json",
            r##"{"$id": "http://x.example/root", "$defs": {
            "inner": {"$id": "inner/", "$defs": {"leaf": {"$anchor": "leaf"}},
                "properties": {"own": {"$ref": "#/$defs/leaf"}, "anchor": {"$ref": "#leaf"}, "wrong_base": {"$ref": "#/$defs/outer"}}},
            "outer": {"$ref": "inner/#leaf"}}}"##,
        )],
        "/$defs/inner/properties/own -> #/$defs/inner/$defs/leaf\n\
         /$defs/inner/properties/anchor -> #/$defs/inner/$defs/leaf\n\
         /$defs/inner/properties/wrong_base -> #/$defs/outer\n\
         /$defs/outer -> #/$defs/inner/$defs/leaf",
    );
}

#[test]
fn old_identifiers_are_understood() {
    check(
        &[(
            "a.json",
            r##"{"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://x.example/a",
            "definitions": {"item": {"id": "#item"}, "odd": {"id": "#/odd"}},
            "items": {"$ref": "#item"}, "not": {"$ref": "http://x.example/a#/odd"}, "additionalProperties": {"$ref": "#/"}}"##,
        )],
        "/items -> #/definitions/item\n/not -> #/definitions/odd\n/additionalProperties -> #",
    );
}

#[test]
fn meta_schemas_are_at_hand() {
    check(
        &[(
            "a.json",
            r#"{"items": {"$ref": "http://json-schema.org/draft-07/schema#"},
            "contains": {"$ref": "https://json-schema.org/draft/2020-12/meta/core"},
            "not": {"$ref": "https://json-schema.org/draft-04/schema#/definitions/positiveInteger"}}"#,
        )],
        "/items -> <built in>#\n\
         /contains -> <built in>#/$defs/core\n\
         /not -> <built in>#/definitions/positiveInteger",
    );
}

#[test]
fn missing_targets_are_named() {
    check(
        &[
            (
                "events/a.json",
                r##"{"properties": {
"a": {"$ref": "https://elsewhere.example/x.json#/y"},
"b": {"$ref": "../comon/b.json"},
"c": {"$ref": "#/$defs/Adress"},
"d": {"$ref": "#adress"},
"e": {"$ref": "#/required"}},
"required": [],
"$defs": {"Address": {"$anchor": "address"}}}"##,
            ),
            ("common/b.json", "{}"),
        ],
        "2:15 warning[unresolved-reference] `https://elsewhere.example/x.json` is not among the specs, so any value is allowed here \
         (add the document to the spec folder; its `$id` is how it is found)\n\
         3:15 error[unresolved-reference] `../comon/b.json` refers to `comon/b.json`, which is not among the specs (write `common/b.json`)\n\
         4:15 error[unresolved-reference] `#/$defs/Adress` leads nowhere: there is no `Adress` in `/$defs` (write `Address`)\n\
         5:15 error[unresolved-reference] `#adress` refers to an anchor nobody claims (write `#address`)\n\
         6:15 error[unresolved-reference] `#/required` leads to an array, which is no schema (refer to an object or a boolean)",
    );
}

#[test]
fn circles_are_cut() {
    check(
        &[(
            "a.json",
            r##"{"$defs": {
"a": {"allOf": [{"$ref": "#/$defs/b"}]},
"b": {"anyOf": [{"$ref": "#/$defs/a"}, {"properties": {"next": {"$ref": "#/$defs/b"}}}]},
"self": {"$ref": "#/$defs/self"}}}"##,
        )],
        "/$defs/b/anyOf/1/properties/next -> #/$defs/b\n\
         2:18 error[reference-cycle] this reference leads back to itself before it says anything (refer to another schema, or move the reference below `properties` or `items`)\n\
         4:10 error[reference-cycle] this reference leads back to itself before it says anything (refer to another schema, or move the reference below `properties` or `items`)",
    );
}

#[test]
fn wrong_values_are_reported_at_their_keys() {
    check(
        &[(
            "a.json",
            r#"{"type": "strnig", "minLength": "1",
"required": ["a", 1], "properties": [],
"title": 5, "allOf": {}, "items": "string", "minimun": 1,
"multipleOf": 0, "maxItems": -1, "pattern": "a(", "properties": {"x": {"required": true}}}"#,
        )],
        "1:10 error[invalid-keyword] `strnig` is no type of JSON Schema (write `string`)\n\
         1:20 error[invalid-keyword] `minLength` is a string, not a whole number from zero up (write a whole number from zero up, or remove the keyword)\n\
         2:19 error[invalid-keyword] an element of `required` is a number, not a string (write the name of a property)\n\
         2:23 error[invalid-keyword] `properties` is an array, not an object of schemas (write an object of schemas, or remove the keyword)\n\
         3:1 warning[invalid-keyword] `title` is `5`, not a string (write a string, or remove the keyword)\n\
         3:13 error[invalid-keyword] `allOf` is an object, not an array of schemas (write an array of schemas, or remove the keyword)\n\
         3:35 error[invalid-schema] a string stands where a schema should be, which is an object or a boolean (write `{ \"type\": \"string\" }`)\n\
         3:45 warning[unknown-keyword] `minimun` is no keyword of JSON Schema (write `minimum`, or begin the name with `x-`)\n\
         4:1 error[invalid-keyword] `multipleOf` is `0`, not a number above zero (write a number above zero, or remove the keyword)\n\
         4:18 error[invalid-keyword] `maxItems` is `-1`, not a whole number from zero up (write a whole number from zero up, or remove the keyword)\n\
         4:45 error[invalid-pattern] `a(` is no regular expression of ECMA-262: this group is never closed (at character 2) (correct the expression)\n\
         4:51 error[duplicate-key] key `properties` is written twice (remove one of the two)\n\
         4:72 warning[invalid-keyword] `required` as a boolean is draft-03, so it is ignored (list the names of required properties in the object's own `required`)",
    );
}

#[test]
fn keywords_of_other_dialects_mean_nothing() {
    check(
        &[(
            "a.json",
            r#"{"$schema": "http://json-schema.org/draft-07/schema#",
"unevaluatedProperties": false, "id": "x", "prefixItems": []}"#,
        )],
        "2:1 warning[ignored-keyword] `unevaluatedProperties` means nothing in draft-07, so it is ignored (declare a newer dialect in `$schema`, or remove the keyword)\n\
         2:44 warning[ignored-keyword] `prefixItems` means nothing in draft-07, so it is ignored (declare a newer dialect in `$schema`, or remove the keyword)",
    );
}

#[test]
fn dialects_are_told_apart() {
    for (text, expected) in [
        ("{}", Dialect::Draft202012),
        (
            r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#,
            Dialect::Draft4,
        ),
        (
            r#"{"$schema": "http://json-schema.org/draft-06/schema"}"#,
            Dialect::Draft7,
        ),
        (
            r#"{"$schema": "https://json-schema.org/draft/2019-09/schema"}"#,
            Dialect::Draft201909,
        ),
        (r#"{"definitions": {}}"#, Dialect::Draft7),
        (r#"{"definitions": {}, "$defs": {}}"#, Dialect::Draft202012),
        (r#"{"id": "http://x.example/a"}"#, Dialect::Draft4),
        (r#"{"id": "name"}"#, Dialect::Draft202012),
        (
            r#"{"$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#"}"#,
            Dialect::Draft4,
        ),
    ] {
        let files = read(&[("a.json", text)]);
        assert_eq!(files.set.documents[0].dialect, expected, "{text}");
    }
}

#[test]
fn old_spellings_become_the_new_one() {
    let files = read(&[(
        "a.json",
        r#"{"$schema": "http://json-schema.org/draft-04/schema#",
        "minimum": 1, "exclusiveMinimum": true, "maximum": 2, "exclusiveMaximum": false,
        "items": [{}, {}], "additionalItems": false,
        "dependencies": {"a": ["b"], "c": {}}, "x-obs": {"key": true}}"#,
    )]);
    let keywords = root(&files);
    assert_eq!(keywords.minimum, None);
    assert!(keywords.exclusive_minimum.is_some() && keywords.maximum.is_some());
    assert_eq!(keywords.exclusive_maximum, None);
    assert_eq!(keywords.prefix_items.len(), 2);
    assert!(matches!(
        files.set.get(keywords.items.expect("additionalItems")).body,
        Body::Bool(false)
    ));
    assert_eq!(
        keywords.dependent_required,
        [("a".to_owned(), vec!["b".to_owned()])]
    );
    assert_eq!(keywords.dependent_schemas[0].name, "c");
    assert_eq!(keywords.other[0].name, "x-obs");
}

#[test]
fn a_thousand_schemas_in_a_circle_are_read_once_each() {
    let field = |at: usize| {
        format!(
            r##""field{at}": {{"type": "string", "description": "field number {at}", "minLength": 1, "maxLength": 64, "x-obs": {{"attr": "a.b"}}}}"##
        )
    };
    let fields: Vec<String> = (0..9).map(field).collect();
    let files: Vec<(String, String)> = (0..1000)
        .map(|at| {
            let text = format!(
                r##"{{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://acme.example/e{at}", "title": "Event{at}",
                "type": "object", "required": ["field1", "field2"], "properties": {{{}, "next": {{"$ref": "e{}"}}}}, "additionalProperties": false}}"##,
                fields.join(","),
                (at + 1) % 1000,
            );
            (format!("events/e{at}.json"), text)
        })
        .collect();
    let mut cx = Diagnostics::default();
    let (sources, nodes) = parsed(&mut cx, &files);
    let inputs = inputs(&sources, &nodes);
    let set = read_set(&mut cx, &inputs);
    // The root, ten members and what `additionalProperties` says.
    assert_eq!(set.schemas.len(), 1000 * 12);
    assert!(cx.as_slice().is_empty());
}
