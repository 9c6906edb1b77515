//! Real schemas: all are read, and the samples that come with some of them are judged right.

use crate::{corpora, parsed};
use obs_schema::diag::{Diagnostic, Diagnostics, Severity};
use obs_schema::json::Json;
use obs_schema::json_schema::{Bundler, Set, Validator, ValidatorOptions, inputs, read_set};
use obs_schema::node::{Node, parse_json};
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;

/// Samples that quicktype judges by rules of its own: it takes a value that two branches of `oneOf` describe, and
/// refuses a string that looks like a boolean. Other validators judge them as we do.
const LENIENT: [&str; 9] = [
    "bool-string.1.fail.bool-string.json",
    "bool-string.3.json",
    "integer-float-union.1.json",
    "integer-string.3.json",
    "minmax-integer.1.json",
    "minmax.1.json",
    "minmaxlength.1.json",
    "object-type-required.1.json",
    "postman-collection.1.json",
];

/// The schemas of one corpus, read together.
struct Corpus {
    sources: SourceMap,
    nodes: Vec<(FileId, Node)>,
    set: Set,
    findings: Vec<Diagnostic>,
}

impl Corpus {
    fn read(files: &[(String, String)]) -> Corpus {
        let mut cx = Diagnostics::default();
        let (sources, nodes) = parsed(&mut cx, files);
        let set = read_set(&mut cx, &inputs(&sources, &nodes));
        Corpus {
            sources,
            nodes,
            set,
            findings: cx.into_sorted(),
        }
    }

    /// Path and validator of each file, made from the file among the others and from its bundle.
    fn validators(&self) -> BTreeMap<String, [Validator; 2]> {
        let inputs = inputs(&self.sources, &self.nodes);
        let bundler = Bundler::new(&self.set, &inputs);
        let options = ValidatorOptions::default();
        let each = self.set.documents.iter().map(|document| {
            let text = bundler.bundle(document.root).to_string();
            let own = Validator::new(&self.set, document.root, options);
            let bundled = Validator::from_text(&text, options).unwrap_or_else(|_| own.clone());
            (self.sources.path(document.file).to_owned(), [own, bundled])
        });
        each.collect()
    }

    fn errors(&self) -> Vec<String> {
        let errors = self
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        errors
            .map(|finding| {
                format!(
                    "{}: {}",
                    self.sources.path(finding.primary.loc.file),
                    finding.message
                )
            })
            .collect()
    }
}

fn json(text: &str) -> Json {
    let mut cx = Diagnostics::default();
    let file = SourceMap::default().add("sample.json", "");
    parse_json(&mut cx, file, text).expect("JSON").to_json()
}

#[test]
fn iglu_and_openlineage_and_cloudevents_are_read() {
    let Some(root) = corpora::folder() else {
        return;
    };
    for (name, least) in [
        ("jsonschema-iglu", 70),
        ("jsonschema-openlineage", 50),
        ("cloudevents", 1),
    ] {
        let corpus = Corpus::read(&corpora::files(&root.join(name), &[".json"]));
        assert!(corpus.set.documents.len() >= least, "{name}");
        let told: Vec<&str> = corpus
            .findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(told, [""; 0], "{name}");
        assert_eq!(corpus.validators().len(), corpus.set.documents.len());
    }
}

#[test]
fn samples_are_judged_right() {
    let Some(root) = corpora::folder() else {
        return;
    };
    let root = root.join("quicktype-schema-inputs");
    let files = corpora::files(&root, &[".schema", "a/test2.json", "b/test3.json"]);
    let corpus = Corpus::read(&files);
    assert_eq!(
        corpus.errors(),
        [
            "simple-ref.schema: `simple-ref.1.ref#/definitions/List` refers to `simple-ref.1.ref`, which is not among the specs"
        ]
    );
    let validators = corpus.validators();
    let (mut judged, mut wrong) = (0, Vec::new());
    for (path, text) in corpora::files(&root, &[".json"]) {
        let Some(validators) = validators.iter().find_map(|(schema, validators)| {
            let stem = schema.strip_suffix(".schema")?;
            path.strip_prefix(stem)?
                .starts_with('.')
                .then_some(validators)
        }) else {
            continue;
        };
        judged += 1;
        let sample = json(&text);
        for validator in validators {
            let violations = validator.validate(&sample);
            if violations.is_empty() == (path.contains(".fail") ^ LENIENT.contains(&path.as_str()))
            {
                wrong.push(format!("{path}: {violations:?}"));
            }
        }
    }
    assert!(judged > 80, "{judged}");
    assert_eq!(wrong, Vec::<String>::new());
}
