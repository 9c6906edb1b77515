//! The one room that touches the world: it lists and reads spec folders, and writes what changed.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the room the fence points to"
)]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// What a walk through a folder found.
#[derive(Debug, Default)]
pub struct Listing {
    /// Files, sorted by path.
    pub files: Vec<PathBuf>,
    /// Folders, the root included, sorted by path.
    pub folders: Vec<PathBuf>,
}

/// An error that says what could not be done, and to which file.
fn told(error: &io::Error, doing: &str, path: &Path) -> io::Error {
    let text = format!("cannot {doing} {}: {error}", path.display());
    io::Error::new(error.kind(), text)
}

/// Lists a folder recursively, or a single file. Hidden entries and build output are left out; links to folders are followed once.
///
/// # Errors
///
/// When a folder cannot be listed; the error names it.
pub fn list(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    if root.is_file() {
        listing.files.push(root.to_owned());
        return Ok(listing);
    }
    let mut waiting = vec![root.to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(folder) = waiting.pop() {
        let unread = |error| told(&error, "read the folder", &folder);
        if !seen.insert(folder.canonicalize().map_err(unread)?) {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let name = entry.file_name();
            let hidden = name
                .to_str()
                .is_none_or(|name| name.starts_with('.') || name == "target");
            if hidden {
                continue;
            }
            let kind = entry.file_type().map_err(unread)?;
            let is_dir = if kind.is_symlink() {
                entry.path().is_dir()
            } else {
                kind.is_dir()
            };
            if is_dir {
                waiting.push(entry.path());
            } else {
                listing.files.push(entry.path());
            }
        }
        listing.folders.push(folder);
    }
    listing.files.sort();
    listing.folders.sort();
    Ok(listing)
}

/// Reads a file.
///
/// # Errors
///
/// When it cannot be read; the error names it.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| told(&error, "read", path))
}

/// Reads a text file; `None` when there is none.
#[must_use]
pub fn read_text(path: &Path) -> Option<String> {
    String::from_utf8(std::fs::read(path).ok()?).ok()
}

/// Writes a file unless it holds just this already. Tells whether it wrote.
///
/// # Errors
///
/// When the folder or the file cannot be written; the error names the file.
pub fn write_if_changed(path: &Path, text: &str) -> io::Result<bool> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(false);
    }
    replace(path, text).map_err(|error| told(&error, "write", path))?;
    Ok(true)
}

/// A reader never sees half a file: the new one takes the place of the old in one step.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    std::fs::write(&fresh, text)?;
    std::fs::rename(&fresh, path).inspect_err(|_| drop(std::fs::remove_file(&fresh)))
}

/// Writes artifacts into a folder and removes files of ours that are no longer among them. Tells how many files changed.
///
/// # Errors
///
/// When a file cannot be written or removed; the error names it.
pub fn write_all(
    folder: &Path,
    artifacts: &BTreeMap<String, String>,
    ours: impl Fn(&str) -> bool,
) -> io::Result<usize> {
    let mut changed = 0;
    for (name, text) in artifacts {
        changed += usize::from(write_if_changed(&folder.join(name), text)?);
    }
    for path in list(folder)?.files {
        let name = relative(folder, &path);
        if !artifacts.contains_key(&name) && ours(&read_text(&path).unwrap_or_default()) {
            remove(&path)?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// Removes a file.
///
/// # Errors
///
/// When it cannot be removed; the error names it.
pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path).map_err(|error| told(&error, "remove", path))
}

/// What tells one state of a file from another without reading it: its length and the time of its last change.
#[must_use]
pub fn state(path: &Path) -> Option<(u64, u128)> {
    let metadata = std::fs::metadata(path).ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((metadata.len(), changed.as_nanos()))
}

/// The state of the program that runs.
#[must_use]
pub fn own_state() -> Option<(u64, u128)> {
    state(&std::env::current_exe().ok()?)
}

/// A path relative to a folder, with forward slashes on every system.
#[must_use]
pub fn relative(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// The value of an environment variable.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The folder commands start in.
///
/// # Errors
///
/// When there is none any more.
pub fn current_folder() -> io::Result<PathBuf> {
    std::env::current_dir()
}
