//! What stands around a payload and beside it: the envelope and the headers.
//!
//! Everything that is known before an event exists is made once, when the publisher is; a publish puts the id, the
//! time and the trace between those pieces.

mod avro;
mod cloud;
#[cfg(feature = "tokio")]
mod head;
#[cfg(feature = "tokio")]
mod word;

use std::borrow::Cow;

use obs_schema::framing::Framing;
use obs_schema::wire::EncodeError;
use obs_schema::wire::json::Writer;

#[cfg(feature = "tokio")]
pub(crate) use self::avro::fingerprint as avro_fingerprint;
pub(crate) use self::avro::schema as avro_schema;
#[cfg(feature = "tokio")]
pub(crate) use self::head::{Head, Payload};
#[cfg(feature = "tokio")]
pub(crate) use self::word::Word;
use crate::bus::{Header, Origin, Record};
use crate::clock::Moment;
use crate::context::{Context, Parts, SpanContext, Text, baggage, traceparent};
use crate::event::{Descriptor, Encoding, Envelope, Key};
use crate::ids::{EventId, SpanId};
use crate::stamp;
use crate::tell::Ids;

/// The pieces of an event's envelope that never change.
#[derive(Debug)]
pub(crate) struct Pieces {
    about: &'static Descriptor,
    source: String,
    /// From behind the id to the time: `","eventType":…,"occurredAt":"`.
    type_and_version: String,
    /// `,"metadata":{"source":…`, open for a tenant.
    metadata: String,
    /// What of the baggage leaves.
    baggage: Vec<String>,
    /// No baggage leaves, and the headers are ours.
    plain: bool,
    /// Where the envelope is a record of Avro.
    avro: Option<avro::Pieces>,
    /// Where it is an event of CloudEvents.
    cloud: Option<cloud::Pieces>,
}

/// How CloudEvents go into records.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ContentMode {
    /// Attributes are headers, and the body is the payload.
    #[default]
    Binary,
    /// All of it is JSON in the body.
    Structured,
}

/// What a publisher adds to what its event says of the envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wrapping {
    /// What stands before bodies, if it is not what their envelope puts there.
    pub(crate) framing: Option<Framing>,
    /// It is in a header instead.
    pub(crate) in_header: bool,
    pub(crate) mode: ContentMode,
}

/// What the id and the type of an event are called in headers of ours.
const EVENT: [&str; 2] = ["event-id", "event-type"];

/// The header that tells which schema wrote a body without a framing.
const SCHEMA_ID: &str = "__value_schema_id";

/// From the time to the ids of the span, which are written over what stands here.
const TRACING: &[u8; 112] = b"0000-00-00T00:00:00.000000Z\",\"tracing\":{\"traceId\":\"00000000000000000000000000000000\",\"spanId\":\"0000000000000000\"";
const TRACING_TRACE: usize = stamp::LENGTH + 24;
const TRACING_SPAN: usize = TRACING_TRACE + 32 + 12;

/// What one publish adds.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: EventId,
    pub(crate) at: Moment,
    /// The span of the publish, or the one around it where none is made.
    pub(crate) span: Option<Place>,
    pub(crate) parent: Option<SpanId>,
    pub(crate) context: Context,
    /// What the event says itself of whose it is.
    pub(crate) own: Option<Box<Ids>>,
}

/// A span with its digits, which are made once: header, envelope and log line show the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) span: SpanContext,
    traceparent: [u8; 55],
}

