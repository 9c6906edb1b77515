//! Random specs of both dialects through the whole compiler, and random bodies through the codec by schema.
//!
//! Unlike a fuzz target this starts from specs that are right, so it reaches what garbage seldom does: every spec made
//! here must compile without an error.

mod avro;
mod json;

use obs_codegen::obs_toml::ObsToml;
use obs_codegen::{compile, load};
use obs_model::emit::{Artifacts, Layout};
use obs_model::{diag, lock};
use obs_schema::avro::Schema;
use obs_schema::avro::dynamic::{self, Options};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;

/// Bodies for each schema.
const BODIES: usize = 4;

/// Xorshift: the same specs on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        // Neighbouring seeds are to be strangers, and zero is no state.
        let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        Random((mixed ^ (mixed >> 32)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from((self.next() >> 16) % bound).unwrap_or(0)
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// Everything that must hold for the specs of a seed; panics when it does not.
pub fn soak(seed: u64) {
    let mut random = Random::new(seed);
    let (specs, schemas) = avro::specs(&mut random);
    let mut files: Vec<(String, String)> = schemas
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("soak{at}.avsc"), text.clone()))
        .collect();
    bodies(&mut random, &specs, &files);
    files.push(("soak.schema.json".to_owned(), json::spec(&mut random)));

    let once = compiled(&files);
    assert_eq!(once, compiled(&files), "the same specs gave other output");
    files.reverse();
    assert_eq!(once, compiled(&files), "the order of files shows");
    for (path, text) in &once.1 {
        if let Err(error) = syn::parse_file(text) {
            panic!("{path} is not Rust: {error}\n{text}");
        }
    }
}

/// The lock and the Rust of files.
fn compiled(files: &[(String, String)]) -> (String, Artifacts) {
    let settings = ObsToml::default();
    let mut sources = SourceMap::default();
    let ids: Vec<_> = files
        .iter()
        .map(|(path, text)| sources.add(path.as_str(), text.as_str()))
        .collect();
    let cx = Diagnostics::default();
    let outcome = compile::compile(cx, &sources, &ids, &settings, None);
    assert!(
        !outcome.has_errors(),
        "{}",
        diag::render(&outcome.diagnostics, &sources, diag::Format::Human, false)
    );
    // A record that another file uses may be a part of that event only.
    let events = outcome.model.events.len();
    assert!(
        (2..=files.len()).contains(&events),
        "{events} events of {} files",
        files.len()
    );
    let frozen = lock::text(&outcome.model);
    let artifacts = compile::artifacts(&outcome, &sources, &settings, Layout::OutDir);
    (frozen, artifacts)
}

/// What is encoded is decoded and encoded as it was, and what is cut off is an error.
fn bodies(random: &mut Random, specs: &avro::Specs, files: &[(String, String)]) {
    let mut sources = SourceMap::default();
    let ids: Vec<_> = files
        .iter()
        .map(|(path, text)| sources.add(path.as_str(), text.as_str()))
        .collect();
    let mut cx = Diagnostics::default();
    let set = load::specs(&mut cx, &sources, &ids).avro;
    let found = cx.into_sorted();
    assert!(found.is_empty(), "{found:?}\n{files:?}");
    assert_eq!(set.documents.len(), files.len());
    let options = Options::default();
    for (at, document) in set.documents.iter().enumerate() {
        let Some(schema) = Schema::of_document(&set, document) else {
            panic!("no schema in {files:?}");
        };
        for _ in 0..BODIES {
            let body = specs.body(random, at);
            let value = match dynamic::decode(schema, &body, &options) {
                Ok(value) => value,
                Err(error) => panic!("{body:?} is refused: {error}\n{files:?}"),
            };
            let violations = dynamic::validate(schema, &value, &options);
            assert!(violations.is_empty(), "{value}: {violations:?}");
            let mut again = Vec::new();
            let written = dynamic::encode(schema, &value, &options, &mut again);
            assert!(written.is_ok(), "{value}: {written:?}\n{files:?}");
            assert_eq!(again, body, "{value} is written otherwise\n{files:?}");
            for end in 0..body.len() {
                let cut = dynamic::decode(schema, &body[..end], &options);
                assert!(cut.is_err(), "{end} bytes of {body:?} are {cut:?}");
            }
        }
    }
}
