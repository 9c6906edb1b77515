//! Each schema through the compiler: alone where it can stand alone, else with the smallest folder around it that is whole.

use crate::sources::{Dialect, Samples, Source};
use obs_codegen::compile::{self, Outcome};
use obs_codegen::load;
use obs_codegen::obs_toml::ObsToml;
use obs_model::emit::{Artifacts, Layout};
use obs_model::model::typedness::Typedness;
use obs_model::model::{TypeDef, TypeKind};
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::json::Json;
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// A schema, what became of it, and its values.
pub(crate) struct Case {
    pub(crate) source: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) samples: Samples,
    /// Errors of our compiler.
    pub(crate) errors: Vec<String>,
    /// The Rust, shared by schemas that need each other.
    pub(crate) module: Option<Rc<Module>>,
    /// The root type's path below the module.
    pub(crate) root: Option<String>,
    /// Positions of properties, and those with a type.
    pub(crate) typedness: Typedness,
    /// Does rustc accept the module? Filled in later.
    pub(crate) compiles: bool,
    /// What the run said about the values: accepted, exact, rejected.
    pub(crate) accepted: Vec<bool>,
    pub(crate) exact: Vec<bool>,
    pub(crate) rejected: Vec<bool>,
    /// What the run complained of.
    pub(crate) complaints: Vec<String>,
}

/// Generated Rust, one module of the crate.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) artifacts: Artifacts,
}

/// A folder compiled as a whole, for schemas that need each other.
type Whole = (Outcome, SourceMap, Vec<FileId>, Rc<Module>);

/// Compiles the schemas of a source.
pub(crate) fn compile(
    source: &'static Source,
    root: &Path,
    samples: Vec<Samples>,
) -> Result<Vec<Case>, String> {
    let prefix = format!("{}_{:?}", source.name.replace('-', "_"), source.dialect).to_lowercase();
    let files: Vec<String> = samples.iter().map(|sample| sample.file.clone()).collect();
    let mut folders: BTreeMap<String, Rc<Whole>> = BTreeMap::new();
    let mut cases = Vec::new();
    for (at, samples) in samples.into_iter().enumerate() {
        let file = files[at].clone();
        let (mut outcome, sources, ids) = run(root, std::slice::from_ref(&file))?;
        let mut samples = samples;
        if let Some((_, reason)) = outcome.left_alone.first() {
            samples.refused = Some((*reason).to_owned());
        }
        let mut case = Case {
            source: source.name,
            dialect: source.dialect,
            samples,
            errors: errors(&outcome, ids[0], &sources),
            module: None,
            root: None,
            typedness: Typedness::default(),
            compiles: false,
            accepted: Vec::new(),
            exact: Vec::new(),
            rejected: Vec::new(),
            complaints: Vec::new(),
        };
        if case.errors.is_empty() && !unresolved(&outcome) {
            case.root = root_of(&outcome, ids[0], &sources);
            case.typedness = typedness(&outcome, ids[0]);
            let name = format!("{prefix}_{at}");
            case.module = Some(Rc::new(module(&mut outcome, &sources, name)));
        } else {
            for folder in around(&file) {
                let inside: Vec<String> = files
                    .iter()
                    .filter(|other| other.starts_with(&folder))
                    .cloned()
                    .collect();
                let whole = match folders.get(&folder) {
                    Some(whole) => whole.clone(),
                    None => {
                        let name = format!("{prefix}_all_{}", folders.len());
                        let (mut outcome, sources, ids) = run(root, &inside)?;
                        let module = Rc::new(module(&mut outcome, &sources, name));
                        let whole = Rc::new((outcome, sources, ids, module));
                        folders.insert(folder, whole.clone());
                        whole
                    }
                };
                let id = inside.iter().position(|other| *other == file);
                let Some(id) = id.map(|at| whole.2[at]) else {
                    continue;
                };
                case.errors = errors(&whole.0, id, &whole.1);
                if case.errors.is_empty() {
                    case.root = root_of(&whole.0, id, &whole.1);
                    case.typedness = typedness(&whole.0, id);
                    case.module = Some(whole.3.clone());
                    if !unresolved(&whole.0) {
                        break;
                    }
                }
            }
        }
        cases.push(case);
    }
    Ok(cases)
}

