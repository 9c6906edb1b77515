//! Located trees of several files become one [`Set`].
//!
//! Reading goes in three steps. Every file is walked once, and each place where a schema may stand becomes a
//! [`Schema`]; what claims a name (`$id`, `$anchor`) is noted, what refers to one is put aside. Then the
//! references are resolved, which may bring in further schemas: places only a pointer reaches, and
//! meta-schemas. Last, references that go round in a circle without looking at the instance are cut.
//!
//! Nothing returns early: a mistake is reported and the rest of the schema keeps its meaning.

use super::dialect::{self, Rules};
use super::tree::{Body, Document, Keywords, Schema, SchemaId, Set};
use super::{cycles, uri};
use crate::diag::{Diagnostic, Diagnostics};
use crate::node::{Node, Value};
use crate::source::{FileId, Loc, SourceMap};
use crate::table::{self, Numbered, Table};

/// Schemas may nest this deep; readers of text stop at half of it, so only a tree made by hand gets here.
const MAX_DEPTH: u16 = 256;

/// What `type` knows.
pub(super) const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

/// One file to read.
#[derive(Clone, Copy, Debug)]
pub struct Input<'n> {
    /// The file.
    pub file: FileId,
    /// Its path: relative, with forward slashes. References to files are resolved against it.
    pub path: &'n str,
    /// Its located tree.
    pub node: &'n Node,
}

/// Files of a map with their trees, ready to be read.
#[must_use]
pub fn inputs<'n>(sources: &'n SourceMap, files: &'n [(FileId, Node)]) -> Vec<Input<'n>> {
    let mut inputs = Vec::with_capacity(files.len());
    for (file, node) in files {
        inputs.push(Input {
            file: *file,
            path: sources.path(*file),
            node,
        });
    }
    inputs
}

/// Reads all JSON Schema files of a run. References between them may go in any direction.
///
/// The documents of the set come in the order of the inputs, one each.
pub fn read_set(cx: &mut Diagnostics, inputs: &[Input<'_>]) -> Set {
    let mut reader = Reader::new(cx, inputs);
    for at in 0..inputs.len() {
        reader.document(at);
    }
    reader.references();
    let mut set = reader.set;
    #[cfg(feature = "full")]
    {
        set.uris = reader
            .resources
            .into_iter()
            .map(|resource| (resource.root, resource.uri))
            .collect();
    }
    // The first of a name counts.
    let mut anchors = std::mem::take(&mut set.dynamic_anchors);
    table::sort(&mut anchors, |(a, _), (b, _)| a.cmp(b));
    for anchor in anchors {
        let last = set.dynamic_anchors.last();
        if last.is_none_or(|last| last.0 != anchor.0) {
            set.dynamic_anchors.push(anchor);
        }
    }
    cycles::cut(cx, &mut set);
    set
}

/// What is in force around a schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Index into `Reader::files`.
    pub(super) file: usize,
    /// Index into `Reader::resources`.
    pub(super) resource: usize,
    pub(super) rules: Rules,
    pub(super) depth: u16,
}

/// A file of the run, or a meta-schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'n> {
    pub(super) id: FileId,
    /// `None` for a meta-schema.
    pub(super) path: Option<&'n str>,
    /// The resource of its root.
    pub(super) resource: usize,
}

/// A schema with a URI of its own.
#[derive(Clone, Debug)]
pub(super) struct Resource<'n> {
    pub(super) uri: String,
    /// It says so itself, with an `$id`.
    pub(super) claimed: bool,
    pub(super) file: usize,
    pub(super) node: &'n Node,
    pub(super) root: SchemaId,
}

/// A reference put aside until every name is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending<'n> {
    pub(super) schema: SchemaId,
    pub(super) kind: RefKind,
    pub(super) text: &'n str,
    pub(super) loc: Loc,
}

/// The three ways to refer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefKind {
    /// `$ref`
    Static,
    /// `$dynamicRef`
    Dynamic,
    /// `$recursiveRef`
    Recursive,
}

/// The state of reading.
pub(super) struct Reader<'c, 'n> {
    pub(super) cx: &'c mut Diagnostics,
    pub(super) inputs: &'c [Input<'n>],
    pub(super) set: Set,
    /// What was in force at each schema of `set`.
    pub(super) scopes: Vec<Scope>,
    pub(super) files: Vec<File<'n>>,
    pub(super) resources: Vec<Resource<'n>>,
    /// Resources by the key of their URI. Several may claim one; a file sees its own first.
    pub(super) by_uri: Table<String, Vec<usize>>,
    /// Anchors by their resource.
    pub(super) anchors: Table<u128, Table<String, (SchemaId, Loc)>>,
    pub(super) pending: Vec<Pending<'n>>,
    /// Schemas by the address of their node, which no other node can have while we borrow it.
    pub(super) by_node: Table<u128, SchemaId>,
    /// What unusual values of `$schema` turned out to mean.
    dialects: Table<&'n str, Option<Rules>>,
}

/// The identity of a node: it cannot move while it is borrowed.
pub(super) fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

