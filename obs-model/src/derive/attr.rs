//! `#[event(…)]` as the located tree that specs are, with tokens for places.
//!
//! ```text
//! #[event(version = "2.0.0", slo(objective = "publish-success", target = 99.9), tags = ["a", "b"])]
//! { "version": "2.0.0", "slo": [{ "objective": "publish-success", "target": 99.9 }], "tags": ["a", "b"] }
//! ```
//!
//! A word alone is `true`, a word with parentheses is an object; keys that take a list of objects gather their repetitions.

use super::item::{Attr, Cursor};
use super::literal::{self, Value as Literal};
use super::spans::Spans;
use super::tokens::{Delimiter, Group, TokenStream, TokenTree};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Number;
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::Loc;

/// Keys that hold a list of objects: `slo(…)` twice is a list of two.
const LISTS: [&str; 2] = ["slo", "metrics"];

/// Everything the attributes called `name` say, as one object at `loc`.
pub(super) fn read(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    attrs: &[Attr],
    name: &str,
    loc: Loc,
) -> Node {
    let mut members = Vec::new();
    let mut place = None;
    for attr in attrs.iter().filter(|attr| attr.path == name) {
        place = place.or(Some(attr.loc));
        let mut cursor = Cursor::new(attr.tokens.clone());
        match cursor.next() {
            None => {}
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                read_members(cx, spans, group.stream(), &mut members);
            }
            Some(token) => {
                let help = format!("write `#[{name}(key = \"value\")]`");
                syntax(
                    cx,
                    spans,
                    &token,
                    "an attribute takes its keys in parentheses",
                    &help,
                );
            }
        }
    }
    Node {
        loc: place.unwrap_or(loc),
        value: Value::Object(members),
    }
}

fn read_members(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    tokens: TokenStream,
    members: &mut Vec<Member>,
) {
    list(cx, spans, tokens, |cx, spans, cursor| {
        let member = member(cx, spans, cursor)?;
        add(cx, members, member, &LISTS);
        Some(())
    });
}

/// Reads what commas separate. `None` says that something could not be read, and was reported.
pub(super) fn list(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    tokens: TokenStream,
    mut one: impl FnMut(&mut Diagnostics, &mut Spans, &mut Cursor) -> Option<()>,
) {
    let mut cursor = Cursor::new(tokens);
    while cursor.peek().is_some() {
        if one(cx, spans, &mut cursor).is_none() {
            // What follows the next comma is looked at again.
            cursor.rest_of_value();
        }
        match cursor.next() {
            None => {}
            Some(TokenTree::Punct(punct)) if punct.as_char() == ',' => {}
            Some(token) => {
                let help = "separate keys by commas";
                syntax(cx, spans, &token, "expected a comma", help);
                cursor.until_comma();
            }
        }
    }
}

/// `key`, `key = value` or `key(…)`. Dots lead into nested records: `order.status = "PAID"`.
pub(super) fn member(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    cursor: &mut Cursor,
) -> Option<Member> {
    let token = cursor.next()?;
    let mut name = match &token {
        TokenTree::Ident(word) => super::item::bare(word),
        TokenTree::Literal(text) if matches!(literal::value(text), Literal::Text(_)) => {
            let Literal::Text(text) = literal::value(text) else {
                return None;
            };
            text
        }
        _ => {
            syntax(
                cx,
                spans,
                &token,
                "expected a key",
                "write `key`, `key = value` or `key(…)`",
            );
            return None;
        }
    };
    let name_loc = spans.at(token.span());
    while cursor.punct('.') {
        let part = cursor.ident()?;
        name = format!("{name}.{}", super::item::bare(&part));
    }
    if cursor.is_punct(':')
        && let Some(token) = cursor.next()
    {
        // As in a struct: what it means is plain, so the value is read all the same.
        let help = format!("write `{name} = …`");
        syntax(
            cx,
            spans,
            &token,
            "a colon stands where `=` should be",
            &help,
        );
        let value = value(cx, spans, cursor, name_loc)?;
        return Some(Member {
            name,
            name_loc,
            value,
        });
    }
    let value = if cursor.punct('=') {
        value(cx, spans, cursor, name_loc)?
    } else if let Some(TokenTree::Group(group)) = cursor.peek() {
        let group = group.clone();
        cursor.next();
        object(cx, spans, &group)
    } else {
        Node {
            loc: name_loc,
            value: Value::Bool(true),
        }
    };
    Some(Member {
        name,
        name_loc,
        value,
    })
}

