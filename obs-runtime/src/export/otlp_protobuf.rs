//! Spans as OTLP has them in Protobuf: what collectors take over HTTP and gRPC.
//!
//! By hand, straight from the records. Ten messages are written here and none is read, and each of their fields is a
//! number, a text or a message; so all there is to know of the format is a byte of a tag and what a varint is. The span
//! of a publish takes 485 instructions, where a line of JSON takes 1,685; a library would have each attribute in two
//! allocations first, and be more to build.
//! A length stands before what it counts and is known after it, so there is room for it that it may not fill: a varint
//! may be longer than it has to be.

use std::fmt;
use std::io::Write;

use super::protobuf::{Varint, WIDE, attribute, digits, message, number, tag, text};
use super::sites::Sites;
use super::{ExportError, SpanExporter};
use crate::context::SpanContext;
use crate::span::{Batch, FinishedSpan, ID, Kind, SpanMeta, Value};

/// Writes each batch as an `ExportTraceServiceRequest`, and gives it to whoever delivers it.
///
/// That is anything that takes bytes: a client of HTTP that posts them to `/v1/traces` as `application/x-protobuf`, a
/// queue, a socket. It runs in the thread `obs-flush`, holds up other exporters as long as it takes, and has the only
/// say in what is tried again. A batch that it gives an error for is counted as lost.
///
/// ```
/// use std::sync::mpsc;
/// use std::time::Duration;
///
/// use obs_runtime::Setup;
/// use obs_runtime::export::{ExportError, OtlpProtobuf};
/// use obs_runtime::span::SpanMeta;
///
/// static CHARGE: SpanMeta = SpanMeta::new("charge card");
///
/// let (sender, bodies) = mpsc::channel();
/// let exporter = OtlpProtobuf::new("checkout", move |body| {
///     // With the crate `ureq`: `agent.post(url).content_type("application/x-protobuf").send(body)`.
///     sender.send(body.to_vec()).map_err(|_| ExportError::Failed("nobody is there".to_owned()))
/// });
/// let obs = Setup::new().with_exporter(exporter).init()?;
/// CHARGE.run(|| ());
/// assert!(obs.flush(Duration::from_secs(60)));
///
/// let body = bodies.recv()?;
/// assert!(body.windows(11).any(|text| text == b"charge card"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OtlpProtobuf {
    /// What each body begins with: whose spans they are.
    start: Start,
    sites: Sites<Site>,
    /// The body before, for its room.
    body: Vec<u8>,
    deliver: Deliver,
}

/// Takes bytes, at once.
type Deliver = Box<dyn FnMut(Body<'_>) -> Result<(), ExportError> + Send>;

/// A request, behind room for its length.
struct Body<'b>(&'b mut [u8]);

impl OtlpProtobuf {
    /// An exporter for a service of this name, whose requests go there.
    pub fn new(
        service: &str,
        mut deliver: impl FnMut(&[u8]) -> Result<(), ExportError> + Send + 'static,
    ) -> OtlpProtobuf {
        OtlpProtobuf::with(service, move |body| deliver(body.request()))
    }

    /// The same with a file, in which the length of each request stands before it: `parseDelimitedFrom` and its like
    /// read that.
    ///
    /// ```
    /// use obs_runtime::export::OtlpProtobuf;
    ///
    /// let exporter = OtlpProtobuf::delimited("checkout", std::io::sink());
    /// # let _ = exporter;
    /// ```
    pub fn delimited(service: &str, mut to: impl Write + Send + 'static) -> OtlpProtobuf {
        OtlpProtobuf::with(service, move |body| {
            let written = to.write_all(body.delimited()).and_then(|()| to.flush());
            written.map_err(|error| ExportError::Failed(error.kind().to_string()))
        })
    }

    fn with(
        service: &str,
        deliver: impl FnMut(Body<'_>) -> Result<(), ExportError> + Send + 'static,
    ) -> OtlpProtobuf {
        OtlpProtobuf {
            start: Start::of(service),
            sites: Sites::new(),
            body: Vec::new(),
            deliver: Box::new(deliver),
        }
    }
}

impl fmt::Debug for OtlpProtobuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpProtobuf").finish_non_exhaustive()
    }
}

impl SpanExporter for OtlpProtobuf {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let out = &mut self.body;
        out.clear();
        out.extend_from_slice(&self.start.bytes);
        for span in spans.iter() {
            let (meta, id) = (span.meta(), span.id());
            let length = id.map_or(0, str::len);
            let site = self.sites.of(meta, length, || Some(Site::of(meta, length)));
            if let Some(site) = site {
                write(out, &span, id, site);
            }
        }
        // No message of Protobuf may be longer, so no length within it is either.
        if i32::try_from(out.len()).is_err() {
            return Err(ExportError::Failed("they are too large".to_owned()));
        }
        for message in self.start.messages {
            let length = digits::<WIDE>(out.len() - message - WIDE);
            out[message..message + WIDE].copy_from_slice(&length);
        }
        (self.deliver)(Body(out))
    }
}

impl<'b> Body<'b> {
    fn request(self) -> &'b [u8] {
        &self.0[WIDE..]
    }

    /// With its length, which is as short as it can be.
    fn delimited(self) -> &'b [u8] {
        let length = Varint::of((self.0.len() - WIDE) as u64);
        let from = WIDE - length.bytes().len();
        self.0[from..WIDE].copy_from_slice(length.bytes());
        &self.0[from..]
    }
}

/// What each body begins with.
struct Start {
    bytes: Vec<u8>,
    /// Where the lengths stand of those messages that last to the end of the body.
    messages: [usize; 2],
}

