//! Points every reference at a definition.
//!
//! A definition in the same file wins, then one in a file that an IDL file imports, then one in the same folder,
//! then the one from the file with the highest version in its name. When several remain they must agree.

use crate::table::{self, Numbered, Table};

use super::{REFERENCE, Reader, Reference};
use crate::avro::tree::PRIMITIVES;
use crate::avro::{Document, Kind, Named, NamedId, NamedKind, Type, canonical};
use crate::diag::{Diagnostic, nearest};
use crate::source::{Loc, SourceMap};

/// Names that people bring from other languages, and what Avro calls them.
const FOREIGN: [(&str, &str); 22] = [
    ("bool", "boolean"),
    ("int32", "int"),
    ("integer", "int"),
    ("short", "int"),
    ("byte", "int"),
    ("int64", "long"),
    ("bigint", "long"),
    ("number", "double"),
    ("float32", "float"),
    ("float64", "double"),
    ("real", "double"),
    ("str", "string"),
    ("text", "string"),
    ("varchar", "string"),
    ("binary", "bytes"),
    ("blob", "bytes"),
    ("list", "array"),
    ("object", "record"),
    ("struct", "record"),
    ("none", "null"),
    ("nil", "null"),
    ("void", "null"),
];

/// Logical types that people write as if they were types.
const LOGICAL: [(&str, &str); 9] = [
    ("uuid", "{\"type\": \"string\", \"logicalType\": \"uuid\"}"),
    ("date", "{\"type\": \"int\", \"logicalType\": \"date\"}"),
    (
        "datetime",
        "{\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}",
    ),
    (
        "timestamp",
        "{\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}",
    ),
    (
        "timestamp-millis",
        "{\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}",
    ),
    (
        "timestamp-micros",
        "{\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}",
    ),
    (
        "time-millis",
        "{\"type\": \"int\", \"logicalType\": \"time-millis\"}",
    ),
    (
        "time-micros",
        "{\"type\": \"long\", \"logicalType\": \"time-micros\"}",
    ),
    (
        "decimal",
        "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 18, \"scale\": 2}",
    ),
];

/// At most so many unknown names are compared with all known ones: a file of nonsense costs no more than that.
const SUGGESTIONS: usize = 64;

/// What paths say about the documents.
pub(super) struct Files<'s> {
    /// The folder of each.
    folders: Vec<&'s str>,
    /// The version in the name of each.
    versions: Vec<Option<Vec<u64>>>,
}

impl<'s> Files<'s> {
    pub(super) fn new(sources: &'s SourceMap, documents: &[Document]) -> Files<'s> {
        let mut files = Files {
            folders: Vec::new(),
            versions: Vec::new(),
        };
        for document in documents {
            let path = sources.path(document.file);
            files.folders.push(match path.rsplit_once('/') {
                Some((folder, _)) => folder,
                None => "",
            });
            files.versions.push(version(path));
        }
        files
    }
}

/// What stands between the numbers of a version.
const SEPARATORS: &[char] = &['.', '-', '_'];

/// What may stand before a version.
const MARK: &[char] = &['v', 'V'];

/// What a version is written with.
const VERSION: &[char] = &[
    '.', '-', '_', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// The version in a path: at the end of the file's name, or a folder that is nothing else.
fn version(path: &str) -> Option<Vec<u64>> {
    let (folders, file) = match path.rsplit_once('/') {
        Some((folders, file)) => (Some(folders), file),
        None => (None, path),
    };
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) => stem,
        None => file,
    };
    let before = stem.trim_end_matches(VERSION);
    let tail = stem[before.len()..].trim_start_matches(SEPARATORS);
    let marked = match before.strip_suffix(MARK) {
        Some(rest) => !rest.chars().next_back().is_some_and(char::is_alphanumeric),
        None => false,
    };
    let number = tail.bytes().next().is_some_and(|c| c.is_ascii_digit());
    let apart = marked || before.is_empty() || stem.len() > before.len() + tail.len();
    if number && apart {
        return numbers(tail);
    }
    let folder = match folders?.rsplit_once('/') {
        Some((_, folder)) => folder,
        None => folders?,
    };
    numbers(folder.strip_prefix(MARK).unwrap_or(folder))
}

