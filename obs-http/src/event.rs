//! A record as an event of CloudEvents: attributes that anybody reads, and a few of ours by which the other side gets
//! exactly the record that was sent.
//!
//! | attribute | holds |
//! |---|---|
//! | `topic` | the topic |
//! | `partitionkey` | the key, where it is text |
//! | `recordkey` | the key, where it is not, behind `=` and with `%` for what is no letter |
//! | `recordheaders` | the headers, as [`obs_runtime::bus::text`] writes them |
//! | `recordbody` | where the body is: `data`, `none` for a tombstone, `event` where it is the event itself |

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use obs_runtime::Record;
use obs_runtime::bus::text;
use obs_runtime::wire::json::{Reader, Writer};

/// The content type of an event of its own.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";

/// The content type of several events.
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";

/// The attributes of ours, in the order in which they are written: the last one says that the others are there.
pub(crate) const OURS: [&str; 5] = [
    "topic",
    "partitionkey",
    "recordkey",
    "recordheaders",
    "recordbody",
];

/// Headers of records that are attributes too, by what they are called in records of ours and in events of
/// CloudEvents in binary mode.
const SHARED: [(&str, &str, &str); 5] = [
    ("time", "", "ce_time"),
    ("subject", "", "ce_subject"),
    ("dataschema", "", "ce_dataschema"),
    ("traceparent", "traceparent", "ce_traceparent"),
    ("tracestate", "tracestate", "ce_tracestate"),
];

/// Who sends, for events that do not say it themselves.
pub(crate) struct Sender {
    pub(crate) source: String,
    /// No other process has it.
    seed: u64,
    count: AtomicU64,
}

/// An event on its way, as the body of a request, or what there is of it in headers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Sender {
    pub(crate) fn new(source: String) -> Sender {
        Sender {
            source,
            seed: RandomState::new().build_hasher().finish(),
            count: AtomicU64::new(0),
        }
    }

    /// The attributes of a record, in order. What stands there is text, and not empty.
    fn attributes(&self, record: &Record<'_>) -> Vec<(&'static str, String)> {
        let header = |names: [&str; 2]| {
            let mut found = names
                .into_iter()
                .filter_map(|name| record.headers.text(name));
            found.find(|text| is_plain(text)).map(str::to_owned)
        };
        let id = header(["event-id", "ce_id"]).unwrap_or_else(|| {
            let number = self.count.fetch_add(1, Relaxed);
            format!("{:016x}-{number}", self.seed)
        });
        let source = header(["ce_source", ""]).unwrap_or_else(|| self.source.clone());
        let kind = header(["event-type", "ce_type"]).unwrap_or_else(|| match record.topic {
            "" => "record".to_owned(),
            topic => topic.to_owned(),
        });
        let mut attributes = vec![
            ("specversion", "1.0".to_owned()),
            ("id", id),
            ("source", source),
            ("type", kind),
        ];
        for (name, plain, cloud) in SHARED {
            attributes.extend(header([plain, cloud]).map(|value| (name, value)));
        }
        attributes
    }

    /// One event in JSON: `application/cloudevents+json`.
    pub(crate) fn structured(&self, record: &Record<'_>) -> Vec<u8> {
        let mut out = Members::default();
        if let Some(rest) = own_event(record) {
            out.all(&ours(record, "event"));
            // The other members as they are, with their closing brace.
            if rest != "}" {
                out.text.push(',');
            }
            out.text.push_str(rest);
            return out.text.into_bytes();
        }
        out.all(&self.attributes(record));
        let kind = record.headers.text("content-type");
        if let Some(kind) = kind.filter(|kind| is_plain(kind)) {
            out.string("datacontenttype", kind);
        }
        let Some(body) = record.body else {
            out.all(&ours(record, "none"));
            return out.end();
        };
        out.all(&ours(record, "data"));
        match json_of(body).filter(|_| kind.is_none_or(is_json)) {
            Some(data) => out.member("data", data),
            None => out.string("data_base64", &STANDARD.encode(body)),
        }
        out.end()
    }

    /// One event with its attributes in headers, and the body as it is.
    pub(crate) fn binary(&self, record: &Record<'_>) -> Encoded {
        if own_event(record).is_some() {
            return Encoded {
                content_type: Some(STRUCTURED.to_owned()),
                headers: Vec::new(),
                body: self.structured(record),
            };
        }
        let kind = if record.body.is_some() {
            "data"
        } else {
            "none"
        };
        let attributes = self
            .attributes(record)
            .into_iter()
            .chain(ours(record, kind));
        let mut headers: Vec<(String, String)> = attributes
            .map(|(name, value)| (format!("ce-{name}"), in_header(&value)))
            .collect();
        for name in ["traceparent", "tracestate"] {
            let value = record.headers.text(name).filter(|value| is_visible(value));
            headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        }
        let content_type = record.headers.text("content-type");
        Encoded {
            content_type: content_type
                .filter(|kind| is_visible(kind))
                .map(str::to_owned),
            headers,
            body: record.body.unwrap_or_default().to_vec(),
        }
    }
}

