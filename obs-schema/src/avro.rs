//! Avro schemas as written: a tree with places, in which named types are kept once and referred to by id.
//!
//! Every file becomes a [`Document`]; [`Set`] holds the documents of a run and what their names refer to.

pub mod canonical;
#[cfg(feature = "wire")]
mod depth;
#[cfg(feature = "wire")]
pub mod dynamic;
pub mod fingerprint;
pub mod full_text;
#[cfg(feature = "full")]
pub mod idl;
pub mod parse;
#[cfg(feature = "wire")]
pub mod plan;
pub mod tree;
#[cfg(feature = "wire")]
mod view;

pub use parse::{Content, Input, read_set, read_text};
#[cfg(feature = "wire")]
pub use plan::Plan;
pub use tree::*;
#[cfg(feature = "wire")]
pub use view::Schema;
