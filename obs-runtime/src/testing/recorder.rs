//! What one test publishes and tells, and nobody else's.

use std::fmt;
use std::sync::{Arc, Mutex};

use obs_schema::json::Json;
use obs_schema::table::{joined, sort};

use crate::bus::OwnedRecord;
use crate::context::Context;
use crate::event::{Descriptor, LabelInfo};
use crate::lane::lock;
#[cfg(feature = "tokio")]
use crate::metric::Consumed;
use crate::metric::{All, Format, Operation, Published, apart, exposition_of, times_apart};
use crate::span::{Kind, Spans, Value};

/// Keeps what is told in its context: spans, log lines, metrics and records.
///
/// It travels with the [`Context`], so that tests which run side by side do not see each other's telemetry, and what
/// it keeps goes nowhere else.
///
/// ```
/// use obs_runtime::testing::Recorder;
/// # use obs_runtime::{Bus, Event};
/// # fn example<E: Event>(event: &E) {
/// let recorder = Recorder::new();
/// let publisher = E::publisher(&Bus::memory(16));
/// publisher.publish_with_blocking(&recorder.context(), event).expect("there is room");
/// assert_eq!(recorder.records().len(), 1);
/// assert_eq!(recorder.metric("event_published_total", &[]), Some(1.0));
/// assert_eq!(recorder.lines()[0].get("status").and_then(|it| it.as_str()), Some("ok"));
/// recorder.assert_correlated();
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Arc<Recording>);

#[derive(Debug, Default)]
pub(crate) struct Recording {
    spans: Mutex<Spans>,
    lines: Mutex<Vec<String>>,
    records: Mutex<Vec<OwnedRecord>>,
    published: Mutex<Vec<Arc<Published>>>,
    operations: Mutex<Vec<Arc<Operation>>>,
    #[cfg(feature = "tokio")]
    consumed: Mutex<Vec<Arc<Consumed>>>,
}

impl Recording {
    pub(crate) fn spans(&self, spans: &mut Spans) {
        lock(&self.spans).append(spans);
    }

    pub(crate) fn line(&self, line: &str) {
        lock(&self.lines).push(line.trim_end().to_owned());
    }

    pub(crate) fn record(&self, record: OwnedRecord) {
        lock(&self.records).push(record);
    }

    pub(crate) fn published(&self, about: &'static Descriptor, source: &str) -> Arc<Published> {
        let mut all = lock(&self.published);
        let known = all.iter().find(|one| {
            one.about.event_type == about.event_type
                && one.about.version == about.version
                && *one.source == *source
        });
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let (mut known, mut times) = (Vec::new(), Vec::new());
        for one in all.iter() {
            known.extend_from_slice(one.families());
            times.extend_from_slice(one.times());
        }
        let (families, times) = (apart(about, &known), times_apart(about, &times));
        let new = Arc::new(Published::new(about, source, families, times));
        all.push(Arc::clone(&new));
        new
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn consumed(&self, like: &Consumed) -> Arc<Consumed> {
        let mut all = lock(&self.consumed);
        let same = |one: &&Arc<Consumed>| {
            one.event_type == like.event_type && one.consumer == like.consumer
        };
        if let Some(known) = all.iter().find(same) {
            return Arc::clone(known);
        }
        let new = Arc::new(Consumed::new(
            like.event_type,
            &like.versions,
            &like.consumer,
        ));
        all.push(Arc::clone(&new));
        new
    }

    pub(crate) fn operation(
        &self,
        name: &'static str,
        labels: &'static [LabelInfo],
        fixed: &'static [(&'static str, Value<'static>)],
    ) -> Arc<Operation> {
        let mut all = lock(&self.operations);
        let known = all.iter().find(|one| one.name == name);
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let new = Arc::new(Operation::new(name, labels).saying(fixed));
        all.push(Arc::clone(&new));
        new
    }
}

/// A span that a [`Recorder`] has kept.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordedSpan {
    /// Its name.
    pub name: String,
    /// What it is to its peers.
    pub kind: Kind,
    /// Its trace, in 32 digits.
    pub trace_id: String,
    /// Itself, in 16 digits.
    pub span_id: String,
    /// The span it is a child of.
    pub parent_id: Option<String>,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
    /// What went wrong, and what was said about it.
    pub error: Option<(String, String)>,
    /// The spans it has to do with beside its parent.
    pub links: Vec<String>,
    /// Names and values; numbers as text.
    pub attributes: Vec<(String, String)>,
}

