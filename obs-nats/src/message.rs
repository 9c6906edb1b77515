//! A record as a message of NATS, and back.

use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use obs_runtime::Record;
use obs_runtime::bus::{Header, OwnedRecord, text};

/// The names of all headers in order, and the values of those that NATS does not carry as they are.
const HEADERS: &str = "Obs-Headers";

/// The key, with `%` for what is no letter.
const KEY: &str = "Obs-Key";

/// `none` for a tombstone.
const BODY: &str = "Obs-Body";

/// The headers of a message for a record.
pub(crate) fn headers(record: &Record<'_>) -> HeaderMap {
    let mut map = HeaderMap::new();
    let mut put = |name: &str, value: &str| {
        // What is put here is plain, so none is refused.
        if let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    };
    for header in record.headers.iter().filter(is_native) {
        put(header.name, header.text().unwrap_or_default());
    }
    if !record.headers.is_empty() {
        put(HEADERS, &text::write_headers(record.headers, is_native));
    }
    if let Some(key) = record.key {
        let mut escaped = "=".to_owned();
        text::escape(&mut escaped, key);
        put(KEY, &escaped);
    }
    if record.body.is_none() {
        put(BODY, "none");
    }
    map
}

/// Whether NATS carries a header as it is.
fn is_native(header: &Header<'_>) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let ours = |start: &str| {
        let start = header
            .name
            .get(..start.len())
            .map(|name| name.eq_ignore_ascii_case(start));
        start == Some(true)
    };
    let value = |byte: &u8| (b'!'..=b'~').contains(byte);
    !header.name.is_empty()
        && header.name.as_bytes().iter().all(name)
        && !ours("nats-")
        && !ours("obs-")
        && !header.value.is_empty()
        && header.value.iter().all(value)
}

/// The record of a message of a topic. Messages of others have their headers in the order of their names.
pub(crate) fn record(topic: &str, map: Option<&HeaderMap>, payload: &[u8]) -> OwnedRecord {
    let get = |name: &str| map.and_then(|map| map.get(name)).map(HeaderValue::as_str);
    let listed = get(HEADERS).and_then(text::read_headers);
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    match listed {
        Some(listed) => {
            // The names of those that travel beside, so far.
            let mut beside: Vec<String> = Vec::new();
            for (name, value) in listed {
                let value = value.or_else(|| {
                    let before = beside.iter().filter(|known| **known == name).count();
                    beside.push(name.clone());
                    let mut all = map?.get_all(name.as_str());
                    all.nth(before).map(|value| value.as_str().into())
                });
                headers.extend(value.map(|value| (name, value)));
            }
        }
        None => {
            for (name, values) in map.into_iter().flat_map(HeaderMap::iter) {
                let name: &str = name.as_ref();
                if !name.starts_with("Nats-") && !name.starts_with("Obs-") {
                    let values = values.iter();
                    headers.extend(values.map(|value| (name.to_owned(), value.as_str().into())));
                }
            }
            headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
    }
    let key = get(KEY).and_then(|key| text::unescape(key.strip_prefix('=')?));
    let headers: Vec<Header<'_>> = headers
        .iter()
        .map(|(name, value)| Header { name, value })
        .collect();
    let record = Record {
        topic,
        key: key.as_deref(),
        headers: headers.as_slice().into(),
        body: (get(BODY) != Some("none")).then_some(payload),
    };
    record.owned()
}

/// A topic as part of a subject: what NATS takes for something else is `%` and two digits.
pub(crate) fn subject_of(topic: &str) -> String {
    let mut subject = String::with_capacity(topic.len());
    // Tokens are not empty, so dots that would leave one are no dots.
    let dots = topic.split('.').all(|token| !token.is_empty());
    for byte in topic.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_:/".contains(&byte) || byte == b'.' && dots {
            subject.push(char::from(byte));
        } else {
            subject.push_str(&format!("%{byte:02X}"));
        }
    }
    if subject.is_empty() {
        subject.push('%');
    }
    subject
}

/// The name of the consumer of a group for one partition of a topic. Servers put names into patterns of theirs, in which
/// a `%` is none, so what is no letter is `_` and two digits here.
pub(crate) fn consumer_of(group: &str, topic: &str, partition: u32) -> String {
    let mut name = String::new();
    for (at, part) in [group, topic].into_iter().enumerate() {
        if at > 0 {
            name.push('-');
        }
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() {
                name.push(char::from(byte));
            } else {
                name.push_str(&format!("_{byte:02X}"));
            }
        }
    }
    format!("{name}-{partition}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: [Header<'static>; 7] = [
        Header::new("event-id", "1"),
        Header::new("bytes", "\u{0}ü"),
        Header::new("a", "1"),
        Header::new("empty", ""),
        Header::new("a", " spaced "),
        Header::new("a", "2"),
        Header::new("nats-msg-id", "mine"),
    ];

    #[test]
    fn a_record_comes_out_as_it_went_in() {
        let plain = Record::new("t", b"body");
        for record in [
            plain,
            Record {
                headers: (&MIXED).into(),
                key: Some(b"user 1"),
                ..plain
            },
            Record::tombstone("t", b""),
            Record {
                key: Some(b"\xff"),
                ..Record::new("t", b"")
            },
        ] {
            let map = headers(&record);
            let read = self::record("t", Some(&map), record.body.unwrap_or_default());
            assert_eq!(read, record.owned(), "{map:?}");
        }
        let map = headers(&Record {
            headers: (&MIXED).into(),
            ..plain
        });
        assert_eq!(map.get("event-id").map(HeaderValue::as_str), Some("1"));
        assert_eq!(map.get("nats-msg-id"), None);
    }

    #[test]
    fn messages_of_others_are_records_too() {
        let mut map = HeaderMap::new();
        for (name, value) in [("b", "2"), ("Nats-Msg-Id", "x"), ("a", "1"), ("b", "3")] {
            map.append(name, value);
        }
        let read = record("t", Some(&map), b"{}");
        let expected = [
            Header::new("a", "1"),
            Header::new("b", "2"),
            Header::new("b", "3"),
        ];
        assert!(read.headers().iter().eq(expected));
        assert_eq!((read.key(), read.body()), (None, Some(&b"{}"[..])));
        assert_eq!(record("t", None, b"").body(), Some(&b""[..]));
    }

    #[test]
    fn names_are_what_nats_takes_and_differ_where_topics_do() {
        for (topic, subject) in [
            ("order.placed.v1", "order.placed.v1"),
            ("a b*>", "a%20b%2A%3E"),
            ("a..b", "a%2E%2Eb"),
            (".", "%2E"),
            ("", "%"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(subject_of(topic), subject);
        }
        assert_eq!(consumer_of("e-mails", "a.b", 3), "e_2Dmails-a_2Eb-3");
    }
}