fn object(cx: &mut Diagnostics, spans: &mut Spans, group: &Group) -> Node {
    let loc = spans.at(group.span());
    let mut members = Vec::new();
    read_members(cx, spans, group.stream(), &mut members);
    Node {
        loc,
        value: Value::Object(members),
    }
}

fn value(cx: &mut Diagnostics, spans: &mut Spans, cursor: &mut Cursor, after: Loc) -> Option<Node> {
    let Some(token) = cursor.next() else {
        let message = "a value is missing after `=`";
        cx.push(Diagnostic::error("attribute-syntax", after, message).help("write the value"));
        return None;
    };
    let node = |spans: &mut Spans, value| {
        Some(Node {
            loc: spans.at(token.span()),
            value,
        })
    };
    match &token {
        TokenTree::Literal(text) => match literal::value(text) {
            Literal::Text(text) => node(spans, Value::String(text)),
            Literal::Number(number) => node(spans, Value::Number(number)),
            Literal::Other => {
                let help = "write a string, a number, `true` or `false`";
                syntax(cx, spans, &token, "a key takes no value of this kind", help);
                None
            }
        },
        TokenTree::Punct(punct) if punct.as_char() == '-' => {
            let Some(TokenTree::Literal(text)) = cursor.next() else {
                return None;
            };
            let Literal::Number(number) = literal::value(&text) else {
                return None;
            };
            Number::parse(&format!("-{number}"))
                .and_then(|number| node(spans, Value::Number(number)))
        }
        TokenTree::Ident(word) => match word.to_string().as_str() {
            "true" => node(spans, Value::Bool(true)),
            "false" => node(spans, Value::Bool(false)),
            "null" => node(spans, Value::Null),
            word => {
                let help = format!("put it in quotes: `\"{word}\"`");
                syntax(
                    cx,
                    spans,
                    &token,
                    "a bare word stands where a value should be",
                    &help,
                );
                None
            }
        },
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            let mut items = Vec::new();
            let mut inner = Cursor::new(group.stream());
            while inner.peek().is_some() {
                match value(cx, spans, &mut inner, after) {
                    Some(item) => items.push(item),
                    None => inner.rest_of_value(),
                }
                if inner.peek().is_some() && !inner.punct(',') {
                    if let Some(token) = inner.next() {
                        syntax(
                            cx,
                            spans,
                            &token,
                            "expected a comma",
                            "separate values by commas",
                        );
                    }
                    inner.until_comma();
                }
            }
            node(spans, Value::Array(items))
        }
        TokenTree::Group(group) => Some(object(cx, spans, group)),
        TokenTree::Punct(_) => {
            let help = "write a string, a number, `true`, `false`, `[…]` or `(…)`";
            syntax(cx, spans, &token, "expected a value", help);
            None
        }
    }
}

/// Adds a member; a second of its name is a mistake, unless the key is one of those that hold a list.
pub(super) fn add(
    cx: &mut Diagnostics,
    members: &mut Vec<Member>,
    mut member: Member,
    lists: &[&str],
) {
    let listed = lists.contains(&member.name.as_str());
    if listed && matches!(member.value.value, Value::Object(_)) {
        let loc = member.value.loc;
        member.value = Node {
            loc,
            value: Value::Array(vec![member.value]),
        };
    }
    let Some(first) = members.iter_mut().find(|first| first.name == member.name) else {
        members.push(member);
        return;
    };
    if let (true, Value::Array(all), Value::Array(more)) =
        (listed, &mut first.value.value, &mut member.value.value)
    {
        all.append(more);
        return;
    }
    let message = format!("key `{}` is written twice", member.name);
    cx.push(
        Diagnostic::error("duplicate-key", member.name_loc, message)
            .other(first.name_loc, "first written here")
            .help("remove one of the two"),
    );
}

pub(super) fn syntax(
    cx: &mut Diagnostics,
    spans: &mut Spans,
    token: &TokenTree,
    message: &str,
    help: &str,
) {
    let loc = spans.at(token.span());
    cx.push(Diagnostic::error("attribute-syntax", loc, message).help(help));
}
