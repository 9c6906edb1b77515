//! `#[observed]`: a function with its body in a call of the runtime.
//!
//! ```text
//! async fn load(id: u32) -> Result<Order, Error> { body }
//!
//! async fn load(id: u32) -> Result<Order, Error> {
//!     static __OBS: Site = Site::new("shop::load");
//!     let __obs_future = async move {
//!         if false { return never::<Result<Order, Error>>(); }
//!         body
//!     };
//!     __OBS.follow(__obs_future, |__obs, __obs_out: &Result<Order, Error>| {
//!         __obs.ended(ended(__obs_out).verdict())
//!     }).await
//! }
//! ```
//!
//! The signature is read as far as needed, and the body not at all: it goes through as it stands, so that one that is
//! half typed still expands. What cannot be observed is left as it is, with the reason beside it.

mod args;
mod block;
mod exprs;
pub(super) mod function;
mod text;

#[cfg(test)]
mod tests;

use super::item;
use super::spans::{Spans, with_errors};
use super::tokens::{Span, TokenStream, TokenTree};
use args::{Args, Place};
use function::{Function, Gives, Start};
use obs_schema::diag::{Diagnostic, Diagnostics};

pub(super) fn expand(args: TokenStream, item: TokenStream, on: bool) -> TokenStream {
    let mut spans = Spans::default();
    let mut cx = Diagnostics::default();
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let observed = match function::parse(&tokens) {
        Start::Function(function) => {
            let args = Args::default().read(&mut cx, &mut spans, args, Place::Function);
            let fits = fits(&mut cx, &mut spans, &function, &args);
            // Beside an error the function is as it would be without the attribute.
            let on = on && !cx.has_errors();
            fits.then(|| text::function(&args, None, &function, on))
        }
        Start::Other(word) => {
            let args = Args::default().read(&mut cx, &mut spans, args, Place::Block);
            let word = word.as_ref();
            let observed = block::expand(&mut cx, &mut spans, &args, word, &tokens, on);
            if observed.is_none() {
                refuse(&mut cx, &mut spans, word);
            }
            if cx.has_errors() && observed.is_some() {
                // Once more, for the attributes inside have had their say.
                let mut said = Diagnostics::default();
                let plain = block::expand(&mut said, &mut spans, &args, word, &tokens, false);
                drop(said.into_sorted());
                plain
            } else {
                observed
            }
        }
    };
    with_errors(observed.unwrap_or(item), cx, &spans)
}

/// Refuses functions that nothing can be done about.
fn fits(cx: &mut Diagnostics, spans: &mut Spans, function: &Function<'_>, args: &Args) -> bool {
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
    if matches!(function.gives(), Gives::Nothing | Gives::Never) {
        for (key, loc) in &args.result_keys {
            let name = item::bare(function.name);
            let message =
                format!("`{key}` is about what a function gives, and `{name}` gives nothing");
            cx.push(Diagnostic::error("misplaced-key", *loc, message).help("take it away"));
        }
    }
    true
}

/// Refuses what holds no function.
fn refuse(cx: &mut Diagnostics, spans: &mut Spans, word: Option<&TokenTree>) {
    let text = word.map(ToString::to_string).unwrap_or_default();
    let help = match text.as_str() {
        "struct" => "use `#[derive(Event)]` for an event, or put it on the `impl` of the struct",
        "enum" => {
            "use `#[derive(Label)]` for a closed set of words, or put it on the `impl` of the enum"
        }
        _ => "put it on a function, an `impl` or a `trait`",
    };
    let message = match text.as_str() {
        "" => "`#[observed]` is for functions".to_owned(),
        text => format!("`#[observed]` is for functions, and this is `{text}`"),
    };
    let loc = spans.at(word.map_or_else(Span::call_site, TokenTree::span));
    cx.push(Diagnostic::error("unsupported-item", loc, message).help(help));
}
