//! `manifest.json`: every file we wrote, what it was made from, and how our part of it looked, so that an edit is noticed.

use super::Files;
use crate::package::Failure;
use crate::show::hex;
use obs_codegen::fs;
use obs_schema::avro::fingerprint::sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Its name.
const MANIFEST: &str = "manifest.json";

/// What was written.
#[derive(Serialize, Deserialize, Default, Debug)]
struct Manifest {
    /// For which profile.
    profile: String,
    /// The files, by path.
    files: BTreeMap<String, Entry>,
}

/// A file.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
struct Entry {
    /// The target that made it.
    target: String,
    /// SHA-256 of our part of it.
    sha256: String,
    /// The specs it was made from.
    from: Vec<String>,
}

/// What is to be done to a file.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its path below the output folder.
    pub(crate) path: String,
    /// What it says now; nothing when it is not there.
    pub(crate) before: Option<String>,
    /// What it should say; nothing when it should go.
    pub(crate) after: Option<String>,
}

/// What has to change in a folder, and what stands in the way.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// The changes, by path, the manifest last.
    pub(crate) changes: Vec<Change>,
    /// Files that somebody else wrote or edited, with what to do about it.
    pub(crate) refused: Vec<String>,
}

/// Compares rendered files with a folder. `wanted` tells the targets that are rendered, or would be if they were still there: files of others stay as they are.
pub(crate) fn settle(
    folder: &Path,
    profile: &str,
    files: &Files,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Settled, Failure> {
    let path = folder.join(MANIFEST);
    let there = fs::read_text(&path);
    let old: Manifest = match &there {
        None => Manifest::default(),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            format!(
                "{} is not what we wrote: {error}\nhelp: remove it, or take it back from version control",
                path.display()
            )
        })?,
    };
    let mut settled = Settled::default();
    let mut new = Manifest {
        profile: profile.to_owned(),
        files: BTreeMap::new(),
    };
    for (name, entry) in &old.files {
        if !wanted(&entry.target) {
            new.files.insert(name.clone(), entry.clone());
        } else if !files.contains_key(name) {
            let before = fs::read_text(&folder.join(name));
            let Some(text) = before else { continue };
            if is_whole(&text, entry) {
                settled.changes.push(Change {
                    path: name.clone(),
                    before: Some(text),
                    after: None,
                });
            } else {
                settled.refused.push(format!(
                    "{name} is no longer made, and has words of yours in it\nhelp: move them, and remove the file"
                ));
            }
        }
    }
    for (name, file) in files {
        let before = fs::read_text(&folder.join(name));
        let fresh = match file.comment {
            Some(comment) => comment.enclose(&file.text),
            None => file.text.clone(),
        };
        let after = match (&before, file.comment) {
            (None, _) => fresh.clone(),
            (Some(text), _) if *text == fresh => fresh.clone(),
            (Some(text), Some(comment)) => match comment.merge(text, &fresh) {
                Some(merged) => merged,
                None => {
                    settled.refused.push(format!(
                        "{name} is there, and has no part of ours\nhelp: move it away, or write to another folder with `--out`"
                    ));
                    continue;
                }
            },
            (Some(text), None) => {
                let known = old.files.get(name);
                if known.is_none_or(|entry| !is_whole(text, entry)) {
                    settled.refused.push(format!(
                        "{name} was written or edited by hand\nhelp: remove it, or put a template of your own in its place with `--templates`"
                    ));
                    continue;
                }
                fresh.clone()
            }
        };
        let entry = Entry {
            target: file.target.clone(),
            sha256: hex(&sha256(fresh.as_bytes())),
            from: file.from.clone(),
        };
        new.files.insert(name.clone(), entry);
        settled.changes.push(Change {
            path: name.clone(),
            before,
            after: Some(after),
        });
    }
    let after = serde_json::to_string_pretty(&new)? + "\n";
    settled.changes.push(Change {
        path: MANIFEST.to_owned(),
        before: there,
        after: Some(after),
    });
    settled
        .changes
        .retain(|change| change.before != change.after);
    Ok(settled)
}

/// Whether a file is all ours, and as we wrote it.
fn is_whole(text: &str, entry: &Entry) -> bool {
    hex(&sha256(text.as_bytes())) == entry.sha256
}
