//! Types of fields, as far as tokens tell: what each looks like on the wire, and what a macro cannot know.
//!
//! A macro sees names, not types. Names everybody means the same by are taken at their word; any other name is the
//! user's own type, whose codec and schema come through the trait `EventPart`. If somebody's own `String` is meant
//! after all, rustc finds the difference and says so at the field.

use super::item::{Cursor, span};
use super::spans::Spans;
use super::tokens::{self, Delimiter, Span, TokenStream, TokenTree};
use crate::model::{Logical, Sensitivity, Shape, Type};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;

/// A type as written.
#[derive(Clone)]
pub(super) struct Ty {
    pub(super) kind: Kind,
    pub(super) loc: Loc,
    pub(super) tokens: TokenStream,
}

/// What a type was recognised as.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A shape of the Model with nothing inside.
    Plain(Shape),
    /// A number that Avro writes as a wider one; its codec comes through the trait.
    Narrow(&'static str),
    /// `Vec<T>`
    List(Box<Ty>),
    /// `BTreeMap<String, T>` or `HashMap<String, T>`
    Map(Box<Ty>),
    /// `Option<T>`
    Option(Box<Ty>),
    /// `Box<T>`
    Boxed(Box<Ty>),
    /// `Pii<T>` or `Secret<T>`
    Sensitive(Sensitivity, Box<Ty>),
    /// A type of the user's own.
    Foreign,
    /// Nothing that can be a field; it has been said why.
    Refused,
}

/// Two types are the same when they look the same; places and tokens take no part.
impl PartialEq for Ty {
    fn eq(&self, other: &Ty) -> bool {
        self.kind == other.kind
    }
}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}

/// Reads a type. Types of ours may stand behind the name of the runtime.
pub(super) fn read(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    tokens: &TokenStream,
    runtime: &str,
) -> Ty {
    let loc = spans.at(span(tokens).unwrap_or_else(Span::call_site));
    let mut reader = Reader {
        cx,
        spans,
        runtime,
        depth: 0,
    };
    Ty {
        kind: reader.kind(tokens, loc),
        loc,
        tokens: tokens.clone(),
    }
}

/// Types nest this deep at most; rustc gives up much later.
const MAX_DEPTH: usize = 64;

struct Reader<'a> {
    cx: &'a mut Diagnostics,
    spans: &'a mut Spans,
    runtime: &'a str,
    depth: usize,
}

/// A path with what stands in angle brackets at its end.
struct Path {
    parts: Vec<String>,
    args: Vec<TokenStream>,
}

