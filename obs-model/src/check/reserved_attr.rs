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

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, field: &Field) {
    let Some(attr) = &field.keys.attr else { return };
    let name = attr.value.as_str();
    let taken = RESERVED_ATTRS.contains(&name)
        || RESERVED_ATTR_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if taken {
        let message = format!("the attribute `{name}` is taken");
        cx.push(
            Diagnostic::error("reserved-attr", attr.loc, message)
                .help("use a name of your own domain, such as `order.kind`"),
        );
    }
}
