//! Shapes of small schemas. The cases are text: a title, a schema on one line, and what becomes of it, printed compactly.
//!
//! `Name {field: Type, optional?: Type, ..Rest}` is a struct with the type of unknown members, `Name = a | b` an enum of
//! symbols, `Name = word Type / word[tag="x"] Type` a union, `Name(Type)` a tuple struct; assertions follow in brackets.

mod print;

use super::{Choice, lower};
use crate::draft::Draft;
use crate::settings::Settings;
use obs_schema::diag::Diagnostics;
use obs_schema::json_schema::{Bundler, inputs, read_set};
use obs_schema::node::{Node, parse_json};
use obs_schema::source::{FileId, SourceMap};
use std::fmt::Write;

struct Lowered {
    draft: Draft,
    choices: Vec<Choice>,
    cx: Diagnostics,
}

fn lowered(files: &[(&str, &str)], settings: &Settings) -> Lowered {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let nodes: Vec<(FileId, Node)> = files
        .iter()
        .map(|(path, text)| {
            let file = sources.add(*path, *text);
            (
                file,
                parse_json(&mut cx, file, text).expect("test schemas are JSON"),
            )
        })
        .collect();
    let inputs = inputs(&sources, &nodes);
    let set = read_set(&mut cx, &inputs);
    let mut draft = Draft::default();
    let bundles = Bundler::new(&set, &inputs).documents();
    let choices = lower(&mut cx, &sources, &set, &bundles, settings, &mut draft);
    Lowered { draft, choices, cx }
}

impl Lowered {
    fn text(self) -> String {
        let mut out = print::draft(&self.draft);
        for diagnostic in self.cx.into_sorted() {
            let _ = writeln!(out, "! {}: {}", diagnostic.code, diagnostic.message);
        }
        out
    }
}

/// What several files become.
#[track_caller]
fn check(files: &[(&str, &str)], expected: &str) {
    let got = lowered(files, &Settings::default()).text();
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    assert_eq!(lines(&got).join("\n"), lines(expected).join("\n"));
}

#[test]
fn shapes() {
    let mut wrong = String::new();
    for block in include_str!("tests/shapes.txt")
        .split("\n\n")
        .filter(|b| !b.trim().is_empty())
    {
        let mut lines = block.trim().splitn(3, '\n');
        let (title, schema) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
        let expected = lines.next().unwrap_or("").trim();
        let got = lowered(&[("thing.schema.json", schema)], &Settings::default()).text();
        if got.trim() != expected {
            let _ = writeln!(wrong, "{title}\n{schema}\n{got}");
        }
    }
    assert!(wrong.is_empty(), "these came out differently:\n\n{wrong}");
}

#[test]
fn files_share_types() {
    check(
        &[
            (
                "order.schema.json",
                r#"{"type":"object","properties":{"to":{"$ref":"common.json#/$defs/Address"},"by":{"$ref":"person.json"}}}"#,
            ),
            (
                "common.json",
                r#"{"$defs":{"Address":{"type":"object","properties":{"street":{"type":"string"}}}}}"#,
            ),
            (
                "person.json",
                r#"{"title":"Person","allOf":[{"$ref":"common.json#/$defs/Address"},{"properties":{"name":{"type":"string"}}}]}"#,
            ),
        ],
        "order {to?: common::Address, by?: Person, ..Json}
         common::Address {street?: String, ..Json}
         Person {street?: String, name?: String, ..Json}
         event order checked by nothing
         part Person checked by nothing",
    );
}

#[test]
fn older_versions_step_aside() {
    let schema = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"object","properties":{"x":{"type":"string"}}}}}"##;
    check(
        &[
            ("order.v1.schema.json", schema),
            ("order.v2.schema.json", schema),
        ],
        "order_v1::order {a?: order_v1::order::A, ..Json}
         order {a?: order::A, ..Json}
         order_v1::order::A {x?: String, ..Json}
         order::A {x?: String, ..Json}
         event order checked by nothing
         event order checked by nothing",
    );
}

#[test]
fn files_called_after_their_version() {
    let iglu = r#"{"self":{"vendor":"com.acme","name":"link_click","version":"1-0-1"},"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#;
    let plain = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let got = lowered(
        &[
            ("com.acme/link_click/jsonschema/1-0-1.json", iglu),
            ("schemas/order-placed/2.1.json", plain),
        ],
        &Settings::default(),
    );
    let stems: Vec<_> = got
        .draft
        .events
        .iter()
        .map(|event| (&*event.name, &*event.stem))
        .collect();
    assert_eq!(
        stems,
        [
            ("com.acme.link_click", "link_click.v1.0.1"),
            ("order-placed", "order-placed.v2.1")
        ]
    );
    assert_eq!(got.draft.types[0].name.module, ["com", "acme"]);
}

