//! From schema trees to a Draft: one file a dialect.

pub(crate) mod annotate;
pub mod avro;
#[cfg(feature = "specs")]
pub mod json_schema;
#[cfg(feature = "specs")]
pub mod metrics;

use crate::model::Shape;

/// What stands for a type that cannot be read or found. One mistake is one message, so it is somebody's own type to the
/// rules, which leave that to rustc, and text to the code around it, which it is as a rule.
fn spoilt() -> Shape {
    Shape::Rust("::std::string::String".to_owned())
}
