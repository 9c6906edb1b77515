//! # An event is past its sunset
//!
//! `deprecated.sunset` is the day from which an event should be gone. On and after it `cargo obs-codegen check` fails, with
//! `--today` or `SOURCE_DATE_EPOCH` when given. Builds never do: what compiles today compiles tomorrow.
//!
//! ```json
//! "deprecated": { "since": "2.0.0", "sunset": "2026-06-30", "use": "user.joined" }
//! ```
//!
//! Remove the spec when nobody publishes it any more, or move the date.

use super::Facts;
use crate::model::Event;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    let (Some(today), Some(deprecated)) = (facts.today, &event.keys.deprecated) else {
        return;
    };
    // Dates in this form sort as they stand.
    let Some(sunset) = deprecated
        .value
        .sunset
        .as_deref()
        .filter(|sunset| *sunset <= today)
    else {
        return;
    };
    let message = format!(
        "`{}` {} was to be gone by {sunset}",
        event.event_type, event.version
    );
    let help = match &deprecated.value.replacement {
        Some(other) => {
            format!("move publishers to `{other}` and remove the spec, or move the date")
        }
        None => "remove the spec, or move the date".to_owned(),
    };
    cx.push(Diagnostic::error("sunset-passed", deprecated.loc, message).help(help));
}