#[test]
fn unknown_members_are_kept_for_those_who_count_them() {
    let settings = Settings {
        keep_unknown: false,
        ..Settings::default()
    };
    let skip = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let count = r#"{"type":"object","properties":{"a":{"type":"string"}},"minProperties":2}"#;
    let depend =
        r#"{"type":"object","properties":{"a":{"type":"string"}},"dependentRequired":{"a":["b"]}}"#;
    for (schema, expected) in [
        (skip, "{a?: String, ..}"),
        (count, "{a?: String, ..Json}(members>=2)"),
        (depend, "{a?: String, ..Json}"),
    ] {
        let got = lowered(&[("thing.schema.json", schema)], &settings).text();
        assert_eq!(
            got.lines().next(),
            Some(format!("thing {expected}").as_str())
        );
    }
}

#[test]
fn decisions_are_named() {
    let schema = r#"{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"enum":["x","y"]},"c":{"type":"array","items":{"type":"integer"}}},"allOf":[{"required":["a"]}]}"#;
    let got = lowered(&[("thing.schema.json", schema)], &Settings::default());
    let names: Vec<String> = got
        .choices
        .iter()
        .map(|c| format!("{} {}", c.pointer, c.decision))
        .collect();
    assert_eq!(
        names,
        [
            " open-record",
            " merged-all-of",
            "/properties/a scalar",
            "/properties/a nullable",
            "/properties/b enum-of-strings",
            "/properties/c array",
            "/properties/c/items scalar",
        ]
    );
}

#[test]
fn large_and_deep_schemas_stay_bounded() {
    // 3 ^ 12 combinations are not spelled out.
    let group = r#"{"oneOf":[{"properties":{"aI":{"type":"string"}}},{"properties":{"bI":{"type":"string"}}},{"properties":{"cI":{"type":"string"}}}]}"#;
    let groups: Vec<String> = (0..12)
        .map(|n| group.replace('I', &n.to_string()))
        .collect();
    let product = format!(
        r#"{{"type":"object","properties":{{"p":{{"type":"object","allOf":[{}]}}}}}}"#,
        groups.join(",")
    );
    let got = lowered(&[("thing.schema.json", &product)], &Settings::default());
    assert!(got.draft.types.len() < 2000, "{}", got.draft.types.len());
    // A chain of definitions, each a list of the next.
    let mut defs: Vec<String> = (0..3000)
        .map(|n| {
            format!(
                r##""d{n}":{{"type":"array","items":{{"$ref":"#/$defs/d{}"}}}}"##,
                n + 1
            )
        })
        .collect();
    defs.push(r#""d3000":{"type":"string"}"#.to_owned());
    let chain = format!(
        r##"{{"type":"object","properties":{{"x":{{"$ref":"#/$defs/d0"}}}},"$defs":{{{}}}}}"##,
        defs.join(",")
    );
    lowered(&[("thing.schema.json", &chain)], &Settings::default());
}

#[test]
fn names_of_documents() {
    let name = |path: &str, head: &str| {
        let schema = format!(r#"{{{head} "type":"object","properties":{{}}}}"#);
        let got = lowered(&[(path, &schema)], &Settings::default());
        (
            got.draft.events[0].name.clone(),
            got.draft.types[0].wire_name.clone(),
        )
    };
    for (path, head, expected) in [
        ("user-registered.v2.schema.json", "", "user-registered"),
        ("order.placed.json", "", "order-placed"),
        ("report-schema-2.1.0.json", "", "report-schema-2-1-0"),
        (
            "a.json",
            r#""title":"JSON schema for Order placed","#,
            "Order placed",
        ),
        // Neither a sentence nor what a topic could not be called.
        ("a.json", r#""title":"An order, placed by somebody","#, "a"),
        ("plugin.json", r#""title":"Helo\u00edsa plugin","#, "plugin"),
        (
            "taskrunstarted.json",
            r#""$id":"https://x.dev/task-run-started-event","#,
            "task-run-started-event",
        ),
        (
            "order-placed.json",
            r#""$id":"https://x.dev/other","#,
            "order-placed",
        ),
        (
            "common.schema.yaml",
            r#""$id":"https://x.dev/common.schema.yaml","#,
            "common",
        ),
    ] {
        assert_eq!(name(path, head), (expected.to_owned(), format!("{path}#")));
    }
}

#[test]
fn what_a_root_points_to_is_the_root() {
    let schema = r##"{"$ref":"#/definitions/Either","definitions":{"Either":{"oneOf":[{"type":"string"},{"type":"integer"}]}}}"##;
    let got = lowered(&[("thing.schema.json", schema)], &Settings::default());
    assert_eq!(got.draft.types[0].wire_name, "thing.schema.json#");
    assert_eq!(got.draft.types[0].name.ident, "Either");
}
