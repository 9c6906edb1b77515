//! Our spans among those of `opentelemetry_sdk` and `tracing-opentelemetry`, and their exporters with our spans.
#![cfg(not(any(feature = "off-logs", feature = "off-spans")))]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use obs_runtime::export::OpenTelemetry;
use obs_runtime::export::opentelemetry::trace::{
    FutureExt, SpanId, SpanKind, Status, TraceContextExt, TraceId, Tracer, TracerProvider,
};
use obs_runtime::export::opentelemetry::{Context as Foreign, KeyValue, Value};
use obs_runtime::export::opentelemetry_sdk::Resource;
use obs_runtime::export::opentelemetry_sdk::error::OTelSdkResult;
use obs_runtime::export::opentelemetry_sdk::trace::{
    SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use obs_runtime::log::LogOutput;
use obs_runtime::span::{self, Kind, SpanMeta};
use obs_runtime::{Context, Event, Obs, Setup, SpanContext, observed};
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

/// Everything that is set up once in a program.
struct World {
    obs: Obs,
    tracer: SdkTracer,
    /// Ours and theirs arrive here.
    seen: Seen,
}

/// Finished spans, by their traces.
#[derive(Clone, Default, Debug)]
struct Seen(Arc<Mutex<HashMap<TraceId, Vec<SpanData>>>>);

impl SpanExporter for Seen {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let mut seen = self.0.lock().unwrap();
        for span in spans {
            seen.entry(span.span_context.trace_id())
                .or_default()
                .push(span);
        }
        Ok(())
    }
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let seen = Seen::default();
        let resource = Resource::builder().with_service_name("nesting").build();
        let ours = OpenTelemetry::new(seen.clone()).with_resource(resource);
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(seen.clone())
            .build();
        let tracer = provider.tracer("theirs");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer.clone());
        let registry = tracing_subscriber::registry().with(layer);
        #[cfg(feature = "tracing")]
        let registry = registry.with(obs_runtime::log::layer());
        tracing::subscriber::set_global_default(registry).unwrap();
        let obs = Setup::new()
            .with_log(LogOutput::writer(std::io::sink()))
            .with_exporter(ours)
            .init()
            .unwrap();
        World { obs, tracer, seen }
    })
}

/// What has left of a trace since this was asked last, by name.
fn left(trace: TraceId) -> BTreeMap<String, SpanData> {
    let world = world();
    assert!(world.obs.flush(LONG));
    let left = world.seen.0.lock().unwrap().remove(&trace);
    left.into_iter()
        .flatten()
        .map(|span| (span.name.to_string(), span))
        .collect()
}

fn trace_id(span: SpanContext) -> TraceId {
    span.trace.get().into()
}

fn span_id(span: SpanContext) -> SpanId {
    span.span.get().into()
}

/// Calls that end before what they are in does, and futures.
macro_rules! observed {
    ($($name:literal: $call:ident, $later:ident;)*) => {
        $(
            #[observed(name = $name)]
            fn $call(inside: impl FnOnce() -> SpanContext) -> SpanContext {
                inside()
            }

            #[observed(name = $name)]
            async fn $later(inside: Nested) -> SpanContext {
                inside.await
            }
        )*

        fn observed_call(depth: usize, inside: impl FnOnce() -> SpanContext) -> SpanContext {
            let name = depth.to_string();
            $(if name == $name {
                return $call(inside);
            })*
            unreachable!("as deep as nestings are")
        }

        fn observed_future(depth: usize, inside: Nested) -> Nested {
            let name = depth.to_string();
            $(if name == $name {
                return Box::pin($later(inside));
            })*
            unreachable!("as deep as nestings are")
        }
    };
}

observed! {
    "0": call_0, later_0;
    "1": call_1, later_1;
    "2": call_2, later_2;
    "3": call_3, later_3;
}

static OURS: [SpanMeta; 4] = [
    SpanMeta::new("0"),
    SpanMeta::new("1"),
    SpanMeta::new("2"),
    SpanMeta::new("3"),
];

#[derive(Clone, Debug, Event)]
#[event(event = "thing.nested", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key)]
    name: String,
}

/// What is current in the innermost span, from where an event is published.
fn innermost() -> SpanContext {
    let name = "lamp".to_owned();
    let publisher = Thing::publisher(world().obs.bus());
    publisher.publish_blocking(&Thing { name }).unwrap();
    tracing::info!("innermost");
    Context::current().span().unwrap()
}

/// All words of four letters, once everything is set up: `o` is a span of ours, `c` an observed call, `s` one of the SDK,
/// `t` one of `tracing`.
fn nestings() -> impl Iterator<Item = String> {
    world();
    (0..256).map(|number| {
        let letter = |place: u32| ["o", "c", "s", "t"][number / 4_usize.pow(place) % 4];
        (0..4).map(letter).collect()
    })
}

