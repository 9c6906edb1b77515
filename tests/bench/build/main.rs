//! Types for the same schemas: ours, serde types as a user of serde_avro_fast writes them, and serde types that write our JSON.

mod peer;
mod values;

use obs_codegen::obs_toml::ObsToml;
use obs_codegen::{compile, load};
use obs_model::emit::Layout;
use obs_schema::avro::{self, Kind, NamedKind};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;
use peer::{Peer, Wire};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How many schemas are taken of a folder, evenly spread: schemas of one kind are enough of a kind.
const CORPORA: [(&str, usize); 3] = [
    ("avsc-openedx", 6),
    ("avsc-kafka-streams-examples", 8),
    ("avro-test-schemas", 30),
];

fn main() {
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-env-changed=OBS_CORPORA");
    println!("cargo::rerun-if-changed=build");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut folders = vec![(own, usize::MAX)];
    if let Ok(corpora) = std::env::var("OBS_CORPORA") {
        folders.extend(CORPORA.map(|(name, most)| (Path::new(&corpora).join(name), most)));
    }
    let mut table = String::from("pub static CASES: &[crate::Case] = &[\n");
    let mut left_out = String::from("pub static LEFT_OUT: &[(&str, &str)] = &[\n");
    let mut modules = String::new();
    let mut seen = std::collections::BTreeSet::new();
    for (folder, most) in folders {
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files = obs_codegen::fs::list(&folder)
            .expect("a readable folder")
            .files;
        files.retain(|path| path.extension().is_some_and(|ending| ending == "avsc"));
        let step = files.len().div_ceil(most).max(1);
        for path in files.iter().step_by(step) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(path).expect("a readable schema");
            // The corpora hold some files more than once.
            if !seen.insert(text.split_whitespace().collect::<String>()) {
                continue;
            }
            match case(&text, &name, seen.len(), &out) {
                Ok((module, line)) => {
                    modules += &module;
                    table += &line;
                }
                Err(why) => {
                    let _ = writeln!(left_out, "({name:?}, {why:?}),");
                }
            }
        }
    }
    let text = format!("{modules}{table}];\n{left_out}];\n");
    std::fs::write(out.join("cases.rs"), text).expect("a writable OUT_DIR");
}

/// The modules and the line of the table for a schema, or why there is nothing to measure.
fn case(text: &str, name: &str, at: usize, out: &Path) -> Result<(String, String), &'static str> {
    let set = avro::parse::read_text(text).map_err(|_| "not a schema that stands alone")?;
    let document = set.documents.first().ok_or("empty")?;
    let root = document.root.clone().ok_or("no root")?;
    let Kind::Named(id) = root.kind else {
        return Err("the root is no record");
    };
    let NamedKind::Record { fields, .. } = &set.get(id).kind else {
        return Err("the root is no record");
    };
    if fields.is_empty() {
        return Err("nothing in it");
    }
    let (avro, avro_root) = Peer::types(&set, id, Wire::Avro)?;
    let (json, json_root) = Peer::types(&set, id, Wire::Json)?;
    let samples: Vec<Vec<u8>> = (0..8)
        .map(|seed| values::sample(&set, &root, seed))
        .collect();
    let ours = ours(text, at, out).ok_or("no event of ours")?;
    let mut module = String::new();
    let _ = writeln!(module, "pub mod m{at} {{");
    let _ = writeln!(
        module,
        "  pub mod ours {{ include!(concat!(env!(\"OUT_DIR\"), \"/m{at}/mod.rs\")); }}"
    );
    for (mode, text) in [("avro", avro), ("json", json)] {
        let _ = writeln!(
            module,
            "  #[allow(dead_code, non_camel_case_types, clippy::all)] pub mod {mode} {{ {text} }}"
        );
    }
    module += "}\n";
    let samples: Vec<String> = samples
        .iter()
        .map(|sample| format!("&{sample:?}"))
        .collect();
    let line = format!(
        "case!(m{at}::ours::{ours}, m{at}::avro::{avro_root}, m{at}::json::{json_root}, {name:?}, {text:?}, &[{}]),\n",
        samples.join(", ")
    );
    Ok((module, line))
}

/// Writes our types and gives the path of the event among them.
fn ours(text: &str, at: usize, out: &Path) -> Option<String> {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let file = load::add(
        &mut cx,
        &mut sources,
        "bench.avsc",
        text.as_bytes().to_vec(),
    )?;
    let settings = ObsToml::default();
    let outcome = compile::compile(cx, &sources, &[file], &settings, None);
    let event = outcome.model.events.first()?;
    let name = &outcome.model.get(event.ty).name;
    let path: Vec<&str> = name
        .module
        .iter()
        .chain([&name.ident])
        .map(String::as_str)
        .collect();
    let folder = out.join(format!("m{at}"));
    let artifacts = compile::artifacts(&outcome, &sources, &settings, Layout::CheckedIn);
    obs_codegen::fs::write_all(&folder, &artifacts, |_| true).ok()?;
    Some(path.join("::"))
}