impl Place {
    #[inline]
    pub(crate) fn of(span: SpanContext) -> Place {
        Place {
            span,
            traceparent: traceparent::write(&span),
        }
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn trace_hex(&self) -> &[u8] {
        &self.traceparent[3..35]
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn span_hex(&self) -> &[u8] {
        &self.traceparent[36..52]
    }

    /// Writes the digits over what stands for them: those of the trace from one place on, those of the span from
    /// another. What is of one length goes to a buffer in one piece.
    #[inline]
    pub(crate) fn put<const N: usize>(&self, text: &mut [u8; N], trace: usize, span: usize) {
        text[trace..trace + 32].copy_from_slice(&self.traceparent[3..35]);
        text[span..span + 16].copy_from_slice(&self.traceparent[36..52]);
    }
}

impl Facts {
    /// When it happened, in nanoseconds since 1970.
    #[inline]
    fn occurred_nanos(&self) -> u64 {
        let happened = self.context.parts().and_then(|parts| parts.happened);
        happened.unwrap_or_else(|| self.at.unix_nanos())
    }

    #[inline]
    fn occurred(&self) -> [u8; stamp::LENGTH] {
        stamp::rfc3339_of(self.occurred_nanos())
    }

    /// From the start of the operation around the publish until the publish.
    fn processing_ms(&self) -> Option<u64> {
        let began = self.context.parts()?.began?;
        Some(self.at.nanos_since(began) / 1_000_000)
    }

    /// From when it happened until the publish.
    fn queued_ms(&self) -> Option<u64> {
        let happened = self.context.parts()?.happened?;
        Some(self.at.unix_nanos().saturating_sub(happened) / 1_000_000)
    }

    /// Ids are bytes here: that they are text is known.
    #[inline]
    pub(crate) fn correlation(&self) -> &[u8] {
        // Its own, where nothing says better.
        self.other_correlation().unwrap_or(self.id.as_bytes())
    }

    #[inline]
    fn other_correlation(&self) -> Option<&[u8]> {
        match &self.own {
            Some(own) if !own.correlation.is_empty() => Some(own.correlation.as_bytes()),
            _ => bytes(&self.context.parts()?.correlation),
        }
    }

    /// The correlation id with its quotes.
    #[inline]
    fn write_correlation(&self, w: &mut Writer) {
        if let Some(id) = self.other_correlation() {
            w.string_bytes(id);
        } else {
            w.raw("\"");
            w.raw_bytes(self.id.as_bytes());
            w.raw("\"");
        }
    }

    #[inline]
    pub(crate) fn tenant(&self) -> Option<&[u8]> {
        match &self.own {
            Some(own) if !own.tenant.is_empty() => Some(own.tenant.as_bytes()),
            _ => bytes(&self.context.parts()?.tenant),
        }
    }

    #[inline]
    pub(crate) fn causation(&self) -> Option<&[u8]> {
        bytes(&self.context.parts()?.causation)
    }

    #[inline]
    fn conversation(&self) -> Option<&[u8]> {
        bytes(&self.context.parts()?.conversation)
    }
}

#[inline]
fn bytes(text: &Option<Text>) -> Option<&[u8]> {
    text.as_ref().map(Text::as_bytes)
}

impl Pieces {
    pub(crate) fn new(about: &'static Descriptor, origin: &Origin) -> Pieces {
        Pieces {
            about,
            source: origin.name().to_owned(),
            type_and_version: text(&|w| {
                w.raw("\",\"eventType\":");
                w.string(about.event_type);
                w.raw(",\"eventVersion\":");
                w.string(about.version);
                w.raw(",\"occurredAt\":\"");
            }),
            metadata: text(&|w| {
                w.raw(",\"metadata\":{");
                origin.members(w);
            }),
            plain: origin.baggage.is_empty() && about.envelope != Envelope::CloudEvents,
            baggage: origin.baggage.clone(),
            avro: (about.encoding == Encoding::Avro && about.envelope == Envelope::Obs)
                .then(|| avro::Pieces::new(about, origin)),
            cloud: (about.envelope == Envelope::CloudEvents)
                .then(|| cloud::Pieces::new(about, origin)),
        }
    }

    /// Appends the message: the payload, in its envelope if it has one inside of the body.
    pub(crate) fn body(
        &self,
        out: &mut Vec<u8>,
        facts: &Facts,
        wrapping: &Wrapping,
        key: &Key<'_>,
        payload: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if let Some(cloud) = &self.cloud
            && wrapping.mode == ContentMode::Structured
        {
            return cloud.structured(out, facts, subject(key), self.about.encoding, payload);
        }
        match &wrapping.framing {
            Some(framing) if !wrapping.in_header => framing.write(out),
            _ => {}
        }
        match (self.about.encoding, self.about.envelope) {
            (Encoding::Json, Envelope::Obs) => {
                let mut writer = Writer::on(std::mem::take(out));
                self.open(&mut writer, facts);
                writer.embed(payload);
                writer.raw("}");
                writer.finish_into(out)
            }
            _ => {
                if let Some(avro) = &self.avro {
                    // Nothing else says which schema it is.
                    if wrapping.framing.is_none() {
                        Framing::SingleObject(avro.fingerprint).write(out);
                    }
                    avro.open(out, facts)?;
                }
                payload(out)
            }
        }
    }

    /// The envelope up to its payload.
    fn open(&self, w: &mut Writer, facts: &Facts) {
        w.reserve(640);
        w.raw("{\"eventId\":\"");
        w.raw_bytes(facts.id.as_bytes());
        w.raw(&self.type_and_version);
        let time = facts.occurred();
        if let Some(place) = &facts.span {
            let mut text = *TRACING;
            text[..stamp::LENGTH].copy_from_slice(&time);
            place.put(&mut text, TRACING_TRACE, TRACING_SPAN);
            w.raw_bytes(&text);
            if let Some(parent) = facts.parent {
                w.raw(",\"parentSpanId\":\"");
                w.raw_bytes(&parent.hex());
                w.raw("\"");
            }
            if place.span.sampled {
                w.raw(",\"sampled\":true},\"correlation\":{\"correlationId\":");
            } else {
                w.raw(",\"sampled\":false},\"correlation\":{\"correlationId\":");
            }
        } else {
            w.raw_bytes(&time);
            w.raw("\",\"correlation\":{\"correlationId\":");
        }
        facts.write_correlation(w);
        for (name, id) in [
            (",\"causationId\":", facts.causation()),
            (",\"conversationId\":", facts.conversation()),
        ] {
            if let Some(id) = id {
                w.raw(name);
                w.string_bytes(id);
            }
        }
        w.raw("}");
        w.raw(&self.metadata);
        if let Some(tenant) = facts.tenant() {
            w.raw(",\"tenant\":");
            w.string_bytes(tenant);
        }
        w.raw("}");
        if let Some(actor) = facts.context.actor() {
            w.raw(",\"actor\":{\"type\":");
            w.string(&actor.kind);
            w.raw(",\"id\":");
            w.string(&actor.id);
            if let Some(host) = &actor.host {
                w.raw(",\"host\":");
                w.string(host);
            }
            w.raw("}");
        }
        let mut before = ",\"metrics\":{";
        for (name, time) in [
            ("\"processingTimeMs\":", facts.processing_ms()),
            ("\"queuedTimeMs\":", facts.queued_ms()),
        ] {
            if let Some(time) = time {
                w.raw(before);
                w.raw(name);
                w.u64(time);
                before = ",";
            }
        }
        if before == "," {
            w.raw("}");
        }
        w.raw(",\"payload\":");
    }

    /// Whether a message has the headers that all have, and its version.
    #[inline]
    fn has_no_more(&self, facts: &Facts, wrapping: &Wrapping) -> bool {
        let plain = |parts: &Parts| {
            let ids = [&parts.causation, &parts.conversation, &parts.tenant];
            parts.state.is_none() && ids.iter().all(|id| id.is_none())
        };
        self.plain
            && !wrapping.in_header
            && facts.context.parts().is_none_or(plain)
            && facts.own.as_ref().is_none_or(|own| own.tenant.is_empty())
    }

    /// Calls back with the headers of the message.
    pub(crate) fn headers<R>(
        &self,
        facts: &Facts,
        wrapping: &Wrapping,
        key: &Key<'_>,
        use_them: impl FnOnce(&[Header<'_>]) -> R,
    ) -> R {
        if !self.has_no_more(facts, wrapping) {
            return self.more_headers(facts, wrapping, key, use_them);
        }
        let content = content_type(self.about.encoding);
        let [trace, id, event_type, content, correlation] =
            usual(facts, EVENT, self.about, content);
        let version = Header::new("event-version", self.about.version);
        let all = [trace, id, event_type, version, content, correlation];
        use_them(&all[usize::from(facts.span.is_none())..])
    }

    /// The same where there are others than those of every message: they take much more room.
    #[inline(never)]
    fn more_headers<R>(
        &self,
        facts: &Facts,
        wrapping: &Wrapping,
        key: &Key<'_>,
        use_them: impl FnOnce(&[Header<'_>]) -> R,
    ) -> R {
        let (time, mut bag) = (facts.occurred(), String::new());
        let schema_id = wrapping.framing.filter(|_| wrapping.in_header);
        let schema_id = schema_id.map(|framing| framing.prefix());
        if let Some(parts) = facts.context.parts()
            && !self.baggage.is_empty()
        {
            baggage::write(&parts.baggage, &self.baggage, &mut bag);
        }
        let beside = Beside {
            time: &time,
            bag: &bag,
            schema_id: schema_id.as_ref().map(|(bytes, len)| &bytes[..*len]),
        };
        match &self.cloud {
            Some(cloud) if wrapping.mode == ContentMode::Binary => {
                let mut list = [Header::default(); 48];
                // An origin with very much to say is worth an allocation.
                let mut long = Vec::new();
                let list = if cloud.extensions.len() > list.len() - CLOUD_HEADERS {
                    long.resize(CLOUD_HEADERS + cloud.extensions.len(), Header::default());
                    &mut long[..]
                } else {
                    &mut list[..]
                };
                let mut to = List::new(
                    list,
                    usual(
                        facts,
                        ["ce_id", "ce_type"],
                        self.about,
                        content_type(self.about.encoding),
                    ),
                );
                to.usual(facts, &beside);
                to.cloud(facts, &beside, cloud, &self.source, subject(key));
                use_them(to.done())
            }
            cloud => {
                let mut list = [Header::default(); 16];
                let content = match cloud {
                    Some(_) => cloud::STRUCTURED,
                    None => content_type(self.about.encoding),
                };
                let mut to = List::new(&mut list, usual(facts, EVENT, self.about, content));
                to.usual(facts, &beside);
                to.add("event-version", self.about.version.as_bytes());
                use_them(to.done())
            }
        }
    }
}

/// The headers of every message, the trace first, which waits for a value where there is no span.
#[inline]
fn usual<'a>(
    facts: &'a Facts,
    [id, event_type]: [&'static str; 2],
    about: &'static Descriptor,
    content: &'static str,
) -> [Header<'a>; 5] {
    let own = facts.id.as_bytes();
    [
        Header {
            name: "traceparent",
            value: facts.span.as_ref().map_or(&[], |place| &place.traceparent),
        },
        Header {
            name: id,
            value: own,
        },
        Header::new(event_type, about.event_type),
        Header::new("content-type", content),
        Header {
            name: "correlation-id",
            value: facts.correlation(),
        },
    ]
}

/// Headers of a CloudEvent in binary mode, but for those of its origin: never more than these.
const CLOUD_HEADERS: usize = 24;

/// What headers borrow that is made for one message.
struct Beside<'a> {
    time: &'a [u8],
    bag: &'a str,
    schema_id: Option<&'a [u8]>,
}

/// Headers that are being listed.
struct List<'l, 'a> {
    list: &'l mut [Header<'a>],
    first: usize,
    count: usize,
}

impl<'l, 'a> List<'l, 'a> {
    /// With what every message has. That stands where it is known to stand; only what is behind is counted.
    #[inline]
    fn new(list: &'l mut [Header<'a>], usual: [Header<'a>; 5]) -> List<'l, 'a> {
        list[..usual.len()].copy_from_slice(&usual);
        List {
            list,
            // Without a span there is no trace to tell.
            first: usize::from(usual[0].value.is_empty()),
            count: usual.len(),
        }
    }

    #[inline]
    fn add(&mut self, name: &'a str, value: &'a [u8]) {
        if let Some(free) = self.list.get_mut(self.count) {
            *free = Header { name, value };
            self.count += 1;
        }
    }

    #[inline]
    fn usual(&mut self, facts: &'a Facts, beside: &Beside<'a>) {
        if let Some(state) = facts.context.trace_state().filter(|_| self.first == 0) {
            self.add("tracestate", state.as_bytes());
        }
        if !beside.bag.is_empty() {
            self.add("baggage", beside.bag.as_bytes());
        }
        for (name, id) in [
            ("causation-id", facts.causation()),
            ("conversation-id", facts.conversation()),
            ("tenant-id", facts.tenant()),
        ] {
            if let Some(id) = id {
                self.add(name, id);
            }
        }
        if let Some(id) = beside.schema_id {
            self.add(SCHEMA_ID, id);
        }
    }

    /// What CloudEvents has in headers, beyond id and type.
    fn cloud(
        &mut self,
        facts: &'a Facts,
        beside: &Beside<'a>,
        cloud: &'a cloud::Pieces,
        source: &'a str,
        subject: Option<&'a str>,
    ) {
        self.add("ce_specversion", b"1.0");
        self.add("ce_source", source.as_bytes());
        self.add("ce_time", beside.time);
        self.add("ce_dataschema", cloud.schema.as_bytes());
        let traced = facts.span.as_ref();
        for (name, value) in [
            ("ce_subject", subject.map(str::as_bytes)),
            ("ce_traceparent", traced.map(|place| &place.traceparent[..])),
            (
                "ce_tracestate",
                traced.and(facts.context.trace_state()).map(str::as_bytes),
            ),
            ("ce_correlationid", Some(facts.correlation())),
            ("ce_causationid", facts.causation()),
            ("ce_conversationid", facts.conversation()),
            ("ce_tenant", facts.tenant()),
        ] {
            if let Some(value) = value {
                self.add(name, value);
            }
        }
        for (name, value) in &cloud.extensions {
            self.add(name, value.as_bytes());
        }
    }

    fn done(&self) -> &[Header<'a>] {
        &self.list[self.first..self.count]
    }
}

fn content_type(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Json => "application/json",
        Encoding::Avro => "application/avro",
    }
}

/// What CloudEvents calls the subject: the key, where it is text.
fn subject<'k>(key: &'k Key<'_>) -> Option<&'k str> {
    match key {
        Key::Text(text) => Some(text),
        _ => None,
    }
}

/// A piece of JSON.
fn text(write: &dyn Fn(&mut Writer)) -> String {
    let mut writer = Writer::new();
    write(&mut writer);
    // What was written is text, and text is not refused.
    String::from_utf8(writer.finish().unwrap_or_default()).unwrap_or_default()
}

/// What stands behind the name of the last member. No text before it can look so: quotes within texts have a stroke
/// before them.
fn behind<'b>(body: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let at = body.windows(name.len()).position(|part| part == name)?;
    Some(&body[at + name.len()..])
}

/// The payload of a record of ours, which may have another framing than its envelope says; `None` if it is none.
pub(crate) fn payload<'b>(
    about: &Descriptor,
    framing: Option<Framing>,
    record: &Record<'b>,
) -> Option<Cow<'b, [u8]>> {
    let body = record.body?;
    if record.headers.text("content-type") == Some(cloud::STRUCTURED) {
        return cloud::payload(about.encoding, body);
    }
    let framed = framing.filter(|_| record.headers.get(SCHEMA_ID).is_none());
    let body = match framed {
        None => body,
        Some(framing) => {
            let (found, rest) = Framing::detect(body);
            (found == framing).then_some(rest)?
        }
    };
    let payload = match (about.encoding, about.envelope) {
        (Encoding::Json, Envelope::Obs) => behind(body, b",\"payload\":")?.strip_suffix(b"}")?,
        (Encoding::Avro, Envelope::Obs) => {
            let (found, rest) = Framing::detect(body);
            let own = framing.is_none() && matches!(found, Framing::SingleObject(_));
            avro::payload(about, if own { rest } else { body })?
        }
        _ => body,
    };
    Some(payload.into())
}
