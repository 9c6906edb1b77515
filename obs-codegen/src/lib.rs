//! A folder of event specs to typed Rust, in one line of `build.rs`:
//!
//! ```no_run
//! // The `main` of build.rs.
//! obs_codegen::build("specs");
//! ```
//!
//! and one line where the events shall live:
//!
//! ```ignore
//! mod events {
//!     obs_runtime::include_events!();
//! }
//! ```
//!
//! Every Avro file (`.avsc`, `.avpr`, `.avdl`, `.avro` holding JSON) and every JSON Schema (`*.schema.json`, or `.json` with
//! `$schema` or `x-obs`) below the folder is compiled, either dialect also in YAML. How the output looks is decided in
//! `obs.toml` or through [`configure`]. What is wrong with a spec does not stop the build script: the diagnostic
//! becomes a `compile_error!` where that event would be, and the other events live.

pub mod compile;
pub mod fs;
pub mod load;
pub mod obs_toml;
pub mod project;

mod build_script;

use obs_model::settings::{MapType, Settings};
use obs_toml::ObsToml;
use std::path::{Path, PathBuf};

/// Compiles a spec folder, relative to the package, into `OUT_DIR`. For more, see [`configure`].
///
/// # Panics
///
/// When a file or folder cannot be read or written at all: a build script has no other way to say so.
pub fn build(specs: impl AsRef<Path>) {
    configure().compile(&[specs.as_ref()]);
}

/// Settings in `build.rs`, for those who prefer Rust to `obs.toml`; they win over it.
///
/// ```no_run
/// obs_codegen::configure()
///     .serde(true)
///     .type_attribute("acme.user.UserRegistered", "#[derive(Hash)]")
///     .extern_type("acme.Money", "::acme_types::Money")
///     .compile(&["specs"]);
/// ```
pub fn configure() -> Config {
    Config {
        changes: Vec::new(),
    }
}

/// What one call of the builder asks for.
type Change = Box<dyn Fn(&mut Settings)>;

/// See [`configure`].
#[must_use = "nothing happens before `compile`"]
pub struct Config {
    changes: Vec<Change>,
}

impl Config {
    fn change(mut self, change: impl Fn(&mut Settings) + 'static) -> Config {
        self.changes.push(Box::new(change));
        self
    }

    /// Avro codecs for Avro specs; on unless switched off.
    pub fn avro(self, on: bool) -> Config {
        self.change(move |settings| settings.avro = on)
    }

    /// JSON codecs; on unless switched off.
    pub fn json(self, on: bool) -> Config {
        self.change(move |settings| settings.json = on)
    }

    /// `Serialize` and `Deserialize`, save for types with sensitive fields.
    pub fn serde(self, on: bool) -> Config {
        self.change(move |settings| settings.serde = on)
    }

    /// A borrowed twin `…Ref<'a>` of every record that can have one, decoding Avro without copying text.
    pub fn borrowed(self, on: bool) -> Config {
        self.change(move |settings| settings.borrowed = on)
    }

    /// Constructors and setters; on unless switched off.
    pub fn setters(self, on: bool) -> Config {
        self.change(move |settings| settings.setters = on)
    }

    /// Keep unknown members where a JSON Schema is open; on unless switched off.
    pub fn keep_unknown(self, on: bool) -> Config {
        self.change(move |settings| settings.keep_unknown = on)
    }

    /// Assert `format`, or only note it; asserted unless switched off.
    pub fn assert_formats(self, on: bool) -> Config {
        self.change(move |settings| settings.assert_formats = on)
    }

    /// `HashMap` for maps instead of `BTreeMap`, giving up equal bytes for equal maps.
    pub fn hash_maps(self) -> Config {
        self.change(|settings| settings.map = MapType::HashMap)
    }

    /// One module for everything instead of modules after namespaces.
    pub fn flat_modules(self) -> Config {
        self.change(|settings| settings.flat_modules = true)
    }

    /// The path of a renamed `obs-runtime` dependency.
    pub fn runtime(self, path: impl Into<String>) -> Config {
        let path = path.into();
        self.change(move |settings| settings.runtime.clone_from(&path))
    }

    /// An attribute for a type, by schema name; `.` is every type.
    pub fn type_attribute(self, path: impl Into<String>, attribute: impl Into<String>) -> Config {
        let (path, attribute) = (path.into(), attribute.into());
        self.change(move |settings| {
            settings
                .attributes
                .entry(path.clone())
                .or_default()
                .push(attribute.clone())
        })
    }

    /// An attribute for a field, by schema name: `acme.user.UserRegistered.email`.
    pub fn field_attribute(self, path: impl Into<String>, attribute: impl Into<String>) -> Config {
        self.type_attribute(path, attribute)
    }

    /// A type of yours in place of a generated one.
    pub fn extern_type(self, name: impl Into<String>, path: impl Into<String>) -> Config {
        let (name, path) = (name.into(), path.into());
        self.change(move |settings| drop(settings.extern_types.insert(name.clone(), path.clone())))
    }

    /// A field to put behind a `Box`.
    pub fn boxed(self, path: impl Into<String>) -> Config {
        let path = path.into();
        self.change(move |settings| {
            settings.boxed.insert(path.clone());
        })
    }

    /// Another name in Rust for a type, a field or a symbol.
    pub fn rename(self, path: impl Into<String>, ident: impl Into<String>) -> Config {
        let (path, ident) = (path.into(), ident.into());
        self.change(move |settings| drop(settings.renames.insert(path.clone(), ident.clone())))
    }

    /// Compiles spec folders or files, relative to the package; none means what `obs.toml` says, or `specs`.
    ///
    /// # Panics
    ///
    /// When a file or folder cannot be read or written at all: a build script has no other way to say so.
    #[expect(
        clippy::print_stdout,
        reason = "that is how a build script speaks to cargo"
    )]
    #[expect(clippy::panic, reason = "that is how a build script fails")]
    pub fn compile<P: AsRef<Path>>(self, specs: &[P]) {
        let variable = |name: &str| match fs::variable(name) {
            Some(value) => PathBuf::from(value),
            None => panic!(
                "`{name}` is not set: call this from a build script, or use `cargo obs-codegen generate`"
            ),
        };
        let (root, out) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR"));
        let specs: Vec<PathBuf> = specs.iter().map(|spec| spec.as_ref().to_owned()).collect();
        let adjust = |settings: &mut ObsToml| {
            self.changes
                .iter()
                .for_each(|change| change(&mut settings.settings))
        };
        match build_script::run(&root, &out, &specs, &adjust) {
            Ok(lines) => print!("{lines}"),
            Err(error) => panic!("{error}"),
        }
    }
}
