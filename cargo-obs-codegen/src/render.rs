//! Rendering: targets over a view, in memory. A target is a folder of templates with a `target.toml` that names its files.
//!
//! Templates hold layout. What they print arrives ready in the view, and what they gave is parsed before anybody sees it.

mod accept;
mod engine;
mod manifest;
mod region;
mod target;

pub(crate) use engine::render;
pub(crate) use manifest::{Settled, settle};
pub(crate) use target::{Target, targets};

use std::collections::BTreeMap;

/// A rendered file.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// The target it belongs to.
    pub(crate) target: String,
    /// Its text, without marks.
    pub(crate) text: String,
    /// The specs it was made from.
    pub(crate) from: Vec<String>,
    /// How comments are written in it; nowhere when it can have none.
    pub(crate) comment: Option<region::Comment>,
}

/// Rendered files, by path below the output folder.
pub(crate) type Files = BTreeMap<String, Rendered>;
