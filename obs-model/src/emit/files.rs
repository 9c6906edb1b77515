//! Which text goes to which file, and the include file that ties them into modules.

use super::paths::Scope;
use super::printer::{Code, harmless, lit};
use super::traits::Traits;
use super::{implementations, metrics, roots, shared, types, versions};
use crate::model::metrics::MetricSet;
use crate::model::{Model, TypeId};
use crate::settings::Settings;
use obs_schema::source::{FileId, SourceMap};
use obs_schema::table::Numbered;
use std::collections::{BTreeMap, BTreeSet};

/// Relative path to text. Equal models and settings make equal artifacts.
pub type Artifacts = BTreeMap<String, String>;

/// The artifact that holds the modules and includes all others.
pub const INCLUDE_FILE: &str = "mod.rs";

/// A spec file with errors: a `compile_error!` stands in its place, the others live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedFile {
    /// The file.
    pub file: FileId,
    /// Its diagnostics, rendered.
    pub message: String,
}

/// Where the artifacts will lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// In `OUT_DIR`, written by the build script.
    OutDir,
    /// In the sources, written by `cargo obs-codegen generate`.
    CheckedIn,
}

/// Everything a build writes: the include file `mod.rs` and one file for each spec file and module.
///
/// The include file works where it lies: included from `OUT_DIR`, or checked in as a module of a crate.
#[must_use]
pub fn artifacts(
    model: &Model,
    settings: &Settings,
    sources: &SourceMap,
    failed: &[FailedFile],
    layout: Layout,
) -> Artifacts {
    let traits = Traits::of(model, settings);
    let roots = roots(model);
    let scope = Scope {
        model,
        settings,
        obs: "__obs",
        module: &[],
        traits: &traits,
        roots: &roots,
        derived: false,
    };
    files(&scope, sources, failed, layout)
}

/// File names longer than this are cut: file systems end at 255.
const MAX_NAME: usize = 120;

/// The private module of items that have no module. Lints can only be set on a module, and an included file
/// cannot set them on itself.
const ROOT: &str = "__root";

/// Lints that say nothing about generated code, with the reason each is off.
const LINTS: [(&str, &str); 14] = [
    (
        "clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction",
        "written for the compiler",
    ),
    ("dead_code", "nobody uses every event of a folder"),
    ("deprecated", "code of deprecated types mentions them"),
    (
        "missing_docs, missing_debug_implementations",
        "documentation is the schema's",
    ),
    (
        "nonstandard_style",
        "names are the schema's, or the user's choice",
    ),
    ("rustdoc::all", "documentation was not written for rustdoc"),
    (
        "single_use_lifetimes, elided_lifetimes_in_paths",
        "a matter of style",
    ),
    ("trivial_casts, trivial_numeric_casts", "a matter of style"),
    ("unreachable_code", "an enum may have no symbols"),
    (
        "unreachable_pub, unnameable_types",
        "whether modules are public is the user's choice",
    ),
    (
        "unused_imports, unused_qualifications",
        "a module may need none of them",
    ),
    ("unused_results", "writers return themselves"),
    ("unused_variables", "a type without fields looks at nothing"),
    (
        "variant_size_differences",
        "branches are as large as the schema says",
    ),
];

/// What goes into one file.
#[derive(Default)]
struct Group<'a> {
    types: Vec<TypeId>,
    sets: Vec<&'a MetricSet>,
    failure: Option<String>,
}

/// A module with the files it includes.
#[derive(Default)]
struct Module {
    files: Vec<String>,
    children: BTreeMap<String, Module>,
}

/// All files.
fn files(
    scope: &Scope<'_>,
    sources: &SourceMap,
    failed: &[FailedFile],
    layout: Layout,
) -> Artifacts {
    // By path, so that the order in which files were found does not show.
    let mut groups: BTreeMap<(Vec<String>, &str, FileId), Group<'_>> = BTreeMap::new();
    let key = |module: &Vec<String>, file| (module.clone(), sources.path(file), file);
    for (at, ty) in (0..).zip(&scope.model.types) {
        if ty.extern_path.is_none() {
            let group = groups.entry(key(&ty.name.module, ty.file)).or_default();
            group.types.push(TypeId(at));
        }
    }
    for set in &scope.model.metric_sets {
        let group = groups.entry(key(&set.name.module, set.file)).or_default();
        group.sets.push(set);
    }
    for failure in failed {
        // The error stands where the event would: in the first module the file has items in, or in the root.
        let module = groups
            .keys()
            .find(|(_, _, file)| *file == failure.file)
            .map(|(module, _, _)| module.clone());
        let group = groups
            .entry(key(&module.unwrap_or_default(), failure.file))
            .or_default();
        group.failure = Some(failure.message.clone());
    }

    let mut out = Artifacts::new();
    let mut root = Module::default();
    let mut names = BTreeSet::from([INCLUDE_FILE.to_owned()]);
    for ((module, _, file), group) in &groups {
        let name = file_name(scope, sources, module, *file, group, &mut names);
        let mut place = &mut root;
        for part in module {
            place = place.children.entry(part.clone()).or_default();
        }
        place.files.push(name.clone());
        let mut code = Code::new();
        code.line(format_args!(
            "// @generated by obs-codegen from {}.",
            harmless(sources.path(*file))
        ));
        code.raw(refresh(layout));
        if let Some(message) = &group.failure {
            code.blank();
            code.line(format_args!("::std::compile_error!({});", lit(message)));
        }
        let scope = scope.within(module);
        for id in &group.types {
            let ty = scope.model.get(*id);
            if shared::alias(&mut code, &scope, *id, ty) {
                continue;
            }
            types::define(&mut code, &scope, *id, ty);
            implementations(&mut code, &scope, *id, ty);
            versions::any(&mut code, &scope, *id);
        }
        for set in &group.sets {
            metrics::define(&mut code, scope.obs, set);
        }
        out.insert(name, code.finish());
    }
    out.insert(INCLUDE_FILE.to_owned(), include_file(scope, &root, layout));
    out
}

