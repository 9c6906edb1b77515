//! `#[observed]` on an `impl` or a `trait`: on each of its functions that has a body.
//!
//! A function says more, or something else, with an `#[observed(…)]` of its own, and `#[observed(skip)]` leaves it out.

use super::args::{Args, Place};
use super::function::{self, Start, braces, outside, word};
use super::text;
use crate::derive::item::bare;
use crate::derive::spans::Spans;
use crate::derive::tokens::{Delimiter, Group, TokenStream, TokenTree, is};
use obs_schema::diag::Diagnostics;

/// The block with its functions observed; `None` when it is none. `word` is what the item begins with.
pub(super) fn expand(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    args: &Args,
    word: Option<&TokenTree>,
    tokens: &[TokenTree],
    on: bool,
) -> Option<TokenStream> {
    let TokenTree::Ident(word) = word? else {
        return None;
    };
    let (body, head) = tokens.split_last()?;
    let body = braces(body)?;
    let owner = if is(word, "impl") {
        owner(head)
    } else if is(word, "trait") {
        after(head, "trait")
    } else {
        return None;
    };
    let owner = owner.unwrap_or_default();
    let inner: Vec<TokenTree> = body.stream().into_iter().collect();
    let mut out = TokenStream::new();
    for item in items(&inner) {
        out.extend(one(cx, spans, args, &owner, item, on));
    }
    let mut group = Group::new(Delimiter::Brace, out);
    group.set_span(body.span());
    let head = head.iter().cloned();
    Some(head.chain([group.into()]).collect())
}

fn one(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    args: &Args,
    owner: &str,
    item: &[TokenTree],
    on: bool,
) -> TokenStream {
    let as_it_is = || item.iter().cloned().collect();
    let Start::Function(function) = function::parse(item) else {
        return as_it_is();
    };
    // What an attribute of its own has to complain of, it complains of itself.
    if function.constant.is_some() || function.body.is_none() {
        return as_it_is();
    }
    let (rest, own) = without_own(item);
    let mut args = args.clone();
    // What a block asks for is meant for those of its functions that can fail.
    if !function.may_fail() {
        args.err = None;
    }
    for own in own {
        args = args.read(cx, spans, own, Place::InBlock);
    }
    match function::parse(&rest) {
        Start::Function(function) if !args.skip => {
            text::function(&args, Some(owner), &function, on)
        }
        _ => rest.into_iter().collect(),
    }
}

/// An item without its `#[observed(…)]`, and what stands in the parentheses of those.
fn without_own(item: &[TokenTree]) -> (Vec<TokenTree>, Vec<TokenStream>) {
    let (mut rest, mut own) = (Vec::new(), Vec::new());
    let mut tokens = item.iter();
    while let Some(token) = tokens.next() {
        let next = tokens.as_slice().first();
        let attribute = matches!(token, TokenTree::Punct(sign) if sign.as_char() == '#')
            .then(|| next.and_then(observed))
            .flatten();
        match attribute {
            Some(args) => {
                own.push(args);
                tokens.next();
            }
            None => rest.push(token.clone()),
        }
    }
    (rest, own)
}

/// What stands in the parentheses of `[observed(…)]`, whatever path it has.
fn observed(token: &TokenTree) -> Option<TokenStream> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let (path, args) = match inner.split_last()? {
        (TokenTree::Group(args), path) => (path, args.stream()),
        _ => (inner.as_slice(), TokenStream::new()),
    };
    let last = matches!(path.last()?, TokenTree::Ident(word) if is(word, "observed"));
    (last && group.delimiter() == Delimiter::Bracket).then_some(args)
}

/// The items of a block: each ends with a semicolon, or with the braces of a function or a macro.
fn items(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut out = Vec::new();
    let (mut start, mut braces_end) = (0, false);
    for (at, token) in outside(tokens) {
        let ends = match token {
            TokenTree::Ident(word) if is(word, "fn") => {
                braces_end = true;
                false
            }
            // `make! { … }`; in `const A: u8 = { … };` the semicolon ends it.
            TokenTree::Punct(sign) if sign.as_char() == '!' => {
                braces_end = true;
                false
            }
            TokenTree::Punct(sign) => {
                braces_end &= sign.as_char() != '=';
                sign.as_char() == ';'
            }
            TokenTree::Group(group) => {
                braces_end && group.delimiter() != Delimiter::Parenthesis && braces(token).is_some()
            }
            _ => false,
        };
        if ends {
            out.push(&tokens[start..=at]);
            (start, braces_end) = (at + 1, false);
        }
    }
    out.extend(tokens.get(start..).filter(|rest| !rest.is_empty()));
    out
}

/// The name of the type that an `impl` is for: the last word of its path.
fn owner(head: &[TokenTree]) -> Option<String> {
    let mut outside = outside(head).skip_while(|(_, token)| !word(token, "impl"));
    outside.next();
    let mut name = None;
    for (_, token) in outside {
        match token {
            TokenTree::Ident(ident) if is(ident, "where") => break,
            TokenTree::Ident(ident) if is(ident, "for") => name = None,
            TokenTree::Ident(ident) => name = Some(bare(ident)),
            _ => {}
        }
    }
    name
}

fn after(head: &[TokenTree], before: &str) -> Option<String> {
    let mut tokens = head.iter().skip_while(|token| !word(token, before));
    tokens.next();
    match tokens.next()? {
        TokenTree::Ident(name) => Some(bare(name)),
        _ => None,
    }
}
