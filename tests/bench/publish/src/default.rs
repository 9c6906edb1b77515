//! The usual stack as it is usually written: `#[instrument]`, tracing-opentelemetry, the JSON layer of
//! tracing-subscriber, `with_label_values`, serde_json, strings for everything.

use crate::course::{CORRELATION, Course, DURATIONS, SOURCE, SYSTEM, VERSION};
use crate::encode::{Avro, Correlation, Envelope, Metadata, Tracing};
use crate::event::{Reading, readings};
use crate::seen::{self, Memory};
use crate::{Body, Runner, Team, sdk};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use std::collections::HashMap;
use std::time::Instant;
use tracing::{Span, info};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

struct Default {
    course: Course,
    provider: SdkTracerProvider,
    propagator: TraceContextPropagator,
    registry: Registry,
    published: IntCounterVec,
    duration: HistogramVec,
    bytes: HistogramVec,
    avro: Avro,
}

/// Families as the prometheus crate has them.
pub fn families(registry: &Registry) -> (IntCounterVec, HistogramVec, HistogramVec) {
    let labels = ["event_type", "event_version", "source"];
    let published = IntCounterVec::new(Opts::new("event_published_total", "Successes"), &labels);
    let duration = HistogramOpts::new("event_publish_duration_seconds", "Durations");
    let duration = HistogramVec::new(duration.buckets(DURATIONS.into()), &labels);
    let bytes = HistogramOpts::new("event_payload_bytes", "Bodies");
    let bounds = obs_schema::names::PAYLOAD_BOUNDS.map(|bound| bound as f64);
    let bytes = HistogramVec::new(bytes.buckets(bounds.into()), &labels[..1]);
    let (published, duration, bytes) = (
        published.expect("a good family"),
        duration.expect("a good family"),
        bytes.expect("a good family"),
    );
    let registered = registry
        .register(Box::new(published.clone()))
        .and_then(|()| registry.register(Box::new(duration.clone())))
        .and_then(|()| registry.register(Box::new(bytes.clone())));
    registered.expect("names of their own");
    (published, duration, bytes)
}

/// What a registry holds, as text.
pub fn text(registry: &Registry) -> String {
    let text = TextEncoder::new().encode_to_string(&registry.gather());
    text.expect("good families")
}

pub fn ready(course: &Course) -> Box<dyn Team> {
    let provider = sdk::provider(course, |taker| BatchSpanProcessor::builder(taker).build());
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer(SOURCE));
    let lines = course.logs().then(|| {
        tracing_subscriber::fmt::layer()
            .json()
            .with_writer(|| Memory)
    });
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(spans)
        .with(lines)
        .init();
    let registry = Registry::new();
    let (published, duration, bytes) = families(&registry);
    Box::new(Default {
        course: *course,
        provider,
        propagator: TraceContextPropagator::new(),
        registry,
        published,
        duration,
        bytes,
        avro: Avro::new(),
    })
}

impl Team for Default {
    fn runner(&self) -> Box<dyn Runner + '_> {
        Box::new(Thread {
            team: self,
            readings: readings().into(),
            next: 0,
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
    team: &'t Default,
    readings: Vec<Reading>,
    next: usize,
}

impl Runner for Thread<'_> {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            let reading = &self.readings[self.next % self.readings.len()];
            self.next += 1;
            self.team.publish(reading, CORRELATION);
        }
    }
}

impl Default {
    #[tracing::instrument(
        skip_all,
        fields(
            otel.name = self.course.span_name(),
            otel.kind = "producer",
            messaging.system = SYSTEM,
            messaging.operation.name = "publish",
            messaging.operation.r#type = "send",
            messaging.destination.name = self.course.topic(),
            event.r#type = self.course.event_type(),
            event.version = VERSION,
            event.id = tracing::field::Empty,
            messaging.message.id = tracing::field::Empty,
            device.id = %reading.device,
        )
    )]
    fn publish(&self, reading: &Reading, correlation: &str) {
        let start = Instant::now();
        let id = Uuid::now_v7().to_string();
        Span::current().record("event.id", id.as_str());
        Span::current().record("messaging.message.id", id.as_str());
        let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let context = Span::current().context();
        let span = context.span().span_context().clone();
        let (trace_id, span_id) = (span.trace_id().to_string(), span.span_id().to_string());

        let mut headers = HashMap::new();
        self.propagator.inject_context(&context, &mut headers);
        headers.remove("tracestate");
        headers.insert("event-id".to_owned(), id.clone());
        headers.insert("event-type".to_owned(), self.course.event_type().to_owned());
        headers.insert("event-version".to_owned(), VERSION.to_owned());
        headers.insert(
            "content-type".to_owned(),
            self.course.content_type().to_owned(),
        );
        headers.insert("correlation-id".to_owned(), correlation.to_owned());

        let body = if self.course.body == Body::Avro {
            let mut config = serde_avro_fast::ser::SerializerConfig::new(self.avro.schema());
            let body = self.avro.head().to_vec();
            serde_avro_fast::to_datum(reading, body, &mut config).expect("a good event")
        } else {
            let envelope = Envelope {
                event_id: &id,
                event_type: self.course.event_type(),
                event_version: VERSION,
                occurred_at: &time,
                tracing: Tracing {
                    trace_id: &trace_id,
                    span_id: &span_id,
                    sampled: span.is_sampled(),
                },
                correlation: Correlation {
                    correlation_id: correlation,
                },
                metadata: Metadata { source: SOURCE },
                payload: reading,
            };
            serde_json::to_vec(&envelope).expect("a good event")
        };
        seen::send(
            self.course.topic(),
            reading.device.as_bytes(),
            &|each| {
                headers
                    .iter()
                    .for_each(|(name, value)| each(name, value.as_bytes()))
            },
            &body,
        );

        let took = start.elapsed();
        let labels = [self.course.event_type(), VERSION, SOURCE];
        self.published.with_label_values(&labels).inc();
        self.duration
            .with_label_values(&labels)
            .observe(took.as_secs_f64());
        self.bytes
            .with_label_values(&labels[..1])
            .observe(body.len() as f64);
        if self.course.logs() {
            info!(
                service = SOURCE,
                event_id = %id,
                event_type = self.course.event_type(),
                event_version = VERSION,
                correlation_id = correlation,
                trace_id = %trace_id,
                span_id = %span_id,
                duration_ms = took.as_secs_f64() * 1e3,
                status = "ok",
                device = %reading.device,
                "event published"
            );
        }
    }
}
