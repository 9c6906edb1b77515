//! The tokens a derive is made of: rustc's own, for a bridge crate costs build time and adds nothing to them.
//!
//! rustc's do not exist outside a macro, so tests take those of proc-macro2, which are called the same.

#[cfg(not(any(test, feature = "proc-macro2")))]
pub(super) use proc_macro::{
    Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree,
};
#[cfg(any(test, feature = "proc-macro2"))]
pub(super) use proc_macro2::{
    Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree,
};

/// Whether an identifier is this word.
pub(super) fn is(ident: &Ident, word: &str) -> bool {
    let text = ident.to_string();
    text == word
}
