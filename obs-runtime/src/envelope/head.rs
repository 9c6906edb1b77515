//! What a record says of the event in it, wherever it stands: in headers, in our envelope, in attributes of
//! CloudEvents.
//!
//! Headers are read first, and the envelope only for what they leave open. Neither is trusted: what is not well formed
//! is as good as absent, and a payload that is not found is none.

use std::ops::Range;
use std::sync::Arc;

use obs_schema::wire::DecodeError;
use obs_schema::wire::json::{Kind, Reader};

use super::word::Word;
use super::{SCHEMA_ID, avro, cloud};
use crate::bus::{Headers, Value};
use crate::context::{Actor, SpanContext, traceparent};
use crate::ids::{SpanId, TraceId};
use crate::stamp;

/// What is known of an event before its payload is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head<'r> {
    pub(crate) id: Option<Word<'r>>,
    /// The header that has the id.
    pub(crate) id_header: Option<&'static str>,
    pub(crate) event_type: Option<Word<'r>>,
    pub(crate) version: Option<Word<'r>>,
    /// `dataschema` of CloudEvents.
    pub(crate) schema: Option<Word<'r>>,
    pub(crate) correlation: Option<Word<'r>>,
    pub(crate) causation: Option<Word<'r>>,
    pub(crate) conversation: Option<Word<'r>>,
    pub(crate) tenant: Option<Word<'r>>,
    /// Where it was made, as a header says, who is asked when somebody wants to know.
    traced: Option<&'r [u8]>,
    /// The same as others have said.
    span: Option<SpanContext>,
    tracing: Option<Tracing<'r>>,
    pub(crate) state: Option<&'r str>,
    pub(crate) baggage: Option<&'r str>,
    pub(crate) actor: Option<Arc<Actor>>,
    /// When it happened, in nanoseconds since 1970.
    pub(crate) occurred: Option<u64>,
    /// CloudEvents in one body.
    pub(crate) structured: bool,
    /// The framing of the body, where it is in a header.
    pub(crate) framing: Option<&'r [u8]>,
}

/// The digits of trace and span, and whether it is sampled.
pub(super) type Tracing<'r> = (&'r [u8], &'r [u8], bool);

/// A payload: where it is in its body, or itself where the body holds it in another form.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Within(Range<usize>),
    /// Where it is if the rest looks as we write it. What cannot be read there may be somewhere else.
    Likely(Range<usize>),
    Own(Vec<u8>),
}

impl Payload {
    /// The bytes.
    pub(crate) fn of<'b>(&'b self, body: &'b [u8]) -> &'b [u8] {
        match self {
            Payload::Within(range) | Payload::Likely(range) => {
                body.get(range.clone()).unwrap_or_default()
            }
            Payload::Own(bytes) => bytes,
        }
    }
}

