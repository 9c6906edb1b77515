//! # Several fields claim one role
//!
//! A message has one key, one tenant and one correlation id.
//!
//! ```json
//! { "name": "userId",  "type": "string", "x-obs": { "key": true } },
//! { "name": "orderId", "type": "string", "x-obs": { "key": true } }
//! ```
//!
//! Use the field whose messages have to stay in order. For two at once, add a field that holds both.

use super::Facts;
use crate::model::{Field, Record, TypeId};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;

/// A role, and where a field claims it.
type Role = (&'static str, fn(&Field) -> Option<Loc>);

pub(super) fn look(cx: &mut Diagnostics, _: &Facts<'_>, _: TypeId, record: &Record) {
    let roles: [Role; 3] = [
        ("key", |field| field.keys.key),
        ("tenant", |field| field.keys.tenant),
        ("correlation", |field| field.keys.correlation),
    ];
    for (role, place) in roles {
        let mut claims = record
            .fields
            .iter()
            .filter_map(|field| Some((field, place(field)?)));
        let Some((first, at)) = claims.next() else {
            continue;
        };
        for (field, loc) in claims {
            let message = format!(
                "`{}` and `{}` are both the `{role}`",
                first.wire, field.wire
            );
            cx.push(
                Diagnostic::error("several-keys", loc, message)
                    .other(at, "first claimed here")
                    .help("keep one of them"),
            );
        }
    }
}
