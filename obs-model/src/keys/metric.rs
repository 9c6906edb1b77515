//! `metrics` on an event: further families it feeds.
//!
//! ```text
//! { name, type, help, unit, allow,
//!   value:    "amount" | 1 | { difference: [a, b], key } | { quotient: [a, b], key }     a, b: "field" | { event: "order.placed" }
//!   entities: { key, enter: true | {field: …}, leave: true | {field: …}, max }           gauges: how many are in a state
//!   age:      { key, every, max }                                                        gauges: how long since the last event
//!   when:     { status: "PAID" | true | ["PAID", "REFUNDED"] }
//!   labels:   [ "plan", { field, name, bounds: [1, 7, 30] }, { field, name, each: true } ]
//!   buckets: [0.1, 1]    quantiles: [0.5, 0.99] }
//! ```

use super::field::label_name;
use super::value::{
    ascending, boolean, duration, list, listed, missing, object, text, texts, unknown_key, whole,
    word, wrong_kind,
};
use crate::draft::Located;
use crate::model::{FeedField, FeedRole, MetricFeed};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::json::Json;
use obs_schema::names::DURATION_BOUNDS_NS;
use obs_schema::node::{Member, Node, Value};
use obs_schema::table;

const KEYS: &[&str] = &[
    "name",
    "type",
    "help",
    "unit",
    "allow",
    "value",
    "entities",
    "age",
    "when",
    "labels",
    "buckets",
    "quantiles",
];

const KINDS: &[(&str, Kind)] = &[
    ("counter", Kind::Counter),
    ("gauge", Kind::Gauge),
    ("histogram", Kind::Histogram),
    ("summary", Kind::Summary),
    ("info", Kind::Info),
];

/// Entities a gauge remembers at most, unless it says less.
const MOST_ENTITIES: u64 = 10_000_000;

/// Quantiles of a summary that names none: the median, 0.9 and 0.99.
const USUAL_QUANTILES: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Info,
}

pub(super) fn feeds(cx: &mut Diagnostics, node: &Node) -> Option<Vec<Located<MetricFeed>>> {
    let help = "write a list: `[{ \"name\": \"orders_total\", \"type\": \"counter\" }]`";
    let items = list(cx, "`metrics`", node, help)?;
    Some(items.iter().filter_map(|item| feed(cx, item)).collect())
}

fn feed(cx: &mut Diagnostics, node: &Node) -> Option<Located<MetricFeed>> {
    let help = "write `{ \"name\": \"orders_total\", \"type\": \"counter\" }`";
    let members = object(cx, "a family", node, help)?;
    let (mut name, mut kind, mut allow) = (None, None, Vec::new());
    let (mut fields, mut events) = (Vec::new(), Vec::new());
    let (mut buckets, mut quantiles) = (None, None);
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "name" => name = family_name(cx, "`metrics.name`", value),
            "type" => kind = word(cx, "`metrics.type`", value, KINDS),
            "help" => drop(text(cx, "`metrics.help`", value)),
            "unit" => drop(text(cx, "`metrics.unit`", value)),
            "allow" => allow = texts(cx, "`metrics.allow`", value).unwrap_or_default(),
            "value" => read_value(cx, value, &mut fields, &mut events),
            "entities" => entities(cx, value, &mut fields),
            "age" => age(cx, value, &mut fields),
            "when" => when(cx, "`metrics.when`", value, &mut fields),
            "labels" => labels(cx, value, &mut fields),
            "buckets" => {
                buckets = ascending(cx, "`metrics.buckets`", value, "a finite number", |_| true);
            }
            "quantiles" => {
                let range = "a number above 0 and below 1";
                quantiles = ascending(cx, "`metrics.quantiles`", value, range, |q| {
                    q > 0.0 && q < 1.0
                });
            }
            _ => unknown_key(cx, member, "in `metrics`", KEYS),
        }
    }
    if node.get("name").is_none() {
        missing(
            cx,
            node,
            "`metrics.name`",
            "name the family: `\"name\": \"orders_total\"`",
        );
    }
    if node.get("type").is_none() {
        let words = listed(KINDS.iter().map(|(word, _)| *word));
        missing(
            cx,
            node,
            "`metrics.type`",
            &format!("say what it is: {words}"),
        );
    }
    let kind = kind?;
    let count = |list: Option<Vec<f64>>, usual: usize| list.map_or(usual, |list| list.len()) as u64;
    let series = match kind.value {
        // Each bucket, the infinite one, the sum and the count.
        Kind::Histogram => count(buckets, DURATION_BOUNDS_NS.len()) + 3,
        Kind::Summary => count(quantiles, USUAL_QUANTILES) + 2,
        Kind::Counter | Kind::Gauge | Kind::Info => 1,
    };
    fits_kind(cx, node, members, kind.value);
    let (kind, _) = KINDS.iter().find(|(_, other)| *other == kind.value)?;
    let name = name?;
    let value = MetricFeed {
        name: name.value,
        name_loc: name.loc,
        kind: (*kind).to_owned(),
        said: sorted(&node.to_json()),
        series,
        fields,
        events,
        allow,
    };
    Some(Located {
        value,
        loc: node.loc,
    })
}

