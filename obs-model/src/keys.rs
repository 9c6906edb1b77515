//! The `x-obs` keys: one reader for specs, overlays and attributes.
//!
//! A derive's attributes are turned into the same located tree first, so that a mistake has the same code and words at every door.

use crate::draft::{EventKeys, FieldKeys};
use obs_schema::diag::Diagnostics;
use obs_schema::node::Node;

/// Reads the `x-obs` object of an event.
pub fn event_keys(cx: &mut Diagnostics, node: &Node) -> EventKeys {
    let _ = cx;
    EventKeys { loc: Some(node.loc), ..EventKeys::default() }
}

/// Reads the `x-obs` object of a field.
pub fn field_keys(cx: &mut Diagnostics, node: &Node) -> FieldKeys {
    let _ = cx;
    FieldKeys { loc: Some(node.loc), ..FieldKeys::default() }
}
