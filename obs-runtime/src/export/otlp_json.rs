//! Spans as OTLP has them in JSON, one `{"resourceSpans":[…]}` a line: what collectors read from files.

use std::fmt;
use std::io::Write;

use obs_schema::wire::json::Writer;

use super::{ExportError, SpanExporter};
use crate::span::{Batch, FinishedSpan, Kind, Value};

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
}

impl<W: Write + Send + 'static> OtlpJsonLines<W> {
    /// An exporter for a service of this name.
    pub fn new(service: &str, to: W) -> OtlpJsonLines<W> {
        OtlpJsonLines {
            service: service.to_owned(),
            to,
        }
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
        let mut w = Writer::on(Vec::new());
        w.raw("{\"resourceSpans\":[{\"resource\":");
        let service = ("service.name", Value::Text(&self.service));
        attributes(&mut w, "{", std::iter::once(service));
        w.raw("},\"scopeSpans\":[{\"scope\":{\"name\":\"obs\"},\"spans\":[");
        for (index, one) in spans.iter().enumerate() {
            w.raw(if index > 0 { "," } else { "" });
            span(&mut w, &one);
        }
        w.raw("]}]}]}");
        let mut line = w.finish().map_err(|_| refused("they cannot be encoded"))?;
        line.push(b'\n');
        let written = self.to.write_all(&line).and_then(|()| self.to.flush());
        written.map_err(|error| ExportError::Failed(error.kind().to_string()))
    }
}

fn refused(why: &str) -> ExportError {
    ExportError::Failed(why.to_owned())
}

fn span(w: &mut Writer, span: &FinishedSpan<'_>) {
    w.raw("{\"traceId\":");
    w.string(&span.trace().to_string());
    w.raw(",\"spanId\":");
    w.string(&span.span().to_string());
    if let Some(parent) = span.parent() {
        w.raw(",\"parentSpanId\":");
        w.string(&parent.to_string());
    }
    if let Some(state) = span.trace_state() {
        w.raw(",\"traceState\":");
        w.string(state);
    }
    // Sampled, for it leaves; then whether the parent is known to be remote, and whether it is.
    let flags = if span.parent_is_remote() {
        0x301
    } else {
        0x101
    };
    put(w, &format!(",\"flags\":{flags},\"name\":"));
    w.string(span.name());
    let kind = match span.kind() {
        Kind::Internal => 1,
        Kind::Server => 2,
        Kind::Client => 3,
        Kind::Producer => 4,
        Kind::Consumer => 5,
    };
    let (start, end) = (span.start_unix_nanos(), span.end_unix_nanos());
    put(
        w,
        &format!(
            ",\"kind\":{kind},\"startTimeUnixNano\":\"{start}\",\"endTimeUnixNano\":\"{end}\""
        ),
    );
    attributes(w, ",", span.attributes());
    for (name, count) in [
        ("Attributes", span.dropped_attributes()),
        ("Events", span.dropped_events()),
        ("Links", span.dropped_links()),
    ] {
        dropped(w, name, count);
    }
    w.raw(",\"events\":[");
    for (index, event) in span.events().enumerate() {
        w.raw(if index > 0 { "," } else { "" });
        let at = event.unix_nanos();
        put(w, &format!("{{\"timeUnixNano\":\"{at}\",\"name\":"));
        w.string(event.name());
        attributes(w, ",", event.attributes());
        dropped(w, "Attributes", event.dropped_attributes());
        w.raw("}");
    }
    w.raw("],\"links\":[");
    for (index, link) in span.links().enumerate() {
        let to = link.to();
        w.raw(if index > 0 { "," } else { "" });
        w.raw("{\"traceId\":");
        w.string(&to.trace.to_string());
        w.raw(",\"spanId\":");
        w.string(&to.span.to_string());
        let flags = 0x100 + u32::from(to.sampled) + if to.remote { 0x200 } else { 0 };
        put(w, &format!(",\"flags\":{flags}"));
        attributes(w, ",", link.attributes());
        dropped(w, "Attributes", link.dropped_attributes());
        w.raw("}");
    }
    w.raw("],\"status\":{");
    if let Some((_, message)) = span.error() {
        w.raw("\"code\":2,\"message\":");
        w.string(message);
    }
    w.raw("}}");
}

fn dropped(w: &mut Writer, what: &str, count: u32) {
    if count > 0 {
        put(w, &format!(",\"dropped{what}Count\":{count}"));
    }
}

fn attributes<'a>(
    w: &mut Writer,
    before: &'static str,
    all: impl Iterator<Item = (&'static str, Value<'a>)>,
) {
    w.raw(before);
    w.raw("\"attributes\":[");
    for (index, (key, value)) in all.enumerate() {
        w.raw(if index > 0 { ",{\"key\":" } else { "{\"key\":" });
        w.string(key);
        w.raw(",\"value\":{");
        match value {
            Value::Bool(value) => put(w, &format!("\"boolValue\":{value}")),
            // 64 bits are text in this mapping.
            Value::Int(value) => put(w, &format!("\"intValue\":\"{value}\"")),
            Value::Float(value) if value.is_finite() => {
                put(w, &format!("\"doubleValue\":{value:?}"))
            }
            Value::Float(value) => {
                let name = match value {
                    f64::INFINITY => "Infinity",
                    f64::NEG_INFINITY => "-Infinity",
                    _ => "NaN",
                };
                put(w, &format!("\"doubleValue\":\"{name}\""));
            }
            Value::Text(text) => {
                w.raw("\"stringValue\":");
                w.string(text);
            }
        }
        w.raw("}}");
    }
    w.raw("]");
}

/// JSON that is put together here.
fn put(w: &mut Writer, json: &str) {
    w.embed(|out| {
        out.extend_from_slice(json.as_bytes());
        Ok(())
    });
}
