//! Two sets of types for the same schemas: ours, and serde types as a user of serde_avro_fast writes them.

#[path = "src/values.rs"]
mod values;

use obs_codegen::compile;
use obs_codegen::load;
use obs_codegen::obs_toml::ObsToml;
use obs_model::emit::Layout;
use obs_model::resolve::{field_ident, type_ident, variant_ident};
use obs_schema::avro::{self, Kind, Logical, NamedId, NamedKind};
use obs_schema::diag::Diagnostics;
use obs_schema::source::SourceMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Schemas of one kind are enough of a kind.
const MOST_OF_A_FOLDER: usize = 14;

fn main() {
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-env-changed=OBS_CORPORA");
    println!("cargo::rerun-if-changed=build.rs");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut folders = vec![own];
    if let Ok(corpora) = std::env::var("OBS_CORPORA") {
        let names = ["avsc-openedx", "avsc-kafka-streams-examples", "avro-test-schemas"];
        folders.extend(names.iter().map(|name| Path::new(&corpora).join(name)));
    }
    let mut table = String::from("pub static CASES: &[crate::Case] = &[\n");
    let mut modules = String::new();
    let mut at = 0;
    for folder in folders {
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut taken = 0;
        for path in obs_codegen::fs::list(&folder).expect("a readable folder").files {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if taken == MOST_OF_A_FOLDER || path.extension().is_none_or(|ending| ending != "avsc") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a readable schema");
            if let Some(case) = case(&text, &name, at, &out) {
                modules += &case.0;
                table += &case.1;
                at += 1;
                taken += 1;
            }
        }
    }
    table += "];\n";
    std::fs::write(out.join("cases.rs"), modules + &table).expect("a writable OUT_DIR");
}

/// The modules and the line of the table for a schema; nothing for one that is no self-contained record with room to measure.
fn case(text: &str, name: &str, at: usize, out: &Path) -> Option<(String, String)> {
    let set = avro::parse::read_text(text).ok()?;
    let root = set.documents.first()?.root.clone()?;
    let Kind::Named(id) = root.kind else { return None };
    let NamedKind::Record { fields, .. } = &set.get(id).kind else { return None };
    if fields.is_empty() || set.named.len() > 60 {
        return None;
    }
    let peer = Peer::new(&set)?;
    let samples: Vec<Vec<u8>> = (0..8).map(|seed| values::sample(&set, &root, seed)).collect();
    let root_path = ours(text, at, out)?;
    let mut module = format!("pub mod m{at} {{\n  pub mod ours {{ include!(concat!(env!(\"OUT_DIR\"), \"/m{at}/mod.rs\")); }}\n");
    let _ = writeln!(module, "  #[allow(dead_code, non_camel_case_types, clippy::all)] pub mod peer {{ {} }}\n}}", peer.text);
    let peer_root = &peer.names[id.0 as usize];
    let line = format!("case!(m{at}::ours::{root_path}, m{at}::peer::{peer_root}, {name:?}, {text:?}, &[{}]),\n", listed(&samples));
    Some((module, line))
}

fn listed(samples: &[Vec<u8>]) -> String {
    samples.iter().map(|sample| format!("&{sample:?}")).collect::<Vec<_>>().join(", ")
}

fn ours(text: &str, at: usize, out: &Path) -> Option<String> {
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let file = load::add(&mut cx, &mut sources, "bench.avsc", text.as_bytes().to_vec())?;
    let settings = ObsToml::default();
    let outcome = compile::compile(cx, &sources, &[file], &settings, None);
    let event = outcome.model.events.first()?;
    let name = &outcome.model.get(event.ty).name;
    let path = name.module.iter().chain([&name.ident]).cloned().collect::<Vec<_>>().join("::");
    let folder = out.join(format!("m{at}"));
    let artifacts = compile::artifacts(&outcome, &sources, &settings, Layout::CheckedIn);
    obs_codegen::fs::write_all(&folder, &artifacts, |_| true).ok()?;
    Some(path)
}

/// Serde types, one for each named type, and the enums of unions.
struct Peer<'a> {
    set: &'a avro::Set,
    names: Vec<String>,
    text: String,
    unions: usize,
}

