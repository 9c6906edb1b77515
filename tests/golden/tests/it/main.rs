//! Does generated code do what the schemas say?

mod avro;
mod canary;
mod envelope;
mod json;
mod metrics;
mod versions;
