//! What is fuzzed: every parser and every decoder.
//!
//! A target takes any bytes and panics when a property does not hold: nothing panics by itself, what is written is read
//! back the same, bounded input takes bounded time. `cargo xtask fuzz` drives them by coverage; the test of this package
//! replays the committed corpus and mutations of it.

mod data;
mod specs;

/// A target by name.
pub type Target = fn(&[u8]);

/// All of them.
pub const TARGETS: &[(&str, Target)] = &[
    ("spec_avro", specs::avro),
    ("spec_idl", specs::idl),
    ("spec_protocol", specs::protocol),
    ("spec_json_schema", specs::json_schema),
    ("spec_yaml", specs::yaml),
    ("obs_toml", specs::obs_toml),
    ("lock", specs::lock),
    ("json", data::json),
    ("avro_typed", data::avro_typed),
    ("json_typed", data::json_typed),
    ("avro_dynamic", data::avro_dynamic),
    ("avro_plan", data::avro_plan),
    ("json_validate", data::json_validate),
    ("framing", data::framing),
    ("formats", data::formats),
    ("logical", data::logical),
];

/// Runs a target by name; false when there is none.
pub fn run(name: &str, data: &[u8]) -> bool {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.map(|(_, target)| target(data)).is_some()
}
