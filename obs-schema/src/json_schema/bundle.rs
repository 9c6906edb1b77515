//! One text that means by itself what a schema means among its files.
//!
//! A file that needs no other is its own bundle. Otherwise what it needs is put under its `$defs`, and
//! references are written anew. There are two ways to do so. Usually only the schemas that are needed
//! come along, as plain definitions: their names (`$id`, anchors) are dropped, because every reference is now a
//! pointer. Where references are dynamic, or dialects differ, names matter; then whole files
//! come along, each with an absolute `$id`, as 2020-12 describes compound documents.
//!
//! Members keep their order, and additions come in the order they were found, so that the same files
//! always give the same text.

use super::read::Input;
use super::tree::{Body, Dialect, Keywords, Schema, SchemaId, Set};
use super::{dialect, uri, words};
use crate::json::Json;
use crate::node::{Member, Node, Value};
use crate::source::FileId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Makes bundles of the schemas of one set.
pub struct Bundler<'s, 'n> {
    set: &'s Set,
    nodes: HashMap<FileId, &'n Node>,
    at: HashMap<(FileId, &'s str), SchemaId>,
    /// The schemas of each file.
    of_file: HashMap<FileId, Vec<SchemaId>>,
}

/// How references are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Needed schemas as definitions, references as pointers.
    Definitions,
    /// Whole files under their URIs.
    Files,
}

