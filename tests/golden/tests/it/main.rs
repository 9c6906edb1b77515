//! Does generated code do what the schemas say?

mod avro;
mod json;
mod metrics;
mod versions;
