//! What an event is: from a spec or a derive to checked facts, and from those to Rust.
//!
//! The phases are listed in `pipeline`; nothing here touches files, variables or clocks.

// What rustc lends to macros is no dependency, and has to be asked for.
#[cfg(feature = "derive")]
extern crate proc_macro;

pub mod check;
#[cfg(feature = "derive")]
pub mod derive;
pub mod diag;
pub mod draft;
pub mod emit;
pub mod keys;
#[cfg(feature = "specs")]
pub mod lock;
pub mod model;
#[cfg(feature = "specs")]
pub mod pipeline;
pub mod resolve;
pub mod settings;
pub mod spec;
