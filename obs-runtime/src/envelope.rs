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
    pub(crate) id: &'a str,
    pub(crate) at: Moment,
    /// The span of the publish, or the one around it where none is made.
    pub(crate) span: Option<SpanContext>,
    pub(crate) parent: Option<SpanId>,
    pub(crate) context: &'a Context,
    /// Its own id where nothing around says better.
    pub(crate) correlation: &'a str,
    pub(crate) tenant: Option<&'a str>,
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
        payload: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        match (self.about.encoding, self.about.envelope) {
            (Encoding::Json, Envelope::Obs) => {
                let mut writer = Writer::on(std::mem::take(out));
                self.open(&mut writer, facts);
                writer.embed(payload);
                writer.raw("}");
                writer.finish_into(out)
            }
            // The schema is known by its fingerprint; what else an envelope says is in the headers.
            (Encoding::Avro, Envelope::Obs) => {
                Framing::SingleObject(self.about.rabin).write(out);
                payload(out)
            }
            (_, Envelope::CloudEvents | Envelope::None) => payload(out),
        }
    }

    /// The envelope up to its payload.
    fn open(&self, w: &mut Writer, facts: &Facts<'_>) {
        w.reserve(640);
        w.raw("{\"eventId\":\"");
        w.raw(facts.id);
        w.raw(&self.type_and_version);
        w.raw(text(&stamp::rfc3339(facts.at)));
        w.raw("\"");
        if let Some(span) = facts.span {
            w.raw(",\"tracing\":{\"traceId\":\"");
            w.raw(text(&span.trace.hex()));
            w.raw("\",\"spanId\":\"");
            w.raw(text(&span.span.hex()));
            if let Some(parent) = facts.parent {
                w.raw("\",\"parentSpanId\":\"");
                w.raw(text(&parent.hex()));
            }
            w.raw("\",\"sampled\":");
            w.bool(span.sampled);
            w.raw("}");
        }
        w.raw(",\"correlation\":{\"correlationId\":");
        w.string(facts.correlation);
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
        let parent = facts.span.map(|span| traceparent::write(&span));
        let time = stamp::rfc3339(facts.at);
        let mut list = [Header::default(); 16];
        let mut count = 0;
        let mut add = |name, value| {
            if let Some(free) = list.get_mut(count) {
                *free = Header::new(name, value);
                count += 1;
            }
        };
        if let Some(parent) = &parent {
            add("traceparent", text(parent));
            if let Some(state) = facts.context.trace_state() {
                add("tracestate", state);
            }
        }
        let mut bag = String::new();
        if let Some(parts) = facts.context.parts()
            && !self.baggage.is_empty()
        {
            baggage::write(&parts.baggage, &self.baggage, &mut bag);
            if !bag.is_empty() {
                add("baggage", &bag);
            }
        }
        if cloud {
            add("ce_specversion", "1.0");
            add("ce_id", facts.id);
            add("ce_type", about.event_type);
            add("ce_source", &self.source);
            add("ce_time", text(&time));
            if let Some(parent) = &parent {
                add("ce_traceparent", text(parent));
                if let Some(state) = facts.context.trace_state() {
                    add("ce_tracestate", state);
                }
            }
        } else {
            add("event-id", facts.id);
            add("event-type", about.event_type);
            add("event-version", about.version);
        }
        add(
            "content-type",
            match about.encoding {
                Encoding::Json => "application/json",
                Encoding::Avro => "application/avro",
            },
        );
        add("correlation-id", facts.correlation);
        for (name, id) in [
            ("causation-id", facts.context.causation()),
            ("conversation-id", facts.context.conversation()),
            ("tenant-id", facts.tenant),
        ] {
            if let Some(id) = id {
                add(name, id);
            }
        }
        use_them(&list[..count])
    }
}

/// Digits and signs of ours, which are ASCII.
pub(crate) fn text(ascii: &[u8]) -> &str {
    str::from_utf8(ascii).unwrap_or_default()
}