impl Reader<'_> {
    fn kind(&mut self, tokens: &TokenStream, loc: Loc) -> Kind {
        let Some(path) = path(tokens) else {
            return self.no_path(tokens, loc);
        };
        let Some((last, before)) = path.parts.split_last() else {
            return Kind::Foreign;
        };
        let std = before
            .first()
            .is_none_or(|first| matches!(first.as_str(), "std" | "core" | "alloc"));
        let ours = before
            .last()
            .is_none_or(|part| part == self.runtime || part == "types");
        match (last.as_str(), path.args.as_slice()) {
            ("bool", []) => Kind::Plain(Shape::Bool),
            ("i32", []) => Kind::Plain(Shape::I32),
            ("i64", []) => Kind::Plain(Shape::I64),
            ("f32", []) => Kind::Plain(Shape::F32),
            ("f64", []) => Kind::Plain(Shape::F64),
            ("i8" | "i16" | "u16", []) => Kind::Narrow("int"),
            ("u32", []) => Kind::Narrow("long"),
            ("u64", []) => Kind::Plain(Shape::U64),
            ("u8", []) => self.refuse(
                loc,
                "a single byte is no type of a field",
                "use `Vec<u8>` for bytes, `i32` for a number",
            ),
            ("usize" | "isize" | "u128" | "i128", []) => {
                let help = "use `i64`, which is the same on every machine";
                self.refuse(loc, &format!("`{last}` has no size on the wire"), help)
            }
            ("char" | "str", []) => self.refuse(
                loc,
                &format!("`{last}` is no type of a field"),
                "use `String`",
            ),
            ("String", []) if std => Kind::Plain(Shape::String),
            ("Vec", [item]) if std => match path_is(item, "u8") {
                true => Kind::Plain(Shape::Bytes),
                false => Kind::List(Box::new(self.inner(item))),
            },
            ("Option", [inner]) if std => {
                let inner = self.inner(inner);
                if let Kind::Option(_) = inner.kind {
                    return self.refuse(
                        loc,
                        "an option stands in an option, and the wire knows null once",
                        "remove one of the two",
                    );
                }
                Kind::Option(Box::new(inner))
            }
            ("Box", [inner]) if std => Kind::Boxed(Box::new(self.inner(inner))),
            ("BTreeMap" | "HashMap", [key, value]) if std => {
                if !path_is(key, "String") {
                    return self.refuse(
                        loc,
                        "a map's keys are no strings, and the wire knows no others",
                        "use `String` as the key",
                    );
                }
                Kind::Map(Box::new(self.inner(value)))
            }
            ("Pii", [inner]) if ours => self.sensitive(Sensitivity::Pii, inner, loc),
            ("Secret", [inner]) if ours => self.sensitive(Sensitivity::Secret, inner, loc),
            ("Json", []) if ours => self.refuse(
                loc,
                "`Json` can hold anything, and a derived schema says what a field holds",
                "use a struct with `#[derive(EventPart)]`, or write the event as a JSON Schema",
            ),
            (name, []) if ours => logical(name).map_or(Kind::Foreign, |logical| {
                Kind::Plain(Shape::Logical(logical))
            }),
            _ => Kind::Foreign,
        }
    }

    fn inner(&mut self, tokens: &TokenStream) -> Ty {
        let loc = self.spans.at(span(tokens).unwrap_or_else(Span::call_site));
        self.depth += 1;
        let kind = if self.depth > MAX_DEPTH {
            Kind::Foreign
        } else {
            self.kind(tokens, loc)
        };
        self.depth -= 1;
        Ty {
            kind,
            loc,
            tokens: tokens.clone(),
        }
    }

    fn sensitive(&mut self, sensitivity: Sensitivity, inner: &TokenStream, loc: Loc) -> Kind {
        let inner = self.inner(inner);
        if let Kind::Sensitive(..) = inner.kind {
            return self.refuse(
                loc,
                "one wrapper stands in another",
                "keep the one that fits",
            );
        }
        Kind::Sensitive(sensitivity, Box::new(inner))
    }

    /// Types that are written otherwise than by a path.
    fn no_path(&mut self, tokens: &TokenStream, loc: Loc) -> Kind {
        let mut cursor = Cursor::new(tokens.clone());
        let (what, help) = match cursor.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                if group.stream().is_empty() {
                    return Kind::Plain(Shape::Null);
                }
                let inner: TokenStream = group.stream();
                let mut parts = Cursor::new(inner.clone());
                // Parentheses around one type mean that type.
                parts.until_comma();
                if parts.peek().is_none() && !ends_with_comma(&inner) {
                    return self.kind(&inner, loc);
                }
                (
                    "a tuple",
                    "use a struct with `#[derive(EventPart)]`, whose fields have names",
                )
            }
            Some(TokenTree::Group(_)) => ("an array or a slice", "use `Vec<…>`"),
            Some(TokenTree::Punct(punct)) if punct.as_char() == '&' => (
                "a reference",
                "use a type that owns its value, such as `String`",
            ),
            Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                ("a pointer", "use a type that owns its value")
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '<' => return Kind::Foreign,
            Some(TokenTree::Ident(word))
                if tokens::is(&word, "dyn") || tokens::is(&word, "impl") =>
            {
                ("a trait object", "use a type that is known")
            }
            Some(TokenTree::Ident(word))
                if ["fn", "unsafe", "extern", "for"]
                    .iter()
                    .any(|start| tokens::is(&word, start)) =>
            {
                ("a function", "use a type that holds data")
            }
            _ => ("what is no type", "write a type that holds data"),
        };
        self.refuse(loc, &format!("{what} cannot be a field of an event"), help)
    }

    fn refuse(&mut self, loc: Loc, message: &str, help: &str) -> Kind {
        self.cx
            .push(Diagnostic::error("unsupported-type", loc, message).help(help));
        Kind::Refused
    }
}