impl<'s, 'n> Bundler<'s, 'n> {
    /// Prepares for bundles: `set` must have been read from `inputs`.
    #[must_use]
    pub fn new(set: &'s Set, inputs: &[Input<'n>]) -> Bundler<'s, 'n> {
        let mut of_file: HashMap<FileId, Vec<SchemaId>> = HashMap::new();
        let mut at = HashMap::with_capacity(set.schemas.len());
        for (index, schema) in (0u32..).zip(&set.schemas) {
            at.insert((schema.file, schema.pointer.as_str()), SchemaId(index));
            of_file
                .entry(schema.file)
                .or_default()
                .push(SchemaId(index));
        }
        let nodes = inputs
            .iter()
            .map(|input| (input.file, input.node))
            .collect();
        Bundler {
            set,
            nodes,
            at,
            of_file,
        }
    }

    /// The bundle of each document, by its file.
    #[must_use]
    pub fn documents(&self) -> BTreeMap<FileId, Json> {
        let documents = self.set.documents.iter();
        documents
            .map(|document| (document.file, self.bundle(document.root)))
            .collect()
    }

    /// The bundle of a schema: of a whole file, or of a part of one.
    #[must_use]
    pub fn bundle(&self, root: SchemaId) -> Json {
        let schema = self.set.get(root);
        let Some(node) = self.node(root) else {
            return Json::Bool(true);
        };
        if schema.pointer.is_empty() && self.stands_alone(schema.file) {
            let mut out = node.to_json();
            self.declare(&mut out, schema);
            return out;
        }
        let (files, style) = self.survey(root);
        let mut bundle = Bundle {
            bundler: self,
            root,
            style,
            names: BTreeMap::new(),
            waiting: Vec::new(),
            taken: BTreeSet::new(),
        };
        let mut out = match style {
            Style::Definitions => bundle.definitions(node),
            Style::Files => bundle.files(&files),
        };
        self.declare(&mut out, schema);
        out
    }

    /// Says the dialect, where a reader of the text alone would come to another one.
    fn declare(&self, out: &mut Json, root: &Schema) {
        let said = out.get("$schema").and_then(Json::as_str);
        let read = match said.and_then(dialect::known) {
            Some(rules) => rules.dialect,
            None => dialect::guess_json(out),
        };
        // A part says what its file says, for the tools that guess otherwise than we do.
        let silent_part = said.is_none() && !root.pointer.is_empty();
        if read == root.dialect && !silent_part {
            return;
        }
        // As the file says it, if that is well known: it may be more than the name of a dialect.
        let file = self
            .nodes
            .get(&root.file)
            .and_then(|node| node.get("$schema"))
            .and_then(Node::as_str);
        let known = file
            .filter(|text| dialect::known(text).is_some_and(|rules| rules.dialect == root.dialect));
        if known.is_none() && read == root.dialect {
            return;
        }
        let text = known.unwrap_or(root.dialect.uri());
        if let Json::Object(members) = out {
            members.retain(|(name, _)| name != "$schema");
        }
        insert_first(out, "$schema", text);
    }

    fn node(&self, id: SchemaId) -> Option<&'n Node> {
        let schema = self.set.get(id);
        let mut node = *self.nodes.get(&schema.file)?;
        for segment in uri::segments(&schema.pointer) {
            node = uri::step(node, &segment)?;
        }
        Some(node)
    }

    fn keywords(&self, id: SchemaId) -> Option<&'s Keywords> {
        match &self.set.get(id).body {
            Body::Keywords(keywords) => Some(keywords),
            Body::Bool(_) => None,
        }
    }

    /// What the references of a schema lead to.
    fn targets(&self, id: SchemaId) -> impl Iterator<Item = SchemaId> + 's {
        let keywords = self.keywords(id);
        let dynamic = keywords
            .and_then(|keywords| keywords.dynamic_ref.as_ref())
            .map(|(target, _)| *target);
        keywords
            .and_then(|keywords| keywords.ref_)
            .into_iter()
            .chain(dynamic)
    }

    /// Whether every reference in a file stays in it, and would be found there without its path.
    fn stands_alone(&self, file: FileId) -> bool {
        let schemas = self.of_file.get(&file).map_or(&[][..], Vec::as_slice);
        schemas.iter().all(|id| {
            let foreign = |target: SchemaId| {
                let target = self.set.get(target).file;
                target != file && target != FileId::BUILT_IN
            };
            !self.set.by_path.contains(id) && !self.targets(*id).any(foreign)
        })
    }

    /// The files a root needs, in the order they are found, and the way to bundle them.
    fn survey(&self, root: SchemaId) -> (Vec<FileId>, Style) {
        let first = self.set.get(root);
        let mut files = vec![first.file];
        let mut style = Style::Definitions;
        let mut done = 0;
        while let Some(file) = files.get(done).copied() {
            done += 1;
            for id in self.of_file.get(&file).map_or(&[][..], Vec::as_slice) {
                if self.set.get(*id).dialect != first.dialect || self.is_dynamic(*id) {
                    style = Style::Files;
                }
                for target in self.targets(*id) {
                    let file = self.set.get(target).file;
                    if file != FileId::BUILT_IN && !files.contains(&file) {
                        files.push(file);
                    }
                }
            }
        }
        (files, style)
    }

    /// Whether the target of a dynamic reference depends on the way to it.
    fn is_dynamic(&self, id: SchemaId) -> bool {
        let reference = self
            .keywords(id)
            .and_then(|keywords| keywords.dynamic_ref.as_ref());
        reference.is_some_and(|(target, name)| {
            let target = self.keywords(*target);
            target.is_some_and(|target| target.dynamic_anchor.as_ref() == Some(name))
        })
    }

    /// The absolute reference to a schema: the URI of its resource, and the way from there.
    fn absolute(&self, id: SchemaId) -> String {
        let schema = self.set.get(id);
        let resource = self.set.get(schema.resource);
        let below = schema
            .pointer
            .strip_prefix(&resource.pointer)
            .unwrap_or(&schema.pointer);
        format!(
            "{}#{}",
            self.resource_uri(schema.resource),
            uri::pointer_fragment(below)
        )
    }

    fn resource_uri(&self, resource: SchemaId) -> &'s str {
        self.set.uris.get(&resource).map_or("", String::as_str)
    }
}

/// One bundle in the making.
struct Bundle<'b, 's, 'n> {
    bundler: &'b Bundler<'s, 'n>,
    root: SchemaId,
    style: Style,
    /// The definitions that came along, by what they define.
    names: BTreeMap<SchemaId, String>,
    /// The same in the order they were found.
    waiting: Vec<SchemaId>,
    /// Names in use under `$defs`.
    taken: BTreeSet<String>,
}

