//! JSON Schemas of others through the shape compiler, and values through the shapes.
//!
//! Generated code is not run here; [`Fits`] does with a value what it would do.

use crate::fits::{Fits, Verdict};
use obs_model::draft::Draft;
use obs_model::model::typedness::Typedness;
use obs_model::settings::Settings;
use obs_model::spec::json_schema::{Choice, lower};
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::json::Json;
use obs_schema::json_schema::{Body, Bundler, Set, Validator, ValidatorOptions, inputs, read_set};
use obs_schema::node::{Node, parse_json};
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Some files, lowered together.
struct Lowered {
    draft: Draft,
    choices: Vec<Choice>,
    set: Set,
    cx: Diagnostics,
    files: Vec<FileId>,
}

fn lowered(texts: &[(String, String)]) -> Lowered {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let mut files = Vec::new();
    let mut nodes: Vec<(FileId, Node)> = Vec::new();
    for (path, text) in texts {
        let file = sources.add(path.as_str(), text.as_str());
        files.push(file);
        let text = &sources.get(file).expect("just added").text;
        nodes.extend(parse_json(&mut cx, file, text).map(|node| (file, node)));
    }
    let inputs = inputs(&sources, &nodes);
    let set = read_set(&mut cx, &inputs);
    let bundles = Bundler::new(&set, &inputs).documents();
    let mut draft = Draft::default();
    let settings = Settings::default();
    let choices = lower(&mut cx, &sources, &set, &bundles, &settings, &mut draft);
    Lowered {
        draft,
        choices,
        set,
        cx,
        files,
    }
}

/// The folder of real schemas, or nothing with a word about it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a door: it reads its own environment"
)]
#[expect(clippy::print_stderr, reason = "a test that did not run has to say so")]
fn corpora() -> Option<PathBuf> {
    let found = std::env::var_os("OBS_CORPORA")
        .map(PathBuf::from)
        .filter(|path| path.is_dir());
    if found.is_none() {
        eprintln!("left out: OBS_CORPORA names no folder of real schemas");
    }
    found
}

