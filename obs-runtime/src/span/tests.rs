use super::*;
use crate::export::{ExportError, SpanExporter};
use crate::{clock, lane};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, Once};
use std::time::Duration;

mod local;
mod work;

/// A span as a test looks at it.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    name: &'static str,
    trace: TraceId,
    span: SpanId,
    parent: Option<SpanId>,
    nanos: u64,
    error: Option<(&'static str, String)>,
    attributes: Vec<String>,
    events: Vec<(&'static str, Vec<String>)>,
    links: Vec<(SpanContext, Vec<String>)>,
    dropped: u32,
    dropped_events: u32,
    dropped_links: u32,
}

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Keeps;

/// Refuses by a panic whatever it gets.
#[derive(Debug)]
struct Panics;

fn texts<'a>(attributes: impl Iterator<Item = (&'static str, Value<'a>)>) -> Vec<String> {
    attributes
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect()
}

impl SpanExporter for Keeps {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        lane::lock(&SEEN).extend(spans.iter().map(|span| {
            Seen {
                name: span.name(),
                trace: span.trace(),
                span: span.span(),
                parent: span.parent(),
                nanos: span.end_unix_nanos() - span.start_unix_nanos(),
                error: span.error().map(|(kind, text)| (kind, text.to_owned())),
                attributes: texts(span.attributes()),
                events: span
                    .events()
                    .map(|event| (event.name(), texts(event.attributes())))
                    .collect(),
                links: span
                    .links()
                    .map(|link| (link.to(), texts(link.attributes())))
                    .collect(),
                dropped: span.dropped_attributes(),
                dropped_events: span.dropped_events(),
                dropped_links: span.dropped_links(),
            }
        }));
        Ok(())
    }
}

impl SpanExporter for Panics {
    fn export(&mut self, _: Batch<'_>) -> Result<(), ExportError> {
        // Unwinds without the hook, which would write into the output of other tests.
        std::panic::resume_unwind(Box::new(()))
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        export::add(Box::new(Panics)).unwrap();
        export::add(Box::new(Keeps)).unwrap();
    });
}

/// What left of a trace.
fn left(trace: TraceId) -> Vec<Seen> {
    assert!(export::flush(Duration::from_secs(60)));
    let seen = lane::lock(&SEEN);
    seen.iter()
        .filter(|span| span.trace == trace)
        .cloned()
        .collect()
}

/// Under a parent of another program: tests share the sampling of the program, and must not depend on it.
fn under(sampled: bool) -> Context {
    Context::NONE.with_span(SpanContext {
        trace: TraceId::random(),
        span: SpanId::random(),
        sampled,
        remote: true,
    })
}

fn later(at: Moment, nanos: u64) -> Moment {
    Moment(at.0 + nanos)
}

static PLAIN: SpanMeta = SpanMeta::new("plain")
    .with_fixed(&[("fixed", Value::Int(1))])
    .with_slow_nanos(1_000);
static AUDITED: SpanMeta = SpanMeta::new("audited").audited();

const FAILED: Outcome<'_> = Outcome::Failed(Failure {
    error_type: "rejected",
    exception: "BusError",
    message: Some(&"the bus is closed"),
});

#[test]
fn the_end_decides() {
    listen();
    for (meta, sampled, nanos, outcome, reason) in [
        (&PLAIN, true, 10, Outcome::Fine, Some("")),
        (&PLAIN, true, 10, FAILED, Some("")),
        (&PLAIN, false, 999, Outcome::Fine, None),
        (&PLAIN, false, 1_000, Outcome::Fine, Some("slow")),
        (&PLAIN, false, 10, FAILED, Some("error")),
        (&PLAIN, false, 1_000, FAILED, Some("error")),
        (&AUDITED, false, 10, Outcome::Fine, Some("audit")),
    ] {
        let cx = under(sampled);
        let start = clock::now();
        let mut span = Span::start(meta, &cx, start);
        let context = span.context();
        assert_eq!((context.sampled, context.remote), (sampled, false));
        let mut filled = false;
        let fate = span.end(later(start, nanos), &outcome, |_| filled = true);
        assert_eq!(fate == Fate::Exported, reason.is_some());
        assert_eq!(filled, reason.is_some(), "nothing is formatted for nobody");
        let left = left(context.trace);
        let Some(reason) = reason else {
            assert_eq!(left, []);
            continue;
        };
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].span, left[0].nanos), (context.span, nanos));
        assert_eq!(left[0].parent, cx.span().map(|parent| parent.span));
        let found = left[0]
            .attributes
            .iter()
            .find(|it| it.starts_with("sampling.reason"));
        let expected = (!reason.is_empty()).then(|| format!("sampling.reason=Text({reason:?})"));
        assert_eq!(found, expected.as_ref());
    }
}

