//! Items under our derives: any tokens give tokens, and for an item that is Rust the output is Rust.

use obs_model::derive::{self, Door, SchemaFile};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Deeper tokens than these are handed over, and not to the judge, who is recursive.
const JUDGED_DEPTH: usize = 64;

/// Nor are those with more signs that may stand before another of the same: `<<<T`, `&&T`, `-> fn() -> T`.
const JUDGED_SIGNS: usize = 64;

/// An item, and behind a zero byte the file that its `schema = "…"` names.
pub(crate) fn items(data: &[u8]) {
    let (item, schema) = crate::halves(data).unwrap_or((data, b""));
    let (Ok(item), Ok(schema)) = (std::str::from_utf8(item), std::str::from_utf8(schema)) else {
        return;
    };
    let Ok(tokens) = item.parse::<TokenStream>() else {
        return;
    };
    let tokens = with_invisible_groups(tokens);
    let read = |path: &str| {
        if schema.is_empty() {
            return Err("there is none".to_owned());
        }
        Ok(SchemaFile {
            path: path.to_owned(),
            text: schema.to_owned(),
        })
    };
    let door = Door {
        read: &read,
        defaults: Some(r#"{"owner": "fuzz"}"#.to_owned()),
        events: None,
    };
    let judged = depth(&tokens) < JUDGED_DEPTH && signs(&tokens) < JUDGED_SIGNS;
    let is_rust = judged && syn::parse2::<syn::Item>(tokens.clone()).is_ok();
    for derive in [derive::event, derive::event_part, derive::label] {
        let output = derive(tokens.clone(), &door);
        if is_rust && depth(&output) < JUDGED_DEPTH {
            let text = output.to_string();
            if let Err(error) = syn::parse2::<syn::File>(output) {
                panic!("the output is not Rust: {error}\n{text}");
            }
            assert_eq!(
                derive(tokens.clone(), &door).to_string(),
                text,
                "the same item gave different output"
            );
        }
    }
    let _ = derive::model(tokens, &door);
}

/// `invisible(…)` becomes the group without delimiters in which a `macro_rules!` hands on what it was given.
fn with_invisible_groups(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            out.push(token);
            continue;
        };
        let marked = matches!(out.last(), Some(TokenTree::Ident(ident)) if *ident == "invisible");
        let delimiter = if marked {
            out.pop();
            Delimiter::None
        } else {
            group.delimiter()
        };
        // The lexer is not recursive, so its groups may be deeper than this stack; those stay as they are.
        let inner = if depth(&group.stream()) < JUDGED_DEPTH {
            with_invisible_groups(group.stream())
        } else {
            group.stream()
        };
        out.push(Group::new(delimiter, inner).into());
    }
    out.into_iter().collect()
}

/// How deep groups stand in groups, counted up to the bound.
fn depth(tokens: &TokenStream) -> usize {
    let mut level: Vec<TokenStream> = vec![tokens.clone()];
    let mut depth = 0;
    while !level.is_empty() && depth < JUDGED_DEPTH {
        depth += 1;
        let groups = level.into_iter().flatten().filter_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        });
        level = groups.collect();
    }
    depth
}

/// How many signs there are that deepen what they stand before, in tokens that are not too deep.
fn signs(tokens: &TokenStream) -> usize {
    let of_token = |token| match token {
        TokenTree::Group(group) => signs(&group.stream()),
        TokenTree::Punct(punct) => usize::from(!",;:#='".contains(punct.as_char())),
        _ => 0,
    };
    tokens.clone().into_iter().map(of_token).sum()
}