impl RecordedSpan {
    /// What an attribute says.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Recorder {
    /// One that has kept nothing yet.
    #[must_use]
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// The context of the caller, with this recorder in it.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::current().with(|parts| parts.set_recorder(Some(Arc::clone(&self.0))))
    }

    /// Spans that have ended, in the order in which they did.
    #[must_use]
    pub fn spans(&self) -> Vec<RecordedSpan> {
        let text = |value: Value<'_>| match value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(text) => text.to_owned(),
        };
        let spans = lock(&self.0.spans);
        let mut all = Vec::new();
        for span in spans.batch().iter() {
            let mut links = Vec::new();
            for link in span.links() {
                links.push(link.to().span.to_string());
            }
            let mut attributes = Vec::new();
            for (name, value) in span.attributes() {
                attributes.push((name.to_owned(), text(value)));
            }
            all.push(RecordedSpan {
                name: span.name().to_owned(),
                kind: span.kind(),
                trace_id: span.trace().to_string(),
                span_id: span.span().to_string(),
                parent_id: span.parent().map(|parent| parent.to_string()),
                nanos: span.end_unix_nanos() - span.start_unix_nanos(),
                error: span
                    .error()
                    .map(|(kind, said)| (kind.to_owned(), said.to_owned())),
                links,
                attributes,
            });
        }
        all
    }

    /// Log lines.
    #[must_use]
    pub fn lines(&self) -> Vec<Json> {
        let mut lines = Vec::new();
        for line in lock(&self.0.lines).iter() {
            lines.push(Json::parse(line.as_bytes()).unwrap_or(Json::Null));
        }
        lines
    }

    /// Records that the bus took.
    #[must_use]
    pub fn records(&self) -> Vec<OwnedRecord> {
        lock(&self.0.records).clone()
    }

    /// What was counted, in a format that scrapers read.
    #[must_use]
    pub fn exposition(&self, format: Format) -> String {
        let published = lock(&self.0.published).clone();
        let mut about: Vec<&Published> = Vec::new();
        let mut all = Vec::new();
        for one in &published {
            about.push(one);
            all.extend_from_slice(one.families());
        }
        // Two sources of an event feed a family each, and a document has each family once.
        sort(&mut all, |a, b| a.about.name.cmp(b.about.name));
        let mut families = Vec::new();
        let mut before = None;
        for family in all {
            if before.replace(family.about.name) != Some(family.about.name) {
                families.push(family);
            }
        }
        let recorded = lock(&self.0.operations).clone();
        let mut operations: Vec<&Operation> = Vec::new();
        for one in &recorded {
            operations.push(one);
        }
        #[cfg(feature = "tokio")]
        let recorded = lock(&self.0.consumed).clone();
        #[cfg(feature = "tokio")]
        let consumed: Vec<&Consumed> = recorded.iter().map(|one| &**one).collect();
        let all = All {
            published: &about,
            #[cfg(feature = "tokio")]
            consumed: &consumed,
            #[cfg(feature = "tokio")]
            backlogs: &[],
            families: &families,
            operations: &operations,
            messaging: &[],
        };
        let text = exposition_of(&all, format);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The sum of all series of this name that have these labels; `None` if there is none.
    #[must_use]
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let text = self.exposition(Format::OpenMetrics);
        let mut sum = None;
        for sample in samples(&text, name) {
            let has = |(name, value): &(&str, &str)| {
                sample.labels.contains(&format!("{name}=\"{value}\""))
            };
            if labels.iter().all(has)
                && let Ok(value) = sample.value.parse::<f64>()
            {
                // The sum of nothing is the negative zero.
                sum = Some(sum.unwrap_or(-0.0) + value);
            }
        }
        sum
    }

    /// Everything as text, for looking for what must not be there.
    #[must_use]
    pub fn everything(&self) -> String {
        let lines = joined(&lock(&self.0.lines), "\n");
        let mut headers: Vec<String> = Vec::new();
        for record in lock(&self.0.records).iter() {
            for header in record.headers().iter() {
                let text = header.text().unwrap_or_default();
                headers.push(format!("{}: {text}", header.name));
            }
        }
        format!(
            "{lines}\n{:?}\n{}\n{}",
            self.spans(),
            joined(&headers, "\n"),
            self.exposition(Format::OpenMetrics)
        )
    }

    /// Holds spans, log lines, metrics and records against each other: the ids, the times and the errors of each
    /// publish, and of each attempt to process an event, must be the same in all of them.
    ///
    /// # Panics
    ///
    /// They disagree; the message says where.
    #[track_caller]
    pub fn assert_correlated(&self) {
        if let Err(why) = self.correlated() {
            panic!("telemetry disagrees with itself: {why}");
        }
    }

    fn correlated(&self) -> Result<(), String> {
        let spans = self.spans();
        let text = self.exposition(Format::OpenMetrics);
        let lines = self.lines();
        let word = |line: &Json, name: &str| {
            let found = line.get(name).and_then(Json::as_str);
            found.map(str::to_owned)
        };
        // Those of which a line tells: publishes, and attempts to process.
        let line_of = |span: &RecordedSpan| {
            let id = span.attribute("event.id");
            let own = |line: &&Json| {
                let says = |name: &str| line.get(name).and_then(Json::as_str);
                says("event_id") == id && says("span_id") == Some(&span.span_id)
            };
            id.and_then(|_| lines.iter().find(own))
        };
        let mut told: Vec<&RecordedSpan> = Vec::new();
        for span in &spans {
            let id = span.attribute("event.id");
            let known = |line: &Json| line.get("event_id").and_then(Json::as_str) == id;
            if id.is_some() && lines.iter().any(known) {
                told.push(span);
            }
        }
        let same = |what: String, one: &dyn fmt::Debug, other: &dyn fmt::Debug| {
            let (one, other) = (format!("{one:?}"), format!("{other:?}"));
            if one == other {
                return Ok(());
            }
            Err(format!("{what}: {one} and {other}"))
        };
        let records = self.records();
        for span in &told {
            let id = span.attribute("event.id").map(str::to_owned);
            let of = |what: &str| format!("{what} of event {}", id.as_deref().unwrap_or("?"));
            let Some(line) = line_of(span) else {
                return Err(of("no line has the span"));
            };
            let trace = Some(&span.trace_id);
            same(of("the trace id"), &word(line, "trace_id").as_ref(), &trace)?;
            let error = span.error.as_ref().map(|(kind, _)| kind);
            same(
                of("the error type"),
                &word(line, "error_type").as_ref(),
                &error,
            )?;
            let took = line.get("duration_ms").map(ToString::to_string);
            let millis = format!(
                "{}.{:03}",
                span.nanos / 1_000_000,
                span.nanos / 1_000 % 1_000
            );
            let said = took.and_then(|took| took.parse::<f64>().ok());
            same(of("the duration"), &said, &millis.parse::<f64>().ok())?;
            for record in records.iter().filter(|_| span.kind != Kind::Consumer) {
                if record.headers().text("event-id") != id.as_deref() {
                    continue;
                }
                let parent = format!("00-{}-{}-01", span.trace_id, span.span_id);
                same(
                    of("traceparent"),
                    &record.headers().text("traceparent"),
                    &Some(&*parent),
                )?;
                break;
            }
        }
        for (consumed, durations, errors) in [
            (
                false,
                "event_publish_duration_seconds",
                "event_publish_errors_total",
            ),
            (
                true,
                "event_consume_duration_seconds",
                "event_consume_errors_total",
            ),
        ] {
            let (mut total, mut failed) = (0, 0);
            for span in &told {
                if (span.kind == Kind::Consumer) == consumed {
                    total += span.nanos;
                    failed += usize::from(span.error.is_some());
                }
            }
            let mut sums = 0.0;
            for sample in samples(&text, &format!("{durations}_sum")) {
                sums += sample.value.parse::<f64>().unwrap_or_default();
            }
            let counted = format!("{sums:.9}");
            let spanned = format!("{}.{:09}", total / 1_000_000_000, total % 1_000_000_000);
            same(durations.to_owned(), &counted, &spanned)?;
            let counted = self.metric(errors, &[]).unwrap_or_default();
            same(
                errors.to_owned(),
                &format!("{counted}"),
                &failed.to_string(),
            )?;
        }
        for line in text.split('\n') {
            let Some((_, exemplar)) = line.split_once("# {") else {
                continue;
            };
            let known = |span: &RecordedSpan| {
                exemplar.contains(&span.trace_id) && exemplar.contains(&span.span_id)
            };
            if !spans.iter().any(known) {
                return Err(format!("an exemplar is of no span: {exemplar}"));
            }
        }
        Ok(())
    }
}

/// A line of the exposition.
struct Sample<'a> {
    labels: &'a str,
    value: &'a str,
}

fn samples<'a>(text: &'a str, name: &str) -> Vec<Sample<'a>> {
    let mut samples = Vec::new();
    for line in text.split('\n') {
        samples.extend(sample(line, name));
    }
    samples
}

fn sample<'a>(line: &'a str, name: &str) -> Option<Sample<'a>> {
    let rest = line.strip_prefix(name)?;
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once("} ")?,
        None => ("", rest.strip_prefix(' ')?),
    };
    Some(Sample {
        labels,
        value: rest.split(' ').next()?,
    })
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("spans", &lock(&self.0.spans).len())
            .field("lines", &lock(&self.0.lines).len())
            .field("records", &lock(&self.0.records).len())
            .finish_non_exhaustive()
    }
}