fn numbers(text: &str) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    for part in text.split(SEPARATORS) {
        numbers.push(part.parse().ok()?);
    }
    Some(numbers)
}

/// A name that several files define, none of them better placed than the others: they have to agree.
pub(super) struct Choice {
    /// The definitions, the one taken first.
    candidates: Vec<NamedId>,
    /// The references that depend on it.
    references: Vec<Loc>,
}

/// Everything a reference can be looked up in; borrowed while types are changed.
struct Linker<'a, 's> {
    names: &'a Table<String, Vec<(u32, NamedId)>>,
    references: &'a [Reference],
    files: &'a Files<'s>,
    imports: &'a Table<u128, Vec<u32>>,
    visible: Table<u128, Table<u128, ()>>,
    choices: Table<u128, Vec<Choice>>,
    unknown: Vec<u32>,
}

impl Linker<'_, '_> {
    fn fields(&mut self, named: &mut Named) {
        if let NamedKind::Record { fields, .. } = &mut named.kind {
            for field in fields {
                self.ty(&mut field.ty);
            }
        }
    }

    fn ty(&mut self, ty: &mut Type) {
        match &mut ty.kind {
            Kind::Array(inner) | Kind::Map(inner) => self.ty(inner),
            Kind::Union(branches) => {
                for branch in branches {
                    self.ty(branch);
                }
            }
            Kind::Named(id) if id.0 & REFERENCE != 0 => {
                let index = id.0 & !REFERENCE;
                match self.find(index) {
                    Some(found) => *id = found,
                    None => {
                        self.unknown.push(index);
                        ty.kind = Kind::Null;
                    }
                }
            }
            _ => {}
        }
    }

    fn find(&mut self, index: u32) -> Option<NamedId> {
        let references = self.references;
        let names = self.names;
        let reference = references.get(index as usize)?;
        if let Some(candidates) = names.get(&reference.full) {
            return Some(self.choose(reference, candidates));
        }
        // Java looks for a name without dots in no namespace as well, and real schemas rely on it.
        let candidates = names.get(&reference.full[reference.short_at?..])?;
        Some(self.choose(reference, candidates))
    }

    fn choose(&mut self, reference: &Reference, candidates: &[(u32, NamedId)]) -> NamedId {
        let here = reference.document;
        if let [(_, only)] = candidates {
            return *only;
        }
        if let Ok(at) = candidates.binary_search_by_key(&here, |(document, _)| *document) {
            return candidates[at].1;
        }
        let mut left: Vec<(u32, NamedId)> = candidates.to_vec();
        if !self.imports.is_empty() {
            let visible = self.visible(here);
            keep(&mut left, &|document| visible.contains(&document.number()));
        }
        let files = self.files;
        let folder = files.folders.get(here as usize);
        keep(&mut left, &|document| {
            files.folders.get(document as usize) == folder
        });
        let version = |document: u32| files.versions.get(document as usize)?.as_ref();
        let mut highest = None;
        for (document, _) in &left {
            highest = highest.max(version(*document));
        }
        keep(&mut left, &|document| version(document) == highest);
        let taken = left[0].1;
        if left.len() > 1 {
            let mut candidates: Vec<NamedId> = Vec::new();
            for (_, id) in &left {
                candidates.push(*id);
            }
            let choices = self.choices.get_or(taken.number(), Vec::new);
            for choice in choices.iter_mut() {
                if choice.candidates == candidates {
                    choice.references.push(reference.loc);
                    return taken;
                }
            }
            choices.push(Choice {
                candidates,
                references: vec![reference.loc],
            });
        }
        taken
    }

