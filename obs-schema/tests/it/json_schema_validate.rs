//! Which violations are found, and where they are said to be.

use obs_schema::json::Json;
use obs_schema::json_schema::{Validator, ValidatorOptions};

fn json(text: &str) -> Json {
    let mut cx = obs_schema::diag::Diagnostics::default();
    let file = obs_schema::source::SourceMap::default().add("t.json", "");
    obs_schema::node::parse_json(&mut cx, file, text)
        .expect("JSON")
        .to_json()
}

fn validator(schema: &str) -> Validator {
    Validator::from_text(schema, ValidatorOptions::default()).expect("a sound schema")
}

/// `pointer rule schema-pointer`, one a line.
#[track_caller]
fn check(schema: &str, instance: &str, expected: &[&str]) {
    let (validator, instance) = (validator(schema), json(instance));
    let found = validator.validate(&instance);
    assert_eq!(found.is_empty(), validator.is_valid(&instance));
    let found: Vec<String> = found
        .iter()
        .map(|violation| {
            format!(
                "{} {} {}",
                violation.pointer, violation.rule, violation.schema
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn all_violations_are_collected_at_their_places() {
    check(
        r##"{"type": "object", "required": ["id", "tags"], "additionalProperties": false,
            "properties": {
                "id": {"type": "string", "minLength": 3, "pattern": "^a"},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "uniqueItems": true},
                "n/m": {"type": "integer", "minimum": 1, "multipleOf": 0.5}},
            "$defs": {"tag": {"maxLength": 2}}}"##,
        r#"{"id": "b", "n/m": 0.3, "tags": ["abc", "x", "x"], "more": 1}"#,
        &[
            "/id minLength /properties/id/minLength",
            "/id pattern /properties/id/pattern",
            "/n~1m type /properties/n~1m/type",
            "/n~1m minimum /properties/n~1m/minimum",
            "/n~1m multipleOf /properties/n~1m/multipleOf",
            "/tags uniqueItems /properties/tags/uniqueItems",
            "/tags/0 maxLength /$defs/tag/maxLength",
            "/more additionalProperties /additionalProperties",
        ],
    );
    check(
        r#"{"required": ["a"], "dependentRequired": {"b": ["c"]}}"#,
        r#"{"b": 1}"#,
        &[
            "/a required /required",
            "/c dependentRequired /dependentRequired",
        ],
    );
}

#[test]
fn branches_answer_with_one_rule() {
    let schema = r#"{"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "string"}}, "required": ["a"]}]}"#;
    check(schema, r#"{"a": 1}"#, &[" anyOf /anyOf"]);
    check(r#"{"oneOf": [{}, true]}"#, "1", &[" oneOf /oneOf"]);
    check(r#"{"not": {"const": 1}}"#, "1.0", &[" not /not"]);
    check(
        r#"{"if": {"type": "object"}, "then": {"required": ["a"]}, "else": false}"#,
        "{}",
        &["/a required /then/required"],
    );
    check(
        r#"{"if": {"type": "object"}, "then": {"required": ["a"]}, "else": false}"#,
        "1",
        &[" else /else"],
    );
    check(
        r#"{"contains": {"const": 1}, "minContains": 2}"#,
        "[1]",
        &[" minContains /minContains"],
    );
    check(
        r#"{"propertyNames": {"maxLength": 1}}"#,
        r#"{"ab": 1}"#,
        &["/ab maxLength /propertyNames/maxLength"],
    );
    check("false", "1", &[" false /false"]);
}

#[test]
fn leftovers_are_told_by_what_was_evaluated() {
    let schema = r#"{"properties": {"a": true}, "anyOf": [{"properties": {"b": true}, "required": ["b"]}, {"properties": {"c": true}}],
        "unevaluatedProperties": false}"#;
    check(schema, r#"{"a": 1, "b": 1, "c": 1}"#, &[]);
    check(
        schema,
        r#"{"a": 1, "c": 1, "d": 1}"#,
        &["/d unevaluatedProperties /unevaluatedProperties"],
    );
    let schema = r#"{"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": {"type": "null"}}"#;
    check(schema, r#"[1, "a", null]"#, &[]);
    check(
        schema,
        r#"[1, "a", 2]"#,
        &["/2 type /unevaluatedItems/type"],
    );
}

#[test]
fn older_names_are_used_where_they_are_written() {
    let schema = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}, false], "additionalItems": false}"#;
    check(
        schema,
        r#"[1, 2, 3]"#,
        &[
            "/0 type /items/0/type",
            "/1 items /items",
            "/2 additionalItems /additionalItems",
        ],
    );
}

#[test]
fn siblings_of_references_count_when_asked() {
    let text = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "type": "string",
        "definitions": {"a": {"minLength": 2}}}"##;
    let number = json("1");
    assert!(validator(text).is_valid(&number));
    let options = ValidatorOptions {
        ref_siblings: true,
        ..ValidatorOptions::default()
    };
    assert!(
        !Validator::from_text(text, options)
            .expect("a sound schema")
            .is_valid(&number)
    );
}

#[test]
fn formats_are_asserted_when_asked() {
    let text = r#"{"format": "date"}"#;
    let wrong = json(r#""2023-02-30""#);
    assert!(!validator(text).is_valid(&wrong));
    let options = ValidatorOptions {
        formats: false,
        ..ValidatorOptions::default()
    };
    assert!(
        Validator::from_text(text, options)
            .expect("a sound schema")
            .is_valid(&wrong)
    );
}

#[test]
fn broken_texts_are_refused() {
    let broken = Validator::from_text(r#"{"minLength": "1"}"#, ValidatorOptions::default());
    assert_eq!(broken.expect_err("a mistake")[0].code, "invalid-keyword");
    assert!(Validator::from_text("", ValidatorOptions::default()).is_err());
}

fn nested(depth: usize, member: &str) -> Json {
    (0..depth).fold(Json::Null, |inner, _| {
        Json::Object(vec![(member.to_owned(), inner)])
    })
}

#[test]
fn deep_instances_neither_overflow_nor_explode() {
    // Each level asks both branches about the level below: exponential without a memory.
    let tree = validator(
        r##"{"anyOf": [
            {"properties": {"next": {"$ref": "#"}, "never": true}, "not": {}},
            {"properties": {"next": {"$ref": "#"}}, "maxProperties": 5}]}"##,
    );
    assert!(tree.is_valid(&nested(60, "next")));
    let twice = validator(
        r##"{"allOf": [{"properties": {"next": {"$ref": "#"}}}, {"properties": {"next": {"$ref": "#"}}}], "minProperties": 1}"##,
    );
    assert_eq!(twice.validate(&nested(60, "next")), []);
    let list = validator(r##"{"properties": {"next": {"allOf": [{"anyOf": [{"$ref": "#"}]}]}}}"##);
    assert!(list.is_valid(&nested(64, "next")));
    let too_deep = nested(5_000, "next");
    assert_eq!(list.validate(&too_deep)[0].rule, "depth");
    assert_eq!(list.validate(&too_deep).len(), 1);
    assert_eq!(
        validator(r##"{"additionalProperties": {"$ref": "#"}}"##).validate(&too_deep)[0].rule,
        "depth"
    );
}

#[test]
fn dynamic_trees_do_not_explode_either() {
    let tree = validator(
        r##"{"$id": "http://x.example/tree", "$dynamicAnchor": "node", "anyOf": [
            {"properties": {"next": {"$dynamicRef": "#node"}}, "not": {}},
            {"properties": {"next": {"$dynamicRef": "#node"}}}]}"##,
    );
    assert!(tree.is_valid(&nested(60, "next")));
}

#[test]
fn circles_through_dynamic_references_end() {
    let circle = validator(
        r##"{"$id": "http://x.example/root", "$ref": "list",
            "$defs": {
                "mine": {"$dynamicAnchor": "item", "$ref": "http://x.example/list"},
                "list": {"$id": "list", "$dynamicRef": "#item", "$defs": {"item": {"$dynamicAnchor": "item"}}}}}"##,
    );
    assert_eq!(circle.validate(&Json::Null)[0].rule, "depth");
    // Each round has two branches, and `not` makes no verdict out of none.
    let branches = validator(
        r##"{"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveAnchor": true,
            "anyOf": [{"$recursiveRef": "#"}, {"not": {"anyOf": [{"$recursiveRef": "#"}, {"$recursiveRef": "#"}]}}]}"##,
    );
    assert!(!branches.is_valid(&Json::Null));
    assert_eq!(branches.validate(&nested(3, "a"))[0].rule, "depth");
}
