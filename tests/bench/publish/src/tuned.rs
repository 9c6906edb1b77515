//! The usual stack by somebody who knows it: handles of metrics kept, buffers used again, nothing formatted twice, the
//! layers told to leave out what nobody asked for, and the batches of the processor sized for the load.

use crate::course::{CORRELATION, Course, SOURCE, SYSTEM, VERSION};
use crate::default::{families, text};
use crate::encode::{Avro, Correlation, Envelope, Metadata, Tracing};
use crate::event::{Reading, readings};
use crate::seen::{self, Memory};
use crate::{Body, Runner, Team, sdk};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use prometheus::{Histogram, IntCounter, Registry};
use serde_avro_fast::ser::SerializerConfig;
use std::io::Write as _;
use std::time::{Duration, Instant};
use time::format_description::BorrowedFormatItem;
use time::{OffsetDateTime, macros::format_description};
use tracing::{Level, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

struct Tuned {
    course: Course,
    provider: SdkTracerProvider,
    registry: Registry,
    published: IntCounter,
    duration: Histogram,
    bytes: Histogram,
    avro: Avro,
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(1 << 16)
        .with_max_export_batch_size(1 << 12)
        .with_scheduled_delay(Duration::from_millis(100))
        .build();
    let provider = sdk::provider(course, |taker| {
        BatchSpanProcessor::builder(taker)
            .with_batch_config(config)
            .build()
    });
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(SOURCE))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|about| about.is_span()));
    let lines = course.logs().then(|| {
        tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(|| Memory)
            .with_filter(filter_fn(|about| about.is_event()))
    });
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(spans)
        .with(lines)
        .init();
    let registry = Registry::new();
    let (published, duration, bytes) = families(&registry);
    let labels = [course.event_type(), VERSION, SOURCE];
    Box::new(Tuned {
        course: *course,
        provider,
        registry,
        published: published.with_label_values(&labels),
        duration: duration.with_label_values(&labels),
        bytes: bytes.with_label_values(&labels[..1]),
        avro: Avro::new(),
    })
}

impl Team for Tuned {
    fn runner(&self) -> Box<dyn Runner + '_> {
        Box::new(Thread {
            team: self,
            readings: readings().into(),
            next: 0,
            avro: SerializerConfig::new(self.avro.schema()),
            body: Vec::with_capacity(1024),
        })
    }

    fn flush(&self) {
        self.provider.force_flush().expect("the exporter is quick");
    }

    fn metrics(&self) -> String {
        text(&self.registry)
    }
}

struct Thread<'t> {
    team: &'t Tuned,
    readings: Vec<Reading>,
    next: usize,
    avro: SerializerConfig<'t>,
    body: Vec<u8>,
}

/// RFC 3339 with microseconds.
const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Writes the time of day where there is room for it.
pub fn stamp(into: &mut [u8; 27]) -> &str {
    let mut rest = &mut into[..];
    OffsetDateTime::now_utc()
        .format_into(&mut rest, STAMP)
        .expect("there is room");
    str::from_utf8(into).unwrap_or_default()
}

/// The header of W3C Trace Context.
pub fn traceparent<'b>(into: &'b mut [u8; 55], trace: &str, span: &str, sampled: bool) -> &'b [u8] {
    let mut rest = &mut into[..];
    let flags = u8::from(sampled);
    write!(rest, "00-{trace}-{span}-0{flags}").expect("there is room");
    into
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

impl Thread<'_> {
    fn publish(&mut self, at: usize) {
        let (team, reading) = (self.team, &self.readings[at]);
        let course = &team.course;
        let start = Instant::now();
        let mut id = Uuid::encode_buffer();
        let id: &str = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        let entered = info_span!(
            "publish",
            otel.name = course.span_name(),
            otel.kind = "producer",
            messaging.system = SYSTEM,
            messaging.operation.name = "publish",
            messaging.operation.r#type = "send",
            messaging.destination.name = course.topic(),
            event.r#type = course.event_type(),
            event.version = VERSION,
            event.id = id,
            messaging.message.id = id,
            device.id = reading.device.as_str(),
        )
        .entered();
        let mut time = [0; 27];
        let time = stamp(&mut time);
        let context = entered.context();
        let span = context.span().span_context().clone();
        let (mut trace_id, mut span_id) = ([0; 32], [0; 16]);
        write!(&mut trace_id[..], "{}", span.trace_id()).expect("there is room");
        write!(&mut span_id[..], "{}", span.span_id()).expect("there is room");
        let trace_id = str::from_utf8(&trace_id).unwrap_or_default();
        let span_id = str::from_utf8(&span_id).unwrap_or_default();
        let mut parent = [0; 55];
        let parent = traceparent(&mut parent, trace_id, span_id, span.is_sampled());
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
                    sampled: span.is_sampled(),
                },
                correlation: Correlation {
                    correlation_id: CORRELATION,
                },
                metadata: Metadata { source: SOURCE },
                payload: reading,
            };
            serde_json::to_writer(&mut self.body, &envelope).expect("a good event");
        }
        seen::send(
            course.topic(),
            reading.device.as_bytes(),
            &|each| headers.iter().for_each(|(name, value)| each(name, value)),
            &self.body,
        );

        let took = start.elapsed();
        team.published.inc();
        team.duration.observe(took.as_secs_f64());
        team.bytes.observe(self.body.len() as f64);
        if course.logs() && tracing::enabled!(Level::INFO) {
            info!(
                service = SOURCE,
                event_id = id,
                event_type = course.event_type(),
                event_version = VERSION,
                correlation_id = CORRELATION,
                trace_id,
                span_id,
                duration_ms = took.as_secs_f64() * 1e3,
                status = "ok",
                device = reading.device.as_str(),
                "event published"
            );
        }
    }
}
