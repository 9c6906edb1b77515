//! The Model as Rust: a sorted map from file names to text.
//!
//! Emitters choose nothing. Names, boxes and modules are the Model's; what is decided here is only how they read.
//! [`artifacts`] serves the build script and `generate`; [`impls`] serves the derive, which has the struct already.

mod borrowed;
mod json;
mod paths;
mod printer;
mod serde;
mod traits;
mod validate;
mod value;

use crate::model::{Model, TypeDef, TypeId, TypeKind};
use crate::settings::Settings;
use obs_schema::source::FileId;
use paths::Scope;
use printer::Code;
use std::collections::BTreeMap;
use traits::Traits;

/// Relative path to text. Equal models and settings make equal artifacts.
pub type Artifacts = BTreeMap<String, String>;

/// A spec file with errors: its place is taken by a `compile_error!`, the others live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedFile {
    /// The file.
    pub file: FileId,
    /// Its path as shown in messages.
    pub path: String,
    /// The diagnostics, rendered.
    pub message: String,
}

/// The trait implementations of one type, without the type itself, for the derive.
///
/// `prefix` is the path of the runtime's private module, `::obs_runtime::__private::v1`.
#[must_use]
pub fn impls(model: &Model, settings: &Settings, id: TypeId, prefix: &str) -> String {
    let traits = Traits::of(model, settings);
    let ty = model.get(id);
    let scope = Scope {
        model,
        settings,
        obs: prefix,
        module: &ty.name.module,
        traits: &traits,
    };
    let mut code = Code::new();
    codecs(&mut code, &scope, id, ty);
    code.finish()
}

/// Everything that is implemented for a type, whoever wrote the type itself.
fn codecs(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    let _ = id;
    if scope.has_json(ty) {
        match &ty.kind {
            TypeKind::Record(record) => json::record(code, scope, ty, record),
            TypeKind::Enum(symbols) => json::enum_(code, scope, ty, symbols),
            TypeKind::Union(union) => json::union(code, scope, ty, union),
            TypeKind::Newtype(inner) => json::newtype(code, scope, ty, inner),
            TypeKind::Fixed { size } => json::fixed(code, scope, ty, *size),
        }
    }
    match &ty.kind {
        TypeKind::Record(record) => validate::record(code, scope, ty, record),
        TypeKind::Enum(symbols) => validate::enum_(code, scope, ty, symbols),
        TypeKind::Union(union) => validate::union(code, scope, ty, union),
        TypeKind::Newtype(inner) => validate::newtype(code, scope, ty, inner),
        TypeKind::Fixed { size } => validate::fixed(code, scope, ty, *size),
    }
    if scope.settings.borrowed {
        borrowed::twin(code, scope, ty);
    }
}
