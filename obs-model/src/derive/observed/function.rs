//! The signature of a function, as far as it has to be known.

use crate::derive::tokens::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, is};

/// A function in tokens.
pub(in crate::derive) struct Function<'a> {
    /// Everything before the body.
    pub(in crate::derive) head: &'a [TokenTree],
    pub(in crate::derive) name: &'a Ident,
    pub(in crate::derive) asynchronous: bool,
    /// Where `const` stands.
    pub(in crate::derive) constant: Option<Span>,
    /// What stands behind `->`.
    pub(in crate::derive) result: &'a [TokenTree],
    pub(in crate::derive) body: Option<Group>,
}

/// What an item begins with.
pub(in crate::derive) enum Start<'a> {
    Function(Function<'a>),
    /// The word that says that it is something else.
    Other(Option<TokenTree>),
}

/// Words that may stand before `fn`.
const QUALIFIERS: [&str; 7] = [
    "pub", "default", "const", "async", "unsafe", "safe", "extern",
];

pub(in crate::derive) fn parse(tokens: &[TokenTree]) -> Start<'_> {
    let mut at = 0;
    let (mut asynchronous, mut constant) = (false, None::<&TokenTree>);
    loop {
        match tokens.get(at) {
            // Attributes, `pub(crate)`, `extern "C"`, and what a macro has put into a group of its own.
            Some(TokenTree::Punct(sign)) if sign.as_char() == '#' => {}
            Some(TokenTree::Group(group)) if group.delimiter() != Delimiter::Brace => {}
            Some(TokenTree::Literal(_)) => {}
            Some(TokenTree::Ident(word)) if is(word, "fn") => break,
            Some(TokenTree::Ident(word)) if QUALIFIERS.iter().any(|known| is(word, known)) => {
                asynchronous |= is(word, "async");
                if is(word, "const") {
                    constant = tokens.get(at);
                }
            }
            // `const NAME: …` and the like.
            other => return Start::Other(constant.or(other).cloned()),
        }
        at += 1;
    }
    let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
        return Start::Other(tokens.get(at).cloned());
    };
    let (head, body) = match tokens.split_last() {
        Some((last, head)) => match braces(last) {
            Some(body) => (head, Some(body)),
            None => (tokens, None),
        },
        None => (tokens, None),
    };
    Start::Function(Function {
        head,
        name,
        asynchronous,
        constant: constant.map(TokenTree::span),
        result: result(head.get(at + 2..).unwrap_or_default()),
        body,
    })
}

/// A body, also where a macro has put a group around it that nobody sees.
pub(super) fn braces(token: &TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => {
            let mut inner = group.stream().into_iter();
            let first = inner.next()?;
            inner.next().is_none().then(|| braces(&first)).flatten()
        }
        _ => None,
    }
}

/// Walks over the tokens outside of angle brackets, with their places.
pub(in crate::derive) fn outside(
    tokens: &[TokenTree],
) -> impl Iterator<Item = (usize, &TokenTree)> {
    let (mut depth, mut arrow) = (0_usize, false);
    tokens.iter().enumerate().filter(move |(_, token)| {
        let was = depth;
        let mut next_arrow = false;
        if let TokenTree::Punct(sign) = token {
            match sign.as_char() {
                '<' => depth += 1,
                // The head of `->` closes nothing.
                '>' if !arrow => depth = depth.saturating_sub(1),
                '-' | '=' => next_arrow = true,
                // Where this stands, a bracket was a comparison.
                ';' => depth = 0,
                _ => {}
            }
        }
        arrow = next_arrow;
        depth == 0 && (was == 0 || matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';'))
    })
}

