//! The JSON Schema test suite, where `OBS_CORPORA` says it is.
//!
//! What is known to fail is listed with the reason. A new failure fails the test, and so does an exception that
//! has begun to pass.

use crate::corpora;
use obs_schema::diag::Diagnostics;
use obs_schema::json_schema::{Bundler, Input, Validator, ValidatorOptions, read_set};
use obs_schema::node::{Member, Node, Value, parse_json};
use obs_schema::source::{Loc, SourceMap};
use std::collections::BTreeSet;
use std::path::Path;

/// File, group and test (or `*`), and why it fails.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    (
        "draft7/optional/content",
        "validation of binary string-encoding",
        "*",
        CONTENT,
    ),
    (
        "draft7/optional/content",
        "validation of binary-encoded media type documents",
        "*",
        CONTENT,
    ),
    (
        "draft7/optional/content",
        "validation of string-encoded content based on media type",
        "*",
        CONTENT,
    ),
    (
        "draft4/optional/zeroTerminatedFloats",
        "some languages do not distinguish between different types of numeric value",
        "a float is not an integer even without fractional part",
        INTEGER,
    ),
    (
        "draft2019-09/vocabulary",
        "schema that uses custom metaschema with with no validation vocabulary",
        BUNDLE,
        VOCABULARY,
    ),
    (
        "draft2020-12/vocabulary",
        "schema that uses custom metaschema with with no validation vocabulary",
        BUNDLE,
        VOCABULARY,
    ),
    (
        "draft2020-12/optional/format-assertion",
        "schema that uses custom metaschema with format-assertion: false",
        BUNDLE,
        VOCABULARY,
    ),
    (
        "draft2020-12/optional/format-assertion",
        "schema that uses custom metaschema with format-assertion: true",
        BUNDLE,
        VOCABULARY,
    ),
];

const INTEGER: &str = "1.0 is an integer in every later dialect, and so it is here";
const VOCABULARY: &str = "a bundle does not carry a meta-schema of the user's own";

/// Stands for the name of a test, where the bundle of a schema judges differently.
const BUNDLE: &str = "as a bundle";

const CONTENT: &str = "the later dialects made these keywords annotations, and so do we";

struct Suite {
    draft: &'static str,
    dialect: &'static str,
}

#[test]
fn draft_7() {
    run(&Suite {
        draft: "draft7",
        dialect: "http://json-schema.org/draft-07/schema#",
    });
}

/// The dialects the corpora may lack.
#[test]
fn other_drafts() {
    run(&Suite {
        draft: "draft4",
        dialect: "http://json-schema.org/draft-04/schema#",
    });
    run(&Suite {
        draft: "draft6",
        dialect: "http://json-schema.org/draft-06/schema#",
    });
    run(&Suite {
        draft: "draft2019-09",
        dialect: "https://json-schema.org/draft/2019-09/schema",
    });
}

#[test]
fn draft_2020_12() {
    run(&Suite {
        draft: "draft2020-12",
        dialect: "https://json-schema.org/draft/2020-12/schema",
    });
}

#[expect(clippy::print_stdout, reason = "the figures are what one runs it for")]
fn run(suite: &Suite) {
    let Some(root) = corpora::folder() else {
        return;
    };
    let root = root.join("json-schema-test-suite");
    let remotes = remotes(&root.join("remotes"), suite);
    let folder = root.join("tests").join(suite.draft);
    if !folder.is_dir() {
        println!("left out: there is no {}", folder.display());
        return;
    }
    let files = corpora::files(&folder, &[".json"]);
    let mut failures = BTreeSet::new();
    for (part, formats) in [
        ("", false),
        ("optional/", false),
        ("optional/format/", true),
    ] {
        let (mut passed, mut all) = (0, 0);
        for (path, content) in &files {
            let Some(stem) = path
                .strip_prefix(part)
                .and_then(|rest| rest.strip_suffix(".json"))
            else {
                continue;
            };
            if stem.contains('/') {
                continue;
            }
            let name = format!("{}/{part}{stem}", suite.draft);
            let node = parse(content);
            for group in node.as_array().expect("groups") {
                let group_name = text(group, "description");
                let options = ValidatorOptions {
                    formats,
                    ..ValidatorOptions::default()
                };
                let (validator, bundled) = validators(
                    group.get("schema").expect("a schema"),
                    &remotes,
                    suite,
                    options,
                );
                for test in group.get("tests").and_then(Node::as_array).expect("tests") {
                    let expected = test
                        .get("valid")
                        .and_then(Node::as_bool)
                        .expect("a verdict");
                    let data = test.get("data").expect("data").to_json();
                    let holds = validator.is_valid(&data);
                    assert_eq!(
                        validator.validate(&data).is_empty(),
                        holds,
                        "{name}: {group_name}"
                    );
                    if bundled.as_ref().map(|bundled| bundled.is_valid(&data)) != Ok(holds) {
                        failures.insert((name.clone(), group_name.to_owned(), BUNDLE.to_owned()));
                    }
                    all += 1;
                    if holds == expected {
                        passed += 1;
                    } else {
                        failures.insert((
                            name.clone(),
                            group_name.to_owned(),
                            text(test, "description").to_owned(),
                        ));
                    }
                }
            }
        }
        println!("{} {part}: {passed} of {all}", suite.draft);
    }
    judge(suite, failures);
}