/// Path and text of every file below a folder that passes, sorted by path.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a door: it reads its own files"
)]
fn files(root: &Path, pass: fn(&str) -> bool) -> Vec<(String, String)> {
    let mut folders = vec![root.to_owned()];
    let mut out = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            if pass(&name)
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                out.push((name, text));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn decisions_over_the_corpora() {
    let Some(folder) = corpora() else { return };
    let is_schema = |path: &str| path.ends_with(".json") || path.ends_with(".schema");
    for source in ["jsonschema-iglu", "jsonschema-openlineage", "cloudevents"] {
        let texts = files(&folder.join(source), is_schema);
        let lowered = lowered(&texts);
        let Typedness { positions, typed } = Typedness::of(&lowered.draft.types);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for choice in &lowered.choices {
            *counts.entry(choice.decision.as_str()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        let counts: Vec<String> = counts
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        println!(
            "{source}: {} files, {typed} of {positions} members typed",
            texts.len()
        );
        println!("  {}", counts.join(", "));
        let errors: Vec<_> = lowered
            .cx
            .as_slice()
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{source}: {errors:?}");
        assert!(
            typed * 100 >= positions * 90,
            "{source}: {typed} of {positions}"
        );
    }
}

/// Schemas with samples beside them: shape and assertions say what the interpreter says, and what is valid comes back as it was.
#[test]
fn given_samples() {
    let Some(folder) = corpora() else { return };
    let folder = folder.join("quicktype-schema-inputs");
    let all = files(&folder, |path| path.ends_with(".json"));
    let schemas = files(&folder, |path| path.ends_with(".schema"));
    let mut wrong = Vec::new();
    for (path, text) in &schemas {
        let stem = format!("{}.", path.trim_end_matches(".schema"));
        // Alone, unless it refers to others.
        let mut texts = vec![(path.clone(), text.clone())];
        let mut run = lowered(&texts);
        if run
            .cx
            .as_slice()
            .iter()
            .any(|d| d.code == "unresolved-reference")
        {
            texts.extend(
                schemas
                    .iter()
                    .chain(&all)
                    .filter(|(name, _)| name != path)
                    .cloned(),
            );
            run = lowered(&texts);
        }
        let Some(root) = run
            .draft
            .events
            .iter()
            .find(|event| event.file == run.files[0])
        else {
            wrong.push(format!("{path}: no root"));
            continue;
        };
        // What refers to files that nobody has says nothing of its values.
        let Ok(validator) = Validator::from_text(&root.schema, ValidatorOptions::default()) else {
            continue;
        };
        let fits = Fits::new(&run.draft);
        for (name, text) in all.iter().filter(|(name, _)| name.starts_with(&stem)) {
            let value =
                Json::parse(text.trim_start_matches('\u{feff}').as_bytes()).expect("a sample");
            let verdict = fits.judge(root.ty, &value);
            if matches!(verdict, Verdict::Valid) != validator.is_valid(&value) {
                wrong.push(format!("{name}: {verdict:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The official suite: what is valid comes back as it was, what is not is refused.
#[test]
fn official_suite() {
    let Some(folder) = corpora() else { return };
    let mut wrong = Vec::new();
    let mut judged = 0;
    for draft in ["draft7", "draft2020-12"] {
        let tests = folder.join("json-schema-test-suite/tests").join(draft);
        // We assert formats, and a dialect of one's own needs its meta-schema at hand.
        let is_ours = |path: &str| {
            let other = ["format.json", "vocabulary.json"].contains(&path);
            path.ends_with(".json") && !path.contains('/') && !other
        };
        for (path, text) in files(&tests, is_ours) {
            let groups = Json::parse(text.as_bytes()).expect("a file of the suite");
            for group in groups.as_array().unwrap_or_default() {
                suite_group(draft, &path, group, &mut judged, &mut wrong);
            }
        }
    }
    assert!(judged > 3000, "only {judged} values were judged");
    assert!(
        wrong.is_empty(),
        "{} of {judged}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A group twice: as the root, and below a property, where nothing is narrowed to what it seems to mean.
fn suite_group(draft: &str, path: &str, group: &Json, judged: &mut usize, wrong: &mut Vec<String>) {
    let schema = group.get("schema").cloned().unwrap_or_default();
    let text = schema.to_string();
    let refers = ["$ref", "$dynamicRef", "$id", "$anchor"]
        .iter()
        .any(|word| text.contains(word));
    let below = (!refers).then(|| {
        let member = Json::Object(vec![("v".to_owned(), schema.clone())]);
        let kind = Json::String("object".to_owned());
        Json::Object(vec![
            ("type".to_owned(), kind),
            ("properties".to_owned(), member),
        ])
    });
    for (schema, is_below) in [(Some(schema), false), (below, true)] {
        let Some(mut schema) = schema else { continue };
        if let Json::Object(members) = &mut schema
            && !members.iter().any(|(name, _)| name == "$schema")
        {
            let uri = match draft {
                "draft7" => "http://json-schema.org/draft-07/schema#",
                _ => "https://json-schema.org/draft/2020-12/schema",
            };
            members.insert(0, ("$schema".to_owned(), Json::String(uri.to_owned())));
        }
        let run = lowered(&[("thing.schema.json".to_owned(), schema.to_string())]);
        let Some(root) = run.draft.events.first() else {
            continue;
        };
        if run
            .cx
            .as_slice()
            .iter()
            .any(|d| d.code == "unresolved-reference")
        {
            continue; // about files that are elsewhere
        }
        let fits = Fits::new(&run.draft);
        for test in group
            .get("tests")
            .and_then(Json::as_array)
            .unwrap_or_default()
        {
            let mut value = test.get("data").cloned().unwrap_or_default();
            if is_below {
                value = Json::Object(vec![("v".to_owned(), value)]);
            }
            let valid = matches!(test.get("valid"), Some(Json::Bool(true)));
            let verdict = fits.judge(root.ty, &value);
            *judged += 1;
            let refused = matches!(verdict, Verdict::Refused(_)) && valid;
            let narrowed = refused && !is_below && says_no_type(&run.set);
            if matches!(verdict, Verdict::Valid) != valid && !narrowed {
                let name = |json: &Json| {
                    json.get("description")
                        .and_then(Json::as_str)
                        .unwrap_or("")
                        .to_owned()
                };
                let below = if is_below { " (below)" } else { "" };
                wrong.push(format!(
                    "{draft}/{path}: {} / {}{below}: {verdict:?}",
                    name(group),
                    name(test)
                ));
            }
        }
    }
}

/// A root without `type` is taken to mean what it speaks of.
fn says_no_type(set: &Set) -> bool {
    let root = set.documents.first().map(|document| document.root);
    root.is_some_and(|root| match &set.get(root).body {
        Body::Keywords(keywords) => keywords.types.is_empty(),
        Body::Bool(_) => false,
    })
}