    /// The documents a document imports, and what those import.
    fn visible(&mut self, document: u32) -> &Table<u128, ()> {
        let imports = self.imports;
        self.visible.get_or(document.number(), || {
            let mut seen = Table::default();
            let mut todo = vec![document];
            while let Some(next) = todo.pop() {
                let Some(imported) = imports.get(&next.number()) else {
                    continue;
                };
                for document in imported {
                    if seen.insert(document.number(), ()).is_none() {
                        todo.push(*document);
                    }
                }
            }
            seen
        })
    }
}

/// Keeps those that fit, unless none does.
fn keep(candidates: &mut Vec<(u32, NamedId)>, fits: &dyn Fn(u32) -> bool) {
    let mut kept = Vec::new();
    for candidate in candidates.iter() {
        if fits(candidate.0) {
            kept.push(*candidate);
        }
    }
    if !kept.is_empty() {
        *candidates = kept;
    }
}

impl Reader<'_> {
    /// Replaces every reference by what it refers to.
    pub(super) fn link(&mut self, files: &Files<'_>) -> Vec<Vec<Choice>> {
        let references = std::mem::take(&mut self.references);
        let mut linker = Linker {
            names: &self.names,
            references: &references,
            files,
            imports: &self.imports,
            visible: Table::default(),
            choices: Table::default(),
            unknown: Vec::new(),
        };
        for named in &mut self.set.named {
            linker.fields(named);
        }
        for (named, _) in &mut self.repeated {
            linker.fields(named);
        }
        for document in &mut self.set.documents {
            if let Some(root) = &mut document.root {
                linker.ty(root);
            }
        }
        for ty in &mut self.loose {
            linker.ty(ty);
        }
        for field in &mut self.parameters {
            linker.ty(&mut field.ty);
        }
        let Linker {
            choices, unknown, ..
        } = linker;
        self.complain_of_unknown(&references, &unknown);
        self.check_branches();
        choices.into_values()
    }

    fn complain_of_unknown(&mut self, references: &[Reference], unknown: &[u32]) {
        let mut known: Vec<&str> = Vec::new();
        let mut by_last: Table<&str, &str> = Table::default();
        if !unknown.is_empty() {
            for name in self.names.keys() {
                known.push(name);
            }
            table::sort(&mut known, Ord::cmp);
            for name in known.iter().rev() {
                by_last.insert(last(name), name);
            }
        }
        // A name in full is long, and mostly namespace: it is near to any other of its namespace.
        let near = |written: &str, in_full: bool| {
            if let Some(near) = nearest(written, PRIMITIVES) {
                return Some(near);
            }
            match nearest(written, by_last.keys().copied()) {
                Some(last) => by_last.get(last).copied(),
                None if in_full => nearest(written, known.iter().copied()),
                None => None,
            }
        };
        for (count, index) in unknown.iter().enumerate() {
            let Some(reference) = references.get(*index as usize) else {
                continue;
            };
            let written = &reference.full[reference.short_at.unwrap_or(0)..];
            let word = written.to_ascii_lowercase();
            let help = if PRIMITIVES.contains(&word.as_str()) {
                format!("write `{word}`: names of primitive types are lower-case")
            } else if let Some(full) = by_last.get(last(written)) {
                format!("write `{full}`")
            } else if let Some(ours) = look(&FOREIGN, &word) {
                format!("write `{ours}`, which is what Avro calls it")
            } else if let Some(ours) = look(&LOGICAL, &word) {
                format!("write `{ours}`")
            } else if count < SUGGESTIONS
                && let Some(near) = near(written, reference.short_at.is_none())
            {
                format!("write `{near}`")
            } else {
                "define it, or add the file that defines it".to_owned()
            };
            let message = format!("nothing defines the type `{written}`");
            let mut complaint =
                Diagnostic::error("unknown-type", reference.loc, message).help(help);
            if *written != *reference.full {
                complaint = complaint.label(format!("`{}` in full", reference.full));
            }
            self.cx.push(complaint);
        }
    }

    /// A union may hold a named type once only, which cannot be seen before names are linked.
    fn check_branches(&mut self) {
        let Reader {
            set,
            cx,
            loose,
            parameters,
            ..
        } = self;
        let mut todo: Vec<&Type> = Vec::new();
        for document in &set.documents {
            if let Some(root) = &document.root {
                todo.push(root);
            }
        }
        for ty in loose {
            todo.push(ty);
        }
        for field in parameters {
            todo.push(&field.ty);
        }
        for named in &set.named {
            if let NamedKind::Record { fields, .. } = &named.kind {
                for field in fields {
                    todo.push(&field.ty);
                }
            }
        }
        let mut firsts: Table<u128, Loc> = Table::default();
        while let Some(ty) = todo.pop() {
            match &ty.kind {
                Kind::Array(inner) | Kind::Map(inner) => todo.push(inner),
                Kind::Union(branches) => {
                    firsts.clear();
                    for branch in branches {
                        let Kind::Named(id) = branch.kind else {
                            todo.push(branch);
                            continue;
                        };
                        match firsts.get(&id.number()) {
                            None => {
                                firsts.insert(id.number(), branch.loc);
                            }
                            Some(first) => cx.push(
                                Diagnostic::error(
                                    "duplicate-branch",
                                    branch.loc,
                                    format!("the union holds `{}` twice", set.get(id).name),
                                )
                                .other(*first, "first here")
                                .help("remove one of the two"),
                            ),
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Definitions one may choose among must be the same for every reader of data.
    pub(super) fn check_choices(&mut self, choices: &[Vec<Choice>], sources: &SourceMap) {
        for choice in choices.iter().flatten() {
            let Some((taken, others)) = choice.candidates.split_first() else {
                continue;
            };
            let form = canonical::named(&self.set, *taken);
            let Some(other) = others
                .iter()
                .find(|other| canonical::named(&self.set, **other) != form)
            else {
                continue;
            };
            let (first, second) = (self.set.get(*taken), self.set.get(*other));
            for loc in &choice.references {
                self.cx.push(
                    Diagnostic::error(
                        "ambiguous-reference",
                        *loc,
                        format!(
                            "`{}` is defined differently in `{}` and in `{}`",
                            first.name,
                            sources.path(first.file),
                            sources.path(second.file)
                        ),
                    )
                    .other(first.name_loc, "one definition")
                    .other(second.name_loc, "another definition")
                    .help("keep one definition, give the files versions, or put the right one into this folder"),
                );
            }
        }
    }

    /// A name defined twice in one file, which is forgiven when both say the same.
    pub(super) fn check_repeated(&mut self) {
        for (second, first) in &self.repeated {
            let first = self.set.get(*first);
            let message = format!("`{}` is defined twice in this file", first.name);
            let same =
                canonical::definition(&self.set, first) == canonical::definition(&self.set, second);
            let complaint = if same {
                Diagnostic::warning("duplicate-definition", second.name_loc, message)
                    .help("write the name alone the second time: few Avro tools accept a repeated definition")
            } else {
                Diagnostic::error("duplicate-definition", second.name_loc, message)
                    .help("rename one of the two: they differ")
            };
            self.cx
                .push(complaint.other(first.name_loc, "first defined here"));
        }
    }
}

/// What a table gives for a word.
fn look(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    for (foreign, ours) in table {
        if *foreign == word {
            return Some(ours);
        }
    }
    None
}

fn last(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((_, last)) => last,
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_versions() {
        for (path, expected) in [
            ("user-registered.v2.0.0.avsc", Some(vec![2, 0, 0])),
            ("order.placed/v1.avsc", Some(vec![1])),
            ("order_v12.avsc", Some(vec![12])),
            ("order-1-0-1.avsc", Some(vec![1, 0, 1])),
            ("v3/order.avsc", Some(vec![3])),
            ("order/2.1/schema.avsc", Some(vec![2, 1])),
            ("1.0.0.avsc", Some(vec![1, 0, 0])),
            ("order2.avsc", None),
            ("ipv4.avsc", None),
            ("order.avsc", None),
            ("a/v/order.avsc", None),
        ] {
            assert_eq!(version(path), expected, "{path}");
        }
    }
}
