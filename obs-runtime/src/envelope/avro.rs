//! The envelope of an Avro payload: a record of the same shape as the one in JSON, whose last field is the payload.

#[cfg(feature = "tokio")]
mod pass;

use std::fmt::Write as _;

use obs_schema::avro::fingerprint::rabin;
use obs_schema::avro::parse::read_text;
use obs_schema::avro::{Kind, Set, Type, canonical};
use obs_schema::wire::EncodeError;
use obs_schema::wire::avro::{Reader, Writer};

#[cfg(feature = "tokio")]
pub(super) use self::pass::pass;
use super::Facts;
use crate::bus::Origin;
use crate::event::Descriptor;

/// What stands behind the name of the event's own record in the name of the envelope.
const SUFFIX: &str = "ObsEnvelope";

/// The fields before the payload. Names are whole, so that nothing depends on the namespace around them.
const FIELDS: &str = r#"{"name":"eventId","type":"string"},{"name":"eventType","type":"string"},{"name":"eventVersion","type":"string"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"tracing","type":["null",{"type":"record","name":"obs.envelope.Tracing","fields":[{"name":"traceId","type":"string"},{"name":"spanId","type":"string"},{"name":"parentSpanId","type":["null","string"],"default":null},{"name":"sampled","type":"boolean"}]}],"default":null},{"name":"correlation","type":{"type":"record","name":"obs.envelope.Correlation","fields":[{"name":"correlationId","type":"string"},{"name":"causationId","type":["null","string"],"default":null},{"name":"conversationId","type":["null","string"],"default":null}]}},{"name":"metadata","type":{"type":"record","name":"obs.envelope.Metadata","fields":[{"name":"source","type":"string"},{"name":"sourceVersion","type":["null","string"],"default":null},{"name":"sourceHost","type":["null","string"],"default":null},{"name":"environment","type":["null","string"],"default":null},{"name":"region","type":["null","string"],"default":null},{"name":"extensions","type":{"type":"map","values":"string"},"default":{}},{"name":"tenant","type":["null","string"],"default":null}]}},{"name":"actor","type":["null",{"type":"record","name":"obs.envelope.Actor","fields":[{"name":"type","type":"string"},{"name":"id","type":"string"},{"name":"host","type":["null","string"],"default":null}]}],"default":null},{"name":"metrics","type":["null",{"type":"record","name":"obs.envelope.Metrics","fields":[{"name":"processingTimeMs","type":["null","long"],"default":null},{"name":"queuedTimeMs","type":["null","long"],"default":null}]}],"default":null}"#;

/// What metadata has fields for; the rest is a map.
const METADATA: [&str; 4] = ["sourceVersion", "sourceHost", "environment", "region"];

/// Trace and span, which are written over what stands here: the branch that is not null, and two texts behind their
/// lengths.
const TRACING: [u8; 51] = {
    let mut bytes = [0; 51];
    (bytes[0], bytes[1], bytes[TRACING_SPAN - 1]) = (2, 2 * 32, 2 * 16);
    bytes
};
const TRACING_TRACE: usize = 2;
const TRACING_SPAN: usize = TRACING_TRACE + 32 + 1;

/// The pieces that never change.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Of the envelope's schema.
    pub(super) fingerprint: u64,
    type_and_version: Vec<u8>,
    /// The metadata up to the tenant.
    metadata: Vec<u8>,
}

/// The schema of the whole message, as one document; `None` if the event's own cannot be read.
pub(crate) fn schema(about: &Descriptor) -> Option<String> {
    let own = read_text(about.schema).ok()?;
    let mut text = String::from("{\"type\":\"record\",");
    // In the namespace of the event, so that names without one mean the same within as they do alone.
    let _ = match &root(&own)?.kind {
        Kind::Named(id) => {
            let name = &own.get(*id).name;
            let namespace = &name.namespace;
            write!(
                text,
                "\"name\":\"{}{SUFFIX}\",\"namespace\":\"{namespace}\"",
                name.name
            )
        }
        _ => write!(text, "\"name\":\"{SUFFIX}\""),
    };
    let payload = about.schema;
    let _ = write!(
        text,
        ",\"fields\":[{FIELDS},{{\"name\":\"payload\",\"type\":{payload}}}]}}"
    );
    Some(text)
}

