//! From located JSON, or IDL text, to a linked [`Set`].
//!
//! Three passes, each over all files: *read* turns every file into types whose references are still names,
//! *link* points each reference at a definition wherever it stands, and *judge* looks at what needs the whole:
//! defaults against their types, records no value can fill, two definitions that claim one name.
//! Nothing returns early. What an error has spoilt is marked [`broken`](Named::broken), so that one faulty file
//! does not take the others with it.

mod defaults;
#[cfg(feature = "full")]
mod idl;
mod link;
mod logical;
mod named;
mod names;
mod protocol;
mod schema;
mod sound;
#[cfg(test)]
mod tests;

use crate::table::Table;

#[cfg(feature = "full")]
use crate::avro::idl::Import;
use crate::avro::{Document, Field, FullName, Named, NamedId, NamedKind, Protocol, Set, Type};
use crate::diag::{Diagnostic, Diagnostics};
use crate::node::{self, Node};
use crate::source::{FileId, Loc, SourceMap};

/// Types may nest this deep in one file; deeper input is refused, not recursed into.
const MAX_DEPTH: usize = 128;

/// One file to read.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Where it came from.
    pub file: FileId,
    /// What it holds.
    pub content: Content<'a>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A schema or a protocol, read from JSON or YAML.
    Node(&'a Node),
    /// Text in the IDL language, to be taken from the sources.
    #[cfg(feature = "full")]
    Idl,
}

/// Reads files that may refer to each other in any order.
///
/// `sources` gives the paths, by which files that define the same name are told apart, and the texts of files that
/// an IDL file imports although nobody listed them.
pub fn read_set(cx: &mut Diagnostics, sources: &SourceMap, inputs: &[Input<'_>]) -> Set {
    let mut reader = Reader::new(cx);
    for input in inputs {
        match input.content {
            Content::Node(node) => reader.document(input.file, node),
            #[cfg(feature = "full")]
            Content::Idl => reader.idl(sources, input.file),
        }
    }
    #[cfg(feature = "full")]
    reader.follow_imports(sources);
    reader.finish(sources)
}

/// Reads one schema text that stands for itself, as a registry or a file header gives it: the set has one document.
///
/// Such a schema is in use and not ours to mend. A default that is of the right kind but stands for no value (an
/// unknown symbol, a fixed of another size) passes here, as it does in Java; using it has to fail then.
pub fn read_text(text: &str) -> Result<Set, Vec<Diagnostic>> {
    let mut sources = SourceMap::default();
    let file = sources.add("schema.avsc", text);
    let mut cx = Diagnostics::default();
    let node = sources
        .get(file)
        .and_then(|source| node::parse_json_with_comments(&mut cx, file, &source.text));
    let mut reader = Reader::new(&mut cx);
    reader.foreign = true;
    if let Some(node) = &node {
        reader.document(file, node);
    }
    let set = reader.finish(&sources);
    if cx.has_errors() {
        Err(cx.into_sorted())
    } else {
        Ok(set)
    }
}

/// The state of a run.
struct Reader<'c> {
    cx: &'c mut Diagnostics,
    set: Set,
    /// Where each full name is defined: document and type, documents ascending.
    names: Table<String, Vec<(u32, NamedId)>>,
    /// References, in the order met; until linked, a type holds the index of one of these, marked, in place of an id.
    references: Vec<Reference>,
    /// Second definitions of a name within one file: the first one counts, if they agree.
    repeated: Vec<(Named, NamedId)>,
    /// What messages speak of: linked for its mistakes, then forgotten.
    parameters: Vec<Field>,
    /// The same, for types that have no name.
    loose: Vec<Type>,
    /// Which documents import which.
    imports: Table<u128, Vec<u32>>,
    /// Import statements still to be followed, with the document they stand in.
    #[cfg(feature = "full")]
    wanted: Vec<(u32, Import)>,
    /// The file being read is one that nobody asked for.
    imported: bool,
    /// The schema is not ours to mend: what its writers' tools let pass, passes.
    foreign: bool,
    /// The file being read.
    file: FileId,
    /// How deep in it we are.
    depth: usize,
}

/// A name that stands where a type should be.
struct Reference {
    /// The name in full, seen from where it is written.
    full: String,
    /// Where the last part begins, when it was written without dots and so may also mean no namespace.
    short_at: Option<usize>,
    loc: Loc,
    document: u32,
}

impl<'c> Reader<'c> {
    fn new(cx: &'c mut Diagnostics) -> Reader<'c> {
        Reader {
            cx,
            set: Set::default(),
            names: Table::default(),
            references: Vec::new(),
            repeated: Vec::new(),
            parameters: Vec::new(),
            loose: Vec::new(),
            imports: Table::default(),
            #[cfg(feature = "full")]
            wanted: Vec::new(),
            imported: false,
            foreign: false,
            file: FileId::TOKENS,
            depth: 0,
        }
    }

    /// The number of the document being read.
    fn current(&self) -> u32 {
        u32::try_from(self.set.documents.len()).unwrap_or(u32::MAX)
    }

    /// Reads one JSON document.
    fn document(&mut self, file: FileId, node: &Node) {
        self.file = file;
        let first = self.set.named.len();
        let (root, protocol) = match node.member("protocol") {
            Some(name) => (None, self.protocol(node, name)),
            None => (Some(self.schema(node, "")), None),
        };
        self.close(first, root, protocol);
    }

    /// Ends the document whose definitions began at `first`.
    fn close(&mut self, first: usize, root: Option<Type>, protocol: Option<Protocol>) {
        let defines = (first..self.set.named.len()).map(id).collect();
        self.set.documents.push(Document {
            file: self.file,
            root,
            defines,
            protocol,
            imported: self.imported,
            broken: false,
        });
    }

    /// Makes room for a definition and notes its name. `Err` is the definition that has the name in this file.
    fn reserve(&mut self, name: &FullName, loc: Loc) -> Result<NamedId, NamedId> {
        let document = self.current();
        let known = self.names.get_or(name.to_string(), Vec::new);
        if let Some((_, first)) = known.last().filter(|(of, _)| *of == document) {
            return Err(*first);
        }
        let id = id(self.set.named.len());
        known.push((document, id));
        self.set.named.push(Named {
            name: name.clone(),
            name_loc: loc,
            loc,
            file: self.file,
            aliases: Vec::new(),
            doc: None,
            kind: NamedKind::Fixed { size: 0 },
            logical: None,
            props: Vec::new(),
            broken: false,
        });
        Ok(id)
    }

    fn finish(mut self, sources: &SourceMap) -> Set {
        let files = link::Files::new(sources, &self.set.documents);
        let choices = self.link(&files);
        self.check_choices(&choices, sources);
        self.check_repeated();
        // A default is not held against a type that is itself in doubt.
        self.mark_broken();
        self.check_defaults();
        self.check_inhabited();
        self.check_one_meaning(sources);
        self.check_depth();
        self.mark_broken();
        self.set
    }
}

/// Marks an id that is the index of a reference.
const REFERENCE: u32 = 1 << 31;

fn id(index: usize) -> NamedId {
    NamedId(u32::try_from(index).unwrap_or(u32::MAX))
}
