//! The Model as Rust: a sorted map from file names to text.
//!
//! Emitters choose nothing. Names, boxes and modules are the Model's; what is decided here is only how they read.
//! `artifacts` serves the build script and `generate`; [`impls`] serves the derive, which has the struct already.

// A few helpers of what only files ask for lie idle in a derive.
#![cfg_attr(not(feature = "specs"), allow(dead_code))]

mod avro;
#[cfg(feature = "specs")]
mod borrowed;
#[cfg(feature = "specs")]
mod construct;
mod defaults;
mod event;
mod feed;
#[cfg(feature = "specs")]
mod files;
mod json;
#[cfg(any(feature = "derive", feature = "specs"))]
mod metrics;
mod paths;
mod printer;
#[cfg(feature = "specs")]
mod serde;
#[cfg(feature = "specs")]
mod shared;
mod telemetry;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod traits;
#[cfg(feature = "specs")]
mod types;
mod validate;
mod value;
#[cfg(feature = "specs")]
mod versions;

use crate::model::{Model, TypeDef, TypeId};
use crate::settings::Settings;
use obs_schema::table::{Numbered, Table};
use paths::Scope;
use printer::Code;
use traits::Traits;

#[cfg(feature = "derive")]
pub(crate) use event::PART;
#[cfg(feature = "specs")]
pub use files::{Artifacts, FailedFile, INCLUDE_FILE, Layout, artifacts};
#[cfg(feature = "derive")]
pub(crate) use paths::{logical_name, wrapper};

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

/// The implementation of `MetricSet` for a struct that is there already, for the derive.
#[cfg(feature = "derive")]
#[must_use]
pub(crate) fn metric_set(set: &crate::model::metrics::MetricSet, prefix: &str) -> String {
    let mut code = Code::new();
    metrics::implementation(&mut code, prefix, set);
    code.finish()
}

fn roots(model: &Model) -> Table<u128, usize> {
    let mut roots = Table::default();
    for (at, event) in model.events.iter().enumerate() {
        roots.insert(event.ty.number(), at);
    }
    roots
}

/// Everything that is implemented for a type, whoever wrote the type itself.
fn implementations(code: &mut Code, scope: &Scope<'_>, id: TypeId, ty: &TypeDef) {
    if let Some(event) = scope.roots.get(&id.number()) {
        event::event(code, scope, &scope.model.events[*event], ty);
    }
    if scope.has_avro(ty) {
        avro::codec(code, scope, id, ty);
    }
    if scope.has_json(ty) {
        json::codec(code, scope, id, ty);
        #[cfg(feature = "specs")]
        serde::implementations(code, scope, ty);
    }
    validate::validate(code, scope, id, ty);
    #[cfg(feature = "specs")]
    if !scope.derived {
        borrowed::twin(code, scope, id, ty);
    }
}