impl<'r> Head<'r> {
    /// What the headers say.
    pub(crate) fn of(headers: Headers<'r>) -> Head<'r> {
        let mut head = Head::default();
        head.read(headers);
        head
    }

    /// Reads the headers of a record of which nothing is known yet.
    pub(crate) fn read(&mut self, headers: Headers<'r>) {
        for (name, value) in headers.raw() {
            if !self.usual(name, value) {
                self.header(name, value);
            }
        }
    }

    /// Where it was made.
    pub(crate) fn span(&self) -> Option<SpanContext> {
        let text = |value| str::from_utf8(value).ok().filter(|text| !text.is_empty());
        let header = self.traced.and_then(parent).or(self.span);
        header.or_else(|| {
            let (trace, span, sampled) = self.tracing?;
            place(text(trace)?, text(span)?, sampled)
        })
    }

    /// The id of the event; nothing if it has none.
    #[inline]
    pub(crate) fn id(&self) -> &[u8] {
        Word::bytes_of(&self.id)
    }

    /// One of the headers that most records have, told apart by their lengths first. Of several of one name the last
    /// counts, as everywhere.
    #[inline(always)]
    fn usual(&mut self, name: &[u8], value: Value<'r>) -> bool {
        let place = match name.len() {
            8 if name == b"event-id" => {
                self.identify("event-id", value);
                return true;
            }
            11 if name == b"traceparent" => {
                self.traced(value);
                return true;
            }
            12 if name == b"content-type" => {
                self.structured = value.bytes.starts_with(cloud::MEDIA_TYPE.as_bytes());
                return true;
            }
            10 if name == b"event-type" => &mut self.event_type,
            13 if name == b"event-version" => &mut self.version,
            14 if name == b"correlation-id" => &mut self.correlation,
            _ => return false,
        };
        *place = value.said();
        true
    }

    /// One of the others.
    #[inline(never)]
    fn header(&mut self, name: &[u8], value: Value<'r>) {
        let place = match name {
            b"causation-id" | b"ce_causationid" => &mut self.causation,
            b"conversation-id" | b"ce_conversationid" => &mut self.conversation,
            b"tenant-id" | b"ce_tenant" => &mut self.tenant,
            b"ce_id" => return self.identify("ce_id", value),
            b"ce_type" => &mut self.event_type,
            b"ce_correlationid" => &mut self.correlation,
            b"ce_dataschema" => &mut self.schema,
            b"ce_traceparent" => return self.traced(value),
            b"tracestate" | b"ce_tracestate" => {
                self.state = value.text().and_then(traceparent::state);
                return;
            }
            b"baggage" => {
                self.baggage = value.text();
                return;
            }
            b"ce_time" => {
                self.occurred = value.text().and_then(stamp::nanos_of);
                return;
            }
            _ if name == SCHEMA_ID.as_bytes() => {
                self.framing = Some(value.bytes);
                return;
            }
            _ if name.iter().any(u8::is_ascii_uppercase) => {
                let name = name.to_ascii_lowercase();
                if !self.usual(&name, value) {
                    self.header(&name, value);
                }
                return;
            }
            _ => return,
        };
        *place = value.said();
    }

    #[inline]
    fn traced(&mut self, value: Value<'r>) {
        // Of several the last counts that is one.
        if let Some(before) = self.traced.replace(value.bytes) {
            self.span = parent(before).or(self.span);
        }
    }

    #[inline]
    fn identify(&mut self, name: &'static str, value: Value<'r>) {
        self.id = value.said();
        self.id_header = self.id.is_some().then_some(name);
    }

    /// Finds time and payload in our envelope in JSON, where the headers say the rest and it looks as we write it.
    ///
    /// A member called `payload` further in may be taken for it, but then what follows is no JSON, for a brace is open
    /// there: whoever reads it finds that out.
    pub(crate) fn likely_json(&mut self, body: &[u8]) -> Option<Payload> {
        let (id, kind, version) = (
            self.id.as_ref()?,
            self.event_type.as_ref()?,
            self.version.as_ref()?,
        );
        self.correlation.as_ref()?;
        let rest = after(body, "{\"eventId\":\"", id)?;
        let rest = after(rest, "\",\"eventType\":\"", kind)?;
        let rest = after(rest, "\",\"eventVersion\":\"", version)?;
        let rest = rest.strip_prefix(b"\",\"occurredAt\":\"")?;
        let (time, rest) = rest.split_at_checked(stamp::LENGTH)?;
        let occurred = stamp::nanos_of(str::from_utf8(time).ok()?)?;
        // An actor is nobody's header.
        let payload = rest.strip_prefix(b"\",").and_then(behind_payload)?;
        let from = body.len() - payload.len();
        let to = body.strip_suffix(b"}")?.len();
        self.occurred = self.occurred.or(Some(occurred));
        (from < to).then_some(Payload::Likely(from..to))
    }

    /// Reads our envelope in JSON: what the headers leave open, and where the payload is.
    pub(crate) fn obs_json(&mut self, body: &'r [u8]) -> Result<Option<Payload>, DecodeError> {
        let mut payload = None;
        let mut reader = Reader::new(body);
        reader.object(|r, name| {
            match name {
                "eventId" => fill(r, &mut self.id),
                "eventType" => fill(r, &mut self.event_type),
                "eventVersion" => fill(r, &mut self.version),
                "occurredAt" => {
                    let mut text = None;
                    fill(r, &mut text)?;
                    self.happened(text.as_deref());
                    Ok(())
                }
                "tracing" if self.span().is_none() => self.tracing(r),
                "correlation" => members(r, |r, name| match name {
                    "correlationId" => fill(r, &mut self.correlation),
                    "causationId" => fill(r, &mut self.causation),
                    "conversationId" => fill(r, &mut self.conversation),
                    _ => r.skip(),
                }),
                "metadata" if self.tenant.is_none() => members(r, |r, name| match name {
                    "tenant" => fill(r, &mut self.tenant),
                    _ => r.skip(),
                }),
                "actor" => self.acting(r),
                "payload" => {
                    // Blanks in front of a value are not its own, and do not matter to its reader.
                    let from = r.position();
                    r.skip()?;
                    payload = Some(Payload::Within(from..r.position()));
                    Ok(())
                }
                _ => r.skip(),
            }
        })?;
        reader.finish()?;
        Ok(payload)
    }

    /// Reads CloudEvents in structured mode.
    pub(crate) fn cloud_json(&mut self, body: &'r [u8]) -> Result<Option<Payload>, DecodeError> {
        let mut payload = None;
        let mut reader = Reader::new(body);
        let (mut parent, mut occurred) = (None, None);
        reader.object(|r, name| match name {
            "id" => fill(r, &mut self.id),
            "type" => fill(r, &mut self.event_type),
            "time" => fill(r, &mut occurred),
            "dataschema" => fill(r, &mut self.schema),
            "correlationid" => fill(r, &mut self.correlation),
            "causationid" => fill(r, &mut self.causation),
            "conversationid" => fill(r, &mut self.conversation),
            "tenant" => fill(r, &mut self.tenant),
            "traceparent" => fill(r, &mut parent),
            "data" => {
                let from = r.position();
                r.skip()?;
                payload = Some(Payload::Within(from..r.position()));
                Ok(())
            }
            "data_base64" => {
                payload = cloud::from_base64(r.str()?.as_bytes()).map(Payload::Own);
                Ok(())
            }
            _ => r.skip(),
        })?;
        reader.finish()?;
        self.happened(occurred.as_deref());
        let said = parent.as_ref().map(Word::bytes);
        if self.span().is_none() {
            self.span = said.and_then(traceparent::parse);
        }
        Ok(payload)
    }

    /// Reads our envelope in Avro, which begins at a place in the body.
    #[inline]
    pub(crate) fn obs_avro(&mut self, body: &'r [u8], from: usize) -> Option<Payload> {
        let bytes = body.get(from..)?;
        // What the headers say is not read once more.
        let told = self.id.is_some()
            && self.event_type.is_some()
            && self.version.is_some()
            && self.correlation.is_some();
        if told && let Some(passed) = avro::pass(bytes) {
            for (place, said) in [
                (&mut self.causation, passed.causation),
                (&mut self.conversation, passed.conversation),
                (&mut self.tenant, passed.tenant),
            ] {
                if !said.is_empty() && place.is_none() {
                    *place = Word::said(said, false);
                }
            }
            self.tracing = passed.tracing;
            self.happened_micros(passed.occurred);
            return Some(Payload::Within(from + passed.payload..body.len()));
        }
        self.whole_avro(bytes, body.len())
    }

    /// Reads all of it, up to the payload at the end of a body of this length.
    #[inline(never)]
    fn whole_avro(&mut self, bytes: &'r [u8], end: usize) -> Option<Payload> {
        let (read, payload) = avro::read(bytes)?;
        let text = |value: &'r [u8]| str::from_utf8(value).ok().filter(|text| !text.is_empty());
        let fill = |place: &mut Option<Word<'r>>, value: Option<&'r [u8]>| {
            if place.is_none() {
                *place = value.and_then(|value| Word::said(value, false));
            }
        };
        fill(&mut self.id, Some(read.id));
        fill(&mut self.event_type, Some(read.event_type));
        fill(&mut self.version, Some(read.version));
        fill(&mut self.correlation, Some(read.correlation));
        fill(&mut self.causation, read.causation);
        fill(&mut self.conversation, read.conversation);
        fill(&mut self.tenant, read.tenant);
        self.happened_micros(read.occurred);
        self.tracing = read.tracing;
        self.actor = read.actor.and_then(|(kind, id, host)| {
            Some(Arc::new(Actor {
                kind: text(kind)?.to_owned(),
                id: text(id)?.to_owned(),
                host: host.and_then(text).map(str::to_owned),
            }))
        });
        Some(Payload::Within(end - payload.len()..end))
    }

    #[inline]
    fn happened_micros(&mut self, micros: i64) {
        if self.occurred.is_none() {
            let micros = u64::try_from(micros).ok();
            self.occurred = micros.and_then(|micros| micros.checked_mul(1_000));
        }
    }

    fn happened(&mut self, at: Option<&str>) {
        if self.occurred.is_none() {
            self.occurred = at.and_then(stamp::nanos_of);
        }
    }

    fn tracing(&mut self, r: &mut Reader<'r>) -> Result<(), DecodeError> {
        let (mut trace, mut span, mut sampled) = (None, None, false);
        members(r, |r, name| match name {
            "traceId" => fill(r, &mut trace),
            "spanId" => fill(r, &mut span),
            "sampled" if r.peek_kind()? == Kind::Bool => {
                sampled = r.bool()?;
                Ok(())
            }
            _ => r.skip(),
        })?;
        if let (Some(trace), Some(span)) = (trace, span) {
            self.span = place(&trace, &span, sampled);
        }
        Ok(())
    }

    fn acting(&mut self, r: &mut Reader<'r>) -> Result<(), DecodeError> {
        let (mut kind, mut id, mut host) = (None, None, None);
        members(r, |r, name| match name {
            "type" => fill(r, &mut kind),
            "id" => fill(r, &mut id),
            "host" => fill(r, &mut host),
            _ => r.skip(),
        })?;
        if let (Some(kind), Some(id)) = (kind, id) {
            self.actor = Some(Arc::new(Actor {
                kind: kind.to_string(),
                id: id.to_string(),
                host: host.map(|host| host.to_string()),
            }));
        }
        Ok(())
    }
}

/// The span that a header says.
fn parent(header: &[u8]) -> Option<SpanContext> {
    traceparent::parse(header.trim_ascii())
}

/// What follows such a beginning and a text.
fn after<'b>(body: &'b [u8], begin: &str, text: &Word<'_>) -> Option<&'b [u8]> {
    let rest = body.strip_prefix(begin.as_bytes())?;
    rest.strip_prefix(text.bytes())
}

/// A text to look for, and how far to go on from a byte that stands where its last one would.
struct Sought<const N: usize> {
    text: &'static [u8; N],
    steps: [u8; 256],
}

impl<const N: usize> Sought<N> {
    const fn new(text: &'static [u8; N]) -> Sought<N> {
        assert!(0 < N && N < 256, "steps are bytes");
        let mut steps = [N as u8; 256];
        let mut at = 0;
        while at + 1 < N {
            steps[text[at] as usize] = (N - 1 - at) as u8;
            at += 1;
        }
        Sought { text, steps }
    }