fn root(set: &Set) -> Option<&Type> {
    set.documents
        .iter()
        .find_map(|document| document.root.as_ref())
}

/// The fingerprint of the envelope, by which readers find its schema.
pub(crate) fn fingerprint(about: &Descriptor) -> Option<u64> {
    let set = read_text(&schema(about)?).ok()?;
    Some(rabin(canonical::of(&set, root(&set)?).as_bytes()))
}

impl Pieces {
    pub(super) fn new(about: &'static Descriptor, origin: &Origin) -> Pieces {
        let bytes = |write: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::new();
            write(&mut writer);
            // Texts are not refused.
            writer.finish().unwrap_or_default()
        };
        Pieces {
            // A description without a schema has nothing that could tell its envelope from others.
            fingerprint: fingerprint(about).unwrap_or(about.rabin),
            type_and_version: bytes(&|w| {
                w.string(about.event_type);
                w.string(about.version);
            }),
            metadata: bytes(&|w| {
                w.string(origin.name());
                let (named, more): (Vec<_>, Vec<_>) = origin
                    .metadata()
                    .iter()
                    .partition(|(name, _)| METADATA.contains(&name.as_str()));
                for name in METADATA {
                    let value = named.iter().find(|(known, _)| known == name);
                    text(w, value.map(|(_, value)| value.as_bytes()));
                }
                w.begin_block(more.len());
                for (name, value) in more {
                    w.string(name);
                    w.string(value);
                }
                w.end_blocks();
            }),
        }
    }

    /// Appends the envelope up to its payload.
    pub(super) fn open(&self, out: &mut Vec<u8>, facts: &Facts) -> Result<(), EncodeError> {
        let mut w = Writer::on(std::mem::take(out));
        w.reserve(320 + self.metadata.len());
        w.bytes(facts.id.as_bytes());
        w.fixed(&self.type_and_version);
        w.long(i64::try_from(facts.occurred_nanos() / 1_000).unwrap_or(i64::MAX));
        if let Some(place) = &facts.span {
            let mut tracing = TRACING;
            place.put(&mut tracing, TRACING_TRACE, TRACING_SPAN);
            w.fixed(&tracing);
            let parent = facts.parent.map(|parent| parent.hex());
            text(&mut w, parent.as_ref().map(<[u8; 16]>::as_slice));
            w.bool(place.span.sampled);
        } else {
            w.index(0);
        }
        w.bytes(facts.correlation());
        text(&mut w, facts.causation());
        text(&mut w, facts.conversation());
        w.fixed(&self.metadata);
        text(&mut w, facts.tenant());
        let actor = facts.context.actor();
        w.index(usize::from(actor.is_some()));
        if let Some(actor) = actor {
            w.string(&actor.kind);
            w.string(&actor.id);
            text(&mut w, actor.host.as_deref().map(str::as_bytes));
        }
        let times = [facts.processing_ms(), facts.queued_ms()];
        let any = times.iter().any(Option::is_some);
        w.index(usize::from(any));
        if any {
            for time in times {
                w.index(usize::from(time.is_some()));
                if let Some(time) = time {
                    w.long(i64::try_from(time).unwrap_or(i64::MAX));
                }
            }
        }
        w.finish_into(out)
    }
}

/// A text that may be absent.
fn text(w: &mut Writer, text: Option<&[u8]>) {
    w.index(usize::from(text.is_some()));
    if let Some(text) = text {
        w.bytes(text);
    }
}

