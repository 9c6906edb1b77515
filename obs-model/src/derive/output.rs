//! From what was understood to tokens: the emitter's text with the user's own types and spans in it.

use super::container::{self, Role};
use super::item::{self, Item};
use super::schema::{Piece, part_placeholder};
use super::spans::{Spans, compile_error as compile_error_at, compile_errors};
use super::stub;
use super::tokens::{self, Delimiter, Group, Span, TokenStream, TokenTree};
use super::ty::Foreign;
use super::understand::{Agreement, Understood};
use crate::diag::compile_error;
use crate::emit;
use crate::settings::Settings;
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::source::SourceMap;
use obs_schema::table::Table;
use std::fmt::Write as _;

/// The output of a derive: implementations, or errors beside a stub of them.
pub(super) fn write(
    cx: Diagnostics,
    spans: &Spans,
    sources: &SourceMap,
    item: &Item,
    role: Role,
    understood: Option<Understood>,
) -> TokenStream {
    let broken = cx.has_errors();
    let found = cx.into_sorted();
    match understood {
        Some(mut understood) if !broken => {
            understood.through_the_trait();
            implementations(item, role, &understood)
        }
        _ => {
            let message = |diagnostic: &Diagnostic| match spans.get(diagnostic.primary.loc) {
                Some(_) => compile_error::message(diagnostic),
                // In a file, the snippet says where.
                None => compile_error::text(diagnostic, sources),
            };
            let mut out = compile_errors(&found, spans, item.name.span(), message);
            let stub = stub::text(item, role, &container::krate(item, role));
            out.extend(place(
                &stub,
                item.name.span(),
                &Table::default(),
                &Table::default(),
            ));
            out
        }
    }
}

/// Lints that generated code may break in a crate that wants none of it.
pub(super) const ALLOW: &str = "#[allow(deprecated, unused_imports, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery)]";

fn implementations(item: &Item, role: Role, understood: &Understood) -> TokenStream {
    let mut types = Table::default();
    for (at, tokens) in understood.foreign.types.iter().enumerate() {
        types.insert(Foreign::placeholder(at), tokens.clone());
    }
    for (at, tokens) in understood.parts.iter().enumerate() {
        types.insert(part_placeholder(at), tokens.clone());
    }
    let fields = match &item.kind {
        item::Kind::Named(fields) => fields.as_slice(),
        _ => &[],
    };
    let mut spans = Table::default();
    for field in fields {
        spans.insert(field.name.to_string(), field.name.span());
    }
    place(
        &text(item, role, understood),
        item.name.span(),
        &types,
        &spans,
    )
}

/// The implementations as text.
pub(super) fn text(item: &Item, role: Role, understood: &Understood) -> String {
    let prefix = format!("{}::__private::v1", understood.krate);
    let settings = Settings::default();
    // Methods are found through traits in scope, and a crate may have switched the prelude off.
    let mut text =
        format!("{ALLOW}\nconst _: () = {{\nuse {prefix}::{{Clone as _, From as _, Into as _}};\n");
    for file in &understood.files {
        let _ = writeln!(
            text,
            "const _: &::core::primitive::str = ::core::include_str!({file:?});"
        );
    }
    // A type that mentions itself agrees with itself.
    for agreement in understood
        .agreements
        .iter()
        .filter(|one| !one.canonical.is_empty())
    {
        let Agreement {
            placeholder,
            canonical,
            message,
        } = agreement;
        let _ = writeln!(
            text,
            "const _: () = <{placeholder} as {prefix}::EventPart>::SCHEMA.follows({canonical:?}, {message:?});"
        );
    }
    match role {
        Role::Event if !understood.parts.is_empty() => {
            let schema = part_schema(understood, &prefix);
            let _ = writeln!(
                text,
                "const {}: &{prefix}::PartSchema = {schema};",
                emit::PART
            );
        }
        Role::Part => text += &part(item, understood, &prefix),
        Role::Label => {
            text += &part(item, understood, &prefix);
            text += &label(item, understood, &prefix);
        }
        Role::Event => {}
    }
    text += &emit::impls(&understood.model, &settings, understood.id, &prefix);
    text + "};\n"
}

/// `impl EventPart`: the schema in pieces, for the events the part stands in.
fn part(item: &Item, understood: &Understood, prefix: &str) -> String {
    let (name, schema) = (&item.name, part_schema(understood, prefix));
    format!(
        "#[automatically_derived]\nimpl {prefix}::EventPart for {name} {{\n\
         const SCHEMA: &'static {prefix}::PartSchema = {schema};\n}}\n"
    )
}

/// A schema in pieces, as an expression.
fn part_schema(understood: &Understood, prefix: &str) -> String {
    let name = &understood.name;
    let (full, canonical) = (&understood.full, &understood.canonical);
    let (full, canonical) = (pieces_text(full, prefix), pieces_text(canonical, prefix));
    format!("&{prefix}::PartSchema {{ name: {name:?}, full: {full}, canonical: {canonical} }}")
}

