//! The specs of `tests/specs/ok` as Rust: committed so that a change of the output is seen in review, and compiled.
//!
//! `OBS_BLESS=1 cargo test -p golden` writes them anew.

pub mod avro;
pub mod json;
pub mod versions;
