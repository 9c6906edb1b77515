//! What stands in the parentheses of `#[observed(…)]`.

use super::exprs::{self, Expr, Labelled, Show, Told};
use crate::derive::attr;
use crate::derive::item::Cursor;
use crate::derive::spans::Spans;
use crate::derive::tokens::{TokenStream, TokenTree, is};
use crate::draft::Located;
use crate::keys;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{Member, Node, Value};
use obs_schema::source::Loc;

const KEYS: &[&str] = &[
    "name", "fields", "labels", "err", "ret", "level", "slow", "kind", "metrics", "parent", "link",
    "db", "client", "emits", "crate",
];

/// Keys whose values are not read, but compiled.
const WITH_EXPRESSIONS: [&str; 5] = ["fields", "labels", "parent", "link", "emits"];

/// Where the attribute stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Function,
    /// An `impl` or a `trait`.
    Block,
    /// A function in one of those that have one themselves.
    InBlock,
}

const KINDS: &[(&str, &str)] = &[
    ("internal", "Internal"),
    ("server", "Server"),
    ("client", "Client"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

const LEVELS: &[(&str, &str)] = &[
    ("trace", "Trace"),
    ("debug", "Debug"),
    ("info", "Info"),
    ("warn", "Warn"),
    ("error", "Error"),
];

const ERRORS: &[(&str, Show)] = &[
    ("Display", Show::Display),
    ("Debug", Show::Debug),
    ("chain", Show::Chain),
];

const VALUES: &[(&str, Show)] = &[("Debug", Show::Debug), ("Display", Show::Display)];

/// What a call of a database is, by the conventions of OpenTelemetry.
const DB: &[(&str, &str)] = &[
    ("system", "db.system.name"),
    ("operation", "db.operation.name"),
    ("collection", "db.collection.name"),
    ("namespace", "db.namespace"),
];

/// What a call of a peer is.
const CLIENT: &[(&str, &str)] = &[
    ("system", "rpc.system.name"),
    ("method", "rpc.method"),
    ("address", "server.address"),
];

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub(super) krate: String,
    pub(super) name: Option<String>,
    /// What stands before the names of the functions of a block.
    pub(super) prefix: Option<String>,
    /// A variant of the runtime's `Kind`.
    pub(super) kind: Option<&'static str>,
    /// Nanoseconds.
    pub(super) slow: Option<u64>,
    pub(super) metrics: bool,
    pub(super) skip: bool,
    pub(super) err: Option<Show>,
    /// Where `err` and `ret` stand.
    pub(super) result_keys: Vec<(&'static str, Loc)>,
    pub(super) ret: Option<Show>,
    /// A variant of the runtime's `Level`.
    pub(super) level: Option<&'static str>,
    pub(super) fields: Vec<Told>,
    pub(super) labels: Vec<Labelled>,
    pub(super) parent: Option<Expr>,
    pub(super) links: Vec<Expr>,
    /// Types of events.
    pub(super) emits: Vec<Expr>,
    /// Attributes that every span has.
    pub(super) fixed: Vec<(&'static str, String)>,
    /// The name that the conventions give to a call of a store or a peer.
    pub(super) usual_name: Option<String>,
}

impl Default for Args {
    fn default() -> Args {
        Args {
            krate: "::obs_runtime".to_owned(),
            name: None,
            prefix: None,
            kind: None,
            slow: None,
            metrics: true,
            skip: false,
            err: None,
            result_keys: Vec::new(),
            ret: None,
            level: None,
            fields: Vec::new(),
            labels: Vec::new(),
            parent: None,
            links: Vec::new(),
            emits: Vec::new(),
            fixed: Vec::new(),
            usual_name: None,
        }
    }
}

impl Args {
    /// Reads what an attribute says beyond what is known, and complains of what it cannot read.
    pub(super) fn read(
        mut self,
        cx: &mut Diagnostics,
        spans: &mut Spans,
        tokens: TokenStream,
        place: Place,
    ) -> Args {
        let mut members = Vec::new();
        let mut names = Vec::new();
        attr::list(cx, spans, tokens, |cx, spans, cursor| {
            let member = match cursor.peek() {
                Some(TokenTree::Ident(word)) if WITH_EXPRESSIONS.iter().any(|it| is(word, it)) => {
                    let word = cursor.next()?;
                    self.expressions(cx, spans, cursor, &word, &mut names)?
                }
                _ => Some(attr::member(cx, spans, cursor)?),
            };
            if let Some(member) = member {
                attr::add(cx, &mut members, member, &[]);
            }
            Some(())
        });
        for member in &members {
            self.key(cx, member, place);
        }
        self
    }

    /// Reads a key whose values are the user's expressions. What is read is kept, and the key is given back, unless it
    /// may stand there several times.
    fn expressions(
        &mut self,
        cx: &mut Diagnostics,
        spans: &mut Spans,
        cursor: &mut Cursor,
        word: &TokenTree,
        names: &mut Vec<(String, Loc)>,
    ) -> Option<Option<Member>> {
        let name = word.to_string();
        let loc = spans.at(word.span());
        match name.as_str() {
            "fields" => exprs::each(cx, spans, cursor, word, |cx, spans, cursor| {
                let (told, loc) = exprs::told(cx, spans, cursor)?;
                exprs::check(cx, names, &told.name, loc);
                names.push((told.name.clone(), loc));
                self.fields.push(told);
                Some(())
            })?,
            "labels" => {
                let mut all = Vec::new();
                exprs::each(cx, spans, cursor, word, |cx, spans, cursor| {
                    let (label, loc) = exprs::labelled(cx, spans, cursor)?;
                    if keys::is_label_name(cx, &label.name, loc) {
                        let value = label.name.clone();
                        all.push(Located { value, loc });
                    }
                    self.labels.push(label);
                    Some(())
                })?;
                keys::check_labels(cx, &all);
            }
            _ => exprs::each(cx, spans, cursor, word, |cx, spans, cursor| {
                let value = exprs::expression(cx, spans, cursor, word)?;
                match name.as_str() {
                    "parent" => self.parent = Some(value),
                    "link" => self.links.push(value),
                    _ => self.emits.push(value),
                }
                Some(())
            })?,
        }
        Some(
            matches!(name.as_str(), "parent" | "labels").then_some(Member {
                name,
                name_loc: loc,
                value: Node {
                    loc,
                    value: Value::Bool(true),
                },
            }),
        )
    }

    fn key(&mut self, cx: &mut Diagnostics, member: &Member, place: Place) {
        let value = &member.value;
        match member.name.as_str() {
            "name" => {
                let name = match place {
                    Place::Block => &mut self.prefix,
                    Place::Function | Place::InBlock => &mut self.name,
                };
                *name = keys::text(cx, "`name`", value).map(|it| it.value);
            }
            "kind" => self.kind = keys::word(cx, "`kind`", value, KINDS).map(|it| it.value),
            "err" => {
                self.err = show(cx, "`err`", value, ERRORS);
                self.result_keys.push(("err", member.name_loc));
            }
            "ret" => {
                self.ret = show(cx, "`ret`", value, VALUES);
                self.result_keys.push(("ret", member.name_loc));
            }
            "level" => self.level = keys::word(cx, "`level`", value, LEVELS).map(|it| it.value),
            "db" => {
                let said = self.conventions(cx, member, DB);
                let word = |name| said.iter().find(|(known, _)| *known == name);
                let target = word("collection").or(word("namespace"));
                let parts = [word("operation"), target.or(word("system"))];
                let parts: Vec<&str> = parts.into_iter().flatten().map(|(_, it)| &**it).collect();
                self.usual_name = Some(parts.join(" "));
            }
            "client" => {
                let said = self.conventions(cx, member, CLIENT);
                let method = said.into_iter().find(|(known, _)| *known == "method");
                self.usual_name = method.map(|(_, method)| method);
            }
            "parent" | "labels" => {}
            "slow" => self.slow = keys::duration(cx, "`slow`", value).map(|it| it.value),
            "metrics" => {
                let value = word(value).unwrap_or_else(|| value.clone());
                self.metrics = keys::boolean(cx, "`metrics`", &value) != Some(false);
            }
            "crate" => {
                if let Some(path) = keys::text(cx, "`crate`", value) {
                    self.krate = path.value;
                }
            }
            "skip" if place == Place::InBlock => {
                self.skip = keys::boolean(cx, "`skip`", value) != Some(false);
            }
            _ => {
                let skip = (place == Place::InBlock).then_some("skip");
                let known: Vec<&str> = KEYS.iter().copied().chain(skip).collect();
                keys::unknown_key(cx, member, "on a function", &known);
            }
        }
    }

    /// Reads what a call of somebody else is; gives the keys with what they say.
    fn conventions(
        &mut self,
        cx: &mut Diagnostics,
        member: &Member,
        known: &[(&'static str, &'static str)],
    ) -> Vec<(&'static str, String)> {
        let mut said = Vec::new();
        let name = format!("`{}`", member.name);
        let Some(inner) = keys::object(
            cx,
            &name,
            &member.value,
            "write `key = \"…\"` in parentheses",
        ) else {
            return said;
        };
        for one in inner {
            match known.iter().find(|(key, _)| *key == one.name) {
                Some((key, attribute)) => {
                    if let Some(text) = keys::text(cx, &format!("`{key}`"), &one.value) {
                        self.fixed.push((attribute, text.value.clone()));
                        said.push((*key, text.value));
                    }
                }
                None => {
                    let words: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
                    keys::unknown_key(cx, one, &format!("in {name}"), &words);
                }
            }
        }
        if !said.iter().any(|(key, _)| *key == "system") {
            keys::missing(cx, &member.value, "`system`", "name it: `system = \"…\"`");
        }
        self.kind = self.kind.or(Some("Client"));
        said
    }
}

/// `metrics(false)` is `metrics = false`: the one word in parentheses, with its place.
fn word(node: &Node) -> Option<Node> {
    let [member] = node.as_object()? else {
        return None;
    };
    let word = match member.name.as_str() {
        _ if member.value.loc != member.name_loc => return None,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        word => Value::String(word.to_owned()),
    };
    Some(Node {
        loc: member.name_loc,
        value: word,
    })
}

/// `err`, or `err(Debug)`.
fn show(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    words: &[(&'static str, Show)],
) -> Option<Show> {
    if node.as_bool() == Some(true) {
        return words.first().map(|(_, usual)| *usual);
    }
    let value = word(node).unwrap_or_else(|| node.clone());
    keys::word(cx, name, &value, words).map(|it| it.value)
}
