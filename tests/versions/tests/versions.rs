//! What becomes of spans where two versions of opentelemetry are in one program.

use obs_runtime::Context;
use obs_runtime::span::SpanMeta;

static OURS: SpanMeta = SpanMeta::new("ours");

/// A span of a version, current around a call.
macro_rules! within {
    ($version:ident $trace:literal, $call:expr) => {{
        use $version::Context as Theirs;
        use $version::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId};
        let span = SpanContext::new(
            TraceId::from($trace as u128),
            SpanId::from(9_u64),
            TraceFlags::SAMPLED,
            true,
            Default::default(),
        );
        let _attached = Theirs::new().with_remote_span_context(span).attach();
        $call
    }};
}

/// The trace that a version believes to be in.
macro_rules! trace_of {
    ($version:ident) => {{
        use $version::Context as Theirs;
        use $version::trace::TraceContextExt;
        let span = Theirs::current().span().span_context().clone();
        span.is_valid()
            .then(|| u128::from_be_bytes(span.trace_id().to_bytes()))
    }};
}

fn ours() -> Option<u128> {
    Context::current().span().map(|span| span.trace.get())
}

#[test]
fn the_version_of_the_runtime_nests_and_another_is_apart() {
    // Theirs around ours.
    assert_eq!(within!(now 7, ours()), Some(7));
    assert_eq!(within!(before 5, ours()), None);
    // Ours around theirs.
    OURS.run(|| {
        assert_eq!(trace_of!(now), ours());
        assert_eq!(trace_of!(before), None);
    });
    // All three at once: each sees what is its own, and nothing is mixed up.
    within!(before 5, {
        within!(now 7, {
            let seen = OURS.run(|| (ours(), trace_of!(now), trace_of!(before)));
            assert_eq!(seen, (Some(7), Some(7), Some(5)));
        });
        assert_eq!((ours(), trace_of!(now), trace_of!(before)), (None, None, Some(5)));
    });
}

/// Whoever names it through the runtime has the right one, whatever else is in the tree.
#[test]
fn the_runtime_names_its_version() {
    use obs_runtime::export::opentelemetry as named;

    assert_eq!(
        within!(named 3, (ours(), trace_of!(now))),
        (Some(3), Some(3))
    );
}
