//! What is fuzzed: every parser and every decoder.
//!
//! A target takes any bytes and panics when a property does not hold: nothing panics by itself, what is written is read
//! back the same, two ways to the same value agree, bounded input takes bounded time. `cargo xtask fuzz` drives them by
//! coverage; the test of this package replays the committed corpus and mutations of it.

mod avro;
mod derive;
mod json;
mod small;
mod soak;
mod specs;

pub use soak::soak;

/// A target by name.
pub type Target = fn(&[u8]);

/// All of them.
pub const TARGETS: &[(&str, Target)] = &[
    ("spec_avro", specs::avro),
    ("spec_idl", specs::idl),
    ("spec_protocol", specs::protocol),
    ("spec_json_schema", specs::json_schema),
    ("spec_yaml", specs::yaml),
    ("derive", derive::items),
    ("obs_toml", specs::obs_toml),
    ("lock", specs::lock),
    ("avro_typed", avro::typed),
    ("avro_versions", avro::versions),
    ("avro_schemas", avro::schemas),
    ("json", json::text),
    ("json_typed", json::typed),
    ("json_validate", json::validate),
    ("json_schemas", json::schemas),
    ("framing", small::framing),
    ("carried", small::carried),
    ("formats", small::formats),
    ("patterns", small::patterns),
    ("logical", small::logical),
];

/// Runs a target by name; false when there is none.
#[must_use]
pub fn run(name: &str, data: &[u8]) -> bool {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.map(|(_, target)| target(data)).is_some()
}

/// Splits an input that holds two things.
fn halves(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..at], &data[at + 1..]))
}
