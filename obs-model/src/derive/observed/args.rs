//! What stands in the parentheses of `#[observed(…)]`.

use crate::derive::attr;
use crate::derive::spans::Spans;
use crate::derive::tokens::TokenStream;
use crate::keys;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{Member, Node, Value};

const KEYS: &[&str] = &["name", "kind", "slow", "metrics", "crate"];
const IN_BLOCK: &[&str] = &["name", "kind", "slow", "metrics", "crate", "skip"];

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
        attr::list(cx, spans, tokens, |cx, spans, cursor| {
            let member = attr::member(cx, spans, cursor)?;
            attr::add(cx, &mut members, member, &[]);
            Some(())
        });
        for member in &members {
            self.key(cx, member, place);
        }
        self
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
            _ if place == Place::InBlock => {
                keys::unknown_key(cx, member, "on a function", IN_BLOCK);
            }
            _ => keys::unknown_key(cx, member, "on a function", KEYS),
        }
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
