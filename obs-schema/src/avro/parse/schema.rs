//! Types in positions: primitives, arrays, maps, unions and references.

use super::logical::{self, Base};
use super::{Reader, Reference, names};
use crate::avro::{Kind, NamedId, Type};
use crate::diag::{Diagnostic, nearest};
use crate::node::{Member, Node, Value};
use crate::source::Loc;

impl Reader<'_> {
    /// Reads a type, seen from a namespace.
    pub(super) fn schema(&mut self, node: &Node, namespace: &str) -> Type {
        if self.depth == super::MAX_DEPTH {
            self.cx.push(
                Diagnostic::error("deep-nesting", node.loc, "types nest more than 128 deep")
                    .help("define inner records on their own and refer to them by name"),
            );
            return plain(Kind::Null, node.loc);
        }
        self.depth += 1;
        let ty = match &node.value {
            Value::String(name) => plain(self.name(name, namespace, node.loc), node.loc),
            Value::Array(branches) => plain(self.union(node, branches, namespace), node.loc),
            Value::Object(members) => self.object(node, members, namespace),
            _ => {
                self.cx.push(
                    Diagnostic::error("invalid-type", node.loc, format!("{} stands where a type should be", node.kind()))
                        .help("write the name of a type, a list of types for a union, or an object with a `type`"),
                );
                plain(Kind::Null, node.loc)
            }
        };
        self.depth -= 1;
        ty
    }

    /// A primitive type, or a reference to be linked.
    fn name(&mut self, name: &str, namespace: &str, loc: Loc) -> Kind {
        if let Some(kind) = primitive(name) {
            return kind;
        }
        let full = names::qualified(name, namespace);
        let short_at = (full.len() > name.len()).then(|| full.len() - name.len());
        let index = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        let document = self.current();
        self.references.push(Reference {
            full,
            short_at,
            loc,
            document,
        });
        Kind::Named(NamedId(index | super::REFERENCE))
    }

    fn object(&mut self, node: &Node, members: &[Member], namespace: &str) -> Type {
        let Some(written) = node.get("type") else {
            self.cx.push(untyped(node));
            return plain(Kind::Null, node.loc);
        };
        let kind = match &written.value {
            Value::String(name) => match name.as_str() {
                "record" | "error" | "enum" | "fixed" => {
                    return plain(self.define(node, members, name, namespace), node.loc);
                }
                "array" => Kind::Array(Box::new(self.inner(node, "items", "values", namespace))),
                "map" => Kind::Map(Box::new(self.inner(node, "values", "items", namespace))),
                name => self.name(name, namespace, written.loc),
            },
            Value::Object(_) | Value::Array(_) => {
                return self.wrapped(node, written, members, namespace);
            }
            _ => {
                self.cx.push(
                    Diagnostic::error(
                        "invalid-type",
                        written.loc,
                        format!("`type` is {}", written.kind()),
                    )
                    .help("write the name of a type, or a type"),
                );
                return plain(Kind::Null, node.loc);
            }
        };
        let logical = logical::read(self.cx, Base::of(&kind), members);
        Type {
            loc: node.loc,
            kind,
            logical,
            props: properties(members, logical.is_some(), is_reserved),
        }
    }

    /// The items of an array, or the values of a map.
    fn inner(
        &mut self,
        node: &Node,
        key: &'static str,
        other: &'static str,
        namespace: &str,
    ) -> Type {
        if let Some(inner) = node.get(key) {
            return self.schema(inner, namespace);
        }
        let (what, code) = if key == "items" {
            ("array", "missing-items")
        } else {
            ("map", "missing-values")
        };
        let mut complaint =
            Diagnostic::error(code, type_loc(node), format!("this {what} has no `{key}`"));
        let add = format!("add `\"{key}\"` with the type of its {key}");
        complaint = renamed(complaint, node, key, other, add);
        self.cx.push(complaint);
        plain(Kind::Null, node.loc)
    }

    /// `{"type": {"type": …}}`: what stands outside is added to what stands inside.
    fn wrapped(
        &mut self,
        node: &Node,
        written: &Node,
        members: &[Member],
        namespace: &str,
    ) -> Type {
        let mut ty = self.schema(written, namespace);
        let outer = if ty.logical.is_none() {
            logical::read(self.cx, Base::of(&ty.kind), members)
        } else {
            None
        };
        ty.loc = node.loc;
        ty.logical = ty.logical.or(outer);
        ty.props
            .extend(properties(members, outer.is_some(), is_reserved));
        ty
    }

    fn union(&mut self, node: &Node, branches: &[Node], namespace: &str) -> Kind {
        if branches.is_empty() {
            self.cx.push(
                Diagnostic::warning(
                    "empty-union",
                    node.loc,
                    "this union has no branches, so no value fits it",
                )
                .help("list the types a value may have"),
            );
        }
        let mut types: Vec<Type> = Vec::with_capacity(branches.len());
        // The first branch of each kind that may stand only once.
        let mut firsts: Vec<(&str, usize)> = Vec::new();
        for branch in branches {
            let ty = self.schema(branch, namespace);
            if let Kind::Union(inner) = ty.kind {
                self.cx.push(
                    Diagnostic::error(
                        "nested-union",
                        branch.loc,
                        "a union stands directly in a union",
                    )
                    .help("list its branches in the outer union"),
                );
                types.extend(inner);
                continue;
            }
            if let Some(word) = ty.kind.word() {
                match firsts.iter().find(|(known, _)| *known == word) {
                    None => firsts.push((word, types.len())),
                    Some((_, first)) => self.repeated_branch(&types[*first], &ty, word),
                }
            }
            types.push(ty);
        }
        Kind::Union(types)
    }

    /// Two branches of one kind: nobody can tell them apart, unless their logical types differ.
    fn repeated_branch(&mut self, first: &Type, second: &Type, word: &str) {
        let message = format!("the union holds `{word}` twice");
        let complaint = if first.logical == second.logical {
            Diagnostic::error("duplicate-branch", second.loc, message).help("remove one of the two")
        } else {
            Diagnostic::warning("duplicate-branch", second.loc, message)
                .help("keep one of the two: the logical types differ, but most Avro tools refuse the union all the same")
        };
        self.cx.push(complaint.other(first.loc, "first here"));
    }
}