fn ends_with_comma(tokens: &TokenStream) -> bool {
    matches!(tokens.clone().into_iter().last(), Some(TokenTree::Punct(punct)) if punct.as_char() == ',')
}

/// Whether a type is a path that ends in this name and has no arguments.
fn path_is(tokens: &TokenStream, name: &str) -> bool {
    path(tokens).is_some_and(|path| {
        path.args.is_empty() && path.parts.last().is_some_and(|last| last == name)
    })
}

/// Reads `a::b::C<D, E>`; `None` when the type is something else.
fn path(tokens: &TokenStream) -> Option<Path> {
    let mut cursor = Cursor::new(tokens.clone());
    let mut parts = Vec::new();
    // From the root of the crates, or from here.
    let _ = cursor.punct(':') && cursor.punct(':');
    loop {
        let part = cursor.ident()?;
        if matches!(
            part.to_string().as_str(),
            "dyn" | "impl" | "fn" | "unsafe" | "extern" | "for"
        ) {
            return None;
        }
        parts.push(super::item::bare(&part));
        if !cursor.punct(':') {
            break;
        }
        // One alone bounds something that has a name: `Item: Trait`.
        if !cursor.punct(':') {
            return None;
        }
        if cursor.is_punct('<') {
            break;
        }
    }
    let mut args = Vec::new();
    if cursor.punct('<') {
        let mut inner: Vec<TokenTree> = Vec::new();
        while let Some(token) = cursor.next() {
            inner.push(token);
        }
        // The last sign closes the list that was opened.
        inner.pop();
        let mut inner = Cursor::new(inner.into_iter().collect());
        while inner.peek().is_some() {
            args.push(inner.until_comma());
        }
    } else if cursor.peek().is_some() {
        return None;
    }
    Some(Path { parts, args })
}

/// Our wrappers of logical types. A decimal says its digits in an attribute, so here they are still zero.
fn logical(name: &str) -> Option<Logical> {
    Some(match name {
        "Decimal" => Logical::Decimal {
            precision: 0,
            scale: 0,
            fixed: None,
        },
        "BigDecimal" => Logical::BigDecimal,
        "Uuid" => Logical::Uuid { fixed: false },
        "Date" => Logical::Date,
        "TimeMillis" => Logical::TimeMillis,
        "TimeMicros" => Logical::TimeMicros,
        "TimestampMillis" => Logical::TimestampMillis,
        "TimestampMicros" => Logical::TimestampMicros,
        "TimestampNanos" => Logical::TimestampNanos,
        "LocalTimestampMillis" => Logical::LocalTimestampMillis,
        "LocalTimestampMicros" => Logical::LocalTimestampMicros,
        "LocalTimestampNanos" => Logical::LocalTimestampNanos,
        "Duration" => Logical::Duration,
        _ => return None,
    })
}

/// The user's own types of a derive, each under an identifier that the emitter writes and tokens replace.
#[derive(Default)]
pub(super) struct Foreign {
    pub(super) types: Vec<TokenStream>,
}

impl Foreign {
    /// The identifier of a type in emitted text.
    pub(super) fn placeholder(index: usize) -> String {
        format!("__ObsType{index}")
    }

    /// The type behind an identifier, as people write it.
    pub(super) fn get(&self, placeholder: &str) -> Option<String> {
        let at = (0..self.types.len()).find(|at| Foreign::placeholder(*at) == placeholder)?;
        self.types.get(at).map(text)
    }

    fn take(&mut self, tokens: &TokenStream) -> Shape {
        self.types.push(tokens.clone());
        Shape::Rust(Foreign::placeholder(self.types.len() - 1))
    }
}

