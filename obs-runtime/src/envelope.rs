//! What stands around a payload and beside it: the envelope and the headers.
//!
//! Everything that is known before an event exists is made once, when the publisher is; a publish puts the id, the
//! time and the trace between those pieces.

use obs_schema::framing::Framing;
use obs_schema::wire::EncodeError;
use obs_schema::wire::json::Writer;

use crate::bus::{Header, Origin};
use crate::clock::Moment;
use crate::context::{Context, SpanContext, baggage};
use crate::event::{Descriptor, Encoding, Envelope};
use crate::ids::SpanId;
use crate::stamp;

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

/// What one publish adds.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) at: Moment,
    /// The span of the publish, or the one around it where none is made.
    pub(crate) span: Option<Place<'a>>,
    pub(crate) parent: Option<SpanId>,
    pub(crate) context: &'a Context,
    /// `None`: its own id, for nothing around says better.
    pub(crate) correlation: Option<&'a str>,
    pub(crate) tenant: Option<&'a str>,
}

/// A span with its digits, which are made once: header, envelope and log line show the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) span: SpanContext,
    pub(crate) traceparent: &'a [u8; 55],
}

impl Place<'_> {
    pub(crate) fn trace_hex(&self) -> &[u8] {
        &self.traceparent[3..35]
    }

    pub(crate) fn span_hex(&self) -> &[u8] {
        &self.traceparent[36..52]
    }
}

impl Facts<'_> {
    /// The correlation id with its quotes.
    pub(crate) fn write_correlation(&self, w: &mut Writer) {
        if let Some(id) = self.correlation {
            w.string(id);
        } else {
            w.raw("\"");
            w.raw_bytes(self.id);
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
        facts: &Facts<'_>,
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
    fn open(&self, w: &mut Writer, facts: &Facts<'_>) {
        w.reserve(640);
        w.raw("{\"eventId\":\"");
        w.raw_bytes(facts.id);
        w.raw(&self.type_and_version);
        w.raw_bytes(&stamp::rfc3339(facts.at));
        w.raw("\"");
        if let Some(place) = facts.span {
            w.raw(",\"tracing\":{\"traceId\":\"");
            w.raw_bytes(place.trace_hex());
            w.raw("\",\"spanId\":\"");
            w.raw_bytes(place.span_hex());
            if let Some(parent) = facts.parent {
                w.raw("\",\"parentSpanId\":\"");
                w.raw_bytes(&parent.hex());
            }
            w.raw("\",\"sampled\":");
            w.bool(place.span.sampled);
            w.raw("}");
        }
        w.raw(",\"correlation\":{\"correlationId\":");
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
        if let Some(tenant) = facts.tenant {
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
    pub(crate) fn headers<R>(
        &self,
        facts: &Facts<'_>,
        use_them: impl FnOnce(&[Header<'_>]) -> R,
    ) -> R {
        let about = self.about;
        let cloud = about.envelope == Envelope::CloudEvents;
        let parent = facts.span.map(|place| place.traceparent);
        let state = facts.context.trace_state().filter(|_| parent.is_some());
        let time;
        let mut list = [Header::default(); 16];
        let mut count = 0;
        let mut add = |name, value| {
            if let Some(free) = list.get_mut(count) {
                *free = Header { name, value };
                count += 1;
            }
        };
        if let Some(parent) = parent {
            add("traceparent", parent);
        }
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
            add("ce_id", facts.id);
            add("ce_type", about.event_type.as_bytes());
            add("ce_source", self.source.as_bytes());
            add("ce_time", &time);
            if let Some(parent) = parent {
                add("ce_traceparent", parent);
            }
            if let Some(state) = state {
                add("ce_tracestate", state.as_bytes());
            }
        } else {
            add("event-id", facts.id);
            add("event-type", about.event_type.as_bytes());
            add("event-version", about.version.as_bytes());
        }
        add(
            "content-type",
            match about.encoding {
                Encoding::Json => b"application/json",
                Encoding::Avro => b"application/avro",
            },
        );
        add(
            "correlation-id",
            facts.correlation.map_or(facts.id, str::as_bytes),
        );
        for (name, id) in [
            ("causation-id", facts.context.causation()),
            ("conversation-id", facts.context.conversation()),
            ("tenant-id", facts.tenant),
        ] {
            if let Some(id) = id {
                add(name, id.as_bytes());
            }
        }
        use_them(&list[..count])
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
