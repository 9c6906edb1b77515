//! The item a derive stands on: its name, its attributes, its fields or variants.

use super::literal::{self, Value};
use super::spans::Spans;
use super::tokens::{self, Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use obs_schema::source::Loc;

/// A struct, enum or union as far as derives look at it.
pub(super) struct Item {
    pub(super) attrs: Vec<Attr>,
    pub(super) kind: Kind,
    pub(super) name: Ident,
    pub(super) loc: Loc,
    pub(super) generics: Generics,
}

/// What an item is.
pub(super) enum Kind {
    /// `struct` with named fields.
    Named(Vec<Field>),
    /// `struct` with fields by number, or none at all.
    Tuple,
    /// `struct Name;`
    Unit,
    /// `enum`
    Enum(Vec<Variant>),
    /// `union`
    Union,
}

/// `<…>` and `where …`, as they stand.
#[derive(Default)]
pub(super) struct Generics {
    /// The place of the first parameter, when there is one.
    pub(super) loc: Option<Loc>,
    /// The parameters with their bounds and without their defaults.
    pub(super) params: Vec<TokenStream>,
    /// The parameters as arguments.
    pub(super) args: Vec<TokenStream>,
    /// What stands between `where` and the body.
    pub(super) bounds: TokenStream,
}

/// An outer attribute.
pub(super) struct Attr {
    /// `event` of `#[event(…)]`, `doc` of a comment.
    pub(super) path: String,
    pub(super) loc: Loc,
    /// What follows the path.
    pub(super) tokens: TokenStream,
}

/// A named field.
pub(super) struct Field {
    pub(super) attrs: Vec<Attr>,
    pub(super) name: Ident,
    pub(super) loc: Loc,
    pub(super) ty: TokenStream,
}

/// A variant of an enum.
pub(super) struct Variant {
    pub(super) attrs: Vec<Attr>,
    pub(super) name: Ident,
    pub(super) loc: Loc,
    /// It carries fields.
    pub(super) carries: bool,
    /// They have no names.
    pub(super) tuple: bool,
}

/// A cursor over tokens that sees through invisible groups, which macros put around what they pass on.
pub(super) struct Cursor {
    stack: Vec<std::iter::Peekable<<TokenStream as IntoIterator>::IntoIter>>,
}

impl Cursor {
    pub(super) fn new(tokens: TokenStream) -> Cursor {
        Cursor {
            stack: vec![tokens.into_iter().peekable()],
        }
    }

    pub(super) fn peek(&mut self) -> Option<&TokenTree> {
        loop {
            let outermost = self.stack.len() == 1;
            let top = self.stack.last_mut()?;
            match top.peek() {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
                    let inner = group.stream().into_iter().peekable();
                    top.next();
                    self.stack.push(inner);
                }
                Some(_) => break,
                None if outermost => return None,
                None => drop(self.stack.pop()),
            }
        }
        self.stack.last_mut()?.peek()
    }

    pub(super) fn next(&mut self) -> Option<TokenTree> {
        self.peek()?;
        self.stack.last_mut()?.next()
    }

    pub(super) fn is_punct(&mut self, sign: char) -> bool {
        matches!(self.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
    }

    pub(super) fn is_word(&mut self, word: &str) -> bool {
        matches!(self.peek(), Some(TokenTree::Ident(ident)) if tokens::is(ident, word))
    }

    /// Takes a sign when it comes next.
    pub(super) fn punct(&mut self, sign: char) -> bool {
        let here = self.is_punct(sign);
        if here {
            self.next();
        }
        here
    }

    fn group(&mut self, delimiter: Delimiter) -> Option<Group> {
        match self.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
                let group = group.clone();
                self.next();
                Some(group)
            }
            _ => None,
        }
    }

    pub(super) fn ident(&mut self) -> Option<Ident> {
        match self.peek() {
            Some(TokenTree::Ident(ident)) => {
                let ident = ident.clone();
                self.next();
                Some(ident)
            }
            _ => None,
        }
    }

    /// Takes tokens up to a comma that is not inside angle brackets; the comma is taken too.
    pub(super) fn until_comma(&mut self) -> TokenStream {
        let mut depth = 0_usize;
        let mut out = Vec::new();
        let mut arrow = false;
        while let Some(token) = self.next() {
            if let TokenTree::Punct(punct) = &token {
                match punct.as_char() {
                    ',' if depth == 0 => break,
                    '<' => depth += 1,
                    // The head of `->` closes nothing.
                    '>' if !arrow => depth = depth.saturating_sub(1),
                    _ => {}
                }
                arrow = matches!(punct.as_char(), '-' | '=');
            } else {
                arrow = false;
            }
            out.push(token);
        }
        out.into_iter().collect()
    }
}

impl Cursor {
    /// Takes what is left of a value that was not understood, but not the comma behind it.
    pub(super) fn rest_of_value(&mut self) {
        while self.peek().is_some() && !self.is_punct(',') {
            self.next();
        }
    }
}