    /// What stands before its first place, and behind.
    fn split<'b>(&self, text: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
        let mut end = N;
        while let Some(byte) = text.get(end - 1) {
            if *byte == self.text[N - 1] && text[end - N..end] == *self.text {
                return Some((&text[..end - N], &text[end..]));
            }
            end += usize::from(self.steps[usize::from(*byte)]);
        }
        None
    }
}

/// The name of the payload, behind the member before it, which is an object.
static PAYLOAD: Sought<12> = Sought::new(b"},\"payload\":");
static ACTOR: Sought<10> = Sought::new(b"},\"actor\":");

/// What stands behind the first place that looks like the name of the payload; none if an actor is on the way.
fn behind_payload(rest: &[u8]) -> Option<&[u8]> {
    let (before, payload) = PAYLOAD.split(rest)?;
    ACTOR.split(before).is_none().then_some(payload)
}

/// Reads a text, if it is one, into a place that has none yet.
fn fill<'r>(r: &mut Reader<'r>, place: &mut Option<Word<'r>>) -> Result<(), DecodeError> {
    if place.is_some() || r.peek_kind()? != Kind::String {
        return r.skip();
    }
    let text = Some(r.str()?).filter(|text| !text.is_empty());
    *place = text.map(Word::from);
    Ok(())
}

/// Reads an object, if it is one.
fn members<'r>(
    r: &mut Reader<'r>,
    member: impl FnMut(&mut Reader<'r>, &str) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    if r.peek_kind()? != Kind::Object {
        return r.skip();
    }
    r.object(member)
}

/// A span by its digits.
fn place(trace: &str, span: &str, sampled: bool) -> Option<SpanContext> {
    if trace.len() != 32 || span.len() != 16 {
        return None;
    }
    Some(SpanContext {
        trace: TraceId::new(u128::from_str_radix(trace, 16).ok()?)?,
        span: SpanId::new(u64::from_str_radix(span, 16).ok()?)?,
        sampled,
        remote: true,
    })
}
