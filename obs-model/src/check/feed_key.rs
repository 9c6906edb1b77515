//! # What a family remembers has no fit key
//!
//! `entities`, `age` and times of other events belong together by a key: a field with one plain value, which is no secret.
//! For times, the other event is described in the same spec folder and has a field of that name; a derive knows of no
//! event but its own.
//! An entity is in one series, so none of its labels goes through a list.
//!
//! ```json
//! "metrics": [{ "name": "order_shipping_seconds", "type": "histogram",
//!               "value": { "difference": [{ "event": "order.shipped" }, { "event": "order.palced" }], "key": "orderId" } }]
//! ```
//!
//! Use an identifier that all of them carry, such as `orderId`, and event types as they are declared.

use super::Facts;
use super::shape::Sort;
use crate::draft::Located;
use crate::model::{Event, FeedField, FeedRole};
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};

pub(super) fn look(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event) {
    for feed in event.keys.metrics.iter().map(|feed| &feed.value) {
        let keys = || feed.fields.iter().filter(|used| used.role == FeedRole::Key);
        keys().for_each(|key| fits(cx, facts, event, key));
        for named in &feed.events {
            if let (Some(key), true) = (keys().next(), named.value != event.event_type) {
                other(cx, facts, named, key);
            }
        }
        let remembers = feed.said.get("entities").or(feed.said.get("age")).is_some();
        for used in feed.fields.iter().filter(|_| remembers) {
            if let FeedRole::Label { each: true, .. } = used.role {
                let message = format!("`{}` would be in several series at once", feed.name);
                cx.push(Diagnostic::error("feed-key", used.loc, message).help("remove this label"));
            }
        }
    }
}

fn fits(cx: &mut Diagnostics, facts: &Facts<'_>, event: &Event, key: &FeedField) {
    let Some(field) = facts.field(event, &key.field) else {
        return;
    };
    let what = match facts.sort(&field.ty) {
        _ if field.keys.secret.is_some() => "a secret",
        sort @ (Sort::Text | Sort::Number | Sort::Symbols | Sort::Bool | Sort::Foreign) => {
            if !facts.is_float(&field.ty) {
                return;
            }
            sort.words()
        }
        sort => sort.words(),
    };
    let message = format!("`{}` is {what}, and no key", key.field);
    cx.push(
        Diagnostic::error("feed-key", key.loc, message)
            .other(field.loc, "declared here")
            .help("name a field that identifies, such as an id"),
    );
}

/// The other event is there, and has the key too.
fn other(cx: &mut Diagnostics, facts: &Facts<'_>, named: &Located<String>, key: &FeedField) {
    let (name, events) = (&named.value, &facts.model.events);
    if !events.iter().any(|event| event.event_type == *name) {
        let known = events.iter().map(|event| event.event_type.as_str());
        let help = match nearest(name, known) {
            Some(near) => format!("write `{near}`"),
            None => "name an event of the same spec folder".to_owned(),
        };
        let message = format!("no event here is called `{name}`, so nobody tells its time");
        cx.push(Diagnostic::error("feed-key", named.loc, message).help(help));
    }
    for event in events.iter().filter(|event| event.event_type == *name) {
        if facts.field(event, &key.field).is_none() {
            let message = format!(
                "`{name}` {} has no field `{}` to be found by",
                event.version, key.field
            );
            cx.push(
                Diagnostic::error("feed-key", key.loc, message)
                    .other(event.loc, "declared here")
                    .help("name a field that both events have"),
            );
        }
    }
}
