//! A record as people and programs see it.

use crate::cli::Shown;
use crate::events::{Content, Events, Known, Raw, harmless};
use obs_runtime::Record;
use obs_runtime::bus::{Header, Receipt};
use obs_runtime::untyped::Seen;
use obs_schema::json::{Json, Number};

/// What is seen of a record, ready to be written.
pub(crate) struct Line {
    /// The line that says what it is.
    title: String,
    /// What belongs to it, one line each.
    more: Vec<String>,
    json: Vec<(String, Json)>,
}

/// Headers whose values may be seen: those that we write, or that conventions describe.
const HEADERS: &[&str] = &[
    "__value_schema_id",
    "causation-id",
    "content-type",
    "conversation-id",
    "correlation-id",
    "event-id",
    "event-type",
    "event-version",
    "replay-count",
    "tenant-id",
    "traceparent",
    "tracestate",
];
const PREFIXES: &[&str] = &["ce_", "dlq-", "retry-"];

/// Where a record is in its topic.
pub(crate) fn place(topic: &str, receipt: Receipt) -> String {
    let mut place = topic.to_owned();
    for part in [
        receipt.partition.map(|partition| partition.to_string()),
        receipt.offset.map(|offset| offset.to_string()),
    ]
    .into_iter()
    .flatten()
    {
        place.push('/');
        place.push_str(&part);
    }
    place
}

/// Something that is no record any more.
pub(super) fn broken(topic: &str, reason: &str) -> Line {
    Line {
        title: format!("broken  {topic}"),
        more: vec![reason.to_owned()],
        json: vec![member("topic", topic), member("broken", reason)],
    }
}

fn member(name: &str, value: &str) -> (String, Json) {
    (name.to_owned(), Json::String(value.to_owned()))
}

fn number(name: &str, value: impl TryInto<i64>) -> (String, Json) {
    let value = value.try_into().unwrap_or(i64::MAX);
    (name.to_owned(), Json::Number(Number::Int(value)))
}

impl Line {
    /// What is seen of a record.
    pub(crate) fn of(
        events: &Events<'_>,
        record: &Record<'_>,
        receipt: Receipt,
        as_sent: bool,
    ) -> Line {
        let (seen, known, content) = events.read(record, as_sent);
        let mut line = Line {
            title: String::new(),
            more: Vec::new(),
            json: vec![member("topic", record.topic)],
        };
        line.json.extend(
            receipt
                .partition
                .map(|partition| number("partition", partition)),
        );
        line.json
            .extend(receipt.offset.map(|offset| number("offset", offset)));
        line.facts(record, receipt, &seen, &content, known);
        line.dead(record);
        line.content(content);
        line
    }

    /// The same of a dead letter that has this id, and was sent again or not.
    pub(crate) fn with_state(mut self, id: &str, replayed: bool) -> Line {
        self.json.insert(0, member("letter", id));
        self.json
            .push(("replayed".to_owned(), Json::Bool(replayed)));
        if replayed {
            self.more.push("it was replayed".to_owned());
        }
        self
    }

    /// The same with headers for people too.
    pub(crate) fn with_headers(mut self) -> Line {
        let headers = self.json.iter().find(|(name, _)| name == "headers");
        if let Some((_, Json::Object(headers))) = headers {
            let shown = |(name, value): &(String, Json)| match value {
                Json::String(text) => format!("{name}: {text}"),
                value => format!("{name}: {value}"),
            };
            self.more.extend(headers.iter().map(shown));
        }
        self
    }

    /// One line, or a few, that a terminal may see.
    pub(crate) fn text(&self, format: Shown) -> String {
        match format {
            Shown::Json => format!(
                "{}\n",
                harmless(&Json::Object(self.json.clone()).to_string())
            ),
            Shown::Human => {
                let mut text = harmless(&self.title);
                for line in &self.more {
                    text.push_str("\n    ");
                    text.push_str(&harmless(line));
                }
                text.push('\n');
                text
            }
        }
    }

