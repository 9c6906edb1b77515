//! Files, protocols, definitions and messages.

use super::lexer::{Token, TokenKind};
use super::{IdlFile, Import, ImportKind, Parser, member, text};
use crate::diag::{Diagnostic, nearest};
use crate::node::{Member, Node, Value};

/// What may begin a declaration, for "did you mean".
const KEYWORDS: [&str; 6] = ["record", "error", "enum", "fixed", "import", "protocol"];

/// What a declaration turned out to be.
enum Item {
    Type(Node),
    Message(Member),
    Import,
}

impl Parser<'_, '_> {
    pub(super) fn file(mut self) -> IdlFile {
        let mut file = IdlFile::default();
        if self.protocol_follows() {
            file.protocol = self.protocol();
            if self.peek().kind != TokenKind::End {
                self.unexpected("the end of the file after the protocol");
            }
        } else {
            self.schema_file(&mut file);
        }
        file.imports = self.imports;
        file
    }

    /// Whether the file declares a protocol, perhaps behind annotations.
    fn protocol_follows(&self) -> bool {
        let slice = |at: usize| self.slice(self.ahead(at));
        let mut at = 0;
        while slice(at) == "@" && self.ahead(at).kind != TokenKind::End {
            at += 2;
            let mut open = 0usize;
            loop {
                match slice(at) {
                    "(" => open += 1,
                    ")" => open = open.saturating_sub(1),
                    _ => {}
                }
                if open == 0 && slice(at) != ")" || self.ahead(at).kind == TokenKind::End {
                    break;
                }
                at += 1;
                if open == 0 {
                    break;
                }
            }
        }
        slice(at) == "protocol" && self.ahead(at + 1).kind == TokenKind::Word
    }

    fn protocol(&mut self) -> Option<Node> {
        let first = self.peek();
        let doc = self.doc();
        let annotations = self.annotations()?;
        self.expect("protocol", "to begin the protocol")?;
        let name = self.word("the name of the protocol")?;
        let mut members = vec![member("protocol", name)];
        members.extend(doc.map(|doc| member("doc", doc)));
        members.extend(annotations);
        self.expect("{", "after the name of the protocol")?;
        let start = self.peek();
        let (mut types, mut messages) = (Vec::new(), Vec::new());
        while !self.is("}") && self.peek().kind != TokenKind::End {
            match self.item(true) {
                Some(Item::Type(node)) => types.push(node),
                Some(Item::Message(message)) => {
                    let first = messages
                        .iter()
                        .find(|known: &&Member| known.name == message.name);
                    if let Some(first) = first {
                        let text = format!("message `{}` is declared twice", message.name);
                        let diagnostic =
                            Diagnostic::error("duplicate-message", message.name_loc, text)
                                .other(first.name_loc, "first declared here");
                        self.cx
                            .push(diagnostic.help("rename one of them, or remove the second"));
                    }
                    messages.push(message);
                }
                Some(Item::Import) => {}
                None => self.recover(1),
            }
        }
        let body = self.since(start);
        let closed = self.expect("}", "to end the protocol");
        members.push(member(
            "types",
            Node {
                loc: body,
                value: Value::Array(types),
            },
        ));
        members.push(member(
            "messages",
            Node {
                loc: body,
                value: Value::Object(messages),
            },
        ));
        // Said already; what follows is part of the same mistake.
        self.given_up |= closed.is_none();
        Some(Node {
            loc: self.since(first),
            value: Value::Object(members),
        })
    }

    fn schema_file(&mut self, file: &mut IdlFile) {
        if self.is("namespace") && self.ahead(1).kind == TokenKind::Word {
            self.next();
            match self.word("a namespace") {
                Some(name) if self.expect(";", "after the namespace").is_some() => {
                    file.namespace = Some(name)
                }
                _ => self.recover(0),
            }
        }
        if self.is("schema") {
            self.main_schema(file);
        }
        while self.peek().kind != TokenKind::End {
            if self.is("schema") && file.schema.is_none() {
                let loc = self.loc(self.peek());
                let help = "move it to the head of the file, behind the namespace";
                self.complain(loc, "the main schema stands behind imports or types", help);
                self.main_schema(file);
                continue;
            }
            match self.item(false) {
                Some(Item::Type(node)) => file.types.push(node),
                Some(Item::Message(_) | Item::Import) => {}
                None => {
                    self.recover(0);
                    // At this level nothing is open that a brace could close.
                    if self.is("}") {
                        self.skip();
                    }
                }
            }
        }
    }

