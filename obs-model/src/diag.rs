//! Diagnostics as people and machines read them: one file a form, all from one value.

pub mod compile_error;
#[cfg(feature = "specs")]
mod form;
#[cfg(feature = "specs")]
pub mod github;
pub mod human;
#[cfg(feature = "specs")]
pub mod json;
#[cfg(feature = "specs")]
pub mod short;

mod text;

#[cfg(feature = "specs")]
pub use form::{Format, render, summary};
pub use obs_schema::diag::{Diagnostic, Diagnostics, Label, Severity, nearest};

#[cfg(test)]
mod tests;