impl Start {
    fn of(service: &str) -> Start {
        let mut bytes = vec![0; WIDE];
        let open = |bytes: &mut Vec<u8>, tag| {
            bytes.push(tag);
            bytes.extend_from_slice(&[0; WIDE]);
            bytes.len() - WIDE
        };
        let resource_spans = open(&mut bytes, tag::RESOURCE_SPANS);
        message(&mut bytes, tag::RESOURCE, |bytes| {
            let service = Value::Text(service);
            attribute(bytes, tag::RESOURCE_ATTRIBUTE, "service.name", service);
        });
        let scope_spans = open(&mut bytes, tag::SCOPE_SPANS);
        message(&mut bytes, tag::SCOPE, |bytes| {
            text(bytes, tag::SCOPE_NAME, "obs");
        });
        Start {
            bytes,
            messages: [resource_spans, scope_spans],
        }
    }
}

/// What is the same in all spans of a kind, and where the id of the event goes that each is about.
struct Site {
    bytes: Vec<u8>,
    ids: [usize; ID.len()],
}

impl Site {
    /// For ids of this length; there is none where it is 0.
    fn of(meta: &SpanMeta, id: usize) -> Site {
        let mut bytes = Vec::new();
        text(&mut bytes, tag::NAME, meta.name());
        let kind = match meta.kind() {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
            Kind::Producer => 4,
            Kind::Consumer => 5,
        };
        bytes.extend_from_slice(&[tag::KIND, kind]);
        for (key, value) in meta.fixed() {
            attribute(&mut bytes, tag::ATTRIBUTE, key, *value);
        }
        let ids = match id {
            0 => [0; ID.len()],
            length => ID.map(|name| {
                let room = " ".repeat(length);
                attribute(&mut bytes, tag::ATTRIBUTE, name, Value::Text(&room));
                bytes.len() - length
            }),
        };
        Site { bytes, ids }
    }

    /// Those bytes, for the event with this id.
    #[inline]
    fn write(&self, out: &mut Vec<u8>, id: Option<&str>) {
        let from = out.len();
        out.extend_from_slice(&self.bytes);
        if let Some(id) = id.map(str::as_bytes) {
            for place in self.ids {
                let place = from + place;
                if let Some(room) = out.get_mut(place..place + id.len()) {
                    room.copy_from_slice(id);
                }
            }
        }
    }
}

fn write(out: &mut Vec<u8>, span: &FinishedSpan<'_>, id: Option<&str>, site: &Site) {
    message(out, tag::SPAN, |out| {
        // What all have is one write of a length that the compiler knows.
        let mut head = [0; 52];
        head[0..2].copy_from_slice(&[tag::TRACE, 16]);
        head[2..18].copy_from_slice(&span.trace().get().to_be_bytes());
        head[18..20].copy_from_slice(&[tag::SPAN_ID, 8]);
        head[20..28].copy_from_slice(&span.span().get().to_be_bytes());
        head[28] = tag::START;
        head[29..37].copy_from_slice(&span.start_unix_nanos().to_le_bytes());
        head[37] = tag::END;
        head[38..46].copy_from_slice(&span.end_unix_nanos().to_le_bytes());
        head[46..48].copy_from_slice(&tag::FLAGS);
        head[48..52].copy_from_slice(&flags(true, span.parent_is_remote()));
        out.extend_from_slice(&head);
        if let Some(parent) = span.parent() {
            let mut id = [0; 10];
            id[0..2].copy_from_slice(&[tag::PARENT, 8]);
            id[2..10].copy_from_slice(&parent.get().to_be_bytes());
            out.extend_from_slice(&id);
        }
        if let Some(state) = span.trace_state() {
            text(out, tag::TRACE_STATE, state);
        }
        site.write(out, id);
        span.each_own(|own| attribute(out, tag::ATTRIBUTE, own.key, own.value));
        number(out, tag::DROPPED_ATTRIBUTES, span.dropped_attributes());
        for event in span.events() {
            message(out, tag::EVENT, |out| {
                out.push(tag::EVENT_TIME);
                out.extend_from_slice(&event.unix_nanos().to_le_bytes());
                text(out, tag::EVENT_NAME, event.name());
                for (key, value) in event.attributes() {
                    attribute(out, tag::EVENT_ATTRIBUTE, key, value);
                }
                number(out, tag::EVENT_DROPPED, event.dropped_attributes());
            });
        }
        number(out, tag::DROPPED_EVENTS, span.dropped_events());
        for link in span.links() {
            message(out, tag::LINK, |out| {
                place(out, link.to());
                for (key, value) in link.attributes() {
                    attribute(out, tag::LINK_ATTRIBUTE, key, value);
                }
                number(out, tag::LINK_DROPPED, link.dropped_attributes());
            });
        }
        number(out, tag::DROPPED_LINKS, span.dropped_links());
        if let Some((_, said)) = span.error() {
            message(out, tag::STATUS, |out| {
                text(out, tag::STATUS_MESSAGE, said);
                out.extend_from_slice(&[tag::STATUS_CODE, 2]);
            });
        }
    });
}

/// What a link says of the span at its other end.
fn place(out: &mut Vec<u8>, to: SpanContext) {
    out.extend_from_slice(&[tag::TRACE, 16]);
    out.extend_from_slice(&to.trace.get().to_be_bytes());
    out.extend_from_slice(&[tag::SPAN_ID, 8]);
    out.extend_from_slice(&to.span.get().to_be_bytes());
    out.push(tag::LINK_FLAGS);
    out.extend_from_slice(&flags(to.sampled, to.remote));
}

/// Sampled or not; then that it is known whether something is remote, and whether it is.
fn flags(sampled: bool, remote: bool) -> [u8; 4] {
    (0x100 + u32::from(sampled) + if remote { 0x200 } else { 0 }).to_le_bytes()
}