    fn main_schema(&mut self, file: &mut IdlFile) {
        self.body = false;
        self.next();
        file.schema = self.full_type().map(super::types::Written::settled);
        if file.schema.is_none() || self.expect(";", "after the main schema").is_none() {
            self.recover(0);
        }
    }

    fn item(&mut self, in_protocol: bool) -> Option<Item> {
        let first = self.peek();
        let doc = self.doc();
        let after = self.ahead(1);
        if self.is("import")
            && (after.kind == TokenKind::Text
                || self.ahead(2).kind == TokenKind::Text
                || matches!(self.slice(after), "idl" | "protocol" | "schema"))
        {
            return self.import();
        }
        if self.is(";") {
            let loc = self.loc(first);
            self.complain(loc, "nothing stands before this semicolon", "remove it");
            self.next();
            return Some(Item::Import);
        }
        let annotations = self.annotations()?;
        let doc = doc.or_else(|| self.doc());
        let keyword = self.slice(self.peek());
        self.body = !in_protocol || matches!(keyword, "record" | "error" | "enum");
        let node = match keyword {
            "record" | "error" => self.record(first, doc, annotations),
            "enum" => self.enum_(first, doc, annotations),
            "fixed" => self.fixed(first, doc, annotations),
            _ if in_protocol => return self.message(first, doc, annotations).map(Item::Message),
            _ => {
                let loc = self.loc(self.peek());
                let help = match nearest(keyword, KEYWORDS) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "write `record`, `error`, `enum`, `fixed` or `import`".to_owned(),
                };
                self.complain(loc, "expected a declaration", help);
                None
            }
        };
        node.map(Item::Type)
    }

    fn import(&mut self) -> Option<Item> {
        self.next();
        let token = self.peek();
        let kind = match self.slice(token) {
            "idl" => ImportKind::Idl,
            "protocol" => ImportKind::Protocol,
            "schema" => ImportKind::Schema,
            _ => {
                self.unexpected("`idl`, `protocol` or `schema`");
                return None;
            }
        };
        self.next();
        let loc = self.loc(self.peek());
        let path = self.quoted()?;
        self.imports.push(Import { kind, path, loc });
        self.expect(";", "after the import")?;
        Some(Item::Import)
    }

    /// The members every definition begins with.
    fn head(&mut self, doc: Option<Node>, annotations: Vec<Member>) -> Option<Vec<Member>> {
        let keyword = self.keyword();
        let what = format!("the name of the {}", keyword.as_str().unwrap_or_default());
        let name = self.word(&what)?;
        let mut members = vec![member("type", keyword), member("name", name)];
        members.extend(doc.map(|doc| member("doc", doc)));
        members.extend(annotations);
        Some(members)
    }

    fn record(
        &mut self,
        first: Token,
        doc: Option<Node>,
        annotations: Vec<Member>,
    ) -> Option<Node> {
        let mut members = self.head(doc, annotations)?;
        let outside = self.open;
        let open = self.expect("{", "after the name of the record")?;
        let mut fields = Vec::new();
        loop {
            if self.is("}") {
                self.next();
                break;
            }
            if self.peek().kind == TokenKind::End || self.definition_follows() {
                let loc = self.loc(open);
                self.complain(loc, "this record is never closed", "add the missing `}`");
                self.open = outside;
                break;
            }
            let inside = self.open;
            if self.field(&mut fields).is_none() {
                let body = std::mem::replace(&mut self.body, false);
                self.recover(inside);
                self.body = body;
            }
        }
        let loc = self.since(open);
        members.push(member(
            "fields",
            Node {
                loc,
                value: Value::Array(fields),
            },
        ));
        Some(Node {
            loc: self.since(first),
            value: Value::Object(members),
        })
    }

    /// Whether a definition begins where a field should: a brace is missing before it.
    fn definition_follows(&self) -> bool {
        let body = self.slice(self.ahead(2));
        self.ahead(1).kind == TokenKind::Word
            && match self.slice(self.peek()) {
                "record" | "error" | "enum" => body == "{",
                "fixed" => body == "(",
                _ => false,
            }
    }

    /// One declaration of one or more fields.
    fn field(&mut self, fields: &mut Vec<Node>) -> Option<()> {
        let doc = self.doc();
        let first = self.peek();
        let ty = self.full_type()?;
        fields.push(self.variable(first, doc.as_ref(), &ty.node, ty.optional)?);
        while self.eat(",") {
            fields.push(self.variable(self.peek(), doc.as_ref(), &ty.node, ty.optional)?);
        }
        self.expect(";", "after the field")?;
        Some(())
    }

    /// A name with what belongs to it, as a field of this type.
    fn variable(
        &mut self,
        first: Token,
        doc: Option<&Node>,
        ty: &Node,
        optional: bool,
    ) -> Option<Node> {
        let own = self.doc();
        let annotations = self.annotations()?;
        let own = own.or_else(|| self.doc());
        let name = self.word("the name of the field")?;
        let default = if self.eat("=") {
            Some(self.value()?)
        } else {
            None
        };
        let ty = super::types::Written {
            node: ty.clone(),
            optional,
        }
        .with_default(default.as_ref());
        let mut members = vec![member("name", name), member("type", ty)];
        members.extend(own.or_else(|| doc.cloned()).map(|doc| member("doc", doc)));
        members.extend(default.map(|default| member("default", default)));
        members.extend(annotations);
        Some(Node {
            loc: self.since(first),
            value: Value::Object(members),
        })
    }

    fn enum_(&mut self, first: Token, doc: Option<Node>, annotations: Vec<Member>) -> Option<Node> {
        let mut members = self.head(doc, annotations)?;
        let open = self.expect("{", "after the name of the enum")?;
        let mut symbols = Vec::new();
        self.list("}", |parser| {
            // Documentation and annotations of symbols are part of the language and of nothing else.
            parser.doc();
            parser.annotations()?;
            parser.doc();
            symbols.push(parser.word("a symbol")?);
            Some(())
        })?;
        let loc = self.since(open);
        members.push(member(
            "symbols",
            Node {
                loc,
                value: Value::Array(symbols),
            },
        ));
        if self.eat("=") {
            let default = self.word("the symbol that unknown ones become")?;
            members.push(member("default", default));
            self.expect(";", "after the default of the enum")?;
        }
        Some(Node {
            loc: self.since(first),
            value: Value::Object(members),
        })
    }

    fn fixed(&mut self, first: Token, doc: Option<Node>, annotations: Vec<Member>) -> Option<Node> {
        let mut members = self.head(doc, annotations)?;
        self.expect("(", "after the name of the fixed")?;
        members.push(self.whole("size")?);
        self.expect(")", "after the size of the fixed")?;
        let loc = self.since(first);
        self.expect(";", "after the fixed")?;
        Some(Node {
            loc,
            value: Value::Object(members),
        })
    }

    fn message(
        &mut self,
        first: Token,
        doc: Option<Node>,
        annotations: Vec<Member>,
    ) -> Option<Member> {
        let start = self.peek();
        let response = if self.is("void") {
            self.next();
            text("null", self.loc(start))
        } else {
            // The annotations are the message's: a response has none.
            self.plain_type(start, Vec::new())?.settled()
        };
        let name = self.word("the name of the message")?;
        let open = self.expect("(", "after the name of the message")?;
        let mut request = Vec::new();
        self.list(")", |parser| {
            let doc = parser.doc();
            let first = parser.peek();
            let ty = parser.full_type()?;
            request.push(parser.variable(first, doc.as_ref(), &ty.node, ty.optional)?);
            Some(())
        })?;
        let request = Node {
            loc: self.since(open),
            value: Value::Array(request),
        };
        let mut members: Vec<Member> = doc.map(|doc| member("doc", doc)).into_iter().collect();
        members.extend(annotations);
        members.push(member("request", request));
        members.push(member("response", response));
        if self.is("oneway") {
            let token = self.next();
            members.push(member(
                "one-way",
                Node {
                    loc: self.loc(token),
                    value: Value::Bool(true),
                },
            ));
        } else if self.is("throws") {
            let start = self.next();
            let mut errors = vec![self.word("the name of an error")?];
            while self.eat(",") {
                errors.push(self.word("the name of an error")?);
            }
            members.push(member(
                "errors",
                Node {
                    loc: self.since(start),
                    value: Value::Array(errors),
                },
            ));
        }
        self.expect(";", "after the message")?;
        let node = Node {
            loc: self.since(first),
            value: Value::Object(members),
        };
        Some(Member {
            name: name.as_str().unwrap_or_default().to_owned(),
            name_loc: name.loc,
            value: node,
        })
    }
}
