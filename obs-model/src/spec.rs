//! From schema trees to a Draft: one file a dialect.

pub(crate) mod annotate;
pub mod avro;
#[cfg(feature = "specs")]
pub mod json_schema;
#[cfg(feature = "specs")]
pub mod metrics;