impl<'a> Peer<'a> {
    fn new(set: &'a avro::Set) -> Option<Peer<'a>> {
        let names = set.named.iter().enumerate().map(|(at, named)| format!("{}{at}", type_ident(&named.name.name)));
        let mut peer = Peer { set, names: names.collect(), text: String::new(), unions: 0 };
        for at in 0..set.named.len() {
            peer.named(at)?;
        }
        Some(peer)
    }

    fn named(&mut self, at: usize) -> Option<()> {
        let set = self.set;
        let name = self.names[at].clone();
        match &set.named[at].kind {
            NamedKind::Fixed { .. } => {}
            NamedKind::Enum { symbols, .. } => {
                let mut body = String::new();
                for symbol in symbols {
                    let _ = write!(body, "#[serde(rename = {symbol:?})] {}, ", variant_ident(symbol));
                }
                let _ = write!(self.text, "#[derive(Debug, serde::Serialize, serde::Deserialize)] pub enum {name} {{ {body} }} ");
            }
            NamedKind::Record { fields, .. } => {
                let mut body = String::new();
                for field in fields {
                    let ty = self.ty(&field.ty)?;
                    let _ = write!(body, "#[serde(rename = {:?})] pub {}: {ty}, ", field.name, field_ident(&field.name));
                }
                let _ = write!(self.text, "#[derive(Debug, serde::Serialize, serde::Deserialize)] pub struct {name} {{ {body} }} ");
            }
        }
        Some(())
    }

    fn ty(&mut self, ty: &avro::Type) -> Option<String> {
        Some(match &ty.kind {
            Kind::Null => "()".to_owned(),
            Kind::Boolean => "bool".to_owned(),
            Kind::Int => "i32".to_owned(),
            Kind::Long => "i64".to_owned(),
            Kind::Float => "f32".to_owned(),
            Kind::Double => "f64".to_owned(),
            Kind::Bytes if matches!(ty.logical, Some(Logical::Decimal { .. })) => "rust_decimal::Decimal".to_owned(),
            Kind::Bytes => "serde_bytes::ByteBuf".to_owned(),
            Kind::String => "String".to_owned(),
            Kind::Array(inner) => format!("Vec<{}>", self.ty(inner)?),
            Kind::Map(inner) => format!("std::collections::BTreeMap<String, {}>", self.ty(inner)?),
            Kind::Named(id) => self.named_type(*id)?,
            Kind::Union(branches) => {
                let null = branches.iter().any(|branch| matches!(branch.kind, Kind::Null));
                let rest: Vec<_> = branches.iter().filter(|branch| !matches!(branch.kind, Kind::Null)).collect();
                let inner = match rest.as_slice() {
                    [] => return None,
                    [only] if null => self.ty(only)?,
                    _ => self.union(&rest)?,
                };
                if null { format!("Option<{inner}>") } else { inner }
            }
        })
    }

    fn named_type(&self, id: NamedId) -> Option<String> {
        let named = self.set.get(id);
        match named.kind {
            NamedKind::Fixed { .. } if named.logical.is_some() => None,
            NamedKind::Fixed { size } => Some(format!("serde_bytes::ByteArray<{size}>")),
            // A box costs next to nothing, and a recursive type needs it.
            NamedKind::Record { .. } if self.set.reachable(&[id]).len() > 1 && self.recursive(id) => {
                Some(format!("Box<{}>", self.names[id.0 as usize]))
            }
            _ => Some(self.names[id.0 as usize].clone()),
        }
    }

    fn recursive(&self, id: NamedId) -> bool {
        let mut found = false;
        for other in self.set.reachable(&[id]) {
            if let NamedKind::Record { fields, .. } = &self.set.get(other).kind {
                fields.iter().for_each(|field| field.ty.each_named(&mut |mentioned| found |= mentioned == id));
            }
        }
        found
    }

    fn union(&mut self, branches: &[&avro::Type]) -> Option<String> {
        let mut body = String::new();
        for (at, branch) in branches.iter().enumerate() {
            let word = match &branch.kind {
                Kind::Named(id) => self.set.get(*id).name.name.clone(),
                Kind::Boolean => "Boolean".to_owned(),
                Kind::Int => "Int".to_owned(),
                Kind::Long => "Long".to_owned(),
                Kind::Float => "Float".to_owned(),
                Kind::Double => "Double".to_owned(),
                Kind::Bytes => "Bytes".to_owned(),
                Kind::String => "String".to_owned(),
                Kind::Array(_) => "Array".to_owned(),
                Kind::Map(_) => "Map".to_owned(),
                Kind::Null | Kind::Union(_) => return None,
            };
            let ty = self.ty(branch)?;
            let _ = write!(body, "#[serde(rename = {word:?})] B{at}({ty}), ");
        }
        let name = format!("Union{}", self.unions);
        self.unions += 1;
        let _ = write!(self.text, "#[derive(Debug, serde::Serialize, serde::Deserialize)] pub enum {name} {{ {body} }} ");
        Some(name)
    }
}
