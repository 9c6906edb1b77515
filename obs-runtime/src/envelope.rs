//! What stands around a payload and beside it: the envelope and the headers.
//!
//! Everything that is known before an event exists is made once, when the publisher is; a publish puts the id, the
//! time and the trace between those pieces.

use obs_schema::framing::Framing;
use obs_schema::wire::EncodeError;
use obs_schema::wire::json::Writer;

use crate::bus::{Header, Origin};
use crate::clock::Moment;
use crate::context::{Context, SpanContext, baggage, traceparent};
use crate::event::{Descriptor, Encoding, Envelope};
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
}

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
    /// `None`: its own id, for nothing around says better.
    #[inline]
    pub(crate) fn correlation(&self) -> Option<&str> {
        match &self.own {
            Some(own) if !own.correlation.is_empty() => Some(&own.correlation),
            _ => self.context.correlation(),
        }
    }

    #[inline]
    pub(crate) fn tenant(&self) -> Option<&str> {
        match &self.own {
            Some(own) if !own.tenant.is_empty() => Some(&own.tenant),
            _ => self.context.tenant(),
        }
    }

    /// The correlation id with its quotes.
    #[inline]
    pub(crate) fn write_correlation(&self, w: &mut Writer) {
        if let Some(id) = self.correlation() {
            w.string(id);
        } else {
            w.raw("\"");
            w.raw_bytes(self.id.as_bytes());
            w.raw("\"");
        }
    }
}

impl Pieces {
    pub(crate) fn new(about: &'static Descriptor, origin: &Origin) -> Pieces {
        let text = |write: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::new();
            write(&mut writer);
            // What was written is text, and text is not refused.
            String::from_utf8(writer.finish().unwrap_or_default()).unwrap_or_default()
        };
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
            baggage: origin.baggage.clone(),
        }
    }

    /// Appends the message: the payload, in its envelope if it has one inside of the body.
    pub(crate) fn body(
        &self,
        out: &mut Vec<u8>,
        facts: &Facts,
        framing: Option<Framing>,
        payload: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        if let Some(framing) = framing {
            framing.write(out);
        }
        match (self.about.encoding, self.about.envelope) {
            (Encoding::Json, Envelope::Obs) => {
                let mut writer = Writer::on(std::mem::take(out));
                self.open(&mut writer, facts);
                writer.embed(payload);
                writer.raw("}");
                writer.finish_into(out)
            }
            // The schema is known by its fingerprint; what else an envelope says is in the headers.
            (Encoding::Avro, Envelope::Obs) if framing.is_none() => {
                Framing::SingleObject(self.about.rabin).write(out);
                payload(out)
            }
            _ => payload(out),
        }
    }

    /// The envelope up to its payload.
    fn open(&self, w: &mut Writer, facts: &Facts) {
        w.reserve(640);
        w.raw("{\"eventId\":\"");
        w.raw_bytes(facts.id.as_bytes());
        w.raw(&self.type_and_version);
        let time = stamp::rfc3339(facts.at);
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
            (",\"causationId\":", facts.context.causation()),
            (",\"conversationId\":", facts.context.conversation()),
        ] {
            if let Some(id) = id {
                w.raw(name);
                w.string(id);
            }
        }
        w.raw("}");
        w.raw(&self.metadata);
        if let Some(tenant) = facts.tenant() {
            w.raw(",\"tenant\":");
            w.string(tenant);
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
        if let Some(began) = facts.context.parts().and_then(|parts| parts.began) {
            w.raw(",\"metrics\":{\"processingTimeMs\":");
            w.u64(facts.at.nanos_since(began) / 1_000_000);
            w.raw("}");
        }
        w.raw(",\"payload\":");
    }

    /// Calls back with the headers of the message.
    pub(crate) fn headers<R>(&self, facts: &Facts, use_them: impl FnOnce(&[Header<'_>]) -> R) -> R {
        let about = self.about;
        let cloud = about.envelope == Envelope::CloudEvents;
        let parent = facts.span.as_ref().map(|place| &place.traceparent[..]);
        let state = facts.context.trace_state().filter(|_| parent.is_some());
        let id = facts.id.as_bytes();
        let time;
        let mut list = [Header::default(); 16];
        // What every message has stands where it is known to stand; only what is behind is counted.
        let usual = [
            Header {
                name: "traceparent",
                value: parent.unwrap_or_default(),
            },
            Header {
                name: if cloud { "ce_id" } else { "event-id" },
                value: id,
            },
            Header::new(
                if cloud { "ce_type" } else { "event-type" },
                about.event_type,
            ),
            Header::new(
                "content-type",
                match about.encoding {
                    Encoding::Json => "application/json",
                    Encoding::Avro => "application/avro",
                },
            ),
            Header {
                name: "correlation-id",
                value: facts.correlation().map_or(id, str::as_bytes),
            },
        ];
        list[..usual.len()].copy_from_slice(&usual);
        let mut count = usual.len();
        let mut add = |name, value| {
            if let Some(free) = list.get_mut(count) {
                *free = Header { name, value };
                count += 1;
            }
        };
        if let Some(state) = state {
            add("tracestate", state.as_bytes());
        }
        let mut bag = String::new();
        if let Some(parts) = facts.context.parts()
            && !self.baggage.is_empty()
        {
            baggage::write(&parts.baggage, &self.baggage, &mut bag);
            if !bag.is_empty() {
                add("baggage", bag.as_bytes());
            }
        }
        if cloud {
            time = stamp::rfc3339(facts.at);
            add("ce_specversion", b"1.0");
            add("ce_source", self.source.as_bytes());
            add("ce_time", &time);
            if let Some(parent) = parent {
                add("ce_traceparent", parent);
            }
            if let Some(state) = state {
                add("ce_tracestate", state.as_bytes());
            }
        } else {
            add("event-version", about.version.as_bytes());
        }
        for (name, id) in [
            ("causation-id", facts.context.causation()),
            ("conversation-id", facts.context.conversation()),
            ("tenant-id", facts.tenant()),
        ] {
            if let Some(id) = id {
                add(name, id.as_bytes());
            }
        }
        let first = usize::from(parent.is_none());
        use_them(&list[first..count])
    }
}

/// The payload in the body of a record of ours, which may have another framing than its schema's fingerprint; `None` if
/// it is none.
pub(crate) fn payload<'b>(
    about: &Descriptor,
    framing: Option<Framing>,
    body: &'b [u8],
) -> Option<&'b [u8]> {
    let body = match framing {
        None => body,
        Some(framing) => {
            let (found, rest) = Framing::detect(body);
            (found == framing).then_some(rest)?
        }
    };
    match (about.encoding, about.envelope) {
        (Encoding::Json, Envelope::Obs) => {
            // The last member. No text before it can look so: quotes within texts have a stroke before them.
            const NAME: &[u8] = b",\"payload\":";
            let at = body.windows(NAME.len()).position(|part| part == NAME)?;
            body[at + NAME.len()..].strip_suffix(b"}")
        }
        (Encoding::Avro, Envelope::Obs) if framing.is_none() => {
            let (framing, payload) = Framing::detect(body);
            (framing == Framing::SingleObject(about.rabin)).then_some(payload)
        }
        _ => Some(body),
    }
}