/// The attributes of ours.
fn ours(record: &Record<'_>, body: &str) -> Vec<(&'static str, String)> {
    let mut attributes = Vec::new();
    if !record.topic.is_empty() {
        attributes.push((OURS[0], record.topic.to_owned()));
    }
    if let Some(key) = record.key {
        attributes.push(match std::str::from_utf8(key) {
            Ok(text) if is_plain(text) => (OURS[1], text.to_owned()),
            _ => {
                let mut escaped = "=".to_owned();
                text::escape(&mut escaped, key);
                (OURS[2], escaped)
            }
        });
    }
    if !record.headers.is_empty() {
        attributes.push((OURS[3], text::write_headers(record.headers, |_| false)));
    }
    attributes.push((OURS[4], body.to_owned()));
    attributes
}

/// What an attribute may hold: some text, without control characters.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// What the value of a header may be without further ado.
fn is_visible(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        && text.trim() == text
}

/// Whether a content type is one of JSON.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// The text of a body that is one value of JSON and nothing else.
fn json_of(body: &[u8]) -> Option<&str> {
    let mut reader = Reader::new(body);
    let value = reader.raw().ok()?;
    (reader.finish().is_ok() && value.len() == body.len()).then_some(value)
}

/// For a record that is an event in structured mode: what stands behind its first brace. One with members that are
/// called as ours is wrapped as any other body.
fn own_event<'r>(record: &Record<'r>) -> Option<&'r str> {
    let kind = record.headers.text("content-type")?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind != STRUCTURED {
        return None;
    }
    let body = json_of(record.body?)?;
    let rest = body.strip_prefix('{')?;
    let mut free = true;
    let mut reader = Reader::new(body.as_bytes());
    let read = reader.object(|reader, name| {
        free &= !OURS.contains(&name);
        reader.skip()
    });
    (read.is_ok() && free).then_some(rest)
}

/// The value of an attribute as a header has it: what is no visible ASCII is `%` and two digits, for each byte.
fn in_header(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if (b'!'..=b'~').contains(&byte) && !matches!(byte, b'"' | b'%') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// An object that is being written.
#[derive(Default)]
struct Members {
    text: String,
}

impl Members {
    fn member(&mut self, name: &str, json: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        // Names are ours, and plain.
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self.text.push_str(json);
    }

    fn string(&mut self, name: &str, value: &str) {
        let mut writer = Writer::new();
        writer.string(value);
        // Text is not refused.
        let json = String::from_utf8(writer.finish().unwrap_or_default()).unwrap_or_default();
        self.member(name, &json);
    }

    fn all(&mut self, attributes: &[(&str, String)]) {
        for (name, value) in attributes {
            self.string(name, value);
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.text.push('}');
        self.text.into_bytes()
    }
}
