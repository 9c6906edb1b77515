//! The best crate for each stage, put together with care: fastrace, prometheus-client with handles kept, sonic-rs or
//! serde_avro_fast into a buffer that is used again, slog-json for the line, ids and times on the stack.

use crate::course::{CORRELATION, Course, DURATIONS, SOURCE, SYSTEM, VERSION};
use crate::encode::{Avro, Correlation, Envelope, Metadata, Tracing};
use crate::event::{Reading, readings};
use crate::sdk::{self, Taker};
use crate::seen::{self, Memory};
use crate::tuned::{stamp, traceparent};
use crate::{Body, Runner, Team};
use fastrace::collector::{Config, SpanContext, SpanId, TraceId};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use serde_avro_fast::ser::SerializerConfig;
use slog::{Drain as _, Level, OwnedKVList, b, o, record};
use slog_json::Json;
use std::borrow::Cow;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use uuid::Uuid;

type Labels = [(&'static str, &'static str); 3];

struct Best {
    course: Course,
    registry: Registry,
    published: Counter,
    duration: Histogram,
    bytes: Histogram,
    avro: Avro,
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    let reporter = OpenTelemetryReporter::new(
        Taker::new(course),
        Cow::Owned(sdk::resource()),
        InstrumentationScope::builder(SOURCE).build(),
    );
    let config = Config::default().report_interval(Duration::from_millis(100));
    fastrace::set_reporter(reporter, config);
    let labels: Labels = [
        ("event_type", course.event_type()),
        ("event_version", VERSION),
        ("source", SOURCE),
    ];
    let mut registry = Registry::default();
    let published = Family::<Labels, Counter>::default();
    let duration = Family::<Labels, Histogram, _>::new_with_constructor(durations as fn() -> _);
    let bytes = Family::<[(&str, &str); 1], Histogram, _>::new_with_constructor(sizes as fn() -> _);
    registry.register("event_published", "Successes", published.clone());
    registry.register(
        "event_publish_duration_seconds",
        "Durations",
        duration.clone(),
    );
    registry.register("event_payload_bytes", "Bodies", bytes.clone());
    Box::new(Best {
        course: *course,
        registry,
        published: published.get_or_create(&labels).clone(),
        duration: duration.get_or_create(&labels).clone(),
        bytes: bytes.get_or_create(&[labels[0]]).clone(),
        avro: Avro::new(),
    })
}

fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}

fn sizes() -> Histogram {
    Histogram::new(obs_schema::names::PAYLOAD_BOUNDS.map(|bound| bound as f64))
}

impl Team for Best {
    fn runner(&self) -> Box<dyn Runner + '_> {
        let line = Json::new(Line(Vec::with_capacity(1024)))
            .set_newlines(true)
            .set_flush(true)
            .build();
        Box::new(Thread {
            team: self,
            readings: readings().into(),
            next: 0,
            avro: SerializerConfig::new(self.avro.schema()),
            body: Vec::with_capacity(1024),
            line,
            fixed: o!().into(),
        })
    }

    fn flush(&self) {
        fastrace::flush();
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("it is text");
        text
    }
}

/// A line that is handed on whole: slog-json writes it in many pieces.
struct Line(Vec<u8>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Memory.write_all(&self.0)?;
        self.0.clear();
        Ok(())
    }
}

struct Thread<'t> {
    team: &'t Best,
    readings: Vec<Reading>,
    next: usize,
    avro: SerializerConfig<'t>,
    body: Vec<u8>,
    line: Json<Line>,
    fixed: OwnedKVList,
}

impl Runner for Thread<'_> {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let at = self.next % self.readings.len();
            self.next += 1;
            self.publish(at);
        }
    }
}

/// Whether a trace is kept: by the bits that the SDK looks at.
fn kept(trace: u128, ratio: f64) -> bool {
    ((trace as u64) >> 1) < (ratio * (1_u64 << 63) as f64) as u64
}