impl<'c, 'n> Reader<'c, 'n> {
    fn new(cx: &'c mut Diagnostics, inputs: &'c [Input<'n>]) -> Reader<'c, 'n> {
        Reader {
            cx,
            inputs,
            set: Set::default(),
            scopes: Vec::new(),
            files: Vec::new(),
            resources: Vec::new(),
            by_uri: Table::default(),
            anchors: Table::default(),
            pending: Vec::new(),
            by_node: Table::default(),
            dialects: Table::default(),
        }
    }

    /// Walks one input.
    fn document(&mut self, at: usize) {
        let input = self.inputs[at];
        let rules = self.rules_of(input.node, 0);
        let rules = rules.unwrap_or_else(|| {
            if let Some(declared) = input.node.member("$schema") {
                let message = "`$schema` names no dialect we know, so this is read as 2020-12";
                self.cx.push(
                    Diagnostic::warning("unknown-dialect", declared.value.loc, message).help(
                        "name `https://json-schema.org/draft/2020-12/schema`, or add the meta-schema to the specs",
                    ),
                );
            }
            Rules::guessed(dialect::guess(input.node))
        });
        let root = self.file(
            input.file,
            Some(input.path),
            input.node,
            uri::of_file(input.path),
            rules,
        );
        let id = self.resources[self.files[at].resource].uri.clone();
        let id = (!id.starts_with("file:")).then_some(id);
        let dialect = self.set.get(root).dialect;
        self.set.documents.push(Document {
            file: input.file,
            root,
            dialect,
            id,
        });
    }

    /// Walks a file whose whole content is a schema.
    pub(super) fn file(
        &mut self,
        id: FileId,
        path: Option<&'n str>,
        node: &'n Node,
        uri: String,
        rules: Rules,
    ) -> SchemaId {
        let file = self.files.len();
        let resource = self.resources.len();
        let root = SchemaId(u32::try_from(self.set.schemas.len()).unwrap_or(u32::MAX));
        self.files.push(File { id, path, resource });
        self.by_uri.get_or(uri::key(&uri), Vec::new).push(resource);
        self.resources.push(Resource {
            uri,
            claimed: false,
            file,
            node,
            root,
        });
        self.schema(
            node,
            String::new(),
            Scope {
                file,
                resource,
                rules,
                depth: 0,
            },
        )
    }

    /// The rules a root declares; `None` when it declares none we understand.
    fn rules_of(&mut self, root: &'n Node, depth: u8) -> Option<Rules> {
        let declared = root.get("$schema")?.as_str()?;
        if let Some(rules) = dialect::known(declared) {
            return Some(rules);
        }
        if let Some(rules) = self.dialects.get(declared) {
            return *rules;
        }
        let rules = self.rules_by_meta_schema(declared, depth);
        self.dialects.insert(declared, rules);
        rules
    }

    /// A meta-schema among the inputs: its own dialect, less the vocabularies it leaves out.
    fn rules_by_meta_schema(&mut self, declared: &str, depth: u8) -> Option<Rules> {
        let key = uri::key(declared);
        let claims = |input: &&Input<'n>| {
            let own = uri::of_file(input.path);
            uri::key(&own) == key
                || input
                    .node
                    .get("$id")
                    .and_then(Node::as_str)
                    .is_some_and(|id| uri::key(&uri::join(&own, id)) == key)
        };
        let meta = self.inputs.iter().find(claims).filter(|_| depth < 4)?.node;
        let mut rules = self
            .rules_of(meta, depth + 1)
            .unwrap_or(Rules::guessed(dialect::guess(meta)));
        if let Some(vocabularies) = meta.get("$vocabulary").and_then(Node::as_object) {
            let has = |name: &str| {
                vocabularies
                    .iter()
                    .any(|member| member.name.ends_with(name))
            };
            let insists = |name: &str| {
                vocabularies.iter().any(|member| {
                    member.name.ends_with(name) && member.value.as_bool() == Some(true)
                })
            };
            rules.validation = has("/vocab/validation");
            rules.format_asserted =
                has("/vocab/format-assertion") || insists("2019-09/vocab/format");
        }
        Some(rules)
    }

    /// The schema at a node, read on first sight.
    pub(super) fn schema(&mut self, node: &'n Node, pointer: String, scope: Scope) -> SchemaId {
        if let Some(id) = self.by_node.get(&address(node).number()) {
            return *id;
        }
        let id = SchemaId(u32::try_from(self.set.schemas.len()).unwrap_or(u32::MAX));
        self.by_node.insert(address(node).number(), id);
        self.set.schemas.push(Schema {
            loc: node.loc,
            file: self.files[scope.file].id,
            pointer,
            dialect: scope.rules.dialect,
            resource: self.resources[scope.resource].root,
            body: Body::Bool(true),
        });
        self.scopes.push(scope);
        let body = match &node.value {
            Value::Bool(value) => Body::Bool(*value),
            Value::Object(_) if scope.depth >= MAX_DEPTH => {
                self.complain(
                    "deep-nesting",
                    node.loc,
                    format!("schemas nest more than {MAX_DEPTH} deep"),
                    "move parts into `$defs`",
                );
                Body::Bool(true)
            }
            Value::Object(members) => {
                let scope = self.identify(id, node, scope);
                let schema = &mut self.set.schemas[id.0 as usize];
                schema.dialect = scope.rules.dialect;
                schema.resource = self.resources[scope.resource].root;
                self.scopes[id.0 as usize] = scope;
                Body::Keywords(Box::new(self.keywords(id, members, scope)))
            }
            _ => {
                let message = format!(
                    "{} stands where a schema should be, which is an object or a boolean",
                    node.kind()
                );
                let help = match node.as_str() {
                    Some(ty) if TYPES.contains(&ty) => {
                        format!("write `{{ \"type\": \"{ty}\" }}`")
                    }
                    _ => "write `{}` to allow any value".to_owned(),
                };
                self.complain("invalid-schema", node.loc, message, &help);
                Body::Bool(true)
            }
        };
        self.set.schemas[id.0 as usize].body = body;
        id
    }