/// Which keys a kind of family takes, and which it needs.
fn fits_kind(cx: &mut Diagnostics, node: &Node, members: &[Member], kind: Kind) {
    for member in members {
        let (fits, where_) = match member.name.as_str() {
            "buckets" => (kind == Kind::Histogram, "a histogram"),
            "quantiles" => (kind == Kind::Summary, "a summary"),
            "entities" | "age" => (kind == Kind::Gauge, "a gauge"),
            "value" => (kind != Kind::Info, "a counter, gauge, histogram or summary"),
            _ => continue,
        };
        if !fits {
            let message = format!("`{}` belongs on {where_}", member.name);
            cx.push(
                Diagnostic::error("misplaced-key", member.name_loc, message)
                    .help("remove it, or change `type`"),
            );
        }
    }
    let sources: Vec<&Member> = ["value", "entities", "age"]
        .into_iter()
        .filter_map(|name| node.member(name))
        .collect();
    match (kind, sources.as_slice()) {
        (Kind::Gauge, [first, second, ..]) => cx.push(
            Diagnostic::error(
                "misplaced-key",
                second.name_loc,
                "a gauge has one source of its value",
            )
            .other(first.name_loc, "this is one already")
            .help("remove one of the two, or make it a family of its own"),
        ),
        (Kind::Gauge, []) => {
            missing(
                cx,
                node,
                "`metrics.value`",
                "add `value`, `entities` or `age`",
            );
        }
        (Kind::Histogram | Kind::Summary, []) => {
            missing(
                cx,
                node,
                "`metrics.value`",
                "say what is measured: `\"value\": \"amount\"`",
            );
        }
        _ => {}
    }
}

/// A name Prometheus takes for a family.
pub(crate) fn family_name(cx: &mut Diagnostics, key: &str, node: &Node) -> Option<Located<String>> {
    let name = text(cx, key, node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if name.value.chars().all(plain) && !name.value.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(name);
    }
    let message = format!("`{}` is no name for a metric family", name.value);
    let help = "write letters, digits and underscores, a letter first: `orders_total`";
    cx.push(Diagnostic::error("invalid-metric-name", name.loc, message).help(help));
    None
}

/// Refers to a field of the event; dots lead into nested records.
fn field(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    role: FeedRole,
    fields: &mut Vec<FeedField>,
) {
    if let Some(field) = text(cx, name, node) {
        fields.push(FeedField {
            field: field.value,
            role,
            loc: field.loc,
        });
    }
}

