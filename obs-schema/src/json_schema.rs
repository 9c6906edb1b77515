//! JSON Schema as written: an arena of schemas with places, in which every reference is resolved.

pub mod tree;

pub use tree::*;
