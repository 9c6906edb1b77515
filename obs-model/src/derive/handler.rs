//! `#[handler]`: a function as the handler of the event that it takes.
//!
//! ```text
//! async fn welcome(event: UserRegistered) -> Result<(), MailError> { body }
//!
//! struct welcome;
//!
//! impl Handler<UserRegistered> for welcome {
//!     type Error = <Result<(), MailError> as Outcome>::Error;
//!     async fn handle(&self, event: UserRegistered, _: &Delivery) -> Result<(), MailError> { body }
//! }
//! ```
//!
//! On an `impl` of `Handler` it says the error alone, which `handle` gives already:
//!
//! ```text
//! impl Handler<UserRegistered> for Welcome {
//!     type Error = <Result<(), MailError> as Outcome>::Error;
//!     async fn handle(&self, event: UserRegistered, _: &Delivery) -> Result<(), MailError> { body }
//! }
//! ```
//!
//! The signature is read as far as needed, and the body goes through as it stands. What is no handler is left as it is,
//! with the reason beside it.

use super::observed::function::{self, Function, Start, outside};
use super::output::place;
use super::spans::{Spans, with_errors};
use super::tokens::{Delimiter, Group, Span, TokenStream, TokenTree, is};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::table::Table;

const EVENT: &str = "__ObsEvent";
const PATTERN: &str = "__obs_pattern";
const DELIVERY: &str = "__obs_delivery";
const RESULT: &str = "__ObsResult";
const BODY: &str = "__obs_body";
const NAME: &str = "__ObsName";
const DOCS: &str = "__obs_docs";
const ATTRIBUTES: &str = "__obs_attributes";
const VISIBILITY: &str = "__obs_visibility";

/// What is wrong with a function, where, and what to do about it.
type Refusal = (Span, String, &'static str);

pub(super) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let made = match args.into_iter().next() {
        Some(first) => Err((
            first.span(),
            "`#[handler]` takes no arguments".to_owned(),
            "say the rest to the consumer: `with_retry`, `with_timeout`, `when_failed`",
        )),
        None => made(&tokens),
    };
    let (span, message, help) = match made {
        Ok(made) => return made,
        Err(refusal) => refusal,
    };
    let (mut cx, mut spans) = (Diagnostics::default(), Spans::default());
    let loc = spans.at(span);
    cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
    with_errors(item, cx, &spans)
}

fn made(tokens: &[TokenTree]) -> Result<TokenStream, Refusal> {
    let function = match function::parse(tokens) {
        Start::Function(function) => function,
        Start::Other(Some(TokenTree::Ident(word))) if is(&word, "impl") => {
            return implemented(tokens, word.span());
        }
        Start::Other(word) => {
            let text = word.as_ref().map(ToString::to_string).unwrap_or_default();
            let message = match text.as_str() {
                "" => "`#[handler]` is for functions and implementations".to_owned(),
                text => format!(
                    "`#[handler]` is for functions and implementations, and this is `{text}`"
                ),
            };
            let span = word.map_or_else(Span::call_site, |word| word.span());
            return Err((
                span,
                message,
                "implement `Handler<E>` for a type with state",
            ));
        }
    };
    let at = function.name.span();
    let body = function.body.clone().filter(|_| function.asynchronous);
    let Some(body) = body else {
        let message = "a handler is an `async fn` with a body".to_owned();
        return Err((at, message, "write `async fn`"));
    };
    if function.result.is_empty() {
        let message = "a handler gives a `Result`, for an event that failed comes again".to_owned();
        return Err((at, message, "write `-> Result<(), Error>`"));
    }
    let arguments = arguments(&function)?;
    let (event, delivery) = match arguments.as_slice() {
        [event] => (event, None),
        [event, delivery] => (event, Some(delivery)),
        _ => {
            let message = "a handler takes an event, and a `&Delivery` if it wants one".to_owned();
            return Err((
                at,
                message,
                "write `(event: UserRegistered, delivery: &Delivery)`",
            ));
        }
    };
    let Some((pattern, ty)) = typed(event) else {
        let message = "a handler is a function on its own".to_owned();
        return Err((at, message, "implement `Handler<E>` for a type with state"));
    };
    let (docs, attributes, visibility) = before(&function);
    let mut pieces = Table::default();
    let stream = |tokens: &[TokenTree]| tokens.iter().cloned().collect::<TokenStream>();
    pieces.insert(EVENT.to_owned(), stream(ty));
    pieces.insert(PATTERN.to_owned(), stream(pattern));
    pieces.insert(RESULT.to_owned(), stream(function.result));
    pieces.insert(
        BODY.to_owned(),
        [TokenTree::from(body)].into_iter().collect(),
    );
    let told = match delivery {
        Some(delivery) => {
            pieces.insert(DELIVERY.to_owned(), stream(delivery));
            DELIVERY.to_owned()
        }
        None => "_: &::obs_runtime::Delivery".to_owned(),
    };
    pieces.insert(NAME.to_owned(), stream(&[function.name.clone().into()]));
    pieces.insert(DOCS.to_owned(), stream(&docs));
    pieces.insert(ATTRIBUTES.to_owned(), stream(&attributes));
    pieces.insert(VISIBILITY.to_owned(), stream(&visibility));
    let text = format!(
        "{DOCS} #[allow(non_camel_case_types)] #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)] \
         {VISIBILITY} struct {NAME}; \
         impl ::obs_runtime::Handler<{EVENT}> for {NAME} {{ \
         type Error = <{RESULT} as ::obs_runtime::__private::v1::Outcome>::Error; \
         {ATTRIBUTES} async fn handle(&self, {PATTERN}: {EVENT}, {told}) -> {RESULT} {BODY} }}"
    );
    Ok(place(&text, at, &pieces, &Table::default()))
}