    /// Notes the names a schema claims, and answers what is in force inside it.
    fn identify(&mut self, id: SchemaId, node: &'n Node, mut scope: Scope) -> Scope {
        use super::tree::Dialect;
        // Most schemas claim nothing, which one look at their keys tells.
        let members = node.as_object().unwrap_or_default();
        if !members
            .iter()
            .any(|member| member.name.starts_with('$') || member.name == "id")
        {
            return scope;
        }
        let legacy = scope.rules.dialect <= Dialect::Draft7;
        let text = |name: &str| node.get(name).and_then(Node::as_str);
        // draft-07 and before: beside `$ref` nothing counts, not even `$id`. A guess at the dialect is no reason to lose a name.
        if legacy && scope.rules.declared && text("$ref").is_some() {
            return scope;
        }
        let own =
            text("$id").or_else(|| text("id").filter(|_| scope.rules.dialect == Dialect::Draft4));
        if let Some(own) = own {
            let (path, name) = uri::split_fragment(own);
            if !path.is_empty() {
                scope = self.resource(id, node, scope, path);
            }
            if !name.is_empty() {
                self.anchors
                    .get_or(scope.resource.number(), Table::default)
                    .get_or(uri::percent_decode(name), || (id, node.loc));
            }
        }
        if legacy && scope.rules.declared {
            return scope;
        }
        if let Some(name) = text("$anchor") {
            self.anchor(id, scope, name, claim(node, "$anchor"));
        }
        if scope.rules.dialect == Dialect::Draft202012
            && let Some(name) = text("$dynamicAnchor")
        {
            self.anchor(id, scope, name, claim(node, "$dynamicAnchor"));
            let root = self.resources[scope.resource].root;
            self.set.dynamic_anchors.push(((root, name.to_owned()), id));
        }
        if scope.rules.dialect == Dialect::Draft201909
            && node.get("$recursiveAnchor").and_then(Node::as_bool) == Some(true)
        {
            let root = self.resources[scope.resource].root;
            self.set.dynamic_anchors.push(((root, String::new()), id));
        }
        scope
    }

    /// A schema with an `$id`: a resource of its own, unless it is the root and only renames the file's.
    fn resource(&mut self, id: SchemaId, node: &'n Node, mut scope: Scope, path: &str) -> Scope {
        let uri = uri::join(&self.resources[scope.resource].uri, path);
        let is_root = self.resources[scope.resource].root == id;
        let at = if is_root {
            scope.resource
        } else {
            self.resources.len()
        };
        let claims = self.by_uri.get_or(uri::key(&uri), Vec::new);
        if !claims.contains(&at) {
            claims.push(at);
        }
        if is_root {
            self.resources[at].uri = uri;
            self.resources[at].claimed = true;
        } else {
            self.resources.push(Resource {
                uri,
                claimed: true,
                file: scope.file,
                node,
                root: id,
            });
            if let Some(rules) = self.rules_of(node, 0) {
                scope.rules = rules;
            }
        }
        scope.resource = at;
        scope
    }

    fn anchor(&mut self, id: SchemaId, scope: Scope, name: &str, loc: Loc) {
        let (first, other) = *self
            .anchors
            .get_or(scope.resource.number(), Table::default)
            .get_or(name.to_owned(), || (id, loc));
        if first != id {
            self.cx.push(
                Diagnostic::error(
                    "duplicate-anchor",
                    loc,
                    format!("anchor `{name}` is claimed by two schemas"),
                )
                .other(other, "first claimed here")
                .help("rename one of them"),
            );
        }
    }

    pub(super) fn complain(
        &mut self,
        code: &'static str,
        loc: Loc,
        message: impl Into<String>,
        help: &str,
    ) {
        self.cx
            .push(Diagnostic::error(code, loc, message).help(help));
    }

    /// The keywords of a schema, to be completed.
    pub(super) fn keywords_mut(&mut self, id: SchemaId) -> Option<&mut Keywords> {
        match &mut self.set.schemas.get_mut(id.0 as usize)?.body {
            Body::Keywords(keywords) => Some(keywords),
            Body::Bool(_) => None,
        }
    }
}

/// Where a schema gives itself a name.
fn claim(node: &Node, keyword: &str) -> Loc {
    node.get(keyword).map_or(node.loc, |name| name.loc)
}
