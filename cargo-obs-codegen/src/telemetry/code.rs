//! What the code says of events: functions that declare with `emits(…)` that they publish some, and who handles which.
//!
//! Files of Rust are looked through as tokens. What a macro makes, and what is only known when the program runs, is not
//! among it.

use super::subject::Subject;
use crate::package::Code;
use obs_codegen::fs;
use obs_model::model::Model;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// A part of a program that has to do with an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Part {
    /// The path of the event's type, as it is written.
    event: Vec<String>,
    /// It publishes the event, or else handles it.
    emits: bool,
    /// What it is called.
    pub(crate) name: String,
    /// The package it is in.
    pub(crate) package: String,
    /// The file, from the folder of its package.
    pub(crate) file: String,
}

/// All parts, in order. A file that cannot be read, or that is no Rust, has none: its compiler says why.
pub(crate) fn parts(code: &[Code]) -> std::io::Result<BTreeSet<Part>> {
    let mut all = BTreeSet::new();
    for Code {
        package,
        root,
        folder,
    } in code
    {
        for path in fs::list(folder)?.files {
            let text = path.extension().filter(|end| *end == "rs");
            let text = text.and_then(|_| fs::read_text(&path));
            let Some(tokens) = text.and_then(|text| text.parse::<TokenStream>().ok()) else {
                continue;
            };
            look(tokens, &mut |emits, event, name| {
                all.insert(Part {
                    event,
                    emits,
                    name,
                    package: package.clone(),
                    file: fs::relative(root, &path),
                });
            });
        }
    }
    Ok(all)
}

/// Those among them that publish an event, or else handle it. A name that several events have says which only with its
/// module.
pub(crate) fn of<'a>(
    parts: &'a BTreeSet<Part>,
    model: &Model,
    subjects: &[Subject<'_>],
    subject: &Subject<'_>,
    emits: bool,
) -> Vec<&'a Part> {
    let means = |part: &Part, subject: &Subject<'_>, modules: bool| {
        subject.versions.iter().any(|event| {
            let name = &model.get(event.ty).name;
            let mut path = part.event.iter().rev();
            path.next().is_some_and(|last| *last == name.ident)
                && (!modules || path.next() == name.module.last())
        })
    };
    let chosen = |part: &&Part| {
        let several = subjects
            .iter()
            .filter(|other| means(part, other, false))
            .count()
            > 1;
        part.emits == emits && means(part, subject, several)
    };
    parts.iter().filter(chosen).collect()
}

/// What is seen: whether it is emitted, the path of its type, and by what.
type See<'a> = &'a mut dyn FnMut(bool, Vec<String>, String);

/// Looks through tokens, and those in their groups.
fn look(tokens: TokenStream, see: See<'_>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut attributes: Vec<Vec<TokenTree>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [TokenTree::Punct(sign), TokenTree::Group(inner), ..]
                if sign.as_char() == '#' && inner.delimiter() == Delimiter::Bracket =>
            {
                attributes.push(inner.stream().into_iter().collect());
                at += 2;
                continue;
            }
            [TokenTree::Ident(word), rest @ ..] => {
                let item = ["fn", "impl", "mod", "struct", "enum", "use"];
                if let Some(item) = item.iter().find(|item| word == **item) {
                    let attributes = std::mem::take(&mut attributes);
                    if attributes.iter().any(|attribute| is_test(attribute)) {
                        at += 1 + rest.iter().take_while(|token| !ends(token)).count();
                    } else {
                        seen(item, &attributes, rest, see);
                    }
                }
            }
            [TokenTree::Group(group), ..] => look(group.stream(), see),
            _ => {}
        }
        at += 1;
    }
}

/// Whether an item ends here.
fn ends(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    }
}