/// Spans in spans, and what is current in the innermost.
fn nested(kinds: &str, depth: usize) -> SpanContext {
    let Some(kind) = kinds.chars().nth(depth) else {
        return innermost();
    };
    let name = depth.to_string();
    match kind {
        'o' => OURS[depth].run(|| nested(kinds, depth + 1)),
        'c' => observed_call(depth, || nested(kinds, depth + 1)),
        's' => world().tracer.in_span(name, |_| nested(kinds, depth + 1)),
        _ => tracing::info_span!("t", otel.name = name).in_scope(|| nested(kinds, depth + 1)),
    }
}

type Nested = Pin<Box<dyn Future<Output = SpanContext> + Send>>;

/// The same with futures, each of which waits once before and after what is inside.
fn nested_future(kinds: &'static str, depth: usize) -> Nested {
    Box::pin(async move {
        let Some(kind) = kinds.chars().nth(depth) else {
            return innermost();
        };
        let inside = async move {
            wait().await;
            let span = nested_future(kinds, depth + 1).await;
            wait().await;
            span
        };
        let name = depth.to_string();
        match kind {
            'o' => OURS[depth].follow(inside).await,
            'c' => observed_future(depth, Box::pin(inside)).await,
            's' => {
                let span = world().tracer.start(name);
                inside.with_context(Foreign::current_with_span(span)).await
            }
            _ => {
                let span = tracing::info_span!("t", otel.name = name);
                inside.instrument(span).await
            }
        }
    })
}

async fn wait() {
    let mut waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Each of the four is in the one before, and the publish in the last of them.
fn check(kinds: &str, innermost: SpanContext) {
    let left = left(trace_id(innermost));
    let names: Vec<_> = left.keys().map(String::as_str).collect();
    assert_eq!(names, ["0", "1", "2", "3", "publish things"], "{kinds}");
    let mut parent = SpanId::INVALID;
    for (name, span) in &left {
        assert_eq!(span.parent_span_id, parent, "{kinds} {name}");
        parent = span.span_context.span_id();
    }
    let last = left["3"].span_context.span_id();
    assert_eq!(last, span_id(innermost), "{kinds}");
}

#[test]
fn spans_of_all_tracers_nest() {
    for kinds in nestings() {
        check(&kinds, nested(&kinds, 0));
        assert_eq!(Context::current().span(), None);
    }
}

#[test]
fn spans_of_all_tracers_nest_in_tasks_that_take_turns() {
    for kinds in nestings() {
        let kinds: &'static str = kinds.leak();
        let mut tasks = [nested_future(kinds, 0), nested_future(kinds, 0)];
        let mut done = Vec::new();
        while done.len() < tasks.len() {
            for task in &mut tasks[done.len()..] {
                let polled = task.as_mut().poll(&mut Task::from_waker(Waker::noop()));
                if let Poll::Ready(span) = polled {
                    done.push(span);
                }
                assert_eq!(Context::current().span(), None);
            }
        }
        for span in done {
            check(kinds, span);
        }
    }
}

#[test]
fn the_context_that_was_attached_last_is_the_parent() {
    let world = world();
    let remote = Context::extract(&vec![(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )]);
    world.tracer.in_span("around", |around| {
        let theirs = around.span().span_context().span_id();
        assert_eq!(Context::current().span().map(span_id), Some(theirs));
        // What says nothing of a span leaves theirs in place; with theirs in it nothing is put on top.
        for context in [Context::NONE, Context::current()] {
            let attached = context.with_tenant("acme").attach();
            assert_eq!(Context::current().span().map(span_id), Some(theirs));
            assert_eq!(Context::current().tenant(), Some("acme"));
            Foreign::map_current(|current| assert!(current.span().is_recording()));
            drop(attached);
        }
        let attached = remote.attach();
        assert_eq!(Context::current().span(), remote.span());
        Foreign::map_current(|current| assert!(current.span().span_context().is_remote()));
        drop(attached);
        OURS[0].run(|| {
            // Ours can be cut off, for them too.
            let attached = Context::NONE.attach();
            assert_eq!(Context::current().span(), None);
            Foreign::map_current(|current| assert!(!current.span().span_context().is_valid()));
            drop(attached);
            assert!(Context::current().span().is_some());
        });
        assert_eq!(Context::current().span().map(span_id), Some(theirs));
    });
}

#[test]
fn state_and_correlation_go_through_theirs() {
    let headers = vec![
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01",
        ),
        ("tracestate", "vendor=1,other=2"),
        ("correlation-id", "order-7"),
    ];
    let attached = Context::extract(&headers).attach();
    world().tracer.in_span("between", |_| {
        let current = Context::current();
        assert_eq!(current.trace_state(), Some("vendor=1,other=2"));
        assert_eq!(current.correlation(), Some("order-7"));
    });
    drop(attached);
}

