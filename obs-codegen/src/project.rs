//! What belongs to one run: `obs.toml`, the spec folders it or the caller names, and their texts.

use crate::obs_toml::{self, ObsToml};
use crate::{fs, load};
use obs_schema::diag::Diagnostics;
use obs_schema::source::{FileId, SourceMap};
use std::io;
use std::path::{Path, PathBuf};

/// A folder of specs, read, with everything that went into it.
pub struct Loaded {
    /// The texts.
    pub sources: SourceMap,
    /// The spec files among them.
    pub files: Vec<FileId>,
    /// The settings.
    pub settings: ObsToml,
    /// Complaints so far.
    pub cx: Diagnostics,
}

/// What a run looks at: settings file, spec files and their folders.
pub struct Inputs {
    /// The package's folder; paths are shown relative to it.
    pub root: PathBuf,
    /// `obs.toml`, of the package or of a folder above it.
    pub config: Option<PathBuf>,
    /// Files that may be specs.
    pub files: Vec<PathBuf>,
    /// The folders they were looked for in.
    pub folders: Vec<PathBuf>,
}

/// Finds the inputs of a package: `specs` as given or, when empty, as `obs.toml` says or `specs`.
///
/// # Errors
///
/// When a folder cannot be listed, or a file is named that is no spec; the error names it.
pub fn find(root: &Path, specs: &[PathBuf]) -> io::Result<Inputs> {
    let config = find_config(root);
    let mut inputs = Inputs {
        root: root.to_owned(),
        config,
        files: Vec::new(),
        folders: Vec::new(),
    };
    let mut roots: Vec<PathBuf> = specs.iter().map(|spec| root.join(spec)).collect();
    if roots.is_empty() {
        roots = configured_roots(&inputs).unwrap_or_else(|| vec![root.join("specs")]);
    }
    for spec in roots {
        let listing = fs::list(&spec)?;
        let candidate = |path: &PathBuf| path.to_str().is_some_and(load::is_candidate);
        let is_folder = !listing.folders.is_empty();
        if !is_folder && !listing.files.iter().all(candidate) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} is no folder, and no spec by its name, which would end in .{}",
                    spec.display(),
                    load::ENDINGS.join(", .")
                ),
            ));
        }
        inputs
            .files
            .extend(listing.files.into_iter().filter(candidate));
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
///
/// # Errors
///
/// When a file cannot be read; the error names it.
pub fn load(inputs: &Inputs) -> io::Result<Loaded> {
    let mut loaded = Loaded {
        sources: SourceMap::default(),
        files: Vec::new(),
        settings: ObsToml::default(),
        cx: Diagnostics::default(),
    };
    if let Some(path) = &inputs.config {
        let name = fs::relative(&inputs.root, path);
        let bytes = fs::read(path)?;
        if let Some(file) = load::add(&mut loaded.cx, &mut loaded.sources, &name, bytes) {
            let text = loaded.sources.get(file).map(|file| file.text.clone());
            loaded.settings = obs_toml::read(&mut loaded.cx, file, &text.unwrap_or_default());
        }
    }
    for path in &inputs.files {
        let name = fs::relative(&inputs.root, path);
        let bytes = fs::read(path)?;
        loaded
            .files
            .extend(load::add(&mut loaded.cx, &mut loaded.sources, &name, bytes));
    }
    Ok(loaded)
}
