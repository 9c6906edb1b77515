//! What the user decides about the output: the `[build]` part of `obs.toml`, or the builder in `build.rs`.

use std::collections::{BTreeMap, BTreeSet};

/// How the generated Rust looks. Paths are schema names: `acme.user.UserRegistered`, or `….UserRegistered.email` for a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Avro binary codecs for Avro specs.
    pub avro: bool,
    /// JSON codecs.
    pub json: bool,
    /// `#[derive(Serialize, Deserialize)]`; left out for types with sensitive fields.
    pub serde: bool,
    /// A borrowed twin `…Ref<'a>` with an Avro decoder for every record that can have one.
    pub borrowed: bool,
    /// Constructors and setters.
    pub setters: bool,
    /// Keep unknown members where the spec is open.
    pub keep_unknown: bool,
    /// `format` is asserted, not only noted.
    pub assert_formats: bool,
    /// The map type: `BTreeMap` or `HashMap`.
    pub map: MapType,
    /// `::obs_runtime`, or the path a renamed dependency has.
    pub runtime: String,
    /// Modules follow namespaces, or everything sits in one.
    pub flat_modules: bool,
    /// Attributes for types and fields, by path; `.` is every type.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The user's own types instead of generated ones.
    pub extern_types: BTreeMap<String, String>,
    /// Fields to put behind a `Box`.
    pub boxed: BTreeSet<String>,
    /// Other names in Rust for types and fields.
    pub renames: BTreeMap<String, String>,
}

/// The map type of the generated code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapType {
    /// Sorted: equal maps have equal bytes.
    BTreeMap,
    /// The standard hash map.
    HashMap,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            avro: true,
            json: true,
            serde: false,
            borrowed: false,
            setters: true,
            keep_unknown: true,
            assert_formats: true,
            map: MapType::BTreeMap,
            runtime: "::obs_runtime".to_owned(),
            flat_modules: false,
            attributes: BTreeMap::new(),
            extern_types: BTreeMap::new(),
            boxed: BTreeSet::new(),
            renames: BTreeMap::new(),
        }
    }
}
