//! # `top` on a field that is closed anyway
//!
//! `top` lists the values of a text that are worth a series of their own. An enum or a boolean has known values already.
//!
//! ```json
//! { "name": "plan", "type": { "type": "enum", "name": "Plan", "symbols": ["FREE", "TEAM"] },
//!   "x-obs": { "label": { "top": ["FREE"] } } }
//! ```
//!
//! Use `"label": true`.

use super::{Facts, shape::Sort};
use crate::model::Field;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, field: &Field) {
    let Some(label) = &field.keys.label else {
        return;
    };
    let sort = facts.sort(&field.ty);
    if label.value.top.is_empty() || !matches!(sort, Sort::Bool | Sort::Symbols) {
        return;
    }
    let message = format!(
        "`{}` is {}, and its values are known without `top`",
        field.wire,
        sort.words()
    );
    cx.push(Diagnostic::warning("needless-top", label.loc, message).help("remove `top`"));
}
