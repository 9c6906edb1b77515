//! # A file's name and its spec tell different versions
//!
//! A name such as `user-registered.v2.0.0.avsc` is where people look first. When `version` inside says something
//! else, the key wins, and people look at the wrong file.
//!
//! ```text
//! specs/user-registered.v2.0.0.avsc    "x-obs": { "version": "2.1.0" }
//! ```
//!
//! Rename the file, correct the key, or leave the key out: the name is enough. `v2` in a name agrees with every 2.x.

use super::Facts;
use crate::model::Event;
use crate::resolve::version;
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    let Some(written) = &event.keys.version else {
        return;
    };
    let Some(sources) = facts.sources.filter(|_| written.loc.file == event.file) else {
        return;
    };
    let path = sources.path(event.file);
    let name = path.rsplit('/').next().unwrap_or(path);
    let told = version::numbers_in(name);
    let known = [
        written.value.major,
        written.value.minor,
        written.value.patch,
    ];
    if told.iter().zip(known).all(|(told, known)| *told == known) {
        return;
    }
    let told: Vec<String> = told.iter().map(u32::to_string).collect();
    let message = format!(
        "the file's name says version {}, and the spec says {}",
        told.join("."),
        written.value
    );
    cx.push(
        Diagnostic::warning("version-file-name", written.loc, message)
            .help("rename the file, or leave `version` out"),
    );
}
