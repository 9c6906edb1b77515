//! Types in positions.

use super::lexer::{Token, TokenKind};
use super::{Parser, member, text};
use crate::diag::Diagnostic;
use crate::node::{Member, Node, Value};

/// A type, as JSON.
pub(super) struct Written {
    pub(super) node: Node,
    /// Followed by `?`: a union with null, in an order that depends on the default.
    pub(super) optional: bool,
}

impl Written {
    /// The type where no default decides on the order.
    pub(super) fn settled(self) -> Node {
        self.with_default(None)
    }

    /// The type of a field with this default: null comes first, unless the default is something else.
    pub(super) fn with_default(self, default: Option<&Node>) -> Node {
        if !self.optional {
            return self.node;
        }
        let loc = self.node.loc;
        let null = text("null", loc);
        let null_last = default.is_some_and(|default| !matches!(default.value, Value::Null));
        let branches = if null_last {
            vec![self.node, null]
        } else {
            vec![null, self.node]
        };
        Node {
            loc,
            value: Value::Array(branches),
        }
    }
}

impl Parser<'_, '_> {
    /// A type with its annotations.
    pub(super) fn full_type(&mut self) -> Option<Written> {
        self.nested(|parser| {
            let first = parser.peek();
            let annotations = parser.annotations()?;
            parser.plain_type(first, annotations)
        })
    }

    /// A type whose annotations have been read.
    pub(super) fn plain_type(&mut self, first: Token, annotations: Vec<Member>) -> Option<Written> {
        let token = self.peek();
        if token.kind != TokenKind::Word {
            self.unexpected("a type");
            return None;
        }
        let keyword = self.slice(token);
        let node = match keyword {
            "array" | "map" if self.slice(self.ahead(1)) == "<" => {
                let ty = self.keyword();
                self.next();
                let inner = self.full_type()?.settled();
                self.expect(">", "after the type inside")?;
                let key = if keyword == "array" {
                    "items"
                } else {
                    "values"
                };
                self.object(
                    first,
                    vec![member("type", ty), member(key, inner)],
                    annotations,
                )
            }
            "union" if self.slice(self.ahead(1)) == "{" => {
                self.next();
                self.next();
                let mut branches = Vec::new();
                self.list("}", |parser| {
                    branches.push(parser.full_type()?.settled());
                    Some(())
                })?;
                self.misplaced(&annotations);
                Node {
                    loc: self.since(first),
                    value: Value::Array(branches),
                }
            }
            "decimal" if self.slice(self.ahead(1)) == "(" => {
                let name = self.keyword();
                self.next();
                let mut members = vec![
                    member("type", text("bytes", name.loc)),
                    member("logicalType", name),
                ];
                members.push(self.whole("precision")?);
                if self.eat(",") {
                    members.push(self.whole("scale")?);
                }
                self.expect(")", "after the digits of the decimal")?;
                self.object(first, members, annotations)
            }
            "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" | "null" => {
                let ty = self.keyword();
                if annotations.is_empty() {
                    ty
                } else {
                    self.object(first, vec![member("type", ty)], annotations)
                }
            }
            "date" => self.logical(first, "int", "date", annotations),
            "time_ms" => self.logical(first, "int", "time-millis", annotations),
            "timestamp_ms" => self.logical(first, "long", "timestamp-millis", annotations),
            "local_timestamp_ms" => {
                self.logical(first, "long", "local-timestamp-millis", annotations)
            }
            "uuid" => self.logical(first, "string", "uuid", annotations),
            _ => {
                let name = self.word("a type")?;
                match annotations.first() {
                    None => name,
                    Some(annotation) => {
                        self.cx.push(
                            Diagnostic::warning(
                                "annotated-reference",
                                annotation.name_loc,
                                format!("`@{}` stands before a reference, where Avro's own tools refuse it", annotation.name),
                            )
                            .help("put it before the name of the field"),
                        );
                        self.object(first, vec![member("type", name)], annotations)
                    }
                }
            }
        };
        let question = self.peek();
        let optional = self.eat("?");
        if optional && matches!(keyword, "array" | "map" | "union") && node.as_str().is_none() {
            let loc = self.loc(question);
            self.complain(
                loc,
                format!("`?` cannot follow {keyword}"),
                "write `union { null, … }`",
            );
            // A union is nullable by listing null, and must not be put into another one.
            return Some(Written {
                node,
                optional: keyword != "union",
            });
        }
        Some(Written { node, optional })
    }

    fn object(&mut self, first: Token, mut members: Vec<Member>, annotations: Vec<Member>) -> Node {
        members.extend(annotations);
        Node {
            loc: self.since(first),
            value: Value::Object(members),
        }
    }

    fn logical(&mut self, first: Token, ty: &str, logical: &str, annotations: Vec<Member>) -> Node {
        let token = self.next();
        let loc = self.loc(token);
        self.object(
            first,
            vec![
                member("type", text(ty, loc)),
                member("logicalType", text(logical, loc)),
            ],
            annotations,
        )
    }

    /// JSON has no place for properties of a union.
    fn misplaced(&mut self, annotations: &[Member]) {
        for annotation in annotations {
            self.cx.push(
                Diagnostic::warning(
                    "misplaced-annotation",
                    annotation.name_loc,
                    format!(
                        "`@{}` stands before a union, and is ignored",
                        annotation.name
                    ),
                )
                .help("put it before a branch, or before the name of the field"),
            );
        }
    }
}
