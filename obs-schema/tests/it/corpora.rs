//! Where real schemas are found: in the folder that `OBS_CORPORA` names.

use std::path::{Path, PathBuf};

/// The folder, or nothing with a word about it.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a door: it reads its own environment"
)]
#[expect(clippy::print_stderr, reason = "a test that did not run has to say so")]
pub(crate) fn folder() -> Option<PathBuf> {
    let found = std::env::var_os("OBS_CORPORA")
        .map(PathBuf::from)
        .filter(|path| path.is_dir());
    if found.is_none() {
        eprintln!("left out: OBS_CORPORA names no folder of real schemas");
    }
    found
}

/// Path and text of every file under a folder with one of these endings, sorted by path.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a door: it reads its own files"
)]
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let entries = std::fs::read_dir(folder).expect("a folder");
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                walk(&path, found)
            } else {
                found.push(path)
            }
        }
    }
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    paths.sort();
    let shown = |path: &Path| {
        let inside = path.strip_prefix(folder).expect("walked from there");
        inside.to_string_lossy().replace('\\', "/")
    };
    paths
        .iter()
        .map(|path| (shown(path), path))
        .filter(|(shown, _)| endings.iter().any(|ending| shown.ends_with(ending)))
        .map(|(shown, path)| (shown, std::fs::read_to_string(path).expect("text")))
        .collect()
}
