//! JSON Schema trees to a Draft: each choice of shape is a named decision.
//!
//! A shape is a sound over-approximation: whatever the schema allows has a value of the Rust type, and comes back out of it unchanged.
//! What the shape allows and the schema does not is asserted by generated code as far as assertions go;
//! where they do not, the event is checked by the schema itself (`CheckedBy::Schema`).
//!
//! The way: a `view::Key` names a position by the schemas that hold there, `alternatives` spreads its choices out,
//! `combine` makes one type of them, `object`, `array` and `scalar` know the kinds.
//! Structs are made from a list of jobs, so recursion in a schema is never recursion here.
//!
//! Two readings are narrower than the letter: a schema that speaks of properties (items, lengths) without saying `type`
//! means objects (arrays, strings), and whole numbers fit into 64 bits.

mod alternatives;
mod array;
mod combine;
mod decision;
mod kinds;
mod lowering;
mod names;
mod object;
mod roots;
mod scalar;
mod schemas;
mod view;

#[cfg(test)]
mod tests;

pub use decision::{Choice, Decision};

use crate::draft::Draft;
use crate::settings::Settings;
use obs_schema::diag::Diagnostics;
use obs_schema::json::Json;
use obs_schema::json_schema::Set;
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;

/// Adds what the documents of a set describe: their types, and a candidate for an event for each root.
///
/// `bundles` holds each document with what it needs of the others, see [`obs_schema::json_schema::Bundler`].
/// Gives back every decision, sorted by place.
pub fn lower(
    cx: &mut Diagnostics,
    sources: &SourceMap,
    set: &Set,
    bundles: &BTreeMap<FileId, Json>,
    settings: &Settings,
    draft: &mut Draft,
) -> Vec<Choice> {
    let lowering = lowering::Lowering::new(cx, sources, set, settings, draft);
    roots::lower(lowering, bundles)
}
