//! Points every reference at a definition.
//!
//! A definition in the same file wins, then one in a file that an IDL file imports, then one in the same folder,
//! then the one from the file with the highest version in its name. When several remain they must agree.

use crate::table::{self, Numbered, Table};

use super::{REFERENCE, Reader, Reference};
use crate::avro::tree::PRIMITIVES;
use crate::avro::{Document, Kind, NamedId, NamedKind, Type, canonical};
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
        let paths = || documents.iter().map(|document| sources.path(document.file));
        Files {
            folders: paths()
                .map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder))
                .collect(),
            versions: paths().map(version).collect(),
        }
    }
}

/// The version in a path: at the end of the file's name, or a folder that is nothing else.
fn version(path: &str) -> Option<Vec<u64>> {
    let mut parts = path.rsplit('/');
    let file = parts.next()?;
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let digits = |c: char| c.is_ascii_digit();
    let start = stem
        .trim_end_matches(|c: char| digits(c) || matches!(c, '.' | '-' | '_'))
        .len();
    let tail = stem[start..].trim_start_matches(['.', '-', '_']);
    let before = &stem[..start];
    let marked = before
        .strip_suffix(['v', 'V'])
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()));
    if tail.starts_with(digits) && (marked || before.is_empty() || stem.len() > start + tail.len())
    {
        return numbers(tail);
    }
    let folder = parts.next()?;
    numbers(folder.strip_prefix(['v', 'V']).unwrap_or(folder))
}

fn numbers(text: &str) -> Option<Vec<u64>> {
    text.split(['.', '-', '_'])
        .map(|part| part.parse().ok())
        .collect()
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
    fn ty(&mut self, ty: &mut Type) {
        match &mut ty.kind {
            Kind::Array(inner) | Kind::Map(inner) => self.ty(inner),
            Kind::Union(branches) => branches.iter_mut().for_each(|branch| self.ty(branch)),
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
            keep(&mut left, |document| visible.contains(&document.number()));
        }
        let files = self.files;
        let folder = files.folders.get(here as usize);
        keep(&mut left, |document| {
            files.folders.get(document as usize) == folder
        });
        let version = |document: u32| {
            files
                .versions
                .get(document as usize)
                .and_then(Option::as_ref)
        };
        let highest = left
            .iter()
            .map(|(document, _)| version(*document))
            .max()
            .flatten();
        keep(&mut left, |document| version(document) == highest);
        let taken = left[0].1;
        if left.len() > 1 {
            let candidates: Vec<NamedId> = left.into_iter().map(|(_, id)| id).collect();
            let choices = self.choices.get_or(taken.number(), Vec::new);
            match choices
                .iter_mut()
                .find(|choice| choice.candidates == candidates)
            {
                Some(choice) => choice.references.push(reference.loc),
                None => choices.push(Choice {
                    candidates,
                    references: vec![reference.loc],
                }),
            }
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
                todo.extend(
                    imports
                        .get(&next.number())
                        .into_iter()
                        .flatten()
                        .filter(|document| seen.insert(document.number(), ()).is_none()),
                );
            }
            seen
        })
    }
}

/// Keeps those that fit, unless none does.
fn keep(candidates: &mut Vec<(u32, NamedId)>, fits: impl Fn(u32) -> bool) {
    if candidates.iter().any(|(document, _)| fits(*document)) {
        candidates.retain(|(document, _)| fits(*document));
    }
}

impl Reader<'_> {
    /// Replaces every reference by what it refers to.
    pub(super) fn link(&mut self, files: &Files<'_>) -> Vec<Choice> {
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
        let repeated = self.repeated.iter_mut().map(|(named, _)| named);
        for named in self.set.named.iter_mut().chain(repeated) {
            if let NamedKind::Record { fields, .. } = &mut named.kind {
                fields.iter_mut().for_each(|field| linker.ty(&mut field.ty));
            }
        }
        self.set
            .documents
            .iter_mut()
            .filter_map(|document| document.root.as_mut())
            .for_each(|root| linker.ty(root));
        self.loose.iter_mut().for_each(|ty| linker.ty(ty));
        self.parameters
            .iter_mut()
            .for_each(|field| linker.ty(&mut field.ty));
        let Linker {
            choices, unknown, ..
        } = linker;
        self.complain_of_unknown(&references, &unknown);
        self.check_branches();
        choices.into_values().into_iter().flatten().collect()
    }

    fn complain_of_unknown(&mut self, references: &[Reference], unknown: &[u32]) {
        let mut known: Vec<&str> = Vec::new();
        let mut by_last: Table<&str, &str> = Table::default();
        if !unknown.is_empty() {
            known.extend(self.names.keys().map(String::as_str));
            table::sort(&mut known, Ord::cmp);
            for name in known.iter().rev() {
                by_last.insert(last(name), name);
            }
        }
        for (count, index) in unknown.iter().enumerate() {
            let Some(reference) = references.get(*index as usize) else {
                continue;
            };
            let written = &reference.full[reference.short_at.unwrap_or(0)..];
            let word = written.to_ascii_lowercase();
            let look = |table: &[(&str, &'static str)]| {
                table
                    .iter()
                    .find(|(foreign, _)| *foreign == word)
                    .map(|(_, ours)| *ours)
            };
            let help = if let Some(primitive) = PRIMITIVES.iter().find(|name| **name == word) {
                format!("write `{primitive}`: names of primitive types are lower-case")
            } else if let Some(full) = by_last.get(last(written)) {
                format!("write `{full}`")
            } else if let Some(ours) = look(&FOREIGN) {
                format!("write `{ours}`, which is what Avro calls it")
            } else if let Some(ours) = look(&LOGICAL) {
                format!("write `{ours}`")
            } else if let Some(near) = (count < SUGGESTIONS)
                .then(|| {
                    // A name in full is long, and mostly namespace: it is near to any other of its namespace.
                    nearest(written, PRIMITIVES)
                        .or_else(|| {
                            nearest(written, by_last.keys().copied())
                                .and_then(|name| by_last.get(name).copied())
                        })
                        .or_else(|| {
                            let dotted = reference.short_at.is_none();
                            dotted.then(|| nearest(written, known.iter().copied()))?
                        })
                })
                .flatten()
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
        let mut todo: Vec<&Type> = set
            .documents
            .iter()
            .filter_map(|document| document.root.as_ref())
            .collect();
        todo.extend(loose.iter());
        todo.extend(parameters.iter().map(|field| &field.ty));
        for named in &set.named {
            if let NamedKind::Record { fields, .. } = &named.kind {
                todo.extend(fields.iter().map(|field| &field.ty));
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
    pub(super) fn check_choices(&mut self, choices: &[Choice], sources: &SourceMap) {
        for choice in choices {
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

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
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
