//! `#[observed]`: a function with its body in a call of the runtime.
//!
//! ```text
//! async fn load(id: u32) -> Result<Order, Error> { body }
//!
//! async fn load(id: u32) -> Result<Order, Error> {
//!     static __OBS: Site = Site::new("shop::load");
//!     let mut __obs = __OBS.task();
//!     let __obs_out = __obs.follow(async move {
//!         if false { return never::<Result<Order, Error>>(); }
//!         body
//!     }).await;
//!     __obs.ended(ended(&__obs_out).verdict());
//!     __obs_out
//! }
//! ```
//!
//! The signature is read as far as needed, and the body not at all: it goes through as it stands, so that one that is
//! half typed still expands. What cannot be observed is left as it is, with the reason beside it.

mod args;
mod function;

use super::output::place;
use super::spans::{Spans, compile_errors};
use super::tokens::{Group, Span, TokenStream, TokenTree};
use crate::diag::compile_error;
use args::Args;
use function::{Function, Start};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::table::Table;

pub(super) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut spans = Spans::default();
    let mut cx = Diagnostics::default();
    let args = args::read(&mut cx, &mut spans, args);
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let function = match function::parse(&tokens) {
        Start::Function(function) => fits(&mut cx, &mut spans, &function).then_some(function),
        Start::Other(word) => {
            refuse(&mut cx, &mut spans, word.as_ref());
            None
        }
    };
    let broken = cx.has_errors();
    let found = cx.into_sorted();
    let mut out = match function {
        Some(function) if !broken => observe(&args, &function),
        _ => item,
    };
    let whole = Span::call_site();
    out.extend(compile_errors(
        &found,
        &spans,
        whole,
        compile_error::message,
    ));
    out
}

/// Refuses functions that nothing can be done about.
fn fits(cx: &mut Diagnostics, spans: &mut Spans, function: &Function<'_>) -> bool {
    let mut refuse = |span: Span, message: &str, help: &str| {
        let loc = spans.at(span);
        cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
        false
    };
    if let Some(span) = function.constant {
        let message =
            "a `const fn` may run while the program is compiled, where nothing is observed";
        return refuse(
            span,
            message,
            "take `const` away, or observe the function that calls it",
        );
    }
    if function.body.is_none() {
        let message = "a function without a body does nothing that could be observed";
        let help = "put `#[observed]` on the implementation, or on a default body";
        return refuse(function.name.span(), message, help);
    }
    true
}

/// Refuses what is no function.
fn refuse(cx: &mut Diagnostics, spans: &mut Spans, word: Option<&TokenTree>) {
    let text = word.map(ToString::to_string).unwrap_or_default();
    let help = match text.as_str() {
        "struct" => "use `#[derive(Event)]` for an event, or observe the methods of the struct",
        "enum" => {
            "use `#[derive(Label)]` for a closed set of words, or observe the methods of the enum"
        }
        _ => "put it on a function",
    };
    let message = match text.as_str() {
        "" => "`#[observed]` is for functions".to_owned(),
        text => format!("`#[observed]` is for functions, and this is `{text}`"),
    };
    let loc = spans.at(word.map_or_else(Span::call_site, TokenTree::span));
    cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
}

/// What stands for the body and the type of the result in the text of an expansion.
const BODY: &str = "__ObsBody";
const RESULT: &str = "__ObsResult";

fn observe(args: &Args, function: &Function<'_>) -> TokenStream {
    let Some(body) = &function.body else {
        return function.head.iter().cloned().collect();
    };
    let at = function.name.span();
    let mut pieces = Table::default();
    pieces.insert(BODY.to_owned(), TokenTree::from(body.clone()).into());
    pieces.insert(RESULT.to_owned(), function::nameable(function.result));
    let inner = place(&text(args, function), at, &pieces, &Table::default());
    let mut group = Group::new(body.delimiter(), inner);
    group.set_span(body.span());
    let head = function.head.iter().cloned();
    head.chain([group.into()]).collect()
}

/// The new body as text.
fn text(args: &Args, function: &Function<'_>) -> String {
    let obs = format!("{}::__private::v1", args.krate);
    let site = site(args, function, &obs);
    let gives = function::gives(function.result);
    let work = if function.asynchronous {
        // An async block does not say what it gives; so that errors stand where they belong, something in it does.
        let pin = match gives {
            Gives::Never => String::new(),
            Gives::Nothing => format!("if false {{ return {obs}::never::<()>(); }}"),
            Gives::Something => format!("if false {{ return {obs}::never::<{RESULT}>(); }}"),
        };
        format!("__obs.follow(async move {{ {pin} {BODY} }}).await")
    } else {
        let result = match gives {
            Gives::Nothing => "()",
            Gives::Never | Gives::Something => RESULT,
        };
        format!("__obs.work(move || -> {result} {BODY})")
    };
    let begin = match function.asynchronous {
        true => "let mut __obs = __OBS.task();",
        false => "let __obs = __OBS.call();",
    };
    let rest = match gives {
        Gives::Never => work,
        Gives::Nothing => format!("{work}; __obs.ended({obs}::Verdict::FINE);"),
        Gives::Something => format!(
            "let __obs_out = {work}; __obs.ended({obs}::ended(&__obs_out).verdict()); __obs_out"
        ),
    };
    format!("static __OBS: {obs}::Site = {site}; {begin} {rest}")
}

/// The expression that describes the function.
fn site(args: &Args, function: &Function<'_>, obs: &str) -> String {
    let name = match &args.name {
        Some(name) => format!("{name:?}"),
        None => {
            let name = format!("::{}", super::item::bare(function.name));
            format!("::core::concat!(::core::module_path!(), {name:?})")
        }
    };
    let mut out = format!("{obs}::Site::new({name})");
    if let Some(kind) = args.kind {
        out += &format!(".with_kind({obs}::SpanKind::{kind})");
    }
    if let Some(nanos) = args.slow {
        out += &format!(".with_slow_nanos({nanos})");
    }
    if !args.metrics {
        out += ".without_metrics()";
    }
    out
}

/// What a function gives, as far as its tokens tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gives {
    /// `()`, or nothing at all.
    Nothing,
    /// `!`
    Never,
    /// Anything else.
    Something,
}
