//! Spans as OTLP has them in JSON, one `{"resourceSpans":[…]}` a line: what collectors read from files.

use std::fmt;
use std::io::Write;
use std::mem;

use obs_schema::wire::json::Writer;

use super::sites::Sites;
use super::{ExportError, SpanExporter};
use crate::ids::{SpanId, TraceId};
use crate::span::{Batch, FinishedSpan, ID, Kind, SpanMeta, Value};

/// Writes each batch as a line.
///
/// ```
/// use obs_runtime::export::OtlpJsonLines;
///
/// let exporter = OtlpJsonLines::new("checkout", std::io::sink());
/// # let _ = exporter;
/// ```
pub struct OtlpJsonLines<W> {
    service: String,
    to: W,
    heads: Sites<Head>,
    /// `{"key":…,"value":{"stringValue":` for each name of the id of an event.
    ids: [String; ID.len()],
    /// The line before, for its room.
    line: Vec<u8>,
}

/// Pieces of JSON.
struct Head {
    /// `,"name":…,"kind":…`
    name: String,
    /// Attributes, with commas in between.
    fixed: String,
}

impl<W: Write + Send + 'static> OtlpJsonLines<W> {
    /// An exporter for a service of this name.
    pub fn new(service: &str, to: W) -> OtlpJsonLines<W> {
        OtlpJsonLines {
            service: service.to_owned(),
            to,
            heads: Sites::new(),
            ids: ID.map(|name| format!("{{\"key\":\"{name}\",\"value\":{{\"stringValue\":")),
            line: Vec::new(),
        }
    }

    fn write(&mut self, w: &mut Writer, spans: Batch<'_>) -> Option<()> {
        w.raw("{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
        attribute(w, &mut true, "service.name", Value::Text(&self.service));
        w.raw("]},\"scopeSpans\":[{\"scope\":{\"name\":\"obs\"},\"spans\":[");
        let mut first = true;
        for span in spans.iter() {
            let meta = span.meta();
            let head = self.heads.of(meta, 0, || Head::of(meta))?;
            w.comma(&mut first);
            write(w, &span, head, &self.ids);
        }
        w.raw("]}]}]}\n");
        Some(())
    }
}

impl Head {
    /// `None`: it cannot be encoded.
    fn of(meta: &SpanMeta) -> Option<Head> {
        let text = |w: Writer| String::from_utf8(w.finish().ok()?).ok();
        let mut name = Writer::new();
        name.raw(",\"name\":");
        name.string(meta.name());
        name.raw(match meta.kind() {
            Kind::Internal => ",\"kind\":1",
            Kind::Server => ",\"kind\":2",
            Kind::Client => ",\"kind\":3",
            Kind::Producer => ",\"kind\":4",
            Kind::Consumer => ",\"kind\":5",
        });
        let mut fixed = Writer::new();
        let mut first = true;
        for (key, value) in meta.fixed() {
            attribute(&mut fixed, &mut first, key, *value);
        }
        Some(Head {
            name: text(name)?,
            fixed: text(fixed)?,
        })
    }
}

impl<W> fmt::Debug for OtlpJsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpJsonLines")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send + 'static> SpanExporter for OtlpJsonLines<W> {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let mut w = Writer::on(mem::take(&mut self.line));
        let encoded = self.write(&mut w, spans);
        let mut line = Vec::new();
        if w.finish_into(&mut line).is_err() || encoded.is_none() {
            return Err(ExportError::Failed("they cannot be encoded".to_owned()));
        }
        let written = self.to.write_all(&line).and_then(|()| self.to.flush());
        line.clear();
        self.line = line;
        written.map_err(|error| ExportError::Failed(error.kind().to_string()))
    }
}

