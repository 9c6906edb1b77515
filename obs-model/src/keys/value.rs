//! The kinds of value a key may have, each read with the message a mistake deserves. Documents that other crates read are read by the same.

use crate::draft::Located;
use crate::model::Version;
use obs_schema::diag::{Diagnostic, Diagnostics, nearest};
use obs_schema::json::Number;
use obs_schema::node::{Member, Node};
use std::ops::RangeInclusive;

/// The members of an object; anything else is a mistake.
pub fn object<'a>(
    cx: &mut Diagnostics,
    name: &str,
    node: &'a Node,
    help: &str,
) -> Option<&'a [Member]> {
    if node.as_object().is_none() {
        wrong_kind(cx, name, node, "an object", help);
    }
    node.as_object()
}

/// The elements of a list; anything else is a mistake.
pub fn list<'a>(
    cx: &mut Diagnostics,
    name: &str,
    node: &'a Node,
    help: &str,
) -> Option<&'a [Node]> {
    if node.as_array().is_none() {
        wrong_kind(cx, name, node, "a list", help);
    }
    node.as_array()
}

/// A text that says something: not empty, on one line.
pub fn text(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Located<String>> {
    let Some(text) = node.as_str() else {
        wrong_kind(cx, name, node, "a string", "put the value in quotes");
        return None;
    };
    if text.trim().is_empty() {
        let message = format!("{name} is empty");
        cx.push(
            Diagnostic::error("empty-value", node.loc, message)
                .help("write a value, or leave the key out"),
        );
        return None;
    }
    if text.chars().any(char::is_control) {
        let message = format!("{name} contains a control character");
        cx.push(
            Diagnostic::error("empty-value", node.loc, message)
                .help("write plain text on one line"),
        );
        return None;
    }
    Some(Located {
        value: text.to_owned(),
        loc: node.loc,
    })
}

/// A list of texts, each once.
pub fn texts(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Vec<Located<String>>> {
    let items = list(cx, name, node, "write a list of strings: `[\"…\", \"…\"]`")?;
    let element = format!("an element of {name}");
    let mut out: Vec<Located<String>> = Vec::with_capacity(items.len());
    for item in items {
        let Some(text) = text(cx, &element, item) else {
            continue;
        };
        if let Some(first) = out.iter().find(|first| first.value == text.value) {
            let message = format!("{name} lists `{}` twice", text.value);
            cx.push(
                Diagnostic::error("duplicate-value", text.loc, message)
                    .other(first.loc, "first listed here")
                    .help("remove one of the two"),
            );
            continue;
        }
        out.push(text);
    }
    Some(out)
}

/// `true` or `false`.
pub fn boolean(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<bool> {
    if node.as_bool().is_none() {
        wrong_kind(
            cx,
            name,
            node,
            "`true` or `false`",
            "write `true`, or leave the key out",
        );
    }
    node.as_bool()
}

/// One of some words.
pub fn word<T: Copy>(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    words: &[(&'static str, T)],
) -> Option<Located<T>> {
    let mut known = Vec::with_capacity(words.len());
    let mut meant = None;
    for (word, value) in words {
        known.push(*word);
        if node.as_str() == Some(*word) {
            meant = Some(*value);
        }
    }
    if let Some(value) = meant {
        return Some(Located {
            value,
            loc: node.loc,
        });
    }
    no_word(cx, name, node, &known);
    None
}

/// Complains of what is none of some words.
fn no_word(cx: &mut Diagnostics, name: &str, node: &Node, known: &[&str]) {
    let all = listed(known.iter().copied());
    let Some(text) = node.as_str() else {
        wrong_kind(cx, name, node, "a word", &format!("write one of {all}"));
        return;
    };
    let message = format!("{name} cannot be `{text}`");
    let help = match nearest(text, known.iter().copied()) {
        Some(word) => format!("write `{word}`; the words are {all}"),
        None => format!("write one of {all}"),
    };
    cx.push(Diagnostic::error("unknown-word", node.loc, message).help(help));
}

/// A whole number in a range.
pub fn whole(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    range: RangeInclusive<u64>,
) -> Option<Located<u64>> {
    let Some(number) = node.as_number() else {
        wrong_kind(
            cx,
            name,
            node,
            "a whole number",
            "write the number without quotes",
        );
        return None;
    };
    let value = match number {
        Number::UInt(value) => Some(*value),
        number => number.as_i64().and_then(|value| u64::try_from(value).ok()),
    };
    match value.filter(|value| range.contains(value)) {
        Some(value) => Some(Located {
            value,
            loc: node.loc,
        }),
        None => {
            let (least, most) = (range.start(), range.end());
            out_of_range(
                cx,
                name,
                node,
                number,
                &format!("a whole number from {least} to {most}"),
            );
            None
        }
    }
}

/// A number that must please `fits`; `range` says so in words.
pub fn number(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    range: &str,
    fits: impl Fn(f64) -> bool,
) -> Option<Located<f64>> {
    let Some(number) = node.as_number() else {
        wrong_kind(
            cx,
            name,
            node,
            "a number",
            "write the number without quotes",
        );
        return None;
    };
    let value = number.as_f64();
    if value.is_finite() && fits(value) {
        return Some(Located {
            value,
            loc: node.loc,
        });
    }
    out_of_range(cx, name, node, number, range);
    None
}

/// Ascending numbers, at least one, each pleasing `fits`.
pub fn ascending(
    cx: &mut Diagnostics,
    name: &str,
    node: &Node,
    range: &str,
    fits: impl Fn(f64) -> bool,
) -> Option<Vec<f64>> {
    let items = list(cx, name, node, "write a list of numbers: `[0.1, 1, 10]`")?;
    if items.is_empty() {
        let message = format!("{name} is empty");
        let help = "list the numbers, or leave the key out";
        cx.push(Diagnostic::error("empty-value", node.loc, message).help(help));
    }
    let element = format!("an element of {name}");
    let mut out: Vec<f64> = Vec::with_capacity(items.len());
    for item in items {
        let Some(value) = number(cx, &element, item, range, &fits) else {
            continue;
        };
        if out.last().is_some_and(|last| *last >= value.value) {
            let message = format!("{name} does not ascend here");
            let help = "sort the numbers, each once";
            cx.push(Diagnostic::error("out-of-range", item.loc, message).help(help));
            continue;
        }
        out.push(value.value);
    }
    Some(out)
}

/// Units of time with their length in nanoseconds.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// A length of time such as `250ms`, `1.5s` or `30d`, in nanoseconds; never zero.
pub(crate) fn duration(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Located<u64>> {
    let help = "write a number and a unit: `250ms`, `1s`, `5m`, `1h` or `30d`";
    let Some(text) = node.as_str() else {
        wrong_kind(cx, name, node, "a length of time in quotes", help);
        return None;
    };
    match parse_duration(text) {
        Some(0) => {
            let message = format!("{name} is zero");
            cx.push(
                Diagnostic::error("out-of-range", node.loc, message).help("write a longer time"),
            );
            None
        }
        Some(value) => Some(Located {
            value,
            loc: node.loc,
        }),
        None => {
            let message = format!("{name} is `{text}`, which is no length of time");
            cx.push(Diagnostic::error("invalid-duration", node.loc, message).help(help));
            None
        }
    }
}

/// A length of time in whole seconds.
pub fn seconds(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Located<u64>> {
    let nanos = duration(cx, name, node)?;
    if nanos.value % 1_000_000_000 != 0 {
        let message = format!("{name} is no whole number of seconds");
        let help = "write whole seconds: `1s`, `5m`, `1h` or `30d`";
        cx.push(Diagnostic::error("out-of-range", node.loc, message).help(help));
        return None;
    }
    Some(Located {
        value: nanos.value / 1_000_000_000,
        loc: node.loc,
    })
}

/// Nanoseconds of `250ms`; `None` when it is no length of time, or one too long to count.
pub(crate) fn parse_duration(text: &str) -> Option<u64> {
    let split = text.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (amount, unit) = text.split_at(split);
    let unit = unit.trim_start();
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = match amount.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (amount, ""),
    };
    if fraction.contains('.') || fraction.len() > 9 {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(*scale)?;
    if !fraction.is_empty() {
        let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part =
            u128::from(fraction.parse::<u64>().ok()?) * u128::from(*scale) / u128::from(parts);
        nanos = nanos.checked_add(u64::try_from(part).ok()?)?;
    }
    Some(nanos)
}

/// `major.minor[.patch]`
pub(super) fn version(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Located<Version>> {
    let help = "write `major.minor` or `major.minor.patch` in quotes: `\"2.1.0\"`";
    let Some(text) = node.as_str() else {
        wrong_kind(cx, name, node, "a version in quotes", help);
        return None;
    };
    if let Some(value) = parse_version(text) {
        return Some(Located {
            value,
            loc: node.loc,
        });
    }
    let message = format!("{name} is `{text}`, which is no version");
    cx.push(Diagnostic::error("invalid-version", node.loc, message).help(help));
    None
}

/// Reads `2.1` or `2.1.0`; nothing else is a version.
#[must_use]
pub fn parse_version(text: &str) -> Option<Version> {
    let part = |text: &str| {
        let plain =
            text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let mut parts = text.split('.');
    let major = part(parts.next()?)?;
    let minor = part(parts.next()?)?;
    let patch = match parts.next() {
        Some(text) => part(text)?,
        None => 0,
    };
    parts.next().is_none().then_some(Version {
        major,
        minor,
        patch,
    })
}

/// A calendar date, `YYYY-MM-DD`.
pub(super) fn date(cx: &mut Diagnostics, name: &str, node: &Node) -> Option<Located<String>> {
    let text = text(cx, name, node)?;
    if is_date(&text.value) {
        return Some(text);
    }
    let message = format!("{name} is `{}`, which is no date", text.value);
    let help = "write year, month and day: `2027-03-31`";
    cx.push(Diagnostic::error("invalid-date", text.loc, message).help(help));
    None
}

/// Whether a text is a day of the calendar, written `YYYY-MM-DD`.
#[must_use]
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    if !shape {
        return false;
    }
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// A key nobody knows.
pub fn unknown_key(cx: &mut Diagnostics, member: &Member, place: &str, known: &[&str]) {
    let message = format!("unknown key `{}` {place}", member.name);
    let help = match nearest(&member.name, known.iter().copied()) {
        Some(word) => format!("write `{word}`"),
        None => format!("use one of {}", listed(known.iter().copied())),
    };
    cx.push(Diagnostic::error("unknown-key", member.name_loc, message).help(help));
}

/// A value of another kind than the key takes.
pub fn wrong_kind(cx: &mut Diagnostics, name: &str, node: &Node, wanted: &str, help: &str) {
    let message = format!("{name} is {}, not {wanted}", node.kind());
    cx.push(Diagnostic::error("wrong-kind", node.loc, message).help(help));
}

/// A key that must be there and is not. A misspelt one has been reported already.
pub fn missing(cx: &mut Diagnostics, node: &Node, name: &str, help: &str) {
    let key = name.trim_matches('`').rsplit('.').next().unwrap_or(name);
    let written = node.as_object().unwrap_or_default();
    if written
        .iter()
        .any(|member| nearest(&member.name, [key]).is_some())
    {
        return;
    }
    let message = format!("{name} is missing");
    cx.push(Diagnostic::error("missing-key", node.loc, message).help(help));
}

/// The same of each of these keys that is not there, with what to do about it.
pub fn required(cx: &mut Diagnostics, node: &Node, keys: &[(&str, &str)]) {
    for (key, help) in keys {
        if node.get(key).is_none() {
            missing(cx, node, &format!("`{key}`"), help);
        }
    }
}

fn out_of_range(cx: &mut Diagnostics, name: &str, node: &Node, value: &Number, range: &str) {
    let message = format!("{name} is {value}, not {range}");
    cx.push(Diagnostic::error("out-of-range", node.loc, message).help(format!("write {range}")));
}

/// Words for a sentence: `` `a`, `b` or `c` ``.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted = Vec::new();
    for word in words {
        quoted.push(format!("`{word}`"));
    }
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
