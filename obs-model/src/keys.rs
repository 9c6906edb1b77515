//! The `x-obs` keys: one reader for specs, overlays and attributes.
//!
//! A derive's attributes are turned into the same located tree first, so that a mistake has the same code and words at every door.
//! What one key can know is checked here; what needs two things is a rule in [`crate::check`].
//! Every mistake is reported once, at its own token, and the rest is read all the same.

mod event;
#[cfg(any(feature = "derive", feature = "specs"))]
mod family;
mod field;
mod metric;
pub mod value;

use crate::draft::{EventKeys, FieldKeys};
use obs_schema::diag::Diagnostics;
use obs_schema::node::Node;

pub use event::KEYS as EVENT_KEYS;
#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use family::{FamilyKeys, check_labels, check_names, family_keys, name_of};
pub use field::KEYS as FIELD_KEYS;
#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use field::is_label_name;
#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use metric::family_name;
#[cfg(feature = "derive")]
pub(crate) use value::{boolean, duration};
pub use value::{is_date, parse_version};
#[cfg(feature = "specs")]
pub(crate) use value::{list, texts};
pub(crate) use value::{listed, parse_duration};
#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use value::{missing, object};
#[cfg(any(feature = "derive", feature = "specs"))]
pub(crate) use value::{text, unknown_key, whole, word};

/// Reads the `x-obs` object of an event.
pub fn event_keys(cx: &mut Diagnostics, node: &Node) -> EventKeys {
    let mut keys = EventKeys::default();
    event::read(cx, node, &mut keys, &[]);
    keys
}

/// Reads the `x-obs` object of a field.
pub fn field_keys(cx: &mut Diagnostics, node: &Node) -> FieldKeys {
    let mut keys = FieldKeys::default();
    field::read(cx, node, &mut keys);
    keys
}

/// Lays a table of `obs.toml` over what a spec says about an event: key by key, the table wins, and lists are replaced whole.
///
/// The table's `fields` member is left to the caller, who knows the fields.
pub fn overlay_event(cx: &mut Diagnostics, base: &mut EventKeys, over: &Node) {
    event::read(cx, over, base, &["fields"]);
}

/// Lays a table of `obs.toml` over what a spec says about a field: key by key, the table wins; `false` takes a mark away.
pub fn overlay_field(cx: &mut Diagnostics, base: &mut FieldKeys, over: &Node) {
    field::read(cx, over, base);
}

#[cfg(test)]
mod tests;
