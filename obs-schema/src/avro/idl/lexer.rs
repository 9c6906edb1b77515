//! Text to tokens.

use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{FileId, Loc};

/// A piece of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The documentation comment before it.
    pub(super) doc: Option<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenKind {
    /// Identifiers and keywords, with dots, dashes and backticks.
    Word,
    /// Anything that begins like a number.
    Number,
    /// Text in double quotes.
    Text,
    /// One of `{}()[]<>,;:=@?`.
    Symbol,
    End,
}

/// All tokens; the last one is the end.
pub(super) fn tokens(cx: &mut Diagnostics, file: FileId, text: &str) -> Vec<Token> {
    Lexer {
        cx,
        file,
        text,
        at: 0,
        doc: None,
        tokens: Vec::with_capacity(text.len() / 6 + 1),
    }
    .run()
}

struct Lexer<'a, 'c> {
    cx: &'c mut Diagnostics,
    file: FileId,
    text: &'a str,
    at: usize,
    doc: Option<(usize, usize)>,
    tokens: Vec<Token>,
}

impl Lexer<'_, '_> {
    fn run(mut self) -> Vec<Token> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            let start = self.at;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0c => self.at += 1,
                // The end of the file on systems of old, which the language still honours.
                0x1a => break,
                b'/' => self.comment(),
                b'"' => self.quoted(),
                b'{' | b'}' | b'(' | b')' | b'[' | b']' | b'<' | b'>' | b',' | b';' | b':'
                | b'=' | b'@' | b'?' => {
                    self.at += 1;
                    self.push(TokenKind::Symbol, start);
                }
                b'0'..=b'9' | b'-' | b'+' | b'.' => self.number(),
                _ => self.word(),
            }
        }
        let end = self.text.len();
        self.at = end;
        self.push(TokenKind::End, end);
        self.tokens
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        let doc = self.doc.take();
        self.tokens.push(Token {
            kind,
            start,
            end: self.at,
            doc,
        });
    }

    fn complain(&mut self, start: usize, end: usize, message: &str, help: &str) {
        let loc = Loc::new(self.file, start, end);
        self.cx
            .push(Diagnostic::error("idl-syntax", loc, message).help(help));
    }

    fn comment(&mut self) {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.starts_with("//") {
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        } else if let Some(body) = rest.strip_prefix("/*") {
            let Some(length) = body.find("*/") else {
                self.complain(
                    start,
                    start + 2,
                    "this comment is never closed",
                    "add the missing `*/`",
                );
                self.at = self.text.len();
                return;
            };
            self.at += 2 + length + 2;
            if body.starts_with('*') && length > 0 {
                self.document(start);
            }
        } else {
            self.complain(
                start,
                start + 1,
                "a lone `/` means nothing here",
                "remove it, or begin a comment with `//`",
            );
            self.at += 1;
        }
    }

    /// A documentation comment; one that another follows belongs to nothing, unless it heads the file.
    fn document(&mut self, start: usize) {
        if let Some((start, end)) = self.doc.replace((start, self.at))
            && !self.tokens.is_empty()
        {
            self.cx.push(
                Diagnostic::warning(
                    "misplaced-doc",
                    Loc::new(self.file, start, end),
                    "this documentation comment belongs to nothing, and is ignored",
                )
                .help("put it before a declaration, or begin it with `/*`"),
            );
        }
    }

    fn quoted(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\')
                    if bytes
                        .get(self.at + 1)
                        .is_some_and(|next| !matches!(next, b'\n' | b'\r')) =>
                {
                    self.at += 2
                }
                None | Some(b'\n' | b'\r') => {
                    self.complain(
                        start,
                        start + 1,
                        "this text is never closed",
                        "add the missing `\"`",
                    );
                    break;
                }
                Some(_) => self.at += 1,
            }
        }
        // An escape may have stepped into a character of several bytes.
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        self.push(TokenKind::Text, start);
    }

    /// A sign, digits, and whatever may belong to a number; what it means is asked later.
    fn number(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            let exponent = matches!(bytes[self.at - 1], b'e' | b'E' | b'p' | b'P');
            match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'_' => self.at += 1,
                b'+' | b'-' if exponent => self.at += 1,
                _ => break,
            }
        }
        self.push(TokenKind::Number, start);
    }

    fn word(&mut self) {
        let start = self.at;
        loop {
            if !self.part() {
                break;
            }
            let rest = &self.text[self.at..];
            let goes_on = |c: char| c == '`' || c == '_' || c.is_alphabetic();
            if !rest.starts_with(['.', '-']) || !rest[1..].starts_with(goes_on) {
                break;
            }
            self.at += 1;
        }
        if self.at > start {
            self.push(TokenKind::Word, start);
        } else {
            let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
            self.complain(
                start,
                start + length,
                "this character means nothing here",
                "remove it",
            );
            self.at += length;
        }
    }

    /// A part of an identifier, perhaps in backticks. False when there is none, or when it ends the identifier.
    fn part(&mut self) -> bool {
        let rest = &self.text[self.at..];
        if let Some(inner) = rest.strip_prefix('`') {
            let length = inner.find(|c: char| !is_part(c)).unwrap_or(inner.len());
            if length == 0 || !inner[length..].starts_with('`') {
                self.complain(
                    self.at,
                    self.at + 1,
                    "this backtick is never closed",
                    "close it behind the identifier",
                );
                self.at += 1 + length;
                return false;
            }
            self.at += length + 2;
            return true;
        }
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        length > 0
    }
}

/// Letters of any script, as the language has it; what Avro allows in names is asked later.
fn is_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
