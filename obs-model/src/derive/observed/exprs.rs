//! Expressions of the user's in the attribute: `fields(order.id = id, %name, ?list)`, `parent = …`, `link = …`.

use crate::check;
use crate::derive::attr;
use crate::derive::item::{Cursor, bare};
use crate::derive::literal::{self, Value};
use crate::derive::spans::Spans;
use crate::derive::tokens::{Delimiter, Span, TokenStream, TokenTree};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::Loc;

/// How a value is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Show {
    /// By itself.
    Plain,
    Display,
    Debug,
    Chain,
}

/// One of `fields(…)`.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) show: Show,
    pub(super) value: Expr,
}

/// An expression, and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) tokens: TokenStream,
    pub(super) at: Span,
}

/// One of `labels(…)`.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    pub(super) name: String,
    pub(super) ty: Expr,
    pub(super) value: Expr,
}

/// `plan: Plan = order.plan`, or `plan: Plan` for a variable of that name.
pub(super) fn labelled(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
) -> Option<(Labelled, Loc)> {
    let first = cursor.next()?;
    let loc = spans.at(first.span());
    let TokenTree::Ident(word) = &first else {
        let help = "write `name: Type = value`";
        attr::syntax(cx, spans, &first, "expected the name of a label", help);
        return None;
    };
    if !cursor.punct(':') {
        let help = format!("write `{word}: Type`: `bool`, or an enum with `#[derive(Label)]`");
        attr::syntax(cx, spans, &first, "a label needs its type", &help);
        return None;
    }
    let mut ty = Vec::new();
    let mut depth = 0_usize;
    while let Some(token) = cursor.peek() {
        if let TokenTree::Punct(sign) = token {
            match sign.as_char() {
                ',' | '=' if depth == 0 => break,
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        ty.extend(cursor.next());
    }
    let Some(at) = ty.first().map(TokenTree::span) else {
        attr::syntax(
            cx,
            spans,
            &first,
            "a label needs its type",
            "write the type",
        );
        return None;
    };
    let value = match cursor.punct('=') {
        true => expression(cx, spans, cursor, &first)?,
        false => Expr {
            tokens: first.clone().into(),
            at: first.span(),
        },
    };
    let ty = Expr {
        tokens: ty.into_iter().collect(),
        at,
    };
    let name = bare(word);
    Some((Labelled { name, ty, value }, loc))
}

/// What stands behind a word: `= …`, or each of `(…, …)`.
pub(super) fn each(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
    word: &TokenTree,
    mut one: impl FnMut(&mut Diagnostics, &mut Spans, &mut Cursor) -> Option<()>,
) -> Option<()> {
    if cursor.punct('=') {
        return one(cx, spans, cursor);
    }
    let Some(TokenTree::Group(group)) = cursor.peek() else {
        let help = format!("write `{word}(…)`");
        attr::syntax(cx, spans, word, "nothing says which", &help);
        return None;
    };
    let stream = group.stream();
    cursor.next();
    attr::list(cx, spans, stream, one);
    Some(())
}

/// One of `fields(…)`.
pub(super) fn told(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
) -> Option<(Told, Loc)> {
    let first = cursor.peek()?.clone();
    let loc = spans.at(first.span());
    if let Some(show) = sign(cursor) {
        let value = expression(cx, spans, cursor, &first)?;
        let Some(name) = path(&value.tokens) else {
            let help = "give it one: `name = …`";
            attr::syntax(
                cx,
                spans,
                &first,
                "a value that is no variable has no name",
                help,
            );
            return None;
        };
        let loc = spans.at(value.at);
        return Some((Told { name, show, value }, loc));
    }
    let name = name(cx, spans, cursor, &first)?;
    if cursor.punct('=') {
        let show = sign(cursor).unwrap_or(Show::Plain);
        let value = expression(cx, spans, cursor, &first)?;
        let name = path(&name).or_else(|| text(&name))?;
        return Some((Told { name, show, value }, loc));
    }
    let Some(known) = path(&name) else {
        let help = "write `\"name\" = …`";
        attr::syntax(cx, spans, &first, "a name without a value", help);
        return None;
    };
    let value = Expr {
        tokens: name,
        at: first.span(),
    };
    let told = Told {
        name: known,
        show: Show::Plain,
        value,
    };
    Some((told, loc))
}

/// `%` or `?` before a value.
fn sign(cursor: &mut Cursor) -> Option<Show> {
    if cursor.punct('%') {
        Some(Show::Display)
    } else if cursor.punct('?') {
        Some(Show::Debug)
    } else {
        None
    }
}

/// `order.id`, or `"order.id"`.
fn name(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
    first: &TokenTree,
) -> Option<TokenStream> {
    let is_text = |token: &TokenTree| matches!(token, TokenTree::Literal(it) if matches!(literal::value(it), Value::Text(_)));
    let mut out = Vec::new();
    loop {
        match cursor.peek() {
            Some(TokenTree::Ident(_)) => out.extend(cursor.next()),
            // `pair.0`
            Some(TokenTree::Literal(_)) if !out.is_empty() => out.extend(cursor.next()),
            Some(token) if out.is_empty() && is_text(token) => out.extend(cursor.next()),
            _ => {
                let help = "write `name = value`, or a variable, or one behind `%` or `?`";
                attr::syntax(cx, spans, first, "expected the name of a field", help);
                return None;
            }
        }
        match cursor.peek() {
            Some(TokenTree::Punct(dot)) if dot.as_char() == '.' => out.extend(cursor.next()),
            _ => return Some(out.into_iter().collect()),
        }
    }
}

/// Tokens up to a comma. Between the angle brackets behind `::` commas separate nothing.
pub(super) fn expression(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
    after: &TokenTree,
) -> Option<Expr> {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut depth = 0_usize;
    while let Some(token) = cursor.peek() {
        if let TokenTree::Punct(sign) = token {
            let last = |back: usize| match out.len().checked_sub(back).and_then(|at| out.get(at)) {
                Some(TokenTree::Punct(sign)) => sign.as_char(),
                _ => ' ',
            };
            match sign.as_char() {
                ',' if depth == 0 => break,
                '<' if depth > 0 || (last(1) == ':' && last(2) == ':') => depth += 1,
                '>' if depth > 0 && !matches!(last(1), '-' | '=') => depth -= 1,
                _ => {}
            }
        }
        out.extend(cursor.next());
    }
    let Some(at) = out.first().map(TokenTree::span) else {
        attr::syntax(cx, spans, after, "a value is missing", "write the value");
        return None;
    };
    Some(Expr {
        tokens: out.into_iter().collect(),
        at,
    })
}

/// The name that `a.b.c` gives itself. What belongs to `self` goes without it.
fn path(tokens: &TokenStream) -> Option<String> {
    let mut out = String::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(word) if bare(&word) == "self" && out.is_empty() => {}
            TokenTree::Ident(word) => out += &bare(&word),
            TokenTree::Punct(dot) if dot.as_char() == '.' => {
                out.push_str(if out.is_empty() { "" } else { "." });
            }
            TokenTree::Literal(number) if !out.is_empty() => out += &number.to_string(),
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                out += &path(&group.stream())?;
            }
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

fn text(tokens: &TokenStream) -> Option<String> {
    match tokens.clone().into_iter().next()? {
        TokenTree::Literal(text) => match literal::value(&text) {
            Value::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Refuses names that are taken, by others or by us.
pub(super) fn check(cx: &mut Diagnostics, all: &[(String, Loc)], name: &str, loc: Loc) {
    check::is_free(cx, name, loc);
    if let Some((_, first)) = all.iter().find(|(known, _)| known == name) {
        let message = format!("field `{name}` is told twice");
        cx.push(
            Diagnostic::error("duplicate-key", loc, message)
                .other(*first, "first told here")
                .help("remove one of the two, or give it another name"),
        );
    }
}
