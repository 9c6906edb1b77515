//! Finding what a reference means.
//!
//! A reference is resolved against the `$id` in force, as the specification has it. Where that leads nowhere it
//! is tried against the path of its file, because that is what authors who keep their schemas in a folder mean.

use super::dialect::Rules;
use super::meta;
use super::read::{Input, Pending, Reader, RefKind, Scope, address};
use super::tree::SchemaId;
use super::uri;
use crate::diag::{self, Diagnostic};
use crate::node::{Node, Value};
use crate::source::{FileId, Loc};
use crate::table::{self, Numbered};

/// Why a reference leads nowhere.
enum Missing {
    /// Another host's document, which is not among the inputs.
    Remote(String),
    /// A file that is not among the inputs.
    File(String),
    /// An anchor nobody claims.
    Anchor(String),
    /// A pointer into nothing: the part that exists, and the first segment that does not.
    Pointer {
        found: String,
        segment: String,
        nearest: Option<String>,
    },
    /// The pointer leads to something that is no schema.
    NoSchema(&'static str),
}

impl<'n> Reader<'_, 'n> {
    /// Resolves all references, those too that turn up on the way.
    pub(super) fn references(&mut self) {
        let mut done = 0;
        while done < self.pending.len() {
            let pending = self.pending[done];
            done += 1;
            match self.target(pending) {
                Ok(target) => self.connect(pending, target),
                Err(missing) => self.report(pending, missing),
            }
        }
    }

    fn connect(&mut self, pending: Pending<'n>, target: SchemaId) {
        let Some(keywords) = self.keywords_mut(pending.schema) else {
            return;
        };
        match pending.kind {
            RefKind::Static => keywords.ref_ = Some(target),
            RefKind::Dynamic => {
                let (_, name) = uri::split_fragment(pending.text);
                keywords.dynamic_ref = Some((target, uri::percent_decode(name)));
            }
            RefKind::Recursive => keywords.dynamic_ref = Some((target, String::new())),
        }
    }

    fn target(&mut self, pending: Pending<'n>) -> Result<SchemaId, Missing> {
        let scope = self.scopes[pending.schema.0 as usize];
        let (path, fragment) = uri::split_fragment(pending.text);
        let resource = if path.is_empty() {
            scope.resource
        } else {
            self.find(pending.schema, path)?
        };
        if fragment.is_empty() {
            return Ok(self.resources[resource].root);
        }
        let fragment = uri::percent_decode(fragment);
        if !fragment.starts_with('/') {
            if let Some((id, _)) = self.anchor_of(resource, &fragment) {
                return Ok(*id);
            }
            return match self.anchor_in_file(resource, &fragment) {
                Some(id) => Ok(id),
                None => Err(Missing::Anchor(fragment)),
            };
        }
        let missing = match self.follow(resource, &fragment) {
            Ok(id) => return Ok(id),
            Err(missing) => missing,
        };
        // `{"$id": "#/foo"}` claims a name that looks like a pointer.
        if let Some((id, _)) = self.anchor_of(resource, &fragment) {
            return Ok(*id);
        }
        if fragment == "/" {
            return Ok(self.resources[resource].root);
        }
        // Nested `$id`s are often written without meaning to move the root of the pointers below.
        let file_root = self.files[self.resources[resource].file].resource;
        if file_root != resource
            && let Ok(id) = self.follow(file_root, &fragment)
        {
            return Ok(id);
        }
        Err(missing)
    }

    fn anchor_of(&self, resource: usize, name: &str) -> Option<&(SchemaId, Loc)> {
        self.anchors.get(&resource.number())?.get(name)
    }

    /// Where nested `$id`s split a file, an anchor may stand on the other side of the wall.
    fn anchor_in_file(&self, resource: usize, name: &str) -> Option<SchemaId> {
        let file = self.resources[resource].file;
        let root = self.files[file].resource;
        if root == resource {
            return None;
        }
        let (id, _) = self.anchor_of(root, name)?;
        Some(*id)
    }

    /// The resource a reference without fragment names.
    fn find(&mut self, schema: SchemaId, path: &str) -> Result<usize, Missing> {
        let scope = self.scopes[schema.0 as usize];
        let full = uri::join(&self.resources[scope.resource].uri, path);
        let key = uri::key(&full);
        if let Some(found) = self.by_key(&key, scope.file) {
            let resource = &self.resources[found];
            if !resource.claimed || uri::key(&resource.uri) != key {
                self.set.found_by_path(schema);
            }
            return Ok(found);
        }
        if !uri::is_absolute(path)
            && let Some(own) = self.files[scope.file].path
        {
            let beside = uri::join(&uri::of_file(own), path);
            if let Some(found) = self.by_key(&uri::key(&beside), scope.file) {
                self.set.found_by_path(schema);
                return Ok(found);
            }
            return Err(Missing::File(
                uri::key(&beside).trim_start_matches("file:///").to_owned(),
            ));
        }
        if let Some(meta) = meta::find(&full) {
            return Ok(self.meta_schema(&meta, scope));
        }
        if full.starts_with("file:") {
            return Err(Missing::File(
                uri::key(&full).trim_start_matches("file:///").to_owned(),
            ));
        }
        Err(Missing::Remote(full))
    }