#[test]
fn what_is_rescued_has_a_gap_where_theirs_was_dropped() {
    static ROOT: SpanMeta = SpanMeta::new("root").with_slow_nanos(u64::MAX);
    static FAILS: SpanMeta = SpanMeta::new("fails").with_slow_nanos(u64::MAX);
    let world = world();
    let mut ids = Vec::new();
    let headers = vec![(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319e-b7ad6b7169203331-00",
    )];
    let attached = Context::extract(&headers).attach();
    ROOT.run(|| {
        ids.push(Context::current().span().unwrap());
        world.tracer.in_span("theirs", |_| {
            ids.push(Context::current().span().unwrap());
            assert!(FAILS.try_run(|| "x".parse::<u8>()).is_err());
        });
    });
    drop(attached);
    let left = left(trace_id(ids[0]));
    let names: Vec<_> = left.keys().map(String::as_str).collect();
    assert_eq!(names, ["fails", "root"]);
    assert_eq!(left["fails"].parent_span_id, span_id(ids[1]));
    assert_eq!(left["root"].span_context.span_id(), span_id(ids[0]));
    let reason = KeyValue::new("sampling.reason", "error");
    assert!(left.values().all(|span| span.attributes.contains(&reason)));
}

#[test]
fn everything_about_a_span_arrives() {
    static FULL: SpanMeta = SpanMeta::new("full")
        .with_kind(Kind::Client)
        .with_fixed(&[("fixed", span::Value::Int(1))]);
    world();
    let headers = vec![
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319f-b7ad6b7169203331-01",
        ),
        ("tracestate", "vendor=1"),
    ];
    let cx = Context::extract(&headers);
    let parent = cx.span().unwrap();
    let attached = cx.attach();
    let failed = FULL.try_run(|| {
        span::set("text", "said");
        span::set("half", 0.5);
        span::set("yes", true);
        span::event("happened", &[("how", "well".into())]);
        span::link(parent, &[("why", "so".into())]);
        "x".parse::<u8>()
    });
    drop(attached);
    let left = left(trace_id(parent));
    let span = &left["full"];
    assert_eq!(span.parent_span_id, span_id(parent));
    assert!(span.parent_span_is_remote && span.span_context.is_sampled());
    assert_eq!(span.span_context.trace_state().header(), "vendor=1");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(
        span.attributes,
        [
            KeyValue::new("fixed", 1),
            KeyValue::new("text", "said"),
            KeyValue::new("half", 0.5),
            KeyValue::new("yes", true),
            KeyValue::new("error.type", "_OTHER"),
        ]
    );
    assert!(span.end_time >= span.start_time);
    assert_eq!(span.events[0].name, "happened");
    assert_eq!(span.events[0].attributes, [KeyValue::new("how", "well")]);
    let text = Value::from(failed.unwrap_err().to_string());
    assert_eq!(span.events[1].name, "exception");
    assert_eq!(span.events[1].attributes[1].value, text);
    assert_eq!(span.links[0].span_context.span_id(), span_id(parent));
    assert_eq!(span.links[0].attributes, [KeyValue::new("why", "so")]);
    assert_eq!(span.status, Status::error(text.to_string()));
    assert_eq!(span.instrumentation_scope.name(), "obs");
}

/// Does as much as it can when its thread ends.
struct Late(Option<std::sync::mpsc::Sender<()>>);

impl Drop for Late {
    fn drop(&mut self) {
        let remote = Context::NONE.with_span(SpanContext {
            trace: obs_runtime::TraceId::new(1).unwrap(),
            span: obs_runtime::SpanId::new(1).unwrap(),
            sampled: true,
            remote: true,
        });
        let attached = remote.attach();
        OURS[0].run(|| span::set("late", Context::current().span().is_some()));
        drop(attached);
        self.0.take().unwrap().send(()).unwrap();
    }
}

thread_local! {
    static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_thread_that_ends_meets_no_panic() {
    world();
    // What is touched first goes last: the one who comes late, ours, theirs.
    for order in ["l", "lo", "ol", "lf", "fl"] {
        let (done, waits) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut late = Some(Late(Some(done)));
            for letter in order.chars() {
                match letter {
                    'l' => LATE.set(late.take()),
                    'o' => OURS[0].run(|| ()),
                    _ => Foreign::map_current(|_| ()),
                }
            }
        });
        thread.join().unwrap();
        assert_eq!(waits.recv(), Ok(()), "{order}");
    }
}

#[cfg(feature = "tracing")]
#[test]
fn a_call_of_tracing_has_the_ids_of_the_innermost_span_whoever_made_it() {
    let words: Vec<String> = nestings().collect();
    for kinds in words {
        let recorder = obs_runtime::testing::Recorder::new();
        let attached = recorder.context().attach();
        let innermost = nested(&kinds, 0);
        drop(attached);
        let lines = recorder.lines();
        let is_call = |line: &&obs_runtime::Json| {
            let said = line.get("message").and_then(obs_runtime::Json::as_str);
            said == Some("innermost")
        };
        let line = lines.iter().find(is_call).unwrap();
        let id = |name: &str| line.get(name).and_then(obs_runtime::Json::as_str);
        assert_eq!(
            id("trace_id"),
            Some(&*innermost.trace.to_string()),
            "{kinds}"
        );
        assert_eq!(id("span_id"), Some(&*innermost.span.to_string()), "{kinds}");
    }
}