fn refresh(layout: Layout) -> &'static str {
    match layout {
        Layout::OutDir => {
            "// Changes here are lost: the next build writes it again. Change the spec instead."
        }
        Layout::CheckedIn => {
            "// Changes here are lost: change the spec and run `cargo obs-codegen generate`."
        }
    }
}

/// `acme.user.user-registered.rs`: the module, then the first event of the file, or its first type.
fn file_name(
    scope: &Scope<'_>,
    sources: &SourceMap,
    module: &[String],
    file: FileId,
    group: &Group<'_>,
    names: &mut BTreeSet<String>,
) -> String {
    let first = group
        .types
        .iter()
        .find(|id| scope.roots.contains(&id.number()))
        .or(group.types.first());
    let stem = match first {
        Some(id) => kebab(&scope.model.get(*id).name.ident),
        None if !group.sets.is_empty() => kebab(&group.sets[0].name.ident),
        None => {
            let path = sources.path(file);
            let last = path.rsplit('/').next().unwrap_or(path);
            kebab(last.split('.').next().unwrap_or(last))
        }
    };
    let mut base = String::new();
    for part in module {
        base.push_str(&kebab(part).replace('-', "_"));
        base.push('.');
    }
    base.push_str(&stem);
    base.truncate(MAX_NAME);
    // `con.rs` is a device on Windows.
    if matches!(
        base.split('.').next(),
        Some("con" | "prn" | "aux" | "nul" | "com1" | "lpt1")
    ) {
        base.insert(0, '_');
    }
    let mut name = format!("{base}.rs");
    let mut count = 1;
    while !names.insert(name.clone()) {
        count += 1;
        name = format!("{base}-{count}.rs");
    }
    name
}

/// An identifier or a file name in lower-case ASCII with hyphens.
fn kebab(ident: &str) -> String {
    let mut out = String::with_capacity(ident.len() + 4);
    let mut lower_before = false;
    for c in super::paths::bare(ident).chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && lower_before {
                out.push('-');
            }
            lower_before = !c.is_ascii_uppercase();
            out.push(c.to_ascii_lowercase());
        } else {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            lower_before = false;
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    if out.is_empty() {
        "item".to_owned()
    } else {
        out
    }
}

fn include_file(scope: &Scope<'_>, root: &Module, layout: Layout) -> String {
    let mut code = Code::new();
    code.raw("// @generated by obs-codegen: the modules of all specs.");
    code.raw(refresh(layout));
    code.blank();
    let runtime = &scope.settings.runtime;
    let version = lit(env!("CARGO_PKG_VERSION"));
    code.line(format_args!("{runtime}::__generated_by!({version});"));
    if !root.files.is_empty() {
        allow(&mut code, layout);
        code.line(format_args!("mod {ROOT} {{"));
        code.indented(|code| contents(code, scope, &root.files));
        code.raw("}");
        code.blank();
        code.raw("#[allow(unused_imports, unreachable_pub)]");
        code.line(format_args!("pub use self::{ROOT}::*;"));
    }
    for (name, module) in &root.children {
        allow(&mut code, layout);
        self::module(&mut code, scope, name, module);
    }
    code.finish()
}

/// The lints that are off, and no reformatting of checked-in files.
fn allow(code: &mut Code, layout: Layout) {
    code.blank();
    if layout == Layout::CheckedIn {
        code.raw("#[rustfmt::skip]");
    }
    code.enter(format_args!("#[allow("));
    code.raw("unknown_lints, // of newer compilers");
    for (lints, reason) in LINTS {
        code.line(format_args!("{lints}, // {reason}"));
    }
    code.leave(")]");
}

fn module(code: &mut Code, scope: &Scope<'_>, name: &str, module: &Module) {
    code.open(format_args!("pub mod {name}"));
    if !module.files.is_empty() {
        contents(code, scope, &module.files);
    }
    for (name, child) in &module.children {
        code.blank();
        self::module(code, scope, name, child);
    }
    code.close();
}

fn contents(code: &mut Code, scope: &Scope<'_>, files: &[String]) {
    // Methods are found through traits in scope, and a crate may have switched the prelude off.
    let runtime = &scope.settings.runtime;
    code.line(format_args!(
        "use {runtime}::__private::v1::{{self as {}, Clone as _, From as _, Into as _, Within as _}};",
        scope.obs
    ));
    for file in files {
        code.line(format_args!("include!({});", lit(file)));
    }
}
