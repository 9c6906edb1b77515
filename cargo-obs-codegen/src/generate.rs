//! `generate`: the Rust of the specs as files of the package.

use crate::cli::{Cli, Generate};
use crate::package::{self, Failure};
use crate::report;
use obs_codegen::{compile, fs};
use obs_model::emit::{self, Layout};
use similar::TextDiff;
use std::collections::BTreeSet;

/// `generate`
pub(crate) fn run(cli: &Cli, arguments: &Generate) -> Result<bool, Failure> {
    let mut clean = true;
    for package in package::all(cli)? {
        report::findings(cli, &package.outcome.diagnostics, &package.sources);
        if package.outcome.has_errors() {
            // Checked-in code stays as it is until the specs are right again.
            clean = false;
            continue;
        }
        let folder = package.root.join(&arguments.out);
        let artifacts = compile::artifacts(
            &package.outcome,
            &package.sources,
            &package.settings,
            Layout::CheckedIn,
        );
        if !arguments.check {
            let changed = fs::write_all(&folder, &artifacts, emit::is_ours)?;
            report::note(
                cli,
                &format!(
                    "{}: {} files, {changed} changed",
                    folder.display(),
                    artifacts.len()
                ),
            );
            continue;
        }
        let mut names: BTreeSet<String> = artifacts.keys().cloned().collect();
        if let Ok(listing) = fs::list(&folder) {
            let there = listing
                .files
                .iter()
                .filter(|path| emit::is_ours(&fs::read_text(path).unwrap_or_default()));
            names.extend(there.map(|path| fs::relative(&folder, path)));
        }
        for name in names {
            let before = fs::read_text(&folder.join(&name)).unwrap_or_default();
            let now = artifacts.get(&name).map_or("", String::as_str);
            if before != now {
                clean = false;
                let shown = fs::relative(&package.root, &folder.join(&name));
                report::say(&difference(&shown, &before, now));
            }
        }
        if !clean {
            report::note(
                cli,
                "help: run `cargo obs-codegen generate`, and commit the difference",
            );
        }
    }
    Ok(clean)
}

/// A unified difference.
pub(crate) fn difference(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff()
        .context_radius(3)
        .header(&format!("a/{name}"), &format!("b/{name}"))
        .to_string()
}