    /// A bundled meta-schema, brought in when first named.
    fn meta_schema(&mut self, meta: &meta::Found, scope: Scope) -> usize {
        let key = uri::key(&meta.uri);
        if let Some(found) = self.by_key(&key, scope.file) {
            return found;
        }
        let rules = Rules::declared(meta.dialect);
        let root = self.file(
            FileId::BUILT_IN,
            None,
            meta.node,
            meta.root_uri.to_owned(),
            rules,
        );
        let whole = self.scopes[root.0 as usize].resource;
        self.by_key(&key, scope.file).unwrap_or(whole)
    }

    /// Of several claims to a URI, the one of the same file wins, else the first.
    fn by_key(&self, key: &str, file: usize) -> Option<usize> {
        let claims = self.by_uri.get(key)?;
        let own = claims
            .iter()
            .find(|claim| self.resources[**claim].file == file);
        own.or(claims.first()).copied()
    }

    /// Walks a JSON pointer from the root of a resource. A place nobody has read yet becomes a schema.
    fn follow(&mut self, resource: usize, pointer: &str) -> Result<SchemaId, Missing> {
        let start = &self.resources[resource];
        let mut node = start.node;
        let mut near = start.root;
        let mut below = String::new();
        for segment in uri::segments(pointer) {
            let Some(next) = uri::step(node, &segment) else {
                return Err(no_such_place(
                    node,
                    &self.set.get(near).pointer,
                    &below,
                    segment,
                ));
            };
            node = next;
            match self.by_node.get(&address(node).number()) {
                Some(id) => {
                    near = *id;
                    below.clear();
                }
                None => uri::push_segment(&mut below, &segment),
            }
        }
        if below.is_empty() {
            return Ok(near);
        }
        if !matches!(node.value, Value::Object(_) | Value::Bool(_)) {
            return Err(Missing::NoSchema(node.kind()));
        }
        let scope = self.scopes[near.0 as usize];
        let pointer = format!("{}{below}", self.set.get(near).pointer);
        Ok(self.schema(
            node,
            pointer,
            Scope {
                depth: scope.depth + 1,
                ..scope
            },
        ))
    }

    fn report(&mut self, pending: Pending<'n>, missing: Missing) {
        let text = pending.text;
        let error =
            |message: String| Diagnostic::error("unresolved-reference", pending.loc, message);
        let diagnostic = match missing {
            Missing::Remote(full) => {
                let message =
                    format!("`{full}` is not among the specs, so any value is allowed here");
                Diagnostic::warning("unresolved-reference", pending.loc, message)
                    .help("add the document to the spec folder; its `$id` is how it is found")
            }
            Missing::File(path) => {
                let help = match nearest_path(&path, self.inputs) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "add the file to the spec folder, or correct the path".to_owned(),
                };
                error(format!(
                    "`{text}` refers to `{path}`, which is not among the specs"
                ))
                .help(help)
            }
            Missing::Anchor(name) => {
                let scope = self.scopes[pending.schema.0 as usize];
                let file = scope.file;
                let mut known: Vec<&str> = Vec::new();
                for (resource, here) in self.resources.iter().enumerate() {
                    if let Some(anchors) = self.anchors.get(&resource.number())
                        && here.file == file
                    {
                        for name in anchors.keys() {
                            known.push(name);
                        }
                    }
                }
                table::sort(&mut known, Ord::cmp);
                let help = match diag::nearest(&name, known) {
                    Some(meant) => format!("write `#{meant}`"),
                    None => format!(
                        "name a schema with `\"$anchor\": \"{name}\"`, or refer to a pointer such as `#/$defs/…`"
                    ),
                };
                error(format!("`{text}` refers to an anchor nobody claims")).help(help)
            }
            Missing::Pointer {
                found,
                segment,
                nearest,
            } => {
                let place = if found.is_empty() {
                    "the root".to_owned()
                } else {
                    format!("`{found}`")
                };
                let help = match nearest {
                    Some(meant) => format!("write `{meant}`"),
                    None => "correct the pointer, or add what it names".to_owned(),
                };
                error(format!(
                    "`{text}` leads nowhere: there is no `{segment}` in {place}"
                ))
                .help(help)
            }
            Missing::NoSchema(kind) => {
                error(format!("`{text}` leads to {kind}, which is no schema"))
                    .help("refer to an object or a boolean")
            }
        };
        self.cx.push(diagnostic);
    }
}

fn no_such_place(node: &Node, near: &str, below: &str, segment: String) -> Missing {
    let members = node.as_object().unwrap_or_default();
    let names = members.iter().map(|member| member.name.as_str());
    let nearest = diag::nearest(&segment, names).map(str::to_owned);
    Missing::Pointer {
        found: format!("{near}{below}"),
        segment,
        nearest,
    }
}

/// The path somebody meant: the same name in another folder, or a slip of the pen.
fn nearest_path<'a>(path: &str, inputs: &[Input<'a>]) -> Option<&'a str> {
    let wanted = file_name(path);
    for input in inputs {
        if file_name(input.path) == wanted {
            return Some(input.path);
        }
    }
    diag::nearest(path, inputs.iter().map(|input| input.path))
}

fn file_name(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((_, name)) => name,
        None => path,
    }
}