fn read_value(
    cx: &mut Diagnostics,
    node: &Node,
    fields: &mut Vec<FeedField>,
    events: &mut Vec<Located<String>>,
) {
    let help = "write a field, a number, or `{ \"difference\": [ …, … ] }`";
    match &node.value {
        Value::Number(_) => {}
        Value::String(_) => field(cx, "`metrics.value`", node, FeedRole::Value, fields),
        Value::Object(members) => {
            for member in members {
                match member.name.as_str() {
                    "difference" | "quotient" => operands(cx, member, fields, events),
                    "key" => field(
                        cx,
                        "`metrics.value.key`",
                        &member.value,
                        FeedRole::Key,
                        fields,
                    ),
                    _ => {
                        let known = &["difference", "quotient", "key"];
                        unknown_key(cx, member, "in `metrics.value`", known);
                    }
                }
            }
            operation(cx, node);
        }
        _ => wrong_kind(
            cx,
            "`metrics.value`",
            node,
            "a field, a number or an operation",
            help,
        ),
    }
}

/// One operation; a key when it joins the times of two events, and none otherwise.
fn operation(cx: &mut Diagnostics, node: &Node) {
    let (difference, quotient) = (node.member("difference"), node.member("quotient"));
    let operation = match (difference, quotient) {
        (Some(difference), Some(quotient)) => {
            let message = "a value is one operation: `difference` or `quotient`";
            cx.push(
                Diagnostic::error("misplaced-key", quotient.name_loc, message)
                    .other(difference.name_loc, "this is one already")
                    .help("remove one of the two"),
            );
            return;
        }
        (None, None) => {
            let help = "write `{ \"difference\": [ …, … ] }`";
            missing(cx, node, "`metrics.value.difference`", help);
            return;
        }
        (Some(operation), None) | (None, Some(operation)) => operation,
    };
    let joined = operation
        .value
        .as_array()
        .is_some_and(|operands| operands.iter().any(|operand| operand.as_object().is_some()));
    match (joined, node.member("key")) {
        (true, None) => {
            let help = "name the field that joins the two events: `\"key\": \"orderId\"`";
            missing(cx, node, "`metrics.value.key`", help);
        }
        (false, Some(key)) => cx.push(
            Diagnostic::error(
                "misplaced-key",
                key.name_loc,
                "`key` joins the times of two events",
            )
            .help("remove it, or name an event: `{ \"event\": \"order.placed\" }`"),
        ),
        _ => {}
    }
}

fn operands(
    cx: &mut Diagnostics,
    member: &Member,
    fields: &mut Vec<FeedField>,
    events: &mut Vec<Located<String>>,
) {
    let name = format!("`metrics.value.{}`", member.name);
    let help = "write two operands: `[\"total\", \"discount\"]`";
    let Some(operands) = list(cx, &name, &member.value, help) else {
        return;
    };
    if operands.len() != 2 {
        let message = format!("{name} has {} operands, not two", operands.len());
        cx.push(Diagnostic::error("out-of-range", member.value.loc, message).help(help));
    }
    for operand in operands {
        let Some(members) = operand.as_object() else {
            field(
                cx,
                &format!("an operand of {name}"),
                operand,
                FeedRole::Value,
                fields,
            );
            continue;
        };
        for member in members {
            match member.name.as_str() {
                "event" => events.extend(super::event::event_type(cx, &member.value)),
                _ => unknown_key(cx, member, "in an operand", &["event"]),
            }
        }
        if operand.get("event").is_none() {
            missing(cx, operand, "`event`", "name the event whose time it is");
        }
    }
}

fn entities(cx: &mut Diagnostics, node: &Node, fields: &mut Vec<FeedField>) {
    let help = "write `{ \"key\": \"orderId\", \"enter\": { … }, \"leave\": { … } }`";
    let Some(members) = object(cx, "`metrics.entities`", node, help) else {
        return;
    };
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "key" => field(cx, "`metrics.entities.key`", value, FeedRole::Key, fields),
            "enter" | "leave" if matches!(value.value, Value::Bool(true)) => {}
            "enter" => when(cx, "`metrics.entities.enter`", value, fields),
            "leave" => when(cx, "`metrics.entities.leave`", value, fields),
            "max" => drop(whole(
                cx,
                "`metrics.entities.max`",
                value,
                1..=MOST_ENTITIES,
            )),
            _ => {
                let known = &["key", "enter", "leave", "max"];
                unknown_key(cx, member, "in `metrics.entities`", known);
            }
        }
    }
    if node.get("key").is_none() {
        missing(cx, node, "`metrics.entities.key`", help);
    }
    // Another event may be what takes an entity out of the state, or brings it there.
    if node.get("enter").is_none() && node.get("leave").is_none() {
        missing(cx, node, "`metrics.entities.enter`", help);
    }
}