fn judge(suite: &Suite, mut failures: BTreeSet<(String, String, String)>) {
    let mut wrong = Vec::new();
    for (file, group, test, reason) in KNOWN
        .iter()
        .filter(|(file, ..)| file.starts_with(&format!("{}/", suite.draft)))
    {
        let before = failures.len();
        failures.retain(|failure| {
            !(failure.0 == *file && failure.1 == *group && (*test == "*" || failure.2 == *test))
        });
        if failures.len() == before {
            wrong.push(format!(
                "passes by now, though {reason}: {file}: {group}: {test}"
            ));
        }
    }
    wrong.extend(
        failures
            .iter()
            .map(|(file, group, test)| format!("fails: {file}: {group}: {test}")),
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn text<'n>(node: &'n Node, name: &str) -> &'n str {
    node.get(name).and_then(Node::as_str).expect("a string")
}

fn parse(text: &str) -> Node {
    let mut cx = Diagnostics::default();
    let file = SourceMap::default().add("suite.json", "");
    let node = parse_json(&mut cx, file, text).expect("JSON");
    assert!(!cx.has_errors(), "{cx:?}");
    node
}

/// The documents the suite expects under `http://localhost:1234/`.
fn remotes(root: &Path, suite: &Suite) -> Vec<(String, Node)> {
    corpora::files(root, &[".json"])
        .into_iter()
        .map(|(path, content)| {
            let mut node = parse(&content);
            declare(&mut node, suite);
            (format!("http://localhost:1234/{path}"), node)
        })
        .collect()
}

/// Gives a schema without `$schema` the dialect of its folder.
fn declare(node: &mut Node, suite: &Suite) {
    if node.get("$schema").is_some() {
        return;
    }
    let loc = Loc::token(0);
    if let Value::Object(members) = &mut node.value {
        let value = Node {
            loc,
            value: Value::String(suite.dialect.to_owned()),
        };
        members.push(Member {
            name: "$schema".to_owned(),
            name_loc: loc,
            value,
        });
    }
}

/// The validator of a schema, and that of its bundle.
fn validators(
    schema: &Node,
    remotes: &[(String, Node)],
    suite: &Suite,
    options: ValidatorOptions,
) -> (Validator, Result<Validator, String>) {
    let mut schema = schema.clone();
    declare(&mut schema, suite);
    let mut sources = SourceMap::default();
    let path = "schema.json";
    let mut inputs = vec![Input {
        file: sources.add(path, ""),
        path,
        node: &schema,
    }];
    if schema.to_json().to_string().contains("localhost:1234") {
        for (path, node) in remotes {
            inputs.push(Input {
                file: sources.add(path, ""),
                path,
                node,
            });
        }
    }
    let set = read_set(&mut Diagnostics::default(), &inputs);
    let root = set.documents[0].root;
    let text = Bundler::new(&set, &inputs).bundle(root).to_string();
    let bundled =
        Validator::from_text(&text, options).map_err(|findings| format!("{text}: {findings:?}"));
    (Validator::new(&set, root, options), bundled)
}
