//! # A mark on a value it does not fit
//!
//! A message key, a tenant and a correlation id are one plain value; a span attribute is one or a list of them.
//! A record, a map or a union has no single text that could stand there.
//!
//! ```json
//! { "name": "address", "type": "Address", "x-obs": { "key": true } }
//! ```
//!
//! Use a plain field, or `log`, which takes any value.

use super::{Facts, shape::Sort};
use crate::model::{Field, Shape};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, field: &Field) {
    let keys = &field.keys;
    let sort = facts.sort(&field.ty);
    // Floats are equal or not by accident, so nothing is routed or found by one.
    let float = matches!(super::shape::bare(&field.ty).shape, Shape::F32 | Shape::F64);
    let one = sort.is_scalar() && !float;
    let listed = facts
        .item(&field.ty)
        .is_some_and(|item| facts.sort(item).is_scalar());
    let several = sort.is_scalar() || sort == Sort::List && listed;
    let marks = [
        ("key", keys.key, one),
        ("tenant", keys.tenant, one),
        ("correlation", keys.correlation, one),
        ("attr", keys.attr.as_ref().map(|attr| attr.loc), several),
    ];
    for (mark, loc, fits) in marks {
        let (Some(loc), false) = (loc, fits) else {
            continue;
        };
        let kind = if float { "a float" } else { sort.words() };
        let message = format!("`{}` is {kind} and cannot be the `{mark}`", field.wire);
        let help = if mark == "attr" {
            "mark a plain field, or use `log`, which takes any value"
        } else {
            "mark a string, an integer, a uuid or an enum"
        };
        cx.push(
            Diagnostic::error("unfit-mark", loc, message)
                .other(field.loc, "declared here")
                .help(help),
        );
    }
}