/// A type with nothing on it.
pub(super) fn plain(kind: Kind, loc: Loc) -> Type {
    Type {
        loc,
        kind,
        logical: None,
        props: Vec::new(),
    }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

/// Attributes the specification gives a meaning somewhere on a type; they are never custom properties.
pub(super) fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "type"
            | "name"
            | "namespace"
            | "doc"
            | "aliases"
            | "fields"
            | "symbols"
            | "items"
            | "values"
            | "size"
    )
}

/// The custom properties among the members of a type. A logical type that was ignored stays one of them.
pub(super) fn properties(
    members: &[Member],
    logical: bool,
    reserved: fn(&str) -> bool,
) -> Vec<Member> {
    let is_logical = |key: &str| logical && matches!(key, "logicalType" | "precision" | "scale");
    let mut properties = Vec::new();
    for member in members {
        if !reserved(&member.name) && !is_logical(&member.name) {
            properties.push(member.clone());
        }
    }
    properties
}

/// The place of the `type` attribute, or of the whole.
/// What to do about a key that is missing: rename one that nearly says it, or is what others call it; else add it.
pub(super) fn renamed(
    complaint: Diagnostic,
    node: &Node,
    key: &str,
    other: &str,
    add: impl Into<String>,
) -> Diagnostic {
    for member in node.as_object().unwrap_or_default() {
        let name = &member.name;
        if name == other || nearest(name, [key]).is_some() {
            return complaint
                .other(member.name_loc, "meant here?")
                .help(format!("rename `{name}` to `{key}`"));
        }
    }
    complaint.help(add)
}

pub(super) fn type_loc(node: &Node) -> Loc {
    node.get("type").map_or(node.loc, |ty| ty.loc)
}

fn untyped(node: &Node) -> Diagnostic {
    let (loc, what) = match ["fields", "symbols", "items", "values", "size"]
        .into_iter()
        .find_map(|key| node.member(key))
    {
        Some(member) => (
            member.name_loc,
            match member.name.as_str() {
                "fields" => "record",
                "symbols" => "enum",
                "items" => "array",
                "values" => "map",
                _ => "fixed",
            },
        ),
        None => (node.loc, "record"),
    };
    Diagnostic::error("missing-type", loc, "this type has no `type`")
        .help(format!("add `\"type\": \"{what}\"`"))
}
