//! Is the committed code what the compiler writes now?

use obs_codegen::compile::{self, Outcome};
use obs_codegen::obs_toml::ObsToml;
use obs_codegen::{fs, project};
use obs_model::emit::Layout;
use obs_model::{diag, lock};
use obs_schema::source::SourceMap;
use similar::TextDiff;
use std::path::{Path, PathBuf};

/// Compiles a folder of `tests/specs/ok`.
fn compiled(name: &str) -> (Outcome, SourceMap, ObsToml) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/specs/ok")
        .join(name);
    let inputs = project::find(&root, &[PathBuf::from(".")]).expect("the folder is there");
    let loaded = project::load(&inputs).expect("its files are readable");
    let outcome = compile::compile(
        loaded.cx,
        &loaded.sources,
        &loaded.files,
        &loaded.settings,
        None,
    );
    (outcome, loaded.sources, loaded.settings)
}

fn check(name: &str) {
    let (outcome, sources, settings) = compiled(name);
    let found = diag::render(&outcome.diagnostics, &sources, diag::Format::Human, false);
    insta::assert_snapshot!(format!("{name}-diagnostics"), found);
    insta::assert_snapshot!(format!("{name}-lock"), lock::text(&outcome.model));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/src")
        .join(name);
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
fn versions() {
    check("versions");
}
