//! # A label on a field anything can stand in
//!
//! Every value of a label is a time series of its own. An identifier, a price or free text as a label makes series
//! without end, which is how metric stores die. So labels are closed: an enum, a boolean, or a string whose common
//! values are listed and whose rest becomes `other`.
//!
//! ```json
//! { "name": "country", "type": "string", "x-obs": { "label": true } }
//! ```
//!
//! Use `"label": true, "top": ["DE", "FR", "GB"]`, an enum, or `attr` instead: spans may carry any value.

use super::{
    Facts,
    shape::{self, Sort},
};
use crate::model::Field;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, field: &Field) {
    let Some(label) = &field.keys.label else {
        return;
    };
    let sort = facts.sort(&field.ty);
    let topped = sort == Sort::Text && !label.value.top.is_empty();
    // A sensitive field cannot be a label of any kind, and `sensitive-label` has said so.
    if sort.is_closed() || topped || shape::sensitive(field).is_some() {
        return;
    }
    let help = match sort {
        Sort::Text => "list its common values in `top`, or use `attr`: spans may carry any value",
        Sort::Number => {
            "use `attr`, or put it into buckets with `bounds` in a family under `metrics`"
        }
        _ => "label by an enum or a boolean, or use `attr`: spans may carry any value",
    };
    let message = format!(
        "`{}` is {}, and a label needs a closed type",
        field.wire,
        sort.words()
    );
    cx.push(
        Diagnostic::error("open-label", label.loc, message)
            .other(field.loc, "declared here")
            .help(help),
    );
}
