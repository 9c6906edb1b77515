//! Is the committed code what the compiler writes now?

use crate::{compiled, folder};
use obs_codegen::{compile, fs};
use obs_model::emit::Layout;
use obs_model::{diag, lock};
use similar::TextDiff;

fn check(name: &str) {
    let specs = folder("tests/specs/ok").join(name);
    let (outcome, sources, settings) = compiled(&specs, ".", None);
    let found = diag::render(&outcome.diagnostics, &sources, diag::Format::Human, false);
    insta::assert_snapshot!(format!("{name}-diagnostics"), found);
    insta::assert_snapshot!(format!("{name}-lock"), lock::text(&outcome.model));
    let folder = folder("tests/golden/src").join(name);
    let artifacts = compile::artifacts(&outcome, &sources, &settings, Layout::CheckedIn);
    if std::env::var_os("OBS_BLESS").is_some() {
        fs::write_all(&folder, &artifacts, |_| true).expect("the folder is writable");
        return;
    }
    for (file, now) in &artifacts {
        let before = fs::read_text(&folder.join(file)).unwrap_or_default();
        if before != *now {
            let diff = TextDiff::from_lines(&before, now);
            let diff = diff.unified_diff().context_radius(3).to_string();
            panic!(
                "tests/golden/src/{name}/{file} is stale; run `OBS_BLESS=1 cargo test -p obs-codegen`\n{diff}"
            );
        }
    }
}

#[test]
fn avro() {
    check("avro");
}

#[test]
fn json() {
    check("json");
}

#[test]
fn metrics() {
    check("metrics");
}

#[test]
fn versions() {
    check("versions");
}
