//! Which packages a command works on, and their specs, read.

use crate::cli::Cli;
use obs_codegen::compile::{self, Outcome};
use obs_codegen::obs_toml::ObsToml;
use obs_codegen::{fs, project};
use obs_schema::diag::nearest;
use obs_schema::source::SourceMap;
use std::path::{Path, PathBuf};

/// Why a command could not run at all.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A package with its specs understood.
pub(crate) struct Package {
    /// Its name, for messages.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) root: PathBuf,
    /// The texts.
    pub(crate) sources: SourceMap,
    /// What `obs.toml` says.
    pub(crate) settings: ObsToml,
    /// What came of compiling.
    pub(crate) outcome: Outcome,
    /// Its code, and that of the packages of the workspace which depend on it.
    pub(crate) code: Vec<Code>,
}

/// A folder with code of a package.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Code {
    /// The name of the package.
    pub(crate) package: String,
    /// The folder of the package.
    pub(crate) root: PathBuf,
    /// The folder with the code.
    pub(crate) folder: PathBuf,
}

/// A package that is meant.
#[derive(Clone)]
struct Place {
    name: String,
    root: PathBuf,
    code: Vec<Code>,
}

/// The packages a command is about, compiled.
pub(crate) fn all(cli: &Cli) -> Result<Vec<Package>, Failure> {
    all_on(cli, None)
}

/// The same, with sunsets judged by a day.
pub(crate) fn all_on(cli: &Cli, today: Option<&str>) -> Result<Vec<Package>, Failure> {
    let mut packages = Vec::new();
    for Place { name, root, code } in roots(cli)? {
        let inputs =
            match project::find(&root, &cli.specs) {
                Ok(inputs) => inputs,
                // Looking through a workspace, a package without specs is nothing to complain about.
                Err(_) if cli.workspace => continue,
                Err(error) => return Err(format!(
                    "{error}\nhelp: run `cargo obs-codegen init`, or name the folder with `--specs`"
                )
                .into()),
            };
        let loaded = project::load(&inputs)
            .map_err(|error| format!("{error}\nhelp: make it readable, or remove it"))?;
        let outcome = compile::compile(
            loaded.cx,
            &loaded.sources,
            &loaded.files,
            &loaded.settings,
            today,
        );
        packages.push(Package {
            name,
            root,
            sources: loaded.sources,
            settings: loaded.settings,
            outcome,
            code,
        });
    }
    if packages.is_empty() {
        return Err(
            "no package with specs found\nhelp: run `cargo obs-codegen init` in the package".into(),
        );
    }
    Ok(packages)
}

/// The one package a command that writes is about.
pub(crate) fn root(cli: &Cli) -> Result<PathBuf, Failure> {
    let mut roots = roots(cli)?;
    match roots.len() {
        1 => Ok(roots.remove(0).root),
        0 => Err("no package found\nhelp: run inside a package, or name one with `-p`".into()),
        _ => Err("several packages are meant\nhelp: name one with `-p`".into()),
    }
}

/// The packages that are meant. A folder without a Cargo.toml stands for itself.
fn roots(cli: &Cli) -> Result<Vec<Place>, Failure> {
    let here = fs::current_folder()?;
    let manifest = match &cli.manifest_path {
        Some(path) => here.join(path),
        None => match here
            .ancestors()
            .map(|folder| folder.join("Cargo.toml"))
            .find(|path| path.is_file())
        {
            Some(path) => path,
            None if cli.package.is_empty() => {
                return Ok(vec![Place {
                    name: String::new(),
                    root: here,
                    code: Vec::new(),
                }]);
            }
            None => return Err(
                "no Cargo.toml in this folder or above it\nhelp: name it with `--manifest-path`"
                    .into(),
            ),
        },
    };
    let mut command = cargo_metadata::MetadataCommand::new();
    command.manifest_path(&manifest).no_deps();
    if let Some(cargo) = fs::variable("CARGO") {
        command.cargo_path(cargo);
    }
    let metadata = command.exec().map_err(|error| {
        let cause = match &error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().to_owned(),
            other => other.to_string(),
        };
        let cause = cause.strip_prefix("error: ").unwrap_or(&cause);
        format!("cargo metadata failed: {cause}\nhelp: name a Cargo.toml that works with `--manifest-path`")
    })?;
    let all = metadata.workspace_packages();
    let packages: Vec<Place> = all.iter().map(|package| place(package, &all)).collect();
    if cli.workspace {
        return Ok(packages);
    }
    if !cli.package.is_empty() {
        return cli
            .package
            .iter()
            .map(|wanted| pick(&packages, wanted))
            .collect();
    }
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let own: Vec<_> = packages
        .iter()
        .filter(|place| place.root == folder)
        .cloned()
        .collect();
    if own.is_empty() {
        Ok(packages
            .into_iter()
            .filter(|place| place.root.join("specs").is_dir())
            .collect())
    } else {
        Ok(own)
    }
}