/// The payload in an envelope of this event.
pub(super) fn payload<'b>(about: &Descriptor, body: &'b [u8]) -> Option<&'b [u8]> {
    let (read, payload) = read(body)?;
    let own =
        read.event_type == about.event_type.as_bytes() && read.version == about.version.as_bytes();
    own.then_some(payload)
}

/// An envelope, read up to its payload. Texts are bytes until somebody wants them.
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "consumers alone want all of it")
)]
pub(super) struct Read<'b> {
    pub(super) id: &'b [u8],
    pub(super) event_type: &'b [u8],
    pub(super) version: &'b [u8],
    /// Microseconds since 1970.
    pub(super) occurred: i64,
    /// Trace, span, and whether it is sampled.
    pub(super) tracing: Option<(&'b [u8], &'b [u8], bool)>,
    pub(super) correlation: &'b [u8],
    pub(super) causation: Option<&'b [u8]>,
    pub(super) conversation: Option<&'b [u8]>,
    pub(super) tenant: Option<&'b [u8]>,
    pub(super) actor: Option<Acting<'b>>,
}

/// Kind, id and host.
type Acting<'b> = (&'b [u8], &'b [u8], Option<&'b [u8]>);

/// Reads an envelope up to the payload, which is the rest; `None` if it is none.
pub(super) fn read(bytes: &[u8]) -> Option<(Read<'_>, &[u8])> {
    let mut r = Pass { bytes, at: 0 };
    let mut read = Read {
        id: r.text()?,
        event_type: r.text()?,
        version: r.text()?,
        occurred: r.number()?,
        tracing: None,
        correlation: &[],
        causation: None,
        conversation: None,
        tenant: None,
        actor: None,
    };
    if r.branch()? {
        let (trace, span) = (r.text()?, r.text()?);
        r.optional()?;
        let sampled = match bytes.get(r.at)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        r.at += 1;
        read.tracing = Some((trace, span, sampled));
    }
    read.correlation = r.text()?;
    read.causation = r.optional()?;
    read.conversation = r.optional()?;
    r.text()?;
    for _ in METADATA {
        r.optional()?;
    }
    r.map()?;
    read.tenant = r.optional()?;
    if r.branch()? {
        read.actor = Some((r.text()?, r.text()?, r.optional()?));
    }
    if r.branch()? {
        for _ in 0..2 {
            if r.branch()? {
                r.number()?;
            }
        }
    }
    Some((read, bytes.get(r.at..)?))
}

/// An envelope that is passed over, and most of it not looked at: less work than with the reader that events have, who
/// wants to know what is wrong and where. A call for each of two dozen parts would cost as much again; where nobody asks
/// for speed, they cost six thousand lines of LLVM less.
struct Pass<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Pass<'b> {
    /// A number that mostly takes one byte.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn number(&mut self) -> Option<i64> {
        let byte = *self.bytes.get(self.at)?;
        if byte < 0x80 {
            self.at += 1;
            let half = i64::from(byte >> 1);
            return Some(if byte & 1 == 0 { half } else { !half });
        }
        self.long()
    }

    #[inline(never)]
    fn long(&mut self) -> Option<i64> {
        let mut r = Reader::new(self.bytes.get(self.at..)?);
        let number = r.long().ok()?;
        self.at += r.position();
        Some(number)
    }

    /// Whether it is the branch that is not null.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn branch(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn text(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let from = self.at;
        self.at = from.checked_add(length)?;
        self.bytes.get(from..self.at)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn optional(&mut self) -> Option<Option<&'b [u8]>> {
        Some(if self.branch()? {
            Some(self.text()?)
        } else {
            None
        })
    }

    /// A map of texts, in blocks; before a block there may be how many bytes it has.
    fn map(&mut self) -> Option<()> {
        loop {
            let count = self.number()?;
            if count == 0 {
                return Some(());
            }
            if count < 0 {
                self.number()?;
            }
            // Each takes two bytes at least, so this ends with them.
            for _ in 0..count.unsigned_abs() {
                self.text()?;
                self.text()?;
            }
        }
    }
}
