//! `x-obs` on an event.

use super::metric;
use super::value::{
    boolean, date, duration, list, missing, number, object, seconds, text, texts, unknown_key,
    version, whole, word, wrong_kind,
};
use crate::draft::{EventKeys, Located};
use crate::model::{Deprecation, Encoding, Envelope, Level, Slo};
use obs_schema::diag::{Diagnostic, Diagnostics};
use obs_schema::node::{Node, Value};

/// Every key an event may have.
pub const KEYS: &[&str] = &[
    "event",
    "version",
    "topic",
    "subject",
    "owner",
    "domain",
    "service",
    "tags",
    "runbook",
    "encoding",
    "envelope",
    "log",
    "slow",
    "slo",
    "min_rate",
    "compatibility",
    "max_series",
    "metrics",
    "audit",
    "deprecated",
    "allow",
];

/// More series than this is a mistake in any budget.
const MOST_SERIES: u64 = 10_000_000;

const OBJECTIVES: &[(&str, &str)] = &[
    ("publish-success", "publish-success"),
    ("publish-latency", "publish-latency"),
    ("process-success", "process-success"),
    ("process-latency", "process-latency"),
    ("freshness", "freshness"),
];

const COMPATIBILITY: &[(&str, &str)] = &[
    ("BACKWARD", "BACKWARD"),
    ("BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE"),
    ("FORWARD", "FORWARD"),
    ("FORWARD_TRANSITIVE", "FORWARD_TRANSITIVE"),
    ("FULL", "FULL"),
    ("FULL_TRANSITIVE", "FULL_TRANSITIVE"),
    ("NONE", "NONE"),
];

const LEVELS: &[(&str, Level)] = &[
    ("trace", Level::Trace),
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warn", Level::Warn),
    ("error", Level::Error),
];

/// A good value replaces what was there; a bad one is reported and leaves it, so that one mistake stays one.
fn set<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

/// Reads an object into keys; members called as in `others` are somebody else's.
pub(super) fn read(cx: &mut Diagnostics, node: &Node, keys: &mut EventKeys, others: &[&str]) {
    let help = "write `\"x-obs\": { … }`";
    let Some(members) = object(cx, "`x-obs`", node, help) else {
        return;
    };
    keys.loc = keys.loc.or(Some(node.loc));
    for member in members {
        let value = &member.value;
        let name = format!("`{}`", member.name);
        match member.name.as_str() {
            "event" => set(&mut keys.event, event_type(cx, value)),
            "version" => set(&mut keys.version, version(cx, &name, value)),
            "topic" => set(&mut keys.topic, text(cx, &name, value)),
            "subject" => set(&mut keys.subject, text(cx, &name, value)),
            "owner" => set(&mut keys.owner, text(cx, &name, value)),
            "domain" => set(&mut keys.domain, text(cx, &name, value)),
            "service" => set(&mut keys.service, text(cx, &name, value)),
            "runbook" => set(&mut keys.runbook, text(cx, &name, value)),
            "tags" => set(&mut keys.tags, tags(cx, value)),
            "encoding" => {
                let words = [("json", Encoding::Json), ("avro", Encoding::Avro)];
                set(&mut keys.encoding, word(cx, &name, value, &words));
            }
            "envelope" => {
                let words = [
                    ("obs", Envelope::Obs),
                    ("cloudevents", Envelope::CloudEvents),
                    ("none", Envelope::None),
                ];
                set(&mut keys.envelope, word(cx, &name, value, &words));
            }
            "log" => set(&mut keys.log, log(cx, value)),
            "slow" => set(&mut keys.slow_ns, duration(cx, &name, value)),
            "slo" => {
                if let Some(slos) = slos(cx, value) {
                    keys.slos = slos;
                }
            }
            "min_rate" => set(&mut keys.min_rate, min_rate(cx, value)),
            "compatibility" => {
                let mode = word(cx, &name, value, COMPATIBILITY);
                let mode = mode.map(|mode| Located {
                    value: mode.value.to_owned(),
                    loc: mode.loc,
                });
                set(&mut keys.compatibility, mode);
            }
            "max_series" => set(
                &mut keys.max_series,
                whole(cx, &name, value, 1..=MOST_SERIES),
            ),
            "metrics" => {
                if let Some(metrics) = metric::feeds(cx, value) {
                    keys.metrics = metrics;
                }
            }
            "audit" => {
                let audit = boolean(cx, &name, value);
                set(
                    &mut keys.audit,
                    audit.map(|audit| Located {
                        value: audit,
                        loc: value.loc,
                    }),
                );
            }
            "deprecated" => set(&mut keys.deprecated, deprecated(cx, value)),
            "allow" => {
                if let Some(rules) = texts(cx, &name, value) {
                    keys.allow = rules;
                }
            }
            name if others.contains(&name) => {}
            _ => unknown_key(cx, member, "on an event", KEYS),
        }
    }
}

