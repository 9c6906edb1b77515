//! The others: each with a span for each call, thrown away where it is exported.

use fastrace::collector::{Config, Reporter, SpanRecord};
use fastrace::prelude::SpanContext;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};
use std::hint::black_box;
use std::num::ParseIntError;
use std::sync::LazyLock;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

pub(crate) fn prepare() {
    fastrace::set_reporter(Nowhere, Config::default());
    LazyLock::force(&ALWAYS);
    LazyLock::force(&NEVER);
}

struct Nowhere;

impl Reporter for Nowhere {
    fn report(&mut self, _: Vec<SpanRecord>) {}
}

#[inline(never)]
#[fastrace::trace]
pub(crate) fn fast(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

/// Its spans are children of one that is open; a root for each call would cost it more.
pub(crate) fn fast_root(work: &mut dyn FnMut()) {
    let root = fastrace::Span::root("root", SpanContext::random());
    let _on = root.set_local_parent();
    work();
}

#[inline(never)]
#[tracing::instrument]
pub(crate) fn instrumented(number: u64) -> Result<u64, ParseIntError> {
    Ok(black_box(number) + 1)
}

#[derive(Debug)]
struct Thrown;

impl SpanExporter for Thrown {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

static ALWAYS: LazyLock<Dispatch> = LazyLock::new(|| dispatch(Sampler::AlwaysOn));
static NEVER: LazyLock<Dispatch> = LazyLock::new(|| dispatch(Sampler::AlwaysOff));

fn dispatch(sampler: Sampler) -> Dispatch {
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(Thrown).build())
        .with_sampler(sampler)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    // It lives as long as the program.
    std::mem::forget(provider);
    Dispatch::new(tracing_subscriber::registry().with(layer))
}

pub(crate) fn sampled(work: &mut dyn FnMut()) {
    tracing::dispatcher::with_default(&ALWAYS, work);
}

pub(crate) fn unsampled(work: &mut dyn FnMut()) {
    tracing::dispatcher::with_default(&NEVER, work);
}