impl Ty {
    /// The type as the Model has it.
    pub(super) fn model(&self, foreign: &mut Foreign) -> Type {
        match &self.kind {
            Kind::Plain(shape) => Type::plain(shape.clone()),
            Kind::List(item) => Type::plain(Shape::Array(Box::new(item.model(foreign)))),
            Kind::Map(value) => Type::plain(Shape::Map(Box::new(value.model(foreign)))),
            Kind::Option(inner) => {
                let inner = Box::new(inner.model(foreign));
                Type::plain(Shape::Option {
                    inner,
                    null_index: 0,
                })
            }
            Kind::Boxed(inner) => {
                let inner = inner.model(foreign);
                // A box in a box has no place in the Model; the trait knows both.
                if inner.boxed {
                    return Type::plain(foreign.take(&self.tokens));
                }
                Type {
                    boxed: true,
                    ..inner
                }
            }
            Kind::Sensitive(sensitivity, inner) => {
                let inner = inner.model(foreign);
                // The Model has boxes outside and wrappers inside.
                if inner.boxed {
                    let shape = foreign.take(&self.tokens);
                    return Type::plain(shape);
                }
                Type {
                    sensitive: Some(*sensitivity),
                    ..inner
                }
            }
            Kind::Narrow(_) | Kind::Foreign | Kind::Refused => {
                Type::plain(foreign.take(&self.tokens))
            }
        }
    }

    /// Puts the user's own tokens where the Model has a type of ours by name. A decimal needs its digits, and stays.
    pub(super) fn through_the_trait(&self, ty: &mut Type, foreign: &mut Foreign) {
        match (&self.kind, &mut ty.shape) {
            (Kind::Plain(_), Shape::Logical(Logical::Decimal { .. })) => {}
            (Kind::Plain(_), shape @ Shape::Logical(_)) => *shape = foreign.take(&self.tokens),
            (Kind::Boxed(inner) | Kind::Sensitive(_, inner), _) => {
                inner.through_the_trait(ty, foreign)
            }
            (Kind::List(own), Shape::Array(inner))
            | (Kind::Map(own), Shape::Map(inner))
            | (Kind::Option(own), Shape::Option { inner, .. }) => {
                own.through_the_trait(inner, foreign);
            }
            _ => {}
        }
    }

    /// The wrapper below options, lists and maps, if there is one.
    pub(super) fn sensitivity(&self) -> Option<(Sensitivity, Loc)> {
        match &self.kind {
            Kind::Sensitive(sensitivity, _) => Some((*sensitivity, self.loc)),
            Kind::List(inner) | Kind::Map(inner) | Kind::Option(inner) | Kind::Boxed(inner) => {
                inner.sensitivity()
            }
            _ => None,
        }
    }

    /// Gives decimals inside their digits.
    pub(super) fn set_digits(&mut self, digits: u32, after_point: u32) {
        match &mut self.kind {
            Kind::Plain(Shape::Logical(Logical::Decimal {
                precision, scale, ..
            })) => {
                (*precision, *scale) = (digits, after_point);
            }
            Kind::Sensitive(_, inner)
            | Kind::List(inner)
            | Kind::Map(inner)
            | Kind::Option(inner)
            | Kind::Boxed(inner) => inner.set_digits(digits, after_point),
            Kind::Plain(_) | Kind::Narrow(_) | Kind::Foreign | Kind::Refused => {}
        }
    }

    /// Whether this or anything inside is of a kind.
    pub(super) fn has(&self, is: &dyn Fn(&Kind) -> bool) -> bool {
        is(&self.kind)
            || match &self.kind {
                Kind::Sensitive(_, inner)
                | Kind::List(inner)
                | Kind::Map(inner)
                | Kind::Option(inner)
                | Kind::Boxed(inner) => inner.has(is),
                Kind::Plain(_) | Kind::Narrow(_) | Kind::Foreign | Kind::Refused => false,
            }
    }

    /// The type as people write it.
    pub(super) fn text(&self) -> String {
        text(&self.tokens)
    }
}

/// Tokens without the spaces that printing puts between all of them.
pub(super) fn text(tokens: &TokenStream) -> String {
    let spaced = tokens.to_string();
    let mut out = String::with_capacity(spaced.len());
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut chars = spaced.chars().peekable();
    while let Some(c) = chars.next() {
        let before = out.chars().next_back();
        if c != ' ' || before == Some(',') || word(before) && word(chars.peek().copied()) {
            out.push(c);
        }
    }
    out
}
