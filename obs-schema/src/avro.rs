//! Avro schemas as written: a tree with places, in which named types are kept once and referred to by id.
//!
//! Every file becomes a [`Document`]; [`Set`] holds the documents of a run and what their names refer to.

pub mod canonical;
mod depth;
pub mod dynamic;
pub mod fingerprint;
pub mod full_text;
pub mod idl;
pub mod parse;
pub mod plan;
pub mod tree;
mod view;

pub use parse::{Content, Input, read_set, read_text};
pub use plan::Plan;
pub use tree::*;
pub use view::Schema;