/// An item: what it emits, and what it handles. `rest` is what stands behind its keyword.
fn seen(item: &str, attributes: &[Vec<TokenTree>], rest: &[TokenTree], see: See<'_>) {
    let head: Vec<TokenTree> = rest
        .iter()
        .take_while(|token| !ends(token))
        .cloned()
        .collect();
    let handled = match item {
        "impl" => implemented(&head),
        "fn" => None,
        _ => return,
    };
    let name = match item {
        "fn" => head.first().map(ToString::to_string),
        _ => implementor(&head),
    };
    let Some(name) = name else {
        return;
    };
    for attribute in attributes {
        for event in emitted(attribute) {
            see(true, event, name.clone());
        }
        let argument = head.iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                Some(group.stream())
            }
            _ => None,
        });
        if item == "fn" && attribute_is(attribute, "handler") {
            let argument: Vec<TokenTree> = argument.into_iter().flatten().collect();
            let ty = argument.iter().skip_while(|token| !is(token, ':')).skip(1);
            let ty: Vec<TokenTree> = ty.take_while(|token| !is(token, ',')).cloned().collect();
            see(false, path(&ty), name.clone());
        }
    }
    if let Some(event) = handled {
        see(false, event, name);
    }
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Whether it is `#[name…]` or `#[some::path::name…]`.
fn attribute_is(attribute: &[TokenTree], name: &str) -> bool {
    path(attribute).last().is_some_and(|last| last == name)
}

/// Whether the item is there for tests alone.
fn is_test(attribute: &[TokenTree]) -> bool {
    let [TokenTree::Ident(word), TokenTree::Group(inner)] = attribute else {
        return false;
    };
    word == "cfg" && inner.stream().to_string() == "test"
}

/// The types in `emits(…)` of `#[observed(…)]`.
fn emitted(attribute: &[TokenTree]) -> Vec<Vec<String>> {
    let Some(TokenTree::Group(inner)) = attribute.last() else {
        return Vec::new();
    };
    if !attribute_is(attribute, "observed") {
        return Vec::new();
    }
    let inner: Vec<TokenTree> = inner.stream().into_iter().collect();
    let groups = inner.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Group(types)] if word == "emits" => {
            Some(types.stream().into_iter().collect::<Vec<_>>())
        }
        _ => None,
    });
    let types = groups.flat_map(|types| {
        let each = types.split(|token| is(token, ','));
        each.map(path).collect::<Vec<_>>()
    });
    types.filter(|path| !path.is_empty()).collect()
}

/// The segments of the path at the start of these tokens.
fn path(tokens: &[TokenTree]) -> Vec<String> {
    let own = tokens
        .iter()
        .take_while(|token| matches!(token, TokenTree::Ident(_)) || is(token, ':'));
    let words = own.filter(|token| matches!(token, TokenTree::Ident(_)));
    words.map(ToString::to_string).collect()
}

/// The event of `impl Handler<Event> for …`.
fn implemented(head: &[TokenTree]) -> Option<Vec<String>> {
    let at = head.windows(2).position(|pair| {
        let word = pair[0].to_string();
        (word == "Handler" || word == "BatchHandler") && is(&pair[1], '<')
    })?;
    Some(path(&head[at + 2..])).filter(|path| !path.is_empty())
}

/// Whom an `impl` is for.
fn implementor(head: &[TokenTree]) -> Option<String> {
    let at = head.iter().position(|token| token.to_string() == "for");
    let ty = match at {
        Some(at) => &head[at + 1..],
        None => head,
    };
    path(ty).pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_found_wherever_they_stand() {
        for (text, expected) in [
            (
                "#[observed(err, emits(A, b::C))] pub async fn f<T>(x: T) -> R {}",
                "f emits A; f emits b::C",
            ),
            (
                "mod m { impl S { #[obs_runtime::observed(emits(A))] #[inline] unsafe fn g() {} } }",
                "g emits A",
            ),
            ("#[observed] fn f() {} fn g() {}", ""),
            (
                "#[handler] async fn f(event: a::B, _: &Delivery) -> R { Ok(()) }",
                "f handles a::B",
            ),
            (
                "impl<T: X> Handler<A> for b::W<T> where T: Y { type Error = E; }",
                "W handles A",
            ),
            ("impl consume::BatchHandler<A> for W {}", "W handles A"),
            (
                "#[cfg(test)] mod tests { #[observed(emits(A))] fn f() {} } fn g() {}",
                "",
            ),
            (
                "fn f() { #[observed(emits(A))] fn inner() {} }",
                "inner emits A",
            ),
        ] {
            let mut found = Vec::new();
            look(
                text.parse().expect("it is Rust"),
                &mut |emits, event, name| {
                    let word = if emits { "emits" } else { "handles" };
                    found.push(format!("{name} {word} {}", event.join("::")));
                },
            );
            assert_eq!(found.join("; "), expected, "{text}");
        }
    }
}