/// Dotted lower case: `user.registered`.
pub(super) fn event_type(cx: &mut Diagnostics, node: &Node) -> Option<Located<String>> {
    let text = text(cx, "`event`", node)?;
    if is_event_type(&text.value) {
        return Some(text);
    }
    let message = format!("`{}` is no event type", text.value);
    let help = "write lower-case words joined by dots: `user.registered`";
    cx.push(Diagnostic::error("invalid-event-type", text.loc, message).help(help));
    None
}

/// Whether a text is an event type: words of lower-case letters, digits, `_` and `-`, joined by dots, a letter first.
#[must_use]
pub(crate) fn is_event_type(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain)
        })
}

fn tags(cx: &mut Diagnostics, node: &Node) -> Option<Located<Vec<String>>> {
    let tags = texts(cx, "`tags`", node)?;
    Some(Located {
        value: tags.into_iter().map(|tag| tag.value).collect(),
        loc: node.loc,
    })
}

/// `false`, `true`, or `{level, sample}`.
fn log(cx: &mut Diagnostics, node: &Node) -> Option<Located<(Option<Level>, f64)>> {
    let (mut level, mut sample) = (Level::Info, 1.0);
    match &node.value {
        Value::Bool(false) => {
            return Some(Located {
                value: (None, sample),
                loc: node.loc,
            });
        }
        Value::Bool(true) => {}
        Value::Object(members) => {
            for member in members {
                let value = &member.value;
                match member.name.as_str() {
                    "level" => {
                        level = word(cx, "`log.level`", value, LEVELS).map_or(level, |w| w.value);
                    }
                    "sample" => {
                        let range = "a share from 0 to 1";
                        let share = |share: f64| (0.0..=1.0).contains(&share);
                        sample = number(cx, "`log.sample`", value, range, share)
                            .map_or(sample, |number| number.value);
                    }
                    _ => unknown_key(cx, member, "in `log`", &["level", "sample"]),
                }
            }
        }
        _ => {
            let help = "write `false`, or `{ \"level\": \"debug\", \"sample\": 0.1 }`";
            wrong_kind(cx, "`log`", node, "`false` or an object", help);
            return None;
        }
    }
    Some(Located {
        value: (Some(level), sample),
        loc: node.loc,
    })
}

fn slos(cx: &mut Diagnostics, node: &Node) -> Option<Vec<Located<Slo>>> {
    let help = "write a list: `[{ \"objective\": \"publish-success\", \"target\": 99.9 }]`";
    let items = list(cx, "`slo`", node, help)?;
    Some(items.iter().filter_map(|item| slo(cx, item)).collect())
}