    fn facts(
        &mut self,
        record: &Record<'_>,
        receipt: Receipt,
        seen: &Seen<'_>,
        content: &Content,
        known: Option<&Known<'_>>,
    ) {
        let event_type = match (known, &seen.event_type) {
            (Some(known), _) => known.about.event_type,
            (None, Some(event_type)) => event_type,
            (None, None) => "unknown",
        };
        let sent = match (&seen.about, &seen.version) {
            (Ok(about), _) => Some(about.version),
            (Err(_), version) => version.as_deref(),
        };
        self.title = event_type.to_owned();
        if event_type != "unknown" {
            self.json.push(member("type", event_type));
        }
        if let Some(sent) = sent {
            self.title.push_str(&format!(" {sent}"));
            self.json.push(member("version", sent));
        }
        if let Content::Payload { version, .. } = content
            && Some(&**version) != sent
        {
            self.title.push_str(&format!(" as {version}"));
            self.json.push(member("as", version));
        }
        let at = place(record.topic, receipt);
        self.title.push_str(&format!("  {at}"));
        if let Some(occurred) = &seen.occurred {
            self.title.push_str(&format!("  {occurred}"));
        }
        let hidden = known.is_some_and(Known::key_is_sensitive);
        if let Some(key) = record.key {
            let key = match std::str::from_utf8(key) {
                _ if hidden => "***".to_owned(),
                Ok(key) => key.to_owned(),
                Err(_) => key.iter().map(|byte| format!("{byte:02x}")).collect(),
            };
            self.title.push_str(&format!("  key {key}"));
            self.json.push(member("key", &key));
        }
        let trace = seen.span.map(|span| span.trace.to_string());
        let mut ids = String::new();
        for (word, name, id) in [
            ("id", "id", seen.id.as_deref()),
            ("", "occurredAt", seen.occurred.as_deref()),
            ("trace", "traceId", trace.as_deref()),
            ("correlation", "correlationId", seen.correlation.as_deref()),
            ("causation", "causationId", seen.causation.as_deref()),
            (
                "conversation",
                "conversationId",
                seen.conversation.as_deref(),
            ),
            ("tenant", "tenant", seen.tenant.as_deref()),
        ] {
            let Some(id) = id else { continue };
            self.json.push(member(name, id));
            // An event that begins something is its own correlation.
            let again = word == "correlation" && seen.id.as_deref() == Some(id);
            if !word.is_empty() && !again {
                ids.push_str(&format!("  {word} {id}"));
            }
        }
        if !ids.is_empty() {
            self.more.push(ids.trim_start().to_owned());
        }
        let headers = record.headers.iter();
        let headers = headers.map(|header| (header.name.to_owned(), value(&header, hidden)));
        self.json
            .push(("headers".to_owned(), Json::object(headers.collect())));
    }

    /// What a consumer has written on a dead letter.
    fn dead(&mut self, record: &Record<'_>) {
        let said = |name: &str| record.headers.text(name);
        let Some(reason) = said("dlq-reason") else {
            return;
        };
        let mut text = format!("dead letter: {reason}");
        for (before, name, behind) in [
            (" (", "dlq-exception", ")"),
            (" of ", "dlq-consumer", ""),
            (", ", "dlq-attempts", " attempts"),
            (", ", "dlq-time", ""),
            (", after replay ", "replay-count", ""),
            (", from ", "dlq-topic", ""),
            ("/", "dlq-partition", ""),
            ("/", "dlq-offset", ""),
        ] {
            if let Some(value) = said(name) {
                text.push_str(&format!("{before}{value}{behind}"));
            }
        }
        self.more.push(text);
    }

    fn content(&mut self, content: Content) {
        match content {
            Content::Replayed(which) => {
                self.more.push(format!("{which} was replayed"));
            }
            Content::Kept(what, json) => {
                self.more.push(match &json {
                    Some(json) => format!("of its body ({what}): {json}"),
                    None => format!("its body was not kept ({what})"),
                });
                self.json.push(member("kept", &what));
                self.json.extend(json.map(|json| ("body".to_owned(), json)));
            }
            Content::Gone => {
                self.more
                    .push("what this key stands for is gone".to_owned());
                self.json.push(("payload".to_owned(), Json::Null));
            }
            Content::Payload { json, trouble, .. } => {
                self.more.push(json.to_string());
                self.json.push(("payload".to_owned(), json));
                if !trouble.is_empty() {
                    self.more
                        .push(format!("this breaks its schema: {}", trouble.join("; ")));
                    let trouble = trouble.into_iter().map(Json::String).collect();
                    self.json
                        .push(("violations".to_owned(), Json::Array(trouble)));
                }
            }
            Content::Unread { reason, raw } => {
                self.more.push(format!("not read: {reason}"));
                self.json.push(member("unread", &reason));
                let (text, json) = match raw {
                    Raw::Json(json) => (json.to_string(), ("body".to_owned(), json)),
                    Raw::Hex(hex, bytes) if hex.len() < bytes * 2 => {
                        (format!("{bytes} bytes, {hex}…"), member("hex", &hex))
                    }
                    Raw::Hex(hex, bytes) => (format!("{bytes} bytes, {hex}"), member("hex", &hex)),
                    Raw::Hidden(bytes) => (
                        format!("{bytes} bytes, not shown: its event has sensitive fields"),
                        number("bytes", bytes as u64),
                    ),
                };
                self.more.push(text);
                self.json.push(json);
            }
        }
    }
}

/// A header's value, if it is one of those that may be seen, or how large it is.
fn value(header: &Header<'_>, hidden: bool) -> Json {
    let name = header.name.to_ascii_lowercase();
    let known = HEADERS.contains(&&*name) || PREFIXES.iter().any(|it| name.starts_with(it));
    // What CloudEvents calls the subject is the key.
    let known = known && !(hidden && name == "ce_subject");
    match header.text().filter(|_| known) {
        Some(text) => Json::String(text.to_owned()),
        None => Json::Object(vec![number("bytes", header.value.len() as u64)]),
    }
}
