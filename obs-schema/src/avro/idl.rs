//! The Avro IDL language: protocols and schemas in a notation of their own.
//!
//! A file becomes the located JSON that says the same, and takes the same way as any other from there: one reader
//! knows what a record is, and places point into the IDL text all along.

mod declarations;
mod doc;
mod lexer;
mod types;
mod values;

use crate::avro::idl::lexer::{Token, TokenKind};
use crate::diag::{Diagnostic, Diagnostics};
use crate::node::{Member, Node, Value};
use crate::source::{FileId, Loc};

/// Types and values may nest this deep; deeper input is refused, not recursed into.
const MAX_DEPTH: usize = 64;

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct IdlFile {
    /// The protocol, as a JSON protocol would be written.
    pub protocol: Option<Node>,
    /// The namespace of a file in schema syntax.
    pub namespace: Option<Node>,
    /// The main schema of a file in schema syntax.
    pub schema: Option<Node>,
    /// The named types of a file in schema syntax.
    pub types: Vec<Node>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// An `import` statement.
#[derive(Clone, Debug)]
pub struct Import {
    /// The kind of file.
    pub kind: ImportKind,
    /// Its path, as written.
    pub path: String,
    /// The place of the path.
    pub loc: Loc,
}

/// What may be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportKind {
    /// `import idl`
    Idl,
    /// `import protocol`
    Protocol,
    /// `import schema`
    Schema,
}

/// Reads IDL text. Complains to `cx`, goes on behind each mistake, and gives back what it understood.
pub fn parse(cx: &mut Diagnostics, file: FileId, text: &str) -> IdlFile {
    if text.trim().is_empty() {
        cx.push(
            Diagnostic::error("idl-syntax", Loc::file(file), "the file is empty")
                .help("write a schema or a protocol, or remove the file"),
        );
    }
    let tokens = lexer::tokens(cx, file, text);
    Parser {
        cx,
        file,
        text,
        tokens,
        at: 0,
        depth: 0,
        open: 0,
        body: false,
        given_up: false,
        imports: Vec::new(),
    }
    .file()
}

/// The paths a text imports, for whoever has to load them first. Faults are left for [`parse`] to find.
#[must_use]
pub fn imports(text: &str) -> Vec<String> {
    let mut cx = Diagnostics::default();
    let tokens = lexer::tokens(&mut cx, FileId::TOKENS, text);
    let slice = |token: &Token| &text[token.start..token.end];
    tokens
        .windows(3)
        .filter(|window| {
            slice(&window[0]) == "import"
                && matches!(slice(&window[1]), "idl" | "protocol" | "schema")
                && window[2].kind == TokenKind::Text
        })
        .map(|window| values::unescape(slice(&window[2])))
        .collect()
}

struct Parser<'a, 'c> {
    cx: &'c mut Diagnostics,
    file: FileId,
    text: &'a str,
    /// Never empty: the last one is the end.
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Braces open where we are. Of other brackets none can hold a semicolon, so that one ends them all.
    open: usize,
    /// The declaration being read ends with a brace, not a semicolon.
    body: bool,
    /// Nothing sensible can be read, or said, any more.
    given_up: bool,
    imports: Vec<Import>,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Token {
        self.tokens[(self.at + by).min(self.tokens.len() - 1)]
    }