/// An `impl` with the error that `handle` gives.
fn implemented(tokens: &[TokenTree], at: Span) -> Result<TokenStream, Refusal> {
    let Some((TokenTree::Group(group), head)) = tokens.split_last() else {
        return Err((at, "this has no body".to_owned(), "write `{ … }`"));
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let word = |at: usize, text: &str| matches!(inner.get(at), Some(TokenTree::Ident(word)) if is(word, text));
    let places = || 0..inner.len();
    if let Some(there) = places().find(|at| word(*at, "type") && word(at + 1, "Error")) {
        let message = "`#[handler]` says `type Error`, and it is here too".to_owned();
        return Err((inner[there].span(), message, "remove one of them"));
    }
    let Some(handle) = places().find(|at| word(*at, "fn") && word(at + 1, "handle")) else {
        let message = "there is no `fn handle` in here".to_owned();
        return Err((
            at,
            message,
            "put `#[handler]` on an implementation of `Handler`",
        ));
    };
    let sign = |token: &TokenTree, is: char| matches!(token, TokenTree::Punct(sign) if sign.as_char() == is);
    let braces = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let behind = &inner[handle..];
    let arrow = behind
        .windows(2)
        .take_while(|pair| !braces(&pair[0]))
        .position(|pair| sign(&pair[0], '-') && sign(&pair[1], '>'));
    let Some(arrow) = arrow else {
        let message = "a handler gives a `Result`, for an event that failed comes again".to_owned();
        return Err((
            inner[handle].span(),
            message,
            "write `-> Result<(), Error>`",
        ));
    };
    let bound = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if is(word, "where"));
    let result = behind[arrow + 2..]
        .iter()
        .take_while(|token| !braces(token) && !bound(token));
    let mut pieces = Table::default();
    pieces.insert(RESULT.to_owned(), result.cloned().collect());
    let text = format!("type Error = <{RESULT} as ::obs_runtime::__private::v1::Outcome>::Error;");
    let mut body = place(&text, at, &pieces, &Table::default());
    body.extend(inner);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(group.span());
    let mut made: TokenStream = head.iter().cloned().collect();
    made.extend([TokenTree::Group(body)]);
    Ok(made)
}

/// The arguments, each as its tokens.
fn arguments(function: &Function<'_>) -> Result<Vec<Vec<TokenTree>>, Refusal> {
    let own = function.name.to_string();
    let name = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if is(word, &own));
    let behind = function.head.iter().skip_while(|token| !name(token)).nth(1);
    match behind {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',');
            let mut all = Vec::new();
            let mut from = 0;
            for (at, token) in outside(&tokens) {
                if comma(token) {
                    all.push(tokens[from..at].to_vec());
                    from = at + 1;
                }
            }
            if from < tokens.len() {
                all.push(tokens[from..].to_vec());
            }
            Ok(all)
        }
        _ => Err((
            function.name.span(),
            "a handler is for one kind of event, and has no generics".to_owned(),
            "implement `Handler<E>` for a type of its own",
        )),
    }
}

/// Pattern and type of an argument; `None` for `self`.
fn typed(argument: &[TokenTree]) -> Option<(&[TokenTree], &[TokenTree])> {
    let colon = |at: usize| matches!(argument.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
    let mut at = 0;
    while at < argument.len() {
        if colon(at) && colon(at + 1) {
            // Of a path.
            at += 2;
        } else if colon(at) {
            let (pattern, rest) = argument.split_at(at);
            return Some((pattern, &rest[1..]));
        } else {
            at += 1;
        }
    }
    None
}

/// What stands before `async fn`: documentation, other attributes, and who may see it.
fn before(function: &Function<'_>) -> (Vec<TokenTree>, Vec<TokenTree>, Vec<TokenTree>) {
    let (mut docs, mut attributes, mut visibility) = (Vec::new(), Vec::new(), Vec::new());
    let mut tokens = function.head.iter().cloned();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                let Some(group) = tokens.next() else { break };
                let doc = match &group {
                    TokenTree::Group(group) => group.stream().into_iter().next(),
                    _ => None,
                };
                let doc = matches!(doc, Some(TokenTree::Ident(word)) if is(&word, "doc"));
                let to = if doc { &mut docs } else { &mut attributes };
                to.extend([token, group]);
            }
            TokenTree::Ident(word) if is(word, "async") || is(word, "fn") => break,
            _ => visibility.push(token),
        }
    }
    (docs, attributes, visibility)
}
