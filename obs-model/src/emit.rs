//! The Model as Rust: a sorted map from file names to text.
//!
//! Emitters choose nothing. Names, boxes and modules are the Model's; what is decided here is only how they read.
//! [`artifacts`] serves the build script and `generate`; [`impls`] serves the derive, which has the struct already.

mod avro;
mod borrowed;
mod construct;
mod defaults;
mod event;
mod files;
mod json;
mod paths;
mod printer;
mod serde;
mod shared;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod traits;
mod types;
mod validate;
mod value;
mod versions;

use crate::model::{Model, TypeDef, TypeId};
use crate::settings::Settings;
use obs_schema::source::{FileId, SourceMap};
use paths::Scope;
use printer::Code;
use std::collections::BTreeMap;
use traits::Traits;

#[cfg(feature = "derive")]
pub(crate) use event::PART;
#[cfg(feature = "derive")]
pub(crate) use paths::{logical_name, wrapper};

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
    files::artifacts(&scope, sources, failed, layout)
}

/// The trait implementations of one type, without the type itself, for the derive.
///
/// `prefix` is the path of the runtime's private module, `::obs_runtime::__private::v1`.
#[must_use]
pub fn impls(model: &Model, settings: &Settings, id: TypeId, prefix: &str) -> String {
    let traits = Traits::of(model, settings);
    let roots = roots(model);
    let ty = model.get(id);
    let module = &ty.name.module;
    let scope = Scope {
        model,
        settings,
        obs: prefix,
        module,
        traits: &traits,
        roots: &roots,
        derived: true,
    };
    let mut code = Code::new();
    implementations(&mut code, &scope, id, ty);
    code.finish()
}

fn roots(model: &Model) -> BTreeMap<TypeId, usize> {
    model
        .events
        .iter()
        .enumerate()
        .map(|(at, event)| (event.ty, at))
        .collect()
}

/// Everything that is implemented for a type, whoever wrote the type itself.
fn implementations(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    if let Some(event) = scope.roots.get(&id) {
        event::event(code, scope, &scope.model.events[*event], ty);
    }
    if scope.has_avro(ty) {
        avro::codec(code, scope, id, ty);
    }
    if scope.has_json(ty) {
        json::codec(code, scope, id, ty);
        serde::implementations(code, scope, ty);
    }
    validate::validate(code, scope, id, ty);
    if !scope.derived {
        borrowed::twin(code, scope, id, ty);
    }
}
