//! The model over whole schemas. One binary: linking costs more than running.

#[cfg(feature = "proc-macro2")]
mod agree;
mod fits;
mod json_schema;
