//! Avro schemas as written: a tree with places, in which named types are kept once and referred to by id.
//!
//! Every file becomes a [`Document`]; [`Set`] holds the documents of a run and what their names refer to.

pub mod canonical;
pub mod fingerprint;
pub mod full_text;
pub mod idl;
pub mod parse;
pub mod tree;

pub use parse::{Content, Input, read_set, read_text};
pub use tree::*;
