//! The door for `build.rs`: a folder of specs to Rust in `OUT_DIR`, and to cargo what it must know.
//!
//! The script does not fail on a spec. What is wrong becomes a `compile_error!` in that event's file and a warning line;
//! the other events live. It fails only when it cannot read or write at all, and then says which file.

use crate::compile::{self, Outcome};
use crate::obs_toml::{self, ObsToml};
use crate::{fs, load};
use obs_model::diag;
use obs_model::emit::Layout;
use obs_schema::diag::Diagnostics;
use obs_schema::node::Node;
use obs_schema::source::{FileId, SourceMap};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Where the generated code goes inside `OUT_DIR`.
const FOLDER: &str = "obs";
/// The file that remembers what the last run saw.
const STAMP: &str = "stamp";

/// A folder of specs, read, with everything that went into it.
pub(crate) struct Loaded {
    /// The texts.
    pub(crate) sources: SourceMap,
    /// The spec files among them.
    pub(crate) files: Vec<FileId>,
    /// The settings.
    pub(crate) settings: ObsToml,
    /// Complaints so far.
    pub(crate) cx: Diagnostics,
}

/// What a run looks at: settings file, spec files and their folders.
pub(crate) struct Inputs {
    pub(crate) root: PathBuf,
    pub(crate) config: Option<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) folders: Vec<PathBuf>,
}

/// Finds the inputs of a package: `specs` as given or, when empty, as `obs.toml` says or `specs`.
pub(crate) fn find(root: &Path, specs: &[PathBuf]) -> io::Result<Inputs> {
    let config = find_config(root);
    let mut inputs = Inputs { root: root.to_owned(), config, files: Vec::new(), folders: Vec::new() };
    let mut roots: Vec<PathBuf> = specs.iter().map(|spec| root.join(spec)).collect();
    if roots.is_empty() {
        roots = configured_roots(&inputs).unwrap_or_else(|| vec![root.join("specs")]);
    }
    for spec in roots {
        let listing = fs::list(&spec).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot read the spec folder {}: {error}", spec.display()))
        })?;
        let candidate = |path: &PathBuf| path.to_str().is_some_and(load::is_candidate);
        inputs.files.extend(listing.files.into_iter().filter(candidate));
        inputs.folders.extend(listing.folders);
    }
    inputs.files.sort();
    inputs.files.dedup();
    Ok(inputs)
}

/// `specs` of the settings, relative to the file they stand in.
fn configured_roots(inputs: &Inputs) -> Option<Vec<PathBuf>> {
    let path = inputs.config.as_ref()?;
    let text = fs::read_text(path)?;
    let mut sources = SourceMap::default();
    let file = sources.add("obs.toml", text.as_str());
    let said = obs_toml::read(&mut Diagnostics::default(), file, &text).specs;
    let folder = path.parent()?;
    (!said.is_empty()).then(|| said.iter().map(|spec| folder.join(spec)).collect())
}

/// `obs.toml` of the package, or of a folder above it up to the workspace.
fn find_config(root: &Path) -> Option<PathBuf> {
    for folder in root.ancestors() {
        let path = folder.join("obs.toml");
        if path.is_file() {
            return Some(path);
        }
        let manifest = fs::read_text(&folder.join("Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line.trim() == "[workspace]") {
            return None;
        }
    }
    None
}

/// Reads the inputs.
pub(crate) fn load(inputs: &Inputs) -> io::Result<Loaded> {
    let mut loaded = Loaded {
        sources: SourceMap::default(),
        files: Vec::new(),
        settings: ObsToml::default(),
        cx: Diagnostics::default(),
    };
    if let Some(path) = &inputs.config {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let file = loaded.sources.add(fs::relative(&inputs.root, path), text);
        let text = loaded.sources.get(file).map(|file| file.text.clone()).unwrap_or_default();
        loaded.settings = obs_toml::read(&mut loaded.cx, file, &text);
    }
    for path in &inputs.files {
        let name = fs::relative(&inputs.root, path);
        let bytes = read(path)?;
        loaded.files.extend(load::add(&mut loaded.cx, &mut loaded.sources, &name, bytes));
    }
    Ok(loaded)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display())))
}

/// Runs the door. Returns the lines cargo must see.
pub(crate) fn run(root: &Path, out: &Path, specs: &[PathBuf], adjust: &dyn Fn(&mut ObsToml)) -> io::Result<String> {
    let inputs = find(root, specs)?;
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
    let mut loaded = load(&inputs)?;
    adjust(&mut loaded.settings);
    let outcome = compile::compile(loaded.cx, &loaded.sources, &loaded.files, &loaded.settings);
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
    let mut out = format!("obs-codegen {}\nsettings {settings}\n", env!("CARGO_PKG_VERSION"));
    for path in inputs.config.iter().chain(&inputs.files) {
        let (length, changed) = fs::state(path).unwrap_or_default();
        let _ = writeln!(out, "read {} {length} {changed}", fs::relative(&inputs.root, path));
    }
    out
}

/// The lines of the last run, if it saw what this one sees and its files are still there.
fn unchanged(inputs: &Inputs, out: &Path, stamp: &str, settings: &str) -> Option<String> {
    let (facts, lines) = stamp.split_once("---\n")?;
    let rest = facts.strip_prefix(&seen(inputs, settings))?;
    let there = |line: &str| line.strip_prefix("wrote ").is_some_and(|name| fs::state(&out.join(name)).is_some());
    rest.lines().all(there).then(|| lines.to_owned())
}

/// What cargo must know: what to watch, what to warn about, what the derives of the package need.
fn lines(inputs: &Inputs, outcome: &Outcome, sources: &SourceMap, settings: &ObsToml) -> String {
    let mut out = String::from("cargo::rerun-if-changed=build.rs\n");
    // A folder's own time of change tells of files added and removed.
    for path in inputs.config.iter().chain(&inputs.folders).chain(&inputs.files) {
        let _ = writeln!(out, "cargo::rerun-if-changed={}", path.display());
    }
    if inputs.config.is_none() {
        let _ = writeln!(out, "cargo::rerun-if-changed={}", inputs.root.join("obs.toml").display());
    }
    for diagnostic in &outcome.diagnostics {
        let _ = writeln!(out, "cargo::warning={}", diag::short::render(diagnostic, sources).trim_end());
    }
    let exported = |name: &str| settings.exported.as_ref().and_then(|root| root.get(name)).map(Node::to_json);
    for (name, value) in [("OBS_DEFAULTS", exported("defaults")), ("OBS_EVENTS", exported("events"))] {
        if let Some(value) = value {
            let _ = writeln!(out, "cargo::rustc-env={name}={value}");
        }
    }
    out
}