/// The type of the result, in what follows the name: `<generics>(arguments) -> result where …`.
fn result(tokens: &[TokenTree]) -> &[TokenTree] {
    let arguments = |(_, token): &(usize, &TokenTree)| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
    let Some((at, _)) = outside(tokens).find(arguments) else {
        return &[];
    };
    let rest = tokens.get(at + 1..).unwrap_or_default();
    let arrow = |at: usize, sign: char| matches!(rest.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    if !(arrow(0, '-') && arrow(1, '>')) {
        return &[];
    }
    let rest = &rest[2..];
    let ends = |(_, token): &(usize, &TokenTree)| match token {
        TokenTree::Ident(word) => is(word, "where"),
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    let end = outside(rest).find(ends).map_or(rest.len(), |(at, _)| at);
    &rest[..end]
}

/// What a function gives, as far as its tokens tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gives {
    /// `()`, or nothing at all.
    Nothing,
    /// `!`
    Never,
    /// `impl Future`
    Future,
    /// `Pin<Box<dyn Future>>`, or a `BoxFuture`.
    Boxed,
    /// Anything else.
    Something,
}

impl Function<'_> {
    /// Whether it gives something that is called a `Result`, or the future of one.
    pub(super) fn may_fail(&self) -> bool {
        fn any(tokens: impl Iterator<Item = TokenTree>) -> bool {
            tokens.into_iter().any(|token| match token {
                TokenTree::Ident(word) => word.to_string().ends_with("Result"),
                TokenTree::Group(group) => any(group.stream().into_iter()),
                _ => false,
            })
        }
        any(self.result.iter().cloned())
    }

    /// The type of what is given in the end, where the tokens tell: that of the function, or of its future.
    pub(super) fn output(&self) -> Option<&[TokenTree]> {
        let result = self.result;
        if self.asynchronous {
            return Some(result);
        }
        let is = |at: usize, sign: char| matches!(result.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        let mut places = 0..result.len();
        let named = places.find(|at| word(&result[*at], "Output") && is(at + 1, '='));
        let from = match named {
            Some(at) => at + 2,
            // `BoxFuture<'a, T>`
            None => {
                let open = (0..result.len()).find(|at| is(*at, '<'))? + 1;
                let first = open + bounds(&result[open..]);
                let lifetime = is(open, '\'') && is(first, ',');
                if lifetime { first + 1 } else { open }
            }
        };
        let rest = result.get(from..)?;
        Some(&rest[..bounds(rest)])
    }

    /// What it gives; what the future of an `async fn` gives is not looked into.
    pub(super) fn gives(&self) -> Gives {
        match gives(self.result) {
            Gives::Future | Gives::Boxed if self.asynchronous => Gives::Something,
            gives => gives,
        }
    }
}

fn gives(result: &[TokenTree]) -> Gives {
    let has = |wanted: &str| result.iter().any(|token| word(token, wanted));
    let last = outside(result)
        .filter_map(|(_, token)| match token {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        })
        .last();
    let is_called = |wanted: &str| last.is_some_and(|last| is(last, wanted));
    match result {
        [] => Gives::Nothing,
        [TokenTree::Punct(sign)] if sign.as_char() == '!' => Gives::Never,
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            gives(&inner)
        }
        [TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty() =>
        {
            Gives::Nothing
        }
        [TokenTree::Ident(first), rest @ ..] if is(first, "impl") => {
            match outside(rest).any(|(_, token)| word(token, "Future")) {
                true => Gives::Future,
                false => Gives::Something,
            }
        }
        _ if is_called("Pin") && has("Box") && has("dyn") && has("Future") => Gives::Boxed,
        _ if is_called("BoxFuture") || is_called("LocalBoxFuture") => Gives::Boxed,
        _ => Gives::Something,
    }
}

pub(super) fn word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if is(word, wanted))
}

/// The attributes that a body begins with, and the body without them: `#![allow(…)]` is about a function, and may not
/// stand in a closure.
pub(super) fn split(body: &Group) -> (TokenStream, Group) {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let mut from = 0;
    while is(from, '#') && is(from + 1, '!') {
        from += 3;
    }
    let (attributes, rest) = tokens.split_at(from.min(tokens.len()));
    let mut group = Group::new(body.delimiter(), rest.iter().cloned().collect());
    group.set_span(body.span());
    (attributes.iter().cloned().collect(), group)
}

/// The path and the argument of a body that is `Box::pin(async …)` and nothing else, as `async_trait` writes it: there
/// is no need for a second box.
pub(super) fn pinned(body: &Group) -> Option<(TokenStream, TokenStream)> {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let (last, path) = tokens.split_last()?;
    let TokenTree::Group(group) = last else {
        return None;
    };
    let future = group.stream();
    let is_path = path.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(sign) => sign.as_char() == ':',
        _ => false,
    });
    let fits = is_path
        && group.delimiter() == Delimiter::Parenthesis
        && path.iter().any(|token| word(token, "Box"))
        && path.last().is_some_and(|token| word(token, "pin"))
        && future
            .clone()
            .into_iter()
            .next()
            .is_some_and(|token| word(&token, "async"));
    fits.then(|| (path.iter().cloned().collect(), future))
}

/// A type as it may stand in a body: there, `impl Trait` has no name, and the compiler has to find out.
pub(super) fn nameable(ty: &[TokenTree]) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut at = 0;
    while let Some(token) = ty.get(at) {
        match token {
            TokenTree::Ident(word) if is(word, "impl") => {
                out.push(Ident::new("_", word.span()).into());
                at += bounds(&ty[at..]);
                continue;
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut new = Group::new(group.delimiter(), nameable(&inner));
                new.set_span(group.span());
                out.push(new.into());
            }
            token => out.push(token.clone()),
        }
        at += 1;
    }
    out.into_iter().collect()
}

/// How many tokens a type has that stands among others: up to a comma or a bracket that is not its own.
fn bounds(tokens: &[TokenTree]) -> usize {
    let mut depth = 0_usize;
    let mut arrow = false;
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Punct(sign) = token else {
            arrow = false;
            continue;
        };
        match sign.as_char() {
            '<' => depth += 1,
            '>' if arrow => {}
            '>' | ',' if depth == 0 => return at,
            '>' => depth -= 1,
            _ => {}
        }
        arrow = matches!(sign.as_char(), '-' | '=');
    }
    tokens.len()
}