/// A package, with the code of those that use it.
fn place(package: &cargo_metadata::Package, all: &[&cargo_metadata::Package]) -> Place {
    let folder = |of: &cargo_metadata::Package| -> PathBuf {
        let folder = of.manifest_path.parent();
        folder
            .map(|path| path.as_std_path().to_owned())
            .unwrap_or_default()
    };
    let root = folder(package);
    let uses = |other: &&&cargo_metadata::Package| {
        let mut paths = other.dependencies.iter().filter_map(|it| it.path.as_ref());
        other.name == package.name || paths.any(|path| path.as_std_path() == root)
    };
    let mut code: Vec<Code> = Vec::new();
    for user in all.iter().filter(uses) {
        let runs = |target: &&cargo_metadata::Target| target.is_lib() || target.is_bin();
        for target in user.targets.iter().filter(runs) {
            code.extend(target.src_path.parent().map(|path| Code {
                package: user.name.to_string(),
                root: folder(user),
                folder: path.as_std_path().to_owned(),
            }));
        }
    }
    code.sort();
    code.dedup();
    Place {
        name: package.name.to_string(),
        root,
        code,
    }
}

fn pick(packages: &[Place], wanted: &str) -> Result<Place, Failure> {
    if let Some(package) = packages.iter().find(|place| place.name == wanted) {
        return Ok(package.clone());
    }
    let help = instead(
        wanted,
        packages.iter().map(|place| place.name.as_str()),
        "`cargo metadata` lists them",
    );
    Err(format!("the workspace has no package `{wanted}`\nhelp: {help}").into())
}

/// What to do about a word nobody knows: write the nearest one that is known, or look at all of them.
pub(crate) fn instead<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str>,
    all: &str,
) -> String {
    nearest(wanted, known).map_or_else(|| all.to_owned(), |near| format!("write `{near}`"))
}

/// What cannot be written, with what to do about it.
pub(crate) fn unwritable(error: std::io::Error) -> Failure {
    format!("{error}\nhelp: move away what stands there, or make the folder writable").into()
}

/// The event a word names, and the package it is in.
pub(crate) fn event<'p>(
    packages: &'p [Package],
    wanted: &str,
) -> Result<(&'p Package, &'p obs_model::model::Event), Failure> {
    let mut last = None;
    for package in packages {
        match package.event(wanted) {
            Ok(event) => return Ok((package, event)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| "no package with specs found".into()))
}

impl Package {
    /// The event a word names: its type, with `@version` behind it for another than the newest.
    pub(crate) fn event(&self, wanted: &str) -> Result<&obs_model::model::Event, Failure> {
        let (name, version) = wanted
            .split_once('@')
            .map_or((wanted, None), |(name, version)| (name, Some(version)));
        let events = &self.outcome.model.events;
        let found = events.iter().find(|event| {
            event.event_type == name
                && version.map_or(event.newest, |version| event.version.to_string() == version)
        });
        found.ok_or_else(|| {
            let help = instead(
                name,
                events.iter().map(|event| event.event_type.as_str()),
                "`cargo obs-codegen show` lists them",
            );
            format!("no spec describes `{wanted}`\nhelp: {help}").into()
        })
    }
}
