//! IDL files among the others, and the files they import.

use crate::table::Numbered;
use std::collections::HashMap;

use super::{Reader, names};
use crate::avro::idl::{self, ImportKind};
use crate::diag::{Diagnostic, nearest};
use crate::node;
use crate::source::{FileId, SourceMap};

impl Reader<'_> {
    /// Reads an IDL document.
    pub(super) fn idl(&mut self, sources: &SourceMap, file: FileId) {
        let Some(source) = sources.get(file) else {
            return;
        };
        let read = idl::parse(self.cx, file, &source.text);
        self.file = file;
        let document = self.current();
        self.wanted
            .extend(read.imports.into_iter().map(|import| (document, import)));
        let first = self.set.named.len();
        let protocol = read
            .protocol
            .as_ref()
            .and_then(|node| self.protocol(node, node.member("protocol")?));
        let namespace = read
            .namespace
            .as_ref()
            .and_then(|node| node.as_str())
            .unwrap_or_default();
        if let Some(node) = &read.namespace {
            names::check_namespace(self.cx, namespace, node.loc);
        }
        for ty in &read.types {
            self.schema(ty, namespace);
        }
        let root = read
            .schema
            .as_ref()
            .map(|node| self.schema(node, namespace));
        self.close(first, root, protocol);
    }

    /// Finds what import statements name, and reads what nobody listed.
    pub(super) fn follow_imports(&mut self, sources: &SourceMap) {
        if self.wanted.is_empty() {
            return;
        }
        let paths: HashMap<&str, FileId> = sources
            .iter()
            .map(|(id, source)| (source.path.trim_start_matches("./"), id))
            .collect();
        let mut documents: HashMap<FileId, u32> = HashMap::new();
        for (number, document) in (0u32..).zip(&self.set.documents) {
            documents.insert(document.file, number);
        }
        self.imported = true;
        let mut done = 0;
        while let Some((from, import)) = self.wanted.get(done).cloned() {
            done += 1;
            let importer = self.set.documents[from as usize].file;
            let Some(target) = find(sources, &paths, importer, &import.path) else {
                let mut complaint = Diagnostic::error(
                    "missing-import",
                    import.loc,
                    format!(
                        "the imported file `{}` is not among the specs",
                        import.path.escape_debug()
                    ),
                );
                let known = paths.keys().map(|path| last(path));
                complaint = match nearest(last(&import.path), known) {
                    Some(name) if name != last(&import.path) => {
                        let folder = import.path.strip_suffix(last(&import.path));
                        complaint.help(format!("write `{}{name}`", folder.unwrap_or_default()))
                    }
                    _ => complaint.help("correct the path, which is relative to this file, or add the folder it is in"),
                };
                self.cx.push(complaint);
                continue;
            };
            let document = match documents.get(&target) {
                Some(document) => *document,
                None => {
                    let document = self.current();
                    match import.kind {
                        ImportKind::Idl => self.idl(sources, target),
                        ImportKind::Protocol | ImportKind::Schema => {
                            let text = sources.get(target).map_or("", |source| &source.text);
                            let Some(node) = node::parse_json_with_comments(self.cx, target, text)
                            else {
                                continue;
                            };
                            self.document(target, &node);
                        }
                    }
                    documents.insert(target, document);
                    document
                }
            };
            self.imports.get_or(from.number(), Vec::new).push(document);
        }
        self.imported = false;
    }
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The file a path means: relative to the importing file, or else the only one whose path ends so, which is how
/// Java finds files on its class path.
fn find(
    sources: &SourceMap,
    paths: &HashMap<&str, FileId>,
    importer: FileId,
    written: &str,
) -> Option<FileId> {
    let written = written.replace('\\', "/");
    let written = written.strip_prefix("classpath:").unwrap_or(&written);
    let importer = sources.path(importer);
    let folder = importer.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let mut bare: Vec<&str> = Vec::new();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
                bare.pop();
            }
            part => {
                parts.push(part);
                bare.push(part);
            }
        }
    }
    let joined = parts.join("/");
    let absolute = if importer.starts_with('/') {
        format!("/{joined}")
    } else {
        joined
    };
    if let Some(found) = paths.get(absolute.as_str()) {
        return Some(*found);
    }
    if bare.is_empty() {
        return None;
    }
    let bare = bare.join("/");
    let mut ending = paths.iter().filter(|(path, _)| {
        path.strip_suffix(bare.as_str())
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    });
    let only = ending.next()?;
    ending.next().is_none().then_some(*only.1)
}
