//! # A span attribute with a name that is taken
//!
//! Our spans carry `event.type`, `event.version`, `event.id` and `error.type` already, and OpenTelemetry keeps namespaces
//! such as `messaging.` and `otel.` to itself. A second value under such a name would hide the first.
//!
//! ```json
//! { "name": "kind", "type": "string", "x-obs": { "attr": "event.type" } }
//! ```
//!
//! Use a name of your own domain: `order.kind`.

use super::Facts;
use crate::model::Field;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::names::{RESERVED_ATTR_PREFIXES, RESERVED_ATTRS};
use obs_schema::source::Loc;

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    if let Some(attr) = &field.keys.attr {
        is_free(cx, &attr.value, attr.loc);
    }
}

/// Refuses the name of an attribute that is taken.
pub(crate) fn is_free(cx: &mut Diagnostics, name: &str, loc: Loc) {
    let taken = RESERVED_ATTRS.contains(&name)
        || RESERVED_ATTR_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if taken {
        let message = format!("the attribute `{name}` is taken");
        cx.push(
            Diagnostic::error("reserved-attr", loc, message)
                .help("use a name of your own domain, such as `order.kind`"),
        );
    }
}
