//! JSON Schema: documents read into an arena of schemas with places, in which every reference is resolved,
//! and what can be asked of such an arena.

#[cfg(feature = "full")]
mod bundle;
mod cycles;
mod dialect;
mod equal;
pub mod format;
mod keywords;
mod meta;
pub mod number;
pub mod pattern;
mod read;
mod refs;
pub mod tree;
mod uri;
mod validate;
mod words;

#[cfg(feature = "full")]
pub use bundle::{Bundler, canonical_text};
pub use equal::{all_unique, equal};
pub use read::{Input, inputs, read_set};
pub use tree::*;
pub use validate::{SchemaDoc, Validator, ValidatorOptions, Violation};
