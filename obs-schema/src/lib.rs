//! Schemas as such: what Avro and JSON Schema say, and nothing about events.
//!
//! Text comes in through a [`source::SourceMap`] that somebody else filled; what leaves are located trees,
//! canonical forms, fingerprints, resolution plans, verdicts, and bytes encoded or decoded by schema.
//! Nothing here reads a file, a variable or a clock.

pub mod avro;
pub mod carried;
pub mod diag;
#[cfg(feature = "wire")]
pub mod framing;
pub mod json;
#[cfg(feature = "wire")]
pub mod json_schema;
pub mod names;
pub mod node;
pub mod source;
#[doc(hidden)]
pub mod table;
#[cfg(feature = "wire")]
pub mod wire;