fn write(w: &mut Writer, span: &FinishedSpan<'_>, head: &Head, names: &[String]) {
    w.raw("{");
    ids(w, span.trace(), span.span());
    if let Some(parent) = span.parent() {
        w.raw(",\"parentSpanId\":\"");
        w.raw_bytes(&parent.hex());
        w.raw("\"");
    }
    if let Some(state) = span.trace_state() {
        w.raw(",\"traceState\":");
        w.string(state);
    }
    flags(w, true, span.parent_is_remote());
    w.raw(&head.name);
    w.raw(",\"startTimeUnixNano\":\"");
    w.u64(span.start_unix_nanos());
    w.raw("\",\"endTimeUnixNano\":\"");
    w.u64(span.end_unix_nanos());
    w.raw("\",\"attributes\":[");
    w.raw(&head.fixed);
    let mut first = head.fixed.is_empty();
    if let Some(id) = span.id() {
        for name in names {
            w.comma(&mut first);
            w.raw(name);
            w.string(id);
            w.raw("}}");
        }
    }
    span.each_own(|own| attribute(w, &mut first, own.key, own.value));
    w.raw("]");
    dropped(w, ",\"droppedAttributesCount\":", span.dropped_attributes());
    dropped(w, ",\"droppedEventsCount\":", span.dropped_events());
    dropped(w, ",\"droppedLinksCount\":", span.dropped_links());
    w.raw(",\"events\":[");
    let mut first = true;
    for event in span.events() {
        w.comma(&mut first);
        w.raw("{\"timeUnixNano\":\"");
        w.u64(event.unix_nanos());
        w.raw("\",\"name\":");
        w.string(event.name());
        attributes(w, event.attributes());
        dropped(
            w,
            ",\"droppedAttributesCount\":",
            event.dropped_attributes(),
        );
        w.raw("}");
    }
    w.raw("],\"links\":[");
    let mut first = true;
    for link in span.links() {
        let to = link.to();
        w.comma(&mut first);
        w.raw("{");
        ids(w, to.trace, to.span);
        flags(w, to.sampled, to.remote);
        attributes(w, link.attributes());
        dropped(w, ",\"droppedAttributesCount\":", link.dropped_attributes());
        w.raw("}");
    }
    w.raw("],\"status\":{");
    if let Some((_, message)) = span.error() {
        w.raw("\"code\":2,\"message\":");
        w.string(message);
    }
    w.raw("}}");
}

fn ids(w: &mut Writer, trace: TraceId, span: SpanId) {
    w.raw("\"traceId\":\"");
    w.raw_bytes(&trace.hex());
    w.raw("\",\"spanId\":\"");
    w.raw_bytes(&span.hex());
    w.raw("\"");
}

/// Sampled or not; then that it is known whether something is remote, and whether it is.
fn flags(w: &mut Writer, sampled: bool, remote: bool) {
    w.raw(",\"flags\":");
    w.u64(0x100 + u64::from(sampled) + if remote { 0x200 } else { 0 });
}

/// How many are missing, if any are: the name stands in `before`.
fn dropped(w: &mut Writer, before: &str, count: u32) {
    if count > 0 {
        w.raw(before);
        w.u64(u64::from(count));
    }
}

fn attributes<'a>(w: &mut Writer, all: impl Iterator<Item = (&'static str, Value<'a>)>) {
    w.raw(",\"attributes\":[");
    let mut first = true;
    for (key, value) in all {
        attribute(w, &mut first, key, value);
    }
    w.raw("]");
}

fn attribute(w: &mut Writer, first: &mut bool, key: &str, value: Value<'_>) {
    w.comma(first);
    w.raw("{\"key\":");
    w.string(key);
    match value {
        Value::Bool(value) => {
            w.raw(",\"value\":{\"boolValue\":");
            w.bool(value);
            w.raw("}}");
        }
        // 64 bits are text in this mapping.
        Value::Int(value) => {
            w.raw(",\"value\":{\"intValue\":\"");
            w.i64(value);
            w.raw("\"}}");
        }
        Value::Float(value) => {
            w.raw(",\"value\":{\"doubleValue\":");
            match value {
                f64::INFINITY => w.raw("\"Infinity\""),
                f64::NEG_INFINITY => w.raw("\"-Infinity\""),
                value if value.is_nan() => w.raw("\"NaN\""),
                value => w.f64(value),
            }
            w.raw("}}");
        }
        Value::Text(text) => {
            w.raw(",\"value\":{\"stringValue\":");
            w.string(text);
            w.raw("}}");
        }
    }
}