#[test]
fn each_record_has_what_was_said_about_it() {
    listen();
    let cx = under(true);
    let start = clock::now();
    let trace = cx.span().unwrap().trace;
    for index in 0..3_i64 {
        let outcome = if index == 1 { FAILED } else { Outcome::Fine };
        let fate = Span::start(&PLAIN, &cx, start).end(start, &outcome, |to| {
            to.set("index", index);
            to.set("text", "abc".repeat(index as usize + 1).as_str());
            to.set("word", "same");
        });
        assert_eq!(fate, Fate::Exported);
    }
    let left = left(trace);
    let said = |index: usize| {
        let text = "abc".repeat(index + 1);
        let mut said = vec![
            "fixed=Int(1)".to_owned(),
            format!("index=Int({index})"),
            format!("text=Text({text:?})"),
            "word=Text(\"same\")".to_owned(),
        ];
        if index == 1 {
            said.push("error.type=Text(\"rejected\")".to_owned());
        }
        said
    };
    assert_eq!(left.len(), 3);
    for (index, span) in left.iter().enumerate() {
        assert_eq!(span.attributes, said(index));
    }
    assert_eq!(
        left[1].error,
        Some(("rejected", "the bus is closed".to_owned()))
    );
    let (name, about) = &left[1].events[0];
    assert_eq!(*name, "exception");
    assert_eq!(
        about[..2],
        [
            "exception.type=Text(\"BusError\")",
            "exception.message=Text(\"the bus is closed\")"
        ]
    );
    assert_eq!((left[0].error.as_ref(), left[2].events.len()), (None, 0));
}

#[test]
fn attributes_over_the_limit_are_counted() {
    listen();
    let cx = under(true);
    let start = clock::now();
    let _ = Span::start(&PLAIN, &cx, start).end(start, &Outcome::Fine, |to| {
        for index in 0..200 {
            to.set("key", index);
        }
    });
    let left = left(cx.span().unwrap().trace);
    assert_eq!(
        (left[0].attributes.len(), left[0].dropped),
        (128, 200 + 1 - 128)
    );
}

#[test]
fn a_span_that_ends_inside_of_another_is_counted() {
    listen();
    let cx = under(true);
    let start = clock::now();
    let before = metric::drops(Signal::Spans, metric::Reason::Limit);
    let outer = Span::start(&PLAIN, &cx, start).end(start, &Outcome::Fine, |_| {
        let inner = Span::start(&PLAIN, &cx, start).end(start, &Outcome::Fine, |_| {});
        assert_eq!(inner, Fate::Dropped);
    });
    assert_eq!(outer, Fate::Exported);
    assert!(metric::drops(Signal::Spans, metric::Reason::Limit) > before);
    assert_eq!(left(cx.span().unwrap().trace).len(), 1);
}

#[test]
fn an_exporter_that_panics_harms_nobody() {
    listen();
    let before = metric::export_failures(Signal::Spans, metric::Reason::Panic);
    let cx = under(true);
    let start = clock::now();
    let _ = Span::start(&PLAIN, &cx, start).end(start, &Outcome::Fine, |_| {});
    assert_eq!(left(cx.span().unwrap().trace).len(), 1);
    assert!(metric::export_failures(Signal::Spans, metric::Reason::Panic) > before);
}

#[test]
fn a_batch_is_a_line_of_otlp() {
    use obs_schema::json::Json;

    /// Where the exporter writes to.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            lane::lock(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let (cx, start) = (under(true), clock::now());
    let mut span = Span::start(&PLAIN, &cx, start);
    let (ids, mut batch, paper) = (span.context(), Said::default(), Paper::default());
    let record = span.write(&mut batch, later(start, 7), None, &FAILED, &mut |to| {
        to.set("text", "\"\n");
        to.set("nan", f64::NAN);
        to.set("half", 0.5);
        to.set("yes", true);
    });
    batch.spans.records.push(record);
    let mut exporter = export::OtlpJsonLines::new("shop", paper.clone());
    exporter.export(batch.spans.batch()).unwrap();
    let line = lane::lock(&paper.0).clone();
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    let text = String::from_utf8(line).unwrap();
    assert!(Json::parse(text.trim_end().as_bytes()).is_ok(), "{text}");
    for part in [
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]}",
        &format!("\"traceId\":\"{}\",\"spanId\":\"{}\"", ids.trace, ids.span),
        &format!(
            "\"parentSpanId\":\"{}\",\"flags\":769",
            cx.span().unwrap().span
        ),
        "\"name\":\"plain\",\"kind\":1,\"startTimeUnixNano\":\"",
        "{\"key\":\"fixed\",\"value\":{\"intValue\":\"1\"}}",
        "{\"key\":\"text\",\"value\":{\"stringValue\":\"\\\"\\n\"}}",
        "{\"key\":\"nan\",\"value\":{\"doubleValue\":\"NaN\"}}",
        "{\"key\":\"half\",\"value\":{\"doubleValue\":0.5}}",
        "{\"key\":\"yes\",\"value\":{\"boolValue\":true}}",
        "\"name\":\"exception\",\"attributes\":[{\"key\":\"exception.type\"",
        "\"status\":{\"code\":2,\"message\":\"the bus is closed\"}",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
