//! What users see of a mistake: every fixture of `tests/specs/bad` is called after the code it is about, and the
//! snapshot of that name holds what is said about it.
//!
//! A fixture is one spec, or a folder of them where it takes several files or an `obs.toml`.

use crate::{compiled, entries, folder};
use obs_model::diag::{self, Format};
use std::path::Path;

/// Sunsets have passed by then.
const TODAY: &str = "2030-01-01";

/// What the fixture is about: its name up to the first dot.
pub(crate) fn code(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

#[test]
fn every_fixture_is_told_what_is_wrong() {
    let root = folder("tests/specs/bad");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/bad");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut silent = Vec::new();
    settings.bind(|| {
        for fixture in entries(&root) {
            let code = code(&fixture);
            let (outcome, sources, _) = if fixture.is_dir() {
                compiled(&fixture, ".", Some(TODAY))
            } else {
                let name = fixture.file_name().unwrap_or_default().to_string_lossy();
                compiled(&root, &name, Some(TODAY))
            };
            let found = &outcome.diagnostics;
            if found.iter().all(|one| one.code != code) {
                silent.push(code.clone());
            }
            let [human, short] = [Format::Human, Format::Short]
                .map(|form| diag::render(found, &sources, form, false));
            insta::assert_snapshot!(code, format!("{human}\n{short}"));
        }
    });
    assert!(
        silent.is_empty(),
        "not among what is said about their fixtures: {silent:?}"
    );
}