fn age(cx: &mut Diagnostics, node: &Node, fields: &mut Vec<FeedField>) {
    let help = "write `{ \"key\": \"orderId\", \"every\": \"15s\" }`";
    let Some(members) = object(cx, "`metrics.age`", node, help) else {
        return;
    };
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "key" => field(cx, "`metrics.age.key`", value, FeedRole::Key, fields),
            "every" => drop(duration(cx, "`metrics.age.every`", value)),
            "max" => drop(whole(cx, "`metrics.age.max`", value, 1..=MOST_ENTITIES)),
            _ => unknown_key(cx, member, "in `metrics.age`", &["key", "every", "max"]),
        }
    }
    if node.get("key").is_none() {
        missing(cx, node, "`metrics.age.key`", help);
    }
}

/// Conditions on closed fields: a word, a truth value, or several of them.
fn when(cx: &mut Diagnostics, name: &str, node: &Node, fields: &mut Vec<FeedField>) {
    let help = "write `{ \"status\": [\"PAID\"] }`";
    let Some(members) = object(cx, name, node, help) else {
        return;
    };
    if members.is_empty() {
        let help = "add a condition, or leave the key out";
        cx.push(Diagnostic::error("empty-value", node.loc, format!("{name} is empty")).help(help));
    }
    for member in members {
        let one = std::slice::from_ref(&member.value);
        let wanted = member.value.as_array().unwrap_or(one);
        if wanted.is_empty() {
            let message = format!("{name} allows no value of `{}`", member.name);
            let help = "list the values that count";
            cx.push(Diagnostic::error("empty-value", member.value.loc, message).help(help));
        }
        let mut values = Vec::with_capacity(wanted.len());
        for value in wanted {
            match value.value {
                Value::String(_) | Value::Bool(_) => values.push((value.to_json(), value.loc)),
                _ => wrong_kind(
                    cx,
                    &format!("`{}`", member.name),
                    value,
                    "a word or a boolean",
                    help,
                ),
            }
        }
        let role = FeedRole::When { values };
        fields.push(FeedField {
            field: member.name.clone(),
            role,
            loc: member.name_loc,
        });
    }
}

fn labels(cx: &mut Diagnostics, node: &Node, fields: &mut Vec<FeedField>) {
    let help = "write a list of fields: `[\"plan\"]`";
    let Some(items) = list(cx, "`metrics.labels`", node, help) else {
        return;
    };
    for item in items {
        let Some(members) = item.as_object() else {
            let role = FeedRole::Label {
                name: None,
                bounds: None,
                each: false,
            };
            field(cx, "a label", item, role, fields);
            continue;
        };
        let (mut name, mut bounds, mut each) = (None, None, false);
        for member in members {
            let value = &member.value;
            match member.name.as_str() {
                "field" => {}
                "name" => name = label_name(cx, "`metrics.labels.name`", value),
                "bounds" => {
                    bounds = ascending(
                        cx,
                        "`metrics.labels.bounds`",
                        value,
                        "a finite number",
                        |_| true,
                    )
                    .map(|b| b.len() as u64);
                }
                "each" => {
                    each = boolean(cx, "`metrics.labels.each`", value).unwrap_or(false);
                }
                _ => {
                    let known = &["field", "name", "bounds", "each"];
                    unknown_key(cx, member, "in `metrics.labels`", known);
                }
            }
        }
        match item.get("field") {
            Some(value) => {
                let role = FeedRole::Label { name, bounds, each };
                field(cx, "`metrics.labels.field`", value, role, fields);
            }
            None => missing(cx, item, "`metrics.labels.field`", "name the field"),
        }
    }
}

/// The same value with the members of every object sorted.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            table::sort(&mut members, |a, b| a.0.cmp(&b.0));
            Json::Object(members)
        }
        other => other.clone(),
    }
}