    /// Steps over a token. A documentation comment that nobody took belongs to nothing.
    fn next(&mut self) -> Token {
        let token = self.peek();
        // A comment that heads the file is a licence more often than not.
        if token.doc.is_some() && self.at > 0 {
            self.misplaced_doc();
        }
        if token.kind == TokenKind::Symbol {
            match self.slice(token) {
                "{" => self.open += 1,
                "}" => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
        if self.at < self.tokens.len() - 1 {
            self.at += 1;
        }
        token
    }

    fn misplaced_doc(&mut self) {
        let Some((start, end)) = self.tokens[self.at].doc.take() else {
            return;
        };
        self.cx.push(
            Diagnostic::warning(
                "misplaced-doc",
                Loc::new(self.file, start, end),
                "this documentation comment belongs to nothing, and is ignored",
            )
            .help("put it before a declaration, or begin it with `/*`"),
        );
    }

    /// The documentation in front of the next token.
    fn doc(&mut self) -> Option<Node> {
        let (start, end) = self.tokens[self.at].doc.take()?;
        let value = Value::String(doc::text(&self.text[start..end]));
        Some(Node {
            loc: Loc::new(self.file, start, end),
            value,
        })
    }

    /// The text of a token.
    fn slice(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    fn loc(&self, token: Token) -> Loc {
        Loc::new(self.file, token.start, token.end)
    }

    /// From a token to the last one read.
    fn since(&self, first: Token) -> Loc {
        let last = self.tokens[self.at.saturating_sub(1)];
        Loc::new(self.file, first.start, last.end.max(first.end))
    }

    fn is(&self, text: &str) -> bool {
        self.slice(self.peek()) == text && self.peek().kind != TokenKind::Text
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, text: &str, place: &str) -> Option<Token> {
        if self.is(text) {
            return Some(self.next());
        }
        self.unexpected(&format!("`{text}` {place}"));
        None
    }

    /// Says what should be here instead of the next token.
    fn unexpected(&mut self, wanted: &str) {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Text => "text in quotes".to_owned(),
            _ => format!("`{}`", self.slice(token)),
        };
        let help = format!("write {}", wanted.split(" or ").next().unwrap_or(wanted));
        self.complain(
            self.loc(token),
            format!("expected {wanted}, found {found}"),
            help,
        );
    }

    fn complain(&mut self, loc: Loc, message: impl Into<String>, help: impl Into<String>) {
        if !self.given_up {
            self.cx
                .push(Diagnostic::error("idl-syntax", loc, message).help(help));
        }
    }

    /// An identifier, keywords included: what may be a name is asked later.
    fn word(&mut self, what: &str) -> Option<Node> {
        let token = self.peek();
        if token.kind != TokenKind::Word {
            self.unexpected(what);
            return None;
        }
        self.next();
        let name = self.slice(token).replace('`', "");
        Some(Node {
            loc: self.loc(token),
            value: Value::String(name),
        })
    }

    /// `@name(value)`, any number of them.
    fn annotations(&mut self) -> Option<Vec<Member>> {
        let mut found = Vec::new();
        while self.is("@") {
            self.next();
            let name = self.word("the name of an annotation")?;
            self.expect("(", "after the name of the annotation")?;
            let value = self.value()?;
            self.expect(")", "after the value of the annotation")?;
            let Value::String(text) = name.value else {
                return None;
            };
            found.push(Member {
                name: text,
                name_loc: name.loc,
                value,
            });
        }
        Some(found)
    }

    /// Runs something that may contain itself, unless it is too deep already.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            let loc = self.loc(self.peek());
            self.cx.push(
                Diagnostic::error("deep-nesting", loc, "this nests more than 64 deep")
                    .help("define inner types on their own"),
            );
            // Every bracket of the nest would be another mistake.
            self.given_up = true;
            self.cx.cut_short(self.file);
            self.at = self.tokens.len() - 1;
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Goes on behind the end of a faulty declaration, or stops before the brace that closes what it stands in.
    /// `outside` is the number of braces that were open where it began.
    fn recover(&mut self, outside: usize) {
        loop {
            let token = self.peek();
            let text = if token.kind == TokenKind::Symbol {
                self.slice(token)
            } else {
                ""
            };
            if token.kind == TokenKind::End || text == "}" && self.open <= outside {
                return;
            }
            self.skip();
            if self.open <= outside && (text == ";" || text == "}" && self.body) {
                return;
            }
        }
    }

    /// Steps over a token in the course of recovery, when nothing more is said of it.
    fn skip(&mut self) {
        self.tokens[self.at].doc = None;
        self.next();
    }
}

/// A member whose key is not written in the text.
fn member(name: &str, value: Node) -> Member {
    Member {
        name: name.to_owned(),
        name_loc: value.loc,
        value,
    }
}

fn text(text: &str, loc: Loc) -> Node {
    Node {
        loc,
        value: Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