/// Reads the item. `None` when the tokens are none a derive is given.
pub(super) fn parse(tokens: TokenStream, spans: &mut Spans) -> Option<Item> {
    let mut cursor = Cursor::new(tokens);
    let attrs = attrs(&mut cursor, spans);
    visibility(&mut cursor);
    let word = cursor.ident()?.to_string();
    let name = cursor.ident()?;
    let loc = spans.at(name.span());
    let mut generics = generics(&mut cursor, spans);
    where_clause(&mut cursor, &mut generics);
    let kind = match word.as_str() {
        "struct" => match cursor.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                Kind::Named(fields(group.stream(), spans))
            }
            Some(TokenTree::Group(_)) => Kind::Tuple,
            _ => Kind::Unit,
        },
        "enum" => Kind::Enum(variants(cursor.group(Delimiter::Brace)?.stream(), spans)),
        "union" => Kind::Union,
        _ => return None,
    };
    Some(Item {
        attrs,
        kind,
        name,
        loc,
        generics,
    })
}

fn attrs(cursor: &mut Cursor, spans: &mut Spans) -> Vec<Attr> {
    let mut out = Vec::new();
    while cursor.is_punct('#') {
        cursor.next();
        let Some(group) = cursor.group(Delimiter::Bracket) else {
            break;
        };
        let mut inner = Cursor::new(group.stream());
        let mut path = String::new();
        let mut span = group.span();
        while let Some(part) = inner.ident() {
            if path.is_empty() {
                span = part.span();
            }
            path += &part.to_string();
            if !inner.is_punct(':') {
                break;
            }
            inner.next();
            inner.next();
            path += "::";
        }
        let mut tokens = Vec::new();
        while let Some(token) = inner.next() {
            tokens.push(token);
        }
        out.push(Attr {
            path,
            loc: spans.at(span),
            tokens: tokens.into_iter().collect(),
        });
    }
    out
}

/// `pub`, `pub(crate)` and the like.
fn visibility(cursor: &mut Cursor) {
    if cursor.is_word("pub") {
        cursor.next();
        cursor.group(Delimiter::Parenthesis);
    }
}

fn generics(cursor: &mut Cursor, spans: &mut Spans) -> Generics {
    let mut out = Generics::default();
    if !cursor.punct('<') {
        return out;
    }
    let mut depth = 1_usize;
    let mut inner = Vec::new();
    while let Some(token) = cursor.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        inner.push(token);
    }
    let mut inner = Cursor::new(inner.into_iter().collect());
    while inner.peek().is_some() {
        let param: Vec<TokenTree> = inner.until_comma().into_iter().collect();
        let (Some(first), Some(arg)) = (param.first(), argument(&param)) else {
            continue;
        };
        if out.loc.is_none() {
            out.loc = Some(spans.at(first.span()));
        }
        let is_default =
            |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == '=');
        out.params.push(
            param
                .into_iter()
                .take_while(|token| !is_default(token))
                .collect(),
        );
        out.args.push(arg);
    }
    out
}

/// A parameter as it is named in an argument list: `'a`, `T`, or `N` of `const N: usize`.
fn argument(param: &[TokenTree]) -> Option<TokenStream> {
    let skip = usize::from(
        matches!(param.first(), Some(TokenTree::Ident(word)) if tokens::is(word, "const")),
    );
    let lifetime =
        matches!(param.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == '\'');
    let length = if lifetime { 2 } else { 1 };
    let arg = param.get(skip..skip + length)?;
    Some(arg.iter().cloned().collect())
}

fn where_clause(cursor: &mut Cursor, generics: &mut Generics) {
    if !cursor.is_word("where") {
        return;
    }
    cursor.next();
    let mut out = Vec::new();
    while let Some(token) = cursor.peek() {
        if matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            || matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';')
        {
            break;
        }
        out.extend(cursor.next());
    }
    generics.bounds = out.into_iter().collect();
}

fn fields(tokens: TokenStream, spans: &mut Spans) -> Vec<Field> {
    let mut cursor = Cursor::new(tokens);
    let mut out = Vec::new();
    while cursor.peek().is_some() {
        let attrs = attrs(&mut cursor, spans);
        visibility(&mut cursor);
        let Some(name) = cursor.ident() else { break };
        let loc = spans.at(name.span());
        cursor.punct(':');
        let ty = cursor.until_comma();
        out.push(Field {
            attrs,
            name,
            loc,
            ty,
        });
    }
    out
}

fn variants(tokens: TokenStream, spans: &mut Spans) -> Vec<Variant> {
    let mut cursor = Cursor::new(tokens);
    let mut out = Vec::new();
    while cursor.peek().is_some() {
        let attrs = attrs(&mut cursor, spans);
        let Some(name) = cursor.ident() else { break };
        let loc = spans.at(name.span());
        let fields = match cursor.peek() {
            Some(TokenTree::Group(group)) => Some(group.delimiter()),
            _ => None,
        };
        cursor.until_comma();
        out.push(Variant {
            attrs,
            name,
            loc,
            carries: fields.is_some(),
            tuple: fields == Some(Delimiter::Parenthesis),
        });
    }
    out
}

/// The span of the first of several tokens; joining them is not to be had on a stable compiler.
pub(super) fn span(tokens: &TokenStream) -> Option<Span> {
    tokens.clone().into_iter().next().map(|first| first.span())
}

/// The documentation comments of an item, as Markdown.
pub(super) fn doc(attrs: &[Attr]) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path == "doc") {
        let mut cursor = Cursor::new(attr.tokens.clone());
        if !cursor.punct('=') {
            continue;
        }
        if let Some(TokenTree::Literal(text)) = cursor.next()
            && let Value::Text(text) = literal::value(&text)
        {
            // An empty comment is a line too: it ends a paragraph.
            lines.extend(
                text.split('\n')
                    .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()),
            );
        }
    }
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// An identifier without `r#`.
pub(super) fn bare(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}
