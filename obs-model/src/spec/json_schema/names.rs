//! What documents and types are called, as suggestions for `resolve`.
//!
//! A document is named by what it says of itself before what its file is called.
//! Its definitions live in a module of the document's name, so that another file with a definition of the same name changes nothing.

use super::schemas::Schemas;
use crate::model::RustName;
use crate::resolve::version;
use obs_schema::json_schema::{Document, SchemaId};
use obs_schema::node::Node;
use obs_schema::source::{FileId, SourceMap};
use std::collections::BTreeMap;

/// The names of all documents.
#[derive(Default)]
pub(super) struct Names {
    by_file: BTreeMap<FileId, DocumentName>,
    roots: BTreeMap<SchemaId, FileId>,
}

/// What a document is called.
#[derive(Clone, Debug)]
pub(super) struct DocumentName {
    /// Its root type.
    pub(super) root: RustName,
    /// The name of its event.
    pub(super) event: String,
    /// The file's name with its version, spelled so that `resolve` finds it.
    pub(super) stem: String,
    /// The root has nothing to say: the file is a collection of definitions.
    pub(super) only_definitions: bool,
    numbers: Vec<u32>,
    /// The module of its definitions.
    definitions: Vec<String>,
}

/// A position that may need a name of its own.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The suggested module and identifier.
    pub(super) name: RustName,
    /// The schema to point at.
    pub(super) node: SchemaId,
    /// The file that owns the type.
    pub(super) file: FileId,
}

impl Place {
    /// A position below this one.
    pub(super) fn below(&self, word: &str, node: Option<SchemaId>) -> Place {
        let ident = format!("{}_{word}", self.name.ident);
        Place {
            name: RustName {
                module: self.name.module.clone(),
                ident,
            },
            node: node.unwrap_or(self.node),
            file: self.file,
        }
    }
}

impl Names {
    /// Names every document. The newest of several versions has the plain name, the others step aside.
    pub(super) fn of(schemas: &Schemas<'_>, sources: &SourceMap) -> Names {
        let mut names = Names::default();
        for document in &schemas.set.documents {
            names
                .by_file
                .insert(document.file, document_name(schemas, sources, document));
            names.roots.insert(document.root, document.file);
        }
        for document in &schemas.set.documents {
            // What a root merely points to is the root, unless another document has a better claim to it.
            let target = schemas.behind(document.root);
            if schemas.set.get(target).file == document.file {
                names.roots.entry(target).or_insert(document.file);
            }
        }
        let mut versions: BTreeMap<(Vec<String>, String), Vec<FileId>> = BTreeMap::new();
        for document in &schemas.set.documents {
            let root = &names.by_file[&document.file].root;
            let ident = crate::resolve::type_ident(&root.ident);
            versions
                .entry((root.module.clone(), ident))
                .or_default()
                .push(document.file);
        }
        for files in versions.values_mut().filter(|files| files.len() > 1) {
            files.sort_by_key(|file| std::cmp::Reverse(names.by_file[file].numbers.clone()));
            for file in files.iter().skip(1) {
                if let Some(name) = names.by_file.get_mut(file) {
                    name.step_aside();
                }
            }
        }
        names
    }

    pub(super) fn document(&self, file: FileId) -> Option<&DocumentName> {
        self.by_file.get(&file)
    }

    /// Whether a schema is the root of a document.
    pub(super) fn is_root(&self, id: SchemaId) -> bool {
        self.roots.contains_key(&id)
    }

    /// The place of a schema with a name of its own: a root or a definition.
    pub(super) fn own_place(&self, schemas: &Schemas<'_>, id: SchemaId) -> Option<Place> {
        let schema = schemas.set.get(id);
        let document = self.by_file.get(&schema.file)?;
        let name = if self.is_root(id) {
            document.root.clone()
        } else {
            let ident = definition(&schema.pointer)?;
            RustName {
                module: document.definitions.clone(),
                ident,
            }
        };
        Some(Place {
            name,
            node: id,
            file: schema.file,
        })
    }
}

impl DocumentName {
    fn step_aside(&mut self) {
        let base = crate::resolve::module_ident(&self.root.ident);
        let base = base.trim_start_matches("r#");
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        let aside = match numbers.as_slice() {
            [] => base.to_owned(),
            _ => format!("{base}_v{}", numbers.join("_")),
        };
        self.definitions
            .insert(self.root.module.len(), aside.clone());
        self.root.module.push(aside);
    }
}

