//! Everything a person writes: specs, settings, locks. Any text gives diagnostics, never a panic, and what is
//! understood twice is understood the same.

use obs_codegen::compile;
use obs_codegen::load;
use obs_codegen::obs_toml::{self, ObsToml};
use obs_model::emit::{Artifacts, Layout};
use obs_model::{diag, lock};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;

pub(crate) fn avro(data: &[u8]) {
    spec("fuzz.v1.avsc", data);
}

pub(crate) fn idl(data: &[u8]) {
    spec("fuzz.avdl", data);
}

pub(crate) fn protocol(data: &[u8]) {
    spec("fuzz.avpr", data);
}

pub(crate) fn json_schema(data: &[u8]) {
    spec("fuzz.schema.json", data);
}

pub(crate) fn yaml(data: &[u8]) {
    spec("fuzz.schema.yaml", data);
}

/// A file through the whole compiler, every renderer included.
fn spec(path: &str, data: &[u8]) {
    if data.len() > 20_000 {
        return;
    }
    let once = compiled(path, data);
    assert_eq!(once, compiled(path, data), "the same text gave different output");
}

fn compiled(path: &str, data: &[u8]) -> (String, String, Artifacts) {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<_> = load::add(&mut cx, &mut sources, path, data.to_vec()).into_iter().collect();
    let settings = ObsToml::default();
    let outcome = compile::compile(cx, &sources, &ids, &settings, Some("2030-01-01"));
    for format in [diag::Format::Short, diag::Format::Json, diag::Format::GitHub] {
        diag::render(&outcome.diagnostics, &sources, format, true);
    }
    let shown = diag::render(&outcome.diagnostics, &sources, diag::Format::Human, false);
    let frozen = lock::text(&outcome.model);
    assert!(lock::parse(&frozen).is_ok(), "a lock of ours cannot be read: {frozen}");
    (shown, frozen, compile::artifacts(&outcome, &sources, &settings, Layout::OutDir))
}

pub(crate) fn obs_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut sources = SourceMap::default();
    let file = sources.add("obs.toml", text);
    let mut cx = Diagnostics::default();
    let text = sources.get(file).map(|file| file.text.clone()).unwrap_or_default();
    obs_toml::read(&mut cx, file, &text);
    diag::render(&cx.into_sorted(), &sources, diag::Format::Human, false);
}

pub(crate) fn lock(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = lock::parse(text) {
        assert!(lock::differences(&read, &read).is_empty(), "a lock differs from itself");
    }
}
