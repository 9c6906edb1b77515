//! Places that are tokens: a table from numbers to spans.

use super::tokens::{
    Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree,
};
use crate::diag;
use obs_schema::diag::{Diagnostic, Diagnostics, Severity};
use obs_schema::source::{FileId, Loc};

/// The spans behind the places of one derive, in the order they were met, which is the order of the source.
#[derive(Default)]
pub(super) struct Spans {
    all: Vec<Span>,
}

impl Spans {
    /// The place of a token.
    pub(super) fn at(&mut self, span: Span) -> Loc {
        self.all.push(span);
        Loc::token(self.all.len() - 1)
    }

    /// The span behind a place; `None` for a place in a file.
    pub(super) fn get(&self, loc: Loc) -> Option<Span> {
        (loc.file == FileId::TOKENS)
            .then(|| self.all.get(loc.start as usize).copied())
            .flatten()
    }
}

/// An item as it was written, and behind it the errors that were found in it.
pub(super) fn with_errors(mut item: TokenStream, cx: Diagnostics, spans: &Spans) -> TokenStream {
    let (found, whole) = (cx.into_sorted(), Span::call_site());
    let message = diag::compile_error::message;
    item.extend(compile_errors(&found, spans, whole, message));
    item
}

/// Errors as `compile_error!` calls, each at its own token. Warnings stay unsaid: stable macros cannot warn.
///
/// `message` renders a diagnostic that stands in a file, not at a token; those are shown at `whole`.
pub(super) fn compile_errors(
    all: &[Diagnostic],
    spans: &Spans,
    whole: Span,
    message: impl Fn(&Diagnostic) -> String,
) -> TokenStream {
    let mut out = TokenStream::new();
    for diagnostic in all.iter().filter(|one| one.severity == Severity::Error) {
        let span = spans.get(diagnostic.primary.loc).unwrap_or(whole);
        out.extend(compile_error(&message(diagnostic), span));
    }
    out
}

/// `::core::compile_error! { "…" }` at a span.
pub(super) fn compile_error(message: &str, span: Span) -> TokenStream {
    let mut text = Literal::string(message);
    text.set_span(span);
    let mut body = Group::new(Delimiter::Brace, TokenTree::from(text).into());
    body.set_span(span);
    let mut out = Vec::new();
    for word in ["core", "compile_error"] {
        for spacing in [Spacing::Joint, Spacing::Alone] {
            out.push(TokenTree::from(Punct::new(':', spacing)));
        }
        out.push(Ident::new(word, span).into());
    }
    out.push(Punct::new('!', Spacing::Alone).into());
    out.push(body.into());
    out.iter_mut().for_each(|token| token.set_span(span));
    out.into_iter().collect()
}