fn document_name(schemas: &Schemas<'_>, sources: &SourceMap, document: &Document) -> DocumentName {
    let path = sources.path(document.file);
    let (base, stem) = stem(path);
    let keywords = schemas.keywords(document.root);
    let own = keywords.and_then(|keywords| {
        let member = keywords.other.iter().find(|member| member.name == "self")?;
        iglu(&member.value)
    });
    let base = document
        .id
        .as_deref()
        .and_then(|id| spelled_out(id, &base))
        .unwrap_or(base);
    let title = keywords.and_then(|keywords| short_title(keywords.title.as_deref()?));
    let target = schemas.behind(document.root);
    let alias = (target != document.root)
        .then(|| definition(&schemas.set.get(target).pointer))
        .flatten();
    let only_definitions = schemas.says_nothing(document.root)
        && keywords.is_some_and(|keywords| !keywords.defs.is_empty());
    let written = keywords.and_then(|keywords| {
        let obs = keywords
            .other
            .iter()
            .find(|member| member.name == "x-obs")?;
        Some(version::numbers_in(&format!(
            "v{}",
            obs.value.get("version")?.as_str()?
        )))
    });
    let mut numbers = written.unwrap_or_default();
    if numbers.is_empty() {
        numbers = version::numbers_in(&stem);
    }
    if numbers.is_empty() {
        numbers = version::numbers_in(path);
    }
    let (module, ident, event, stem) = match own {
        Some(Iglu {
            vendor,
            name,
            version,
        }) => {
            numbers = version::numbers_in(&format!("v{version}"));
            let event = format!("{vendor}.{name}");
            let module = vendor.split('.').map(str::to_owned).collect();
            (
                module,
                name.clone(),
                event,
                format!("{name}.v{}", version.replace('-', ".")),
            )
        }
        None => {
            // Dots in a file's name separate words (`order.placed.json`, `sarif-2.1.0.json`), not a namespace.
            let ident = title.or(alias).unwrap_or_else(|| base.replace('.', "-"));
            let ident = version::without(&ident);
            (Vec::new(), ident.clone(), ident, stem)
        }
    };
    let mut definitions: Vec<String> = module.clone();
    definitions.push(ident.clone());
    DocumentName {
        root: RustName { module, ident },
        event,
        stem,
        only_definitions,
        numbers,
        definitions,
    }
}

/// What Snowplow's registry writes under `self`.
struct Iglu {
    vendor: String,
    name: String,
    version: String,
}

fn iglu(node: &Node) -> Option<Iglu> {
    let text = |name: &str| node.get(name)?.as_str().map(str::to_owned);
    Some(Iglu {
        vendor: text("vendor")?,
        name: text("name")?,
        version: text("version")?,
    })
}

/// The file's name without folders and endings: without its version, and with it.
///
/// Where the file is called after its version alone, as in `order-placed/1.0.2.json`, the folder has the name.
fn stem(path: &str) -> (String, String) {
    let mut parts = path.rsplit('/');
    let mut name = parts.next().unwrap_or(path);
    for ending in [".json", ".yaml", ".yml", ".jsonschema"] {
        name = name.strip_suffix(ending).unwrap_or(name);
    }
    for ending in [".schema", "-schema", "_schema"] {
        name = name
            .strip_suffix(ending)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(name);
    }
    let digits = name.trim_start_matches(['v', 'V']);
    let is_version = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    let folder =
        parts.find(|part| !matches!(*part, "" | "." | "jsonschema" | "schemas" | "schema"));
    match folder {
        Some(folder) if is_version => (
            folder.to_owned(),
            format!("{folder}.v{}", digits.replace(['-', '_'], ".")),
        ),
        _ => (version::without(name), name.to_owned()),
    }
}

/// The last part of an `$id` where it says the file's name with its words apart: `artifact-packaged-event` for
/// `artifactpackaged.json`.
fn spelled_out(id: &str, stem: &str) -> Option<String> {
    let last = id.trim_end_matches(['#', '/']).rsplit('/').next()?;
    let (last, _) = self::stem(last);
    let letters = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let words = |text: &str| text.split(|c: char| !c.is_alphanumeric()).count();
    let one_word = !stem.is_empty() && stem.chars().all(char::is_lowercase);
    let same = one_word && letters(&last).starts_with(&letters(stem));
    (same && words(&last) > 1).then_some(last)
}

/// A title that can be a name: a few plain words of ASCII, since topics are called after it, with "JSON schema for" and the like left out.
pub(super) fn short_title(title: &str) -> Option<String> {
    let mut words: Vec<&str> = title.split_whitespace().collect();
    let is_schema = |words: &[&str], pattern: &[&str]| {
        words.len() > pattern.len()
            && words
                .iter()
                .zip(pattern)
                .all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    for lead in [
        &["json", "schema", "for"][..],
        &["schema", "for"],
        &["schema", "of"],
        &["the"],
    ] {
        if is_schema(&words, lead) {
            words.drain(..lead.len());
        }
    }
    for tail in ["schema", "json"] {
        if words.len() > 1
            && words
                .last()
                .is_some_and(|last| last.eq_ignore_ascii_case(tail))
        {
            words.pop();
        }
    }
    let plain = words.iter().all(|word| {
        word.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && word.chars().any(char::is_alphanumeric)
    });
    let begins = words
        .first()
        .is_some_and(|word| word.starts_with(char::is_alphabetic));
    let title = words.join(" ");
    (plain && begins && words.len() <= 4 && title.len() <= 48).then_some(title)
}

/// The name of a definition, from its pointer. Nothing for a schema that stands inline.
pub(super) fn definition(pointer: &str) -> Option<String> {
    let mut segments = pointer.rsplit('/');
    let (name, parent, above) = (segments.next()?, segments.next()?, segments.next());
    let is_parent = ["$defs", "definitions", "schemas", "types", "components"].contains(&parent);
    let is_member = matches!(
        above,
        Some("properties" | "patternProperties" | "dependentSchemas")
    );
    let name = name.replace("~1", "/").replace("~0", "~");
    (is_parent && !is_member && !name.is_empty()).then_some(name)
}

/// A word for a union's branch, or for a type that has only its position.
pub(super) fn word(schemas: &Schemas<'_>, ids: &[SchemaId]) -> Option<String> {
    // The last schema is the branch; the ones before it are what it has in common with the others.
    let id = *ids.last()?;
    if let Some(name) = definition(&schemas.set.get(id).pointer) {
        return Some(name);
    }
    schemas
        .keywords(id)
        .and_then(|keywords| short_title(keywords.title.as_deref()?))
}