/// The folders around a file, the innermost first, each with a slash at its end; the last one is the source's own.
fn around(file: &str) -> Vec<String> {
    let ends = file
        .rmatch_indices('/')
        .map(|(at, _)| file[..=at].to_owned());
    ends.chain([String::new()]).collect()
}

fn run(root: &Path, files: &[String]) -> Result<(Outcome, SourceMap, Vec<FileId>), String> {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let mut ids = Vec::new();
    for file in files {
        let bytes = std::fs::read(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
        // A name that says what the file is: corpora call JSON Schemas by any ending.
        let known =
            load::is_candidate(file) && (file.ends_with(".avsc") || file.ends_with(".json"));
        let path = if known {
            file.clone()
        } else {
            format!("{file}.schema.json")
        };
        let id = load::add(&mut cx, &mut sources, &path, bytes);
        ids.push(id.ok_or_else(|| format!("{file}: not text"))?);
    }
    let outcome = compile::compile(cx, &sources, &ids, &ObsToml::default(), None);
    Ok((outcome, sources, ids))
}

fn module(outcome: &mut Outcome, sources: &SourceMap, name: String) -> Module {
    let artifacts = compile::artifacts(outcome, sources, &ObsToml::default(), Layout::CheckedIn);
    Module { name, artifacts }
}

fn errors(outcome: &Outcome, file: FileId, sources: &SourceMap) -> Vec<String> {
    let own = outcome
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error && d.primary.loc.file == file);
    own.map(|d| {
        obs_model::diag::short::render(d, sources)
            .trim_end()
            .to_owned()
    })
    .collect()
}

/// Of the types that come from a file.
fn typedness(outcome: &Outcome, file: FileId) -> Typedness {
    Typedness::of(outcome.model.types.iter().filter(|def| def.file == file))
}

/// References that only the folder can resolve are warnings in JSON Schema.
fn unresolved(outcome: &Outcome) -> bool {
    outcome
        .diagnostics
        .iter()
        .any(|d| d.code == "unresolved-reference")
}

/// The path of the type a file stands for.
fn root_of(outcome: &Outcome, file: FileId, sources: &SourceMap) -> Option<String> {
    let model = &outcome.model;
    let path = |def: &TypeDef| {
        def.name
            .module
            .iter()
            .chain([&def.name.ident])
            .cloned()
            .collect::<Vec<_>>()
            .join("::")
    };
    let text = sources
        .get(file)
        .map(|source| source.text.clone())
        .unwrap_or_default();
    let json = Json::parse(text.as_bytes()).ok()?;
    // A list of types is a union, whose type is called after the file.
    if json.as_array().is_some() {
        let own = |def: &&TypeDef| def.file == file && def.name.module.is_empty();
        return model.types.iter().rfind(own).map(path);
    }
    if let Some(event) = model.events.iter().find(|event| event.file == file) {
        return Some(path(model.get(event.ty)));
    }
    let name = json.get("name").and_then(Json::as_str).unwrap_or_default();
    let full = match json.get("namespace").and_then(Json::as_str) {
        Some(namespace) if !name.contains('.') && !namespace.is_empty() => {
            format!("{namespace}.{name}")
        }
        _ => name.to_owned(),
    };
    let own = || model.types.iter().filter(|def| def.file == file);
    let named = model
        .types
        .iter()
        .find(|def| !name.is_empty() && def.wire_name == full);
    let root = named.or_else(|| {
        own().find(|def| def.wire_name.ends_with('#') || def.wire_name.ends_with("#/"))
    });
    let root = root.or_else(|| own().rfind(|def| matches!(def.kind, TypeKind::Newtype(_))));
    root.or_else(|| own().next_back()).map(path)
}
