//! Specs in, Rust out.

#![expect(clippy::disallowed_methods, reason = "tests read and bless files")]

mod bad;
mod duplicates;
mod echoes;
mod golden;
mod metrics;
mod tidy;

use obs_codegen::compile::{self, Outcome};
use obs_codegen::obs_toml::ObsToml;
use obs_codegen::project;
use obs_schema::source::SourceMap;
use std::path::{Path, PathBuf};

/// A folder of the repository.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// What lies in a folder, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    paths
}

/// Compiles a spec of a folder, or all of them (`.`), on a given day.
fn compiled(root: &Path, spec: &str, today: Option<&str>) -> (Outcome, SourceMap, ObsToml) {
    let inputs = project::find(root, &[PathBuf::from(spec)]).expect("the folder is there");
    let loaded = project::load(&inputs).expect("its files are readable");
    let outcome = compile::compile(
        loaded.cx,
        &loaded.sources,
        &loaded.files,
        &loaded.settings,
        today,
    );
    (outcome, loaded.sources, loaded.settings)
}
