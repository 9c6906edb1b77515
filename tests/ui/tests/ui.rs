//! Every case is a program under `cases/<theme>/`: those under `pass/` compile and run, the others say what stands beside them.
//!
//! `TRYBUILD=overwrite cargo test -p obs-ui-tests` writes down what they say now.

use std::path::{Path, PathBuf};

#[test]
fn ui() {
    place_specs();
    let cases = trybuild::TestCases::new();
    for theme in themes() {
        let files = format!("cases/{theme}/*.rs");
        if theme == "pass" {
            cases.pass(files);
        } else {
            cases.compile_fail(files);
        }
    }
}

/// The folders of cases, sorted.
fn themes() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut themes: Vec<String> = folder(&root)
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        .collect();
    themes.sort();
    themes
}

/// trybuild builds the cases as a package of its own making; the specs they name have to lie there too.
#[expect(clippy::disallowed_methods, reason = "tests prepare their ground")]
fn place_specs() {
    let Some(target) = target_folder() else {
        return;
    };
    let there = target
        .join("tests/trybuild")
        .join(env!("CARGO_PKG_NAME"))
        .join("specs");
    std::fs::create_dir_all(&there).expect("a folder for the specs");
    for spec in folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")) {
        let name = spec.file_name().expect("files have names");
        std::fs::copy(&spec, there.join(name)).expect("a copy of the spec");
    }
}

/// The folder cargo builds in: this test lies in `<target>/<profile>/deps`.
fn target_folder() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    own.ancestors().nth(3).map(Path::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "tests look at their own files")]
fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("the folder is there");
    entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect()
}