impl Bundle<'_, '_, '_> {
    /// The root with the definitions it needs.
    fn definitions(&mut self, node: &Node) -> Json {
        let container = container(node, self.bundler.set.get(self.root).dialect);
        let defined = node
            .get(container)
            .and_then(Node::as_object)
            .unwrap_or_default();
        self.taken = defined.iter().map(|member| member.name.clone()).collect();
        let root = self.bundler.set.get(self.root);
        let mut out = self.copy(root.file, node, &mut root.pointer.clone());
        let mut additions = Vec::new();
        while additions.len() < self.waiting.len() {
            let id = self.waiting[additions.len()];
            let schema = self.bundler.set.get(id);
            let copied = self
                .bundler
                .node(id)
                .map(|node| self.copy(schema.file, node, &mut schema.pointer.clone()));
            let name = self.names.get(&id).cloned().unwrap_or_default();
            additions.push((name, copied.unwrap_or(Json::Bool(true))));
        }
        add_definitions(&mut out, container, additions);
        out
    }

    /// The root, or a reference to it, with all files it needs.
    fn files(&mut self, files: &[FileId]) -> Json {
        let root = self.bundler.set.get(self.root);
        let dialect = root.dialect;
        let whole = root.pointer.is_empty();
        let mut out = if whole {
            self.file(root.file)
        } else {
            Json::Object(vec![(
                "$ref".to_owned(),
                Json::String(self.bundler.absolute(self.root)),
            )])
        };
        let container = if dialect <= Dialect::Draft7 {
            "definitions"
        } else {
            "$defs"
        };
        let mut additions = Vec::new();
        for file in files.iter().filter(|file| !whole || **file != root.file) {
            let Some(document) = self.bundler.set.document(*file) else {
                continue;
            };
            let uri = self.bundler.resource_uri(document.root).to_owned();
            additions.push((uri, self.file(*file)));
        }
        add_definitions(&mut out, container, additions);
        out
    }

    /// A whole file under its URI, with its dialect said.
    fn file(&mut self, file: FileId) -> Json {
        let Some(document) = self.bundler.set.document(file) else {
            return Json::Bool(true);
        };
        let Some(node) = self.bundler.node(document.root) else {
            return Json::Bool(true);
        };
        let mut out = self.copy(file, node, &mut String::new());
        if let Json::Object(members) = &mut out {
            members.retain(|(name, _)| {
                name != "$id" && !(name == "id" && document.dialect == Dialect::Draft4)
            });
        }
        insert_first(&mut out, "$id", self.bundler.resource_uri(document.root));
        if node.get("$schema").is_none() {
            insert_first(&mut out, "$schema", document.dialect.uri());
        }
        out
    }

    /// A value with its references written anew. `pointer` is its place in its file and comes back unchanged.
    fn copy(&mut self, file: FileId, node: &Node, pointer: &mut String) -> Json {
        let length = pointer.len();
        match &node.value {
            Value::Array(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    uri::push_segment(pointer, &at.to_string());
                    out.push(self.copy(file, item, pointer));
                    pointer.truncate(length);
                }
                Json::Array(out)
            }
            Value::Object(members) => {
                let schema = self.bundler.at.get(&(file, pointer.as_str())).copied();
                let mut out = Vec::with_capacity(members.len());
                for member in members {
                    let written =
                        schema.map_or(Written::Same, |schema| self.written(schema, member));
                    match written {
                        Written::Not => {}
                        Written::As(name, text) => out.push((name.to_owned(), Json::String(text))),
                        Written::Same => {
                            uri::push_segment(pointer, &member.name);
                            out.push((
                                member.name.clone(),
                                self.copy(file, &member.value, pointer),
                            ));
                            pointer.truncate(length);
                        }
                    }
                }
                Json::Object(out)
            }
            _ => node.to_json(),
        }
    }

    /// What becomes of a member of a schema.
    fn written(&mut self, id: SchemaId, member: &Member) -> Written {
        let schema = self.bundler.set.get(id);
        let Some(keywords) = self.bundler.keywords(id) else {
            return Written::Same;
        };
        let known = |name: &str| keywords.place(name).is_some();
        let bare = self.style == Style::Definitions && id != self.root;
        match member.name.as_str() {
            "$ref" if known("$ref") => match keywords.ref_ {
                Some(target) => Written::As("$ref", self.reference(schema, target, member)),
                None => Written::Same,
            },
            name @ ("$dynamicRef" | "$recursiveRef") if known(name) => {
                let Some((target, _)) = &keywords.dynamic_ref else {
                    return Written::Same;
                };
                self.dynamic(schema, id, *target, member)
            }
            "$schema" if bare && schema.pointer.is_empty() => Written::Not,
            "$id" | "$anchor" | "$dynamicAnchor" | "$recursiveAnchor"
                if bare && known(&member.name) =>
            {
                Written::Not
            }
            "id" if bare && known("id") && member.value.as_str().is_some() => Written::Not,
            _ => Written::Same,
        }
    }

    fn reference(&mut self, from: &Schema, target: SchemaId, member: &Member) -> String {
        let text = member.value.as_str().unwrap_or_default();
        let schema = self.bundler.set.get(target);
        if schema.file == FileId::BUILT_IN {
            return if uri::is_absolute(text) {
                text.to_owned()
            } else {
                self.bundler.absolute(target)
            };
        }
        match self.style {
            Style::Definitions => self.pointer_to(target),
            Style::Files if text.starts_with('#') && schema.resource == from.resource => {
                text.to_owned()
            }
            Style::Files => self.bundler.absolute(target),
        }
    }

    /// A dynamic reference keeps its anchor; one that only looks dynamic becomes a plain reference.
    fn dynamic(
        &mut self,
        from: &Schema,
        id: SchemaId,
        target: SchemaId,
        member: &Member,
    ) -> Written {
        let plain = !self.bundler.is_dynamic(id);
        let name: &'static str = match words::find(&member.name) {
            Some(known) => known.name,
            None => return Written::Same,
        };
        if plain {
            let alone = self
                .bundler
                .keywords(id)
                .is_none_or(|keywords| keywords.place("$ref").is_none());
            return Written::As(
                if alone { "$ref" } else { name },
                self.reference(from, target, member),
            );
        }
        let text = member.value.as_str().unwrap_or_default();
        let resource = self.bundler.set.get(target).resource;
        if text.starts_with('#') && resource == from.resource {
            return Written::Same;
        }
        let (_, anchor) = uri::split_fragment(text);
        Written::As(
            name,
            format!("{}#{anchor}", self.bundler.resource_uri(resource)),
        )
    }

    /// The place of a schema in the bundle; what is not there yet is asked for.
    fn pointer_to(&mut self, target: SchemaId) -> String {
        let root = self.bundler.set.get(self.root);
        let schema = self.bundler.set.get(target);
        if schema.file == root.file
            && let Some(below) = schema.pointer.strip_prefix(&root.pointer)
            && (below.is_empty() || below.starts_with('/'))
        {
            return format!("#{}", uri::pointer_fragment(below));
        }
        let name = match self.names.get(&target) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_name(schema);
                self.names.insert(target, name.clone());
                self.waiting.push(target);
                name
            }
        };
        let container = self
            .bundler
            .node(self.root)
            .map_or("$defs", |node| container(node, root.dialect));
        let mut pointer = format!("/{container}");
        uri::push_segment(&mut pointer, &name);
        format!("#{}", uri::pointer_fragment(&pointer))
    }

    /// A name for a definition: its own, or that of its file, with a number if that is taken.
    fn free_name(&mut self, schema: &Schema) -> String {
        let last = uri::segments(&schema.pointer).pop();
        let name = last.unwrap_or_else(|| {
            let uri = self.bundler.resource_uri(schema.resource);
            let file = uri
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default();
            file.split('.').next().unwrap_or_default().to_owned()
        });
        let mut free = name.clone();
        let mut number = 2;
        while !self.taken.insert(free.clone()) {
            free = format!("{name}{number}");
            number += 1;
        }
        free
    }
}

