//! One mistake is one message: what follows from it is not told, and asks nothing of the code around it.

use obs_codegen::compile;
use obs_codegen::obs_toml::ObsToml;
use obs_model::diag::{self, Format};
use obs_model::emit::Layout;
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;

const FIRST: (&str, &str) = (
    "user-joined.v1.0.0.avsc",
    r#"{"type": "record", "name": "UserJoined", "namespace": "acme.user", "x-obs": {"owner": "a"},
"fields": [{"name": "id", "type": "string"}, {"name": "plan", "type": "string"}]}"#,
);

/// Specs, and all that is said about them.
const CASES: &[(&[(&str, &str)], &str)] = &[
    // A misspelt type is no composite value, no label of any text, and nothing to write an upcast for.
    (
        &[
            FIRST,
            (
                "user-joined.v2.0.0.avsc",
                r#"{"type": "record", "name": "UserJoined", "namespace": "acme.user", "x-obs": {"owner": "a"},
"fields": [{"name": "id", "type": "strng", "x-obs": {"key": true, "attr": "user.id"}},
{"name": "plan", "type": ["null", "Plam"], "default": null, "x-obs": {"label": true}}]}"#,
            ),
        ],
        "user-joined.v2.0.0.avsc:2:35: error[unknown-type]: nothing defines the type `strng`\n\
         user-joined.v2.0.0.avsc:3:35: error[unknown-type]: nothing defines the type `Plam`\n",
    ),
    (
        &[(
            "user-joined.schema.json",
            r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "x-obs": {"owner": "a"}, "type": "object",
"properties": {"size": {"type": "integr", "minimum": 1},
"plan": {"$ref": "#/$defs/Plan", "x-obs": {"label": true}}}}"##,
        )],
        "user-joined.schema.json:2:33: error[invalid-keyword]: `integr` is no type of JSON Schema\n\
         user-joined.schema.json:3:18: error[unresolved-reference]: `#/$defs/Plan` leads nowhere: there is no `$defs` in the root\n",
    ),
    (
        &[(
            "user-joined.schema.json",
            r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "x-obs": {"owner": "a"}, "type": "object",
"propertes": {"id": {"type": "string"}}, "required": ["id"], "additionalProperties": false}"#,
        )],
        "user-joined.schema.json:2:1: warning[unknown-keyword]: `propertes` is no keyword of JSON Schema\n",
    ),
    // Cut short: whatever is missing may stand in the rest.
    (
        &[(
            "user-joined.avsc",
            r#"{"type": "record", "name": "UserJoined", "fields": [{"name": "id" "#,
        )],
        "user-joined.avsc:1:53: error[json-syntax]: this object is never closed\n",
    ),
];

#[test]
fn one_mistake_is_one_message() {
    for (files, expected) in CASES {
        let mut sources = SourceMap::default();
        let ids: Vec<_> = files
            .iter()
            .map(|(path, text)| sources.add(*path, *text))
            .collect();
        let settings = ObsToml::default();
        let outcome = compile::compile(Diagnostics::default(), &sources, &ids, &settings, None);
        let said = diag::render(&outcome.diagnostics, &sources, Format::Short, false);
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.join("\n") + "\n", *expected, "{said}");
        let artifacts = compile::artifacts(&outcome, &sources, &settings, Layout::OutDir);
        let asked = artifacts
            .values()
            .find(|text| text.contains("on_unimplemented"));
        assert_eq!(asked, None);
    }
}
