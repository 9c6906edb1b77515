//! The door for `build.rs`: a folder of specs to Rust in `OUT_DIR`, and to cargo what it must know.
//!
//! The script does not fail on a spec. What is wrong becomes a `compile_error!` in that event's file and a warning line;
//! the other events live. It fails only when it cannot read or write at all, and then says which file.

use crate::compile::{self, Outcome};
use crate::fs;
use crate::obs_toml::ObsToml;
use crate::project::{self, Inputs};
use obs_model::diag;
use obs_model::emit::Layout;
use obs_schema::node::Node;
use obs_schema::source::SourceMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Where the generated code goes inside `OUT_DIR`.
const FOLDER: &str = "obs";
/// The file that remembers what the last run saw.
const STAMP: &str = "stamp";

/// Runs the door. Returns the lines cargo must see.
pub(crate) fn run(
    root: &Path,
    out: &Path,
    specs: &[PathBuf],
    adjust: &dyn Fn(&mut ObsToml),
) -> io::Result<String> {
    let inputs = project::find(root, specs)?;
    let out = out.join(FOLDER);
    let stamp_path = out.join(STAMP);
    let before = fs::read_text(&stamp_path).unwrap_or_default();
    let probe = {
        let mut settings = ObsToml::default();
        adjust(&mut settings);
        format!("{:?}", settings.settings)
    };
    if let Some(lines) = unchanged(&inputs, &out, &before, &probe) {
        return Ok(lines);
    }
    let mut loaded = project::load(&inputs)?;
    adjust(&mut loaded.settings);
    let outcome = compile::compile(
        loaded.cx,
        &loaded.sources,
        &loaded.files,
        &loaded.settings,
        None,
    );
    let artifacts = compile::artifacts(&outcome, &loaded.sources, &loaded.settings, Layout::OutDir);
    fs::write_all(&out, &artifacts, |_| true)?;
    let lines = lines(&inputs, &outcome, &loaded.sources, &loaded.settings);
    let mut stamp = seen(&inputs, &probe);
    for name in artifacts.keys() {
        let _ = writeln!(stamp, "wrote {name}");
    }
    let _ = write!(stamp, "---\n{lines}");
    fs::write_if_changed(&stamp_path, &stamp)?;
    Ok(lines)
}

/// What a run sees of its inputs without reading them: an untouched spec costs one look at its state.
fn seen(inputs: &Inputs, settings: &str) -> String {
    // The build script itself is an input: another compiler writes other code.
    let (length, changed) = fs::own_state().unwrap_or_default();
    let mut out = format!(
        "obs-codegen {} {length} {changed}\nsettings {settings}\n",
        env!("CARGO_PKG_VERSION")
    );
    for path in inputs.config.iter().chain(&inputs.files) {
        let (length, changed) = fs::state(path).unwrap_or_default();
        let _ = writeln!(
            out,
            "read {} {length} {changed}",
            fs::relative(&inputs.root, path)
        );
    }
    out
}

/// The lines of the last run, if it saw what this one sees and its files are still there.
fn unchanged(inputs: &Inputs, out: &Path, stamp: &str, settings: &str) -> Option<String> {
    let (facts, lines) = stamp.split_once("---\n")?;
    let rest = facts.strip_prefix(&seen(inputs, settings))?;
    let there = |line: &str| {
        line.strip_prefix("wrote ")
            .is_some_and(|name| fs::state(&out.join(name)).is_some())
    };
    rest.lines().all(there).then(|| lines.to_owned())
}

/// What cargo must know: what to watch, what to warn about, what the derives of the package need.
fn lines(inputs: &Inputs, outcome: &Outcome, sources: &SourceMap, settings: &ObsToml) -> String {
    let mut out = String::from("cargo::rerun-if-changed=build.rs\n");
    // A folder's own time of change tells of files added and removed.
    for path in inputs
        .config
        .iter()
        .chain(&inputs.folders)
        .chain(&inputs.files)
    {
        let _ = writeln!(out, "cargo::rerun-if-changed={}", path.display());
    }
    if inputs.config.is_none() {
        let _ = writeln!(
            out,
            "cargo::rerun-if-changed={}",
            inputs.root.join("obs.toml").display()
        );
    }
    for diagnostic in &outcome.diagnostics {
        let _ = writeln!(
            out,
            "cargo::warning={}",
            diag::short::render(diagnostic, sources).trim_end()
        );
    }
    let exported = |name: &str| {
        settings
            .exported
            .as_ref()
            .and_then(|root| root.get(name))
            .map(Node::to_json)
    };
    for (name, value) in [
        ("OBS_DEFAULTS", exported("defaults")),
        ("OBS_EVENTS", exported("events")),
    ] {
        if let Some(value) = value {
            let _ = writeln!(out, "cargo::rustc-env={name}={value}");
        }
    }
    out
}