fn slo(cx: &mut Diagnostics, node: &Node) -> Option<Located<Slo>> {
    let help = "write `{ \"objective\": \"publish-success\", \"target\": 99.9 }`";
    let members = object(cx, "an objective", node, help)?;
    let (mut objective, mut target, mut under_ns, mut window_s) = (None, None, None, None);
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "objective" => objective = word(cx, "`slo.objective`", value, OBJECTIVES),
            "target" => {
                let range = "a percentage above 0 and below 100";
                target = number(cx, "`slo.target`", value, range, |t| t > 0.0 && t < 100.0);
            }
            "under" => under_ns = duration(cx, "`slo.under`", value),
            "window" => window_s = seconds(cx, "`slo.window`", value),
            _ => unknown_key(
                cx,
                member,
                "in `slo`",
                &["objective", "target", "under", "window"],
            ),
        }
    }
    if node.get("objective").is_none() {
        missing(
            cx,
            node,
            "`slo.objective`",
            "say what is promised: `\"objective\": \"publish-success\"`",
        );
    }
    if node.get("target").is_none() {
        missing(
            cx,
            node,
            "`slo.target`",
            "say how much is promised: `\"target\": 99.9`",
        );
    }
    let objective = objective?;
    let value = Slo {
        objective: objective.value.to_owned(),
        target: target?.value,
        under_ns,
        window_s: window_s.map(|window| window.value),
    };
    Some(Located {
        value,
        loc: objective.loc,
    })
}

/// `"10/5m"` or `{count, window}`: so many per window of seconds.
fn min_rate(cx: &mut Diagnostics, node: &Node) -> Option<Located<(u64, u64)>> {
    let help = "write `\"10/5m\"`, or `{ \"count\": 10, \"window\": \"5m\" }`";
    if let Some(text) = node.as_str() {
        let rate = text.split_once('/').and_then(|(count, window)| {
            let count = count
                .trim()
                .parse::<u64>()
                .ok()
                .filter(|count| *count > 0)?;
            let nanos = super::value::parse_duration(window.trim())?;
            (nanos > 0 && nanos % 1_000_000_000 == 0).then_some((count, nanos / 1_000_000_000))
        });
        if rate.is_none() {
            let message = format!("`min_rate` is `{text}`, which is no rate");
            cx.push(Diagnostic::error("invalid-rate", node.loc, message).help(help));
        }
        return rate.map(|value| Located {
            value,
            loc: node.loc,
        });
    }
    if node.as_object().is_none() {
        wrong_kind(
            cx,
            "`min_rate`",
            node,
            "a rate in quotes or an object",
            help,
        );
    }
    let (mut count, mut window) = (None, None);
    for member in node.as_object()? {
        let value = &member.value;
        match member.name.as_str() {
            "count" => count = whole(cx, "`min_rate.count`", value, 1..=u64::MAX),
            "window" => window = seconds(cx, "`min_rate.window`", value),
            _ => unknown_key(cx, member, "in `min_rate`", &["count", "window"]),
        }
    }
    if node.get("count").is_none() {
        missing(cx, node, "`min_rate.count`", help);
    }
    if node.get("window").is_none() {
        missing(cx, node, "`min_rate.window`", help);
    }
    Some(Located {
        value: (count?.value, window?.value),
        loc: node.loc,
    })
}

fn deprecated(cx: &mut Diagnostics, node: &Node) -> Option<Located<Deprecation>> {
    let help =
        "write `{ \"since\": \"2.1.0\", \"sunset\": \"2027-03-31\", \"use\": \"user.joined\" }`";
    let members = object(cx, "`deprecated`", node, help)?;
    let (mut since, mut sunset, mut replacement) = (None, None, None);
    for member in members {
        let value = &member.value;
        match member.name.as_str() {
            "since" => since = text(cx, "`deprecated.since`", value),
            "sunset" => sunset = date(cx, "`deprecated.sunset`", value),
            "use" => replacement = text(cx, "`deprecated.use`", value),
            _ => unknown_key(cx, member, "in `deprecated`", &["since", "sunset", "use"]),
        }
    }
    // What is complained of is the day, if there is one.
    let loc = sunset.as_ref().map_or(node.loc, |sunset| sunset.loc);
    let plain = |located: Option<Located<String>>| located.map(|located| located.value);
    let value = Deprecation {
        since: plain(since),
        sunset: plain(sunset),
        replacement: plain(replacement),
    };
    Some(Located { value, loc })
}
