//! A program that says that nobody else makes spans: it shows its own to nobody, until somebody does after all.
#![cfg(not(feature = "off-spans"))]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use obs_runtime::export::opentelemetry::Context as Foreign;
use obs_runtime::export::opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use obs_runtime::export::opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use obs_runtime::log::LogOutput;
use obs_runtime::span::SpanMeta;
use obs_runtime::{Context, Obs, Setup, SpanId, observed};

static OURS: SpanMeta = SpanMeta::new("ours");

#[observed]
fn call<R>(inside: impl FnOnce() -> R) -> R {
    inside()
}

/// The current span, as OpenTelemetry has it and as we do.
fn current() -> [Option<SpanId>; 2] {
    let theirs = Foreign::map_current(|current| {
        let span = current.span().span_context().span_id();
        SpanId::new(u64::from_be_bytes(span.to_bytes()))
    });
    [theirs, Context::current().span().map(|span| span.span)]
}

/// Within a span of theirs, in which one of ours is, and in that one of theirs: each sees the innermost.
fn nests(tracer: &SdkTracer) {
    tracer.in_span("theirs", |_| {
        let [theirs, seen] = current();
        assert!(theirs.is_some() && theirs == seen);
        call(|| {
            let [shown, ours] = current();
            assert!(shown == ours && ours != theirs);
            tracer.in_span("within", |_| {
                let [innermost, seen] = current();
                assert!(innermost == seen && seen != ours);
            });
            assert_eq!(current(), [ours, ours]);
        });
        assert_eq!(current(), [theirs, theirs]);
    });
}

fn alone() -> Obs {
    let setup = Setup::new().with_log(LogOutput::writer(std::io::sink()));
    setup.without_tracers().init().unwrap()
}

#[test]
fn nothing_is_shown_until_somebody_else_makes_a_span() {
    let provider = SdkTracerProvider::builder().build();
    let tracer = provider.tracer("theirs");

    let obs = alone();
    let hidden = || {
        let [shown, ours] = current();
        assert!(shown.is_none() && ours.is_some());
    };
    call(hidden);
    OURS.run(hidden);
    // Around ours.
    nests(&tracer);
    call(|| assert_eq!(current()[0], current()[1]));
    drop(obs);

    let obs = alone();
    // Within ours, which have no place there before, and have one then.
    for ours in [
        &(|work: &dyn Fn()| call(work)) as &dyn Fn(&dyn Fn()),
        &|work| OURS.run(work),
    ] {
        ours(&|| {
            let [_, around] = current();
            nests(&tracer);
            assert_eq!(current()[1], around);
        });
    }
    OURS.run(|| assert_eq!(current()[0], current()[1]));
    drop(obs);

    // Whoever does not say so shows everything.
    let obs = Setup::new()
        .with_log(LogOutput::writer(std::io::sink()))
        .init()
        .unwrap();
    call(|| assert_eq!(current()[0], current()[1]));
    drop(obs);
}
