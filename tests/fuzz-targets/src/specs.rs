//! Everything a person writes: specs, settings, locks. Any text gives diagnostics, never a panic; what is emitted is
//! Rust; what is understood twice is understood the same.

use obs_codegen::obs_toml::{self, ObsToml};
use obs_codegen::{compile, load};
use obs_model::emit::{Artifacts, Layout};
use obs_model::{diag, lock};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;

pub(crate) fn avro(data: &[u8]) {
    spec("fuzz.v1.avsc", data);
}

pub(crate) fn idl(data: &[u8]) {
    spelling("fuzz.avdl", data);
}

pub(crate) fn protocol(data: &[u8]) {
    spelling("fuzz.avpr", data);
}

pub(crate) fn json_schema(data: &[u8]) {
    spec("fuzz.schema.json", data);
}

pub(crate) fn yaml(data: &[u8]) {
    spelling("fuzz.schema.yaml", data);
}

/// Another way to write what `avro` and `json_schema` take through the compiler, so only as far as the trees that all
/// spellings share: the rest would be the same edges once more, for a hundred times the work.
fn spelling(path: &str, data: &[u8]) {
    if data.len() > 20_000 {
        return;
    }
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<_> = load::add(&mut cx, &mut sources, path, data.to_vec())
        .into_iter()
        .collect();
    let specs = load::specs(&mut cx, &sources, &ids);
    if !cx.has_errors() {
        crate::avro::named_forms(&specs.avro);
    }
    let _ = diag::render(&cx.into_sorted(), &sources, diag::Format::Short, false);
}

/// A file through the whole compiler, one of the renderers included.
fn spec(path: &str, data: &[u8]) {
    if data.len() > 20_000 {
        return;
    }
    let settings = ObsToml::default();
    let once = compiled(path, data, &settings);
    for (path, text) in &once.2 {
        if let Err(error) = syn::parse_file(text) {
            panic!("{path} is not Rust: {error}\n{text}");
        }
    }
    if data.len().is_multiple_of(8) {
        assert_eq!(
            once,
            compiled(path, data, &settings),
            "the same text gave different output"
        );
    }
}

fn compiled(path: &str, data: &[u8], settings: &ObsToml) -> (String, String, Artifacts) {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let ids: Vec<_> = load::add(&mut cx, &mut sources, path, data.to_vec())
        .into_iter()
        .collect();
    let outcome = compile::compile(cx, &sources, &ids, settings, Some("2030-01-01"));
    // Which one, the length says: each would cost as much as the compiler.
    let forms = diag::Format::WORDS;
    let (_, form) = forms[data.len() % forms.len()];
    let shown = diag::render(&outcome.diagnostics, &sources, form, data.len() & 4 == 0);
    let frozen = lock::text(&outcome.model);
    match lock::parse(&frozen) {
        Ok(read) => assert_eq!(read.to_string(), frozen),
        Err(error) => panic!("a lock of ours cannot be read: {error}\n{frozen}"),
    }
    let artifacts = compile::artifacts(&outcome, &sources, settings, Layout::OutDir);
    (shown, frozen, artifacts)
}

/// A spec for settings to work on.
const SPEC: &str = include_str!("../../specs/ok/avro/sensitive.avsc");

pub(crate) fn obs_toml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut sources = SourceMap::default();
    let file = sources.add("obs.toml", text);
    let mut cx = Diagnostics::default();
    let text = sources
        .get(file)
        .map(|file| file.text.clone())
        .unwrap_or_default();
    let settings = obs_toml::read(&mut cx, file, &text);
    let bad = cx.has_errors();
    let _ = diag::render(&cx.into_sorted(), &sources, diag::Format::Human, false);
    if !bad {
        // Attributes and paths are the user's own Rust, so what is emitted need not be any.
        compiled("card.avsc", SPEC.as_bytes(), &settings);
    }
}

pub(crate) fn lock(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(read) = lock::parse(text) {
        assert!(
            lock::differences(&read, &read).is_empty(),
            "a lock differs from itself"
        );
        let again = lock::parse(&read.to_string());
        assert_eq!(
            again.as_ref(),
            Ok(&read),
            "a lock is written as something else"
        );
    }
}