fn pieces_text(pieces: &[Piece], prefix: &str) -> String {
    let mut out = String::from("&[");
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                let _ = write!(out, "{prefix}::Piece::Text({text:?}), ");
            }
            Piece::Part(at) => {
                let ty = part_placeholder(*at);
                let _ = write!(
                    out,
                    "{prefix}::Piece::Part(<{ty} as {prefix}::EventPart>::SCHEMA), "
                );
            }
        }
    }
    out + "]"
}

/// `impl Label`: the words by index, and what is made of them: a message key, and what telemetry shows.
fn label(item: &Item, understood: &Understood, prefix: &str) -> String {
    let name = &item.name;
    let words: Vec<String> = understood
        .symbols
        .iter()
        .map(|symbol| format!("{symbol:?}"))
        .collect();
    let super::item::Kind::Enum(variants) = &item.kind else {
        return String::new();
    };
    let arms: Vec<String> = variants
        .iter()
        .enumerate()
        .map(|(at, variant)| format!("Self::{} => {at}", variant.name))
        .collect();
    format!(
        "#[automatically_derived]\nimpl {prefix}::Label for {name} {{\n\
         const VALUES: &'static [&'static ::core::primitive::str] = &[{}];\n\
         fn index(&self) -> ::core::primitive::usize {{ match self {{ {} }} }}\n}}\n\
         #[automatically_derived]\nimpl<'a> ::core::convert::From<&'a {name}> for {prefix}::Key<'a> {{\n\
         fn from(value: &'a {name}) -> Self {{ {prefix}::Key::from({prefix}::Label::as_str(value)) }}\n}}\n\
         #[automatically_derived]\nimpl {prefix}::Telling for {name} {{\n\
         fn tell(&self, say: &mut dyn ::core::ops::FnMut({prefix}::Said<'_>, ::core::primitive::bool)) {{\n\
         say({prefix}::Said::Text({prefix}::Label::as_str(self)), false);\n}}\n}}\n",
        words.join(", "),
        arms.join(", "),
    )
}

/// Text as tokens at a span, with types in place of their identifiers.
///
/// The tokens resolve where the derive stands, except for local names, which cannot meet the user's.
/// What speaks of a field stands at the field, and what speaks of a type of the user's own at that type: there rustc
/// shows what goes wrong with them.
pub(super) fn place(
    text: &str,
    at: Span,
    types: &Table<String, TokenStream>,
    fields: &Table<String, Span>,
) -> TokenStream {
    match text.parse() {
        Ok(tokens) => respan(tokens, Span::mixed_site().located_at(at), types, fields),
        // What the emitter writes is tested to be tokens; if it is not, that is a mistake of ours to be told.
        Err(_) => compile_error_at("obs emitted text that is no Rust; please report it", at),
    }
}

fn respan(
    tokens: TokenStream,
    span: Span,
    types: &Table<String, TokenStream>,
    fields: &Table<String, Span>,
) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let ends = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';'));
    let mut out: Vec<TokenTree> = Vec::new();
    // One statement, field of a literal or argument after the other.
    for run in tokens.chunk_by(|a, _| !ends(a)) {
        let mut here =
            about(run, fields).map_or(span, |field| Span::mixed_site().located_at(field));
        for token in run {
            match token {
                TokenTree::Group(group) => {
                    let inner = respan(group.stream(), here, types, fields);
                    let mut inner = Group::new(group.delimiter(), inner);
                    inner.set_span(here);
                    out.push(inner.into());
                }
                TokenTree::Ident(ident) if types.contains(&ident.to_string()) => {
                    let Some(ty) = types.get(&ident.to_string()) else {
                        continue;
                    };
                    here = Span::mixed_site().located_at(item::span(ty).unwrap_or(span));
                    if let Some(open) = out.last_mut() {
                        open.set_span(here);
                    }
                    out.extend(ty.clone());
                }
                token => {
                    let mut token = token.clone();
                    token.set_span(here);
                    out.push(token);
                }
            }
        }
    }
    out.into_iter().collect()
}

/// The field that `self.field…`, `&self.field…` or `field: …` speaks of.
fn about(run: &[TokenTree], fields: &Table<String, Span>) -> Option<Span> {
    let field = |token: Option<&TokenTree>| match token {
        Some(TokenTree::Ident(ident)) => fields.get(&ident.to_string()).copied(),
        _ => None,
    };
    let is = |token: Option<&TokenTree>, sign: char| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let start = usize::from(is(run.first(), '&'));
    match run.get(start) {
        Some(TokenTree::Ident(word)) if tokens::is(word, "self") && is(run.get(start + 1), '.') => {
            field(run.get(start + 2))
        }
        first if is(run.get(start + 1), ':') && !is(run.get(start + 2), ':') => field(first),
        // `w.string(&self.field)`: the one argument decides for the whole call.
        _ => run.iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                about(&inner, fields)
            }
            _ => None,
        }),
    }
}