/// What becomes of a member.
enum Written {
    /// It is left out.
    Not,
    /// It is written under a name, with this text.
    As(&'static str, String),
    /// It is copied.
    Same,
}

/// Where the definitions of a schema are, or would be.
fn container(node: &Node, dialect: Dialect) -> &'static str {
    let has = |name: &str| {
        node.get(name)
            .is_some_and(|value| value.as_object().is_some())
    };
    match (has("$defs"), has("definitions")) {
        (true, _) => "$defs",
        (_, true) => "definitions",
        _ if dialect <= Dialect::Draft7 => "definitions",
        _ => "$defs",
    }
}

fn add_definitions(out: &mut Json, container: &str, additions: Vec<(String, Json)>) {
    let Json::Object(members) = out else { return };
    if additions.is_empty() {
        return;
    }
    match members.iter_mut().find(|(name, _)| name == container) {
        Some((_, Json::Object(definitions))) => definitions.extend(additions),
        _ => members.push((container.to_owned(), Json::Object(additions))),
    }
}

fn insert_first(out: &mut Json, name: &str, text: &str) {
    if let Json::Object(members) = out {
        members.insert(0, (name.to_owned(), Json::String(text.to_owned())));
    }
}

/// Compact text with sorted keys: two schemas that differ only in layout have the same.
#[must_use]
pub fn canonical_text(value: &Json) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Json::Object(members)
        }
        other => other.clone(),
    }
}
