//! What stands in the parentheses of `#[observed(…)]`.

use crate::derive::attr;
use crate::derive::spans::Spans;
use crate::derive::tokens::TokenStream;
use crate::keys;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{Member, Node, Value};

const KEYS: &[&str] = &["name", "kind", "slow", "metrics", "crate"];

const KINDS: &[(&str, &str)] = &[
    ("internal", "Internal"),
    ("server", "Server"),
    ("client", "Client"),
    ("producer", "Producer"),
    ("consumer", "Consumer"),
];

/// What was asked for.
#[derive(Debug)]
pub(super) struct Args {
    pub(super) krate: String,
    pub(super) name: Option<String>,
    /// A variant of the runtime's `Kind`.
    pub(super) kind: Option<&'static str>,
    /// Nanoseconds.
    pub(super) slow: Option<u64>,
    pub(super) metrics: bool,
}

/// Reads everything, and complains of what it cannot read.
pub(super) fn read(cx: &mut Diagnostics, spans: &mut Spans, tokens: TokenStream) -> Args {
    let mut out = Args {
        krate: "::obs_runtime".to_owned(),
        name: None,
        kind: None,
        slow: None,
        metrics: true,
    };
    let mut members = Vec::new();
    attr::list(cx, spans, tokens, |cx, spans, cursor| {
        let member = attr::member(cx, spans, cursor)?;
        attr::add(cx, &mut members, member, &[]);
        Some(())
    });
    for member in &members {
        out.key(cx, member);
    }
    out
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

impl Args {
    fn key(&mut self, cx: &mut Diagnostics, member: &Member) {
        let value = &member.value;
        match member.name.as_str() {
            "name" => self.name = keys::text(cx, "`name`", value).map(|it| it.value),
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
            _ => keys::unknown_key(cx, member, "on a function", KEYS),
        }
    }
}
