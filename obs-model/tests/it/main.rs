//! The model over whole schemas. One binary: linking costs more than running.

mod fits;
mod json_schema;
