//! JSON Schema: documents read into an arena of schemas with places, in which every reference is resolved.

mod cycles;
mod dialect;
mod keywords;
mod meta;
pub mod pattern;
mod read;
mod refs;
pub mod tree;
mod uri;
mod words;

pub use read::{Input, read_set};
pub use tree::*;