impl Thread<'_> {
    fn publish(&mut self, at: usize) {
        let (team, reading) = (self.team, &self.readings[at]);
        let course = &team.course;
        let start = Instant::now();
        let mut id = Uuid::encode_buffer();
        let id: &str = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        let mut time = [0; 27];
        let time = stamp(&mut time);
        let trace = TraceId::random();
        let sampled = kept(trace.0, course.ratio);
        let root = SpanContext::new(trace, SpanId::default()).sampled(sampled);
        let span = fastrace::Span::root(course.span_name(), root);
        span.add_properties(|| {
            [
                ("span.kind", Cow::Borrowed("producer")),
                ("messaging.system", SYSTEM.into()),
                ("messaging.operation.name", "publish".into()),
                ("messaging.operation.type", "send".into()),
                ("messaging.destination.name", course.topic().into()),
                ("event.type", course.event_type().into()),
                ("event.version", VERSION.into()),
                ("event.id", id.to_owned().into()),
                ("messaging.message.id", id.to_owned().into()),
                ("device.id", reading.device.clone().into()),
            ]
        });
        let own = SpanContext::from_span(&span).map_or(SpanId::default(), |own| own.span_id);
        let (mut trace_id, mut span_id) = ([0; 32], [0; 16]);
        write!(&mut trace_id[..], "{:032x}", trace.0).expect("there is room");
        write!(&mut span_id[..], "{:016x}", own.0).expect("there is room");
        let trace_id = str::from_utf8(&trace_id).unwrap_or_default();
        let span_id = str::from_utf8(&span_id).unwrap_or_default();
        let mut parent = [0; 55];
        let parent = traceparent(&mut parent, trace_id, span_id, sampled);
        let headers = [
            ("traceparent", parent),
            ("event-id", id.as_bytes()),
            ("event-type", course.event_type().as_bytes()),
            ("event-version", VERSION.as_bytes()),
            ("content-type", course.content_type().as_bytes()),
            ("correlation-id", CORRELATION.as_bytes()),
        ];

        self.body.clear();
        if course.body == Body::Avro {
            self.body.extend_from_slice(team.avro.head());
            let body = std::mem::take(&mut self.body);
            self.body =
                serde_avro_fast::to_datum(reading, body, &mut self.avro).expect("a good event");
        } else {
            let envelope = Envelope {
                event_id: id,
                event_type: course.event_type(),
                event_version: VERSION,
                occurred_at: time,
                tracing: Tracing {
                    trace_id,
                    span_id,
                    sampled,
                },
                correlation: Correlation {
                    correlation_id: CORRELATION,
                },
                metadata: Metadata { source: SOURCE },
                payload: reading,
            };
            sonic_rs::to_writer(&mut self.body, &envelope).expect("a good event");
        }
        seen::send(
            course.topic(),
            reading.device.as_bytes(),
            &|each| headers.iter().for_each(|(name, value)| each(name, value)),
            &self.body,
        );

        let took = start.elapsed();
        drop(span);
        team.published.inc();
        team.duration.observe(took.as_secs_f64());
        team.bytes.observe(self.body.len() as f64);
        if course.logs() {
            let logged = self.line.log(
                &record!(
                    Level::Info,
                    "",
                    &format_args!("event published"),
                    b!(
                        "timestamp" => time,
                        "level" => "INFO",
                        "message" => "event published",
                        "target" => "bench",
                        "service" => SOURCE,
                        "event_id" => id,
                        "event_type" => course.event_type(),
                        "event_version" => VERSION,
                        "correlation_id" => CORRELATION,
                        "trace_id" => trace_id,
                        "span_id" => span_id,
                        "duration_ms" => took.as_secs_f64() * 1e3,
                        "status" => "ok",
                        "device" => reading.device.as_str(),
                    )
                ),
                &self.fixed,
            );
            logged.expect("memory takes everything");
        }
    }
}
