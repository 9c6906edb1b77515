//! The SDK of OpenTelemetry, for those who use it.

use crate::course::{Course, Exporter, SOURCE};
use crate::seen::{self, Span};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use prost::Message as _;
use std::hint::black_box;

/// Counts the spans, or encodes them as the exporter of the SDK does before it sends them.
#[derive(Debug)]
pub struct Taker {
    encodes: bool,
    resource: ResourceAttributesWithSchema,
}

/// What the spans come from.
#[must_use]
pub fn resource() -> Resource {
    Resource::builder_empty().with_service_name(SOURCE).build()
}

impl Taker {
    #[must_use]
    pub fn new(course: &Course) -> Taker {
        Taker {
            encodes: course.exporter == Exporter::Otlp,
            resource: (&resource()).into(),
        }
    }
}

impl SpanExporter for Taker {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        seen::spans(batch.len(), || batch.iter().map(shown).collect());
        if self.encodes {
            let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
            black_box(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
        }
        Ok(())
    }
}

fn shown(span: &SpanData) -> Span {
    let context = &span.span_context;
    Span {
        name: span.name.to_string(),
        kind: match span.span_kind {
            SpanKind::Client => "client",
            SpanKind::Server => "server",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            SpanKind::Internal => "internal",
        },
        failed: matches!(span.status, Status::Error { .. }),
        trace: u128::from_be_bytes(context.trace_id().to_bytes()),
        span: u64::from_be_bytes(context.span_id().to_bytes()),
        attributes: span
            .attributes
            .iter()
            .map(|one| (one.key.to_string(), one.value.to_string()))
            .collect(),
    }
}

/// A provider with this sampling, and with a processor around the exporter.
pub fn provider(
    course: &Course,
    processor: impl FnOnce(Taker) -> BatchSpanProcessor,
) -> SdkTracerProvider {
    let sampler = Sampler::TraceIdRatioBased(course.ratio);
    SdkTracerProvider::builder()
        .with_resource(resource())
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .with_span_processor(processor(Taker::new(course)))
        .build()
}
