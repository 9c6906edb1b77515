//! Calls of `tracing` in our log, our publishes in `tracing`, and neither of them twice.
#![cfg(not(any(feature = "off-logs", feature = "off-spans")))]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use obs_runtime::log::{self, Level, LogOutput};
use obs_runtime::span::SpanMeta;
use obs_runtime::testing::Recorder;
use obs_runtime::{Bus, Context, Event, Json, Obs, Setup};
use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, debug, error, info, info_span, trace, warn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Memory {
    type Writer = Memory;

    fn make_writer(&self) -> Memory {
        self.clone()
    }
}

impl Memory {
    /// How many lines have this in them.
    fn count(&self, part: &str) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(part)).count()
    }
}

struct World {
    obs: Obs,
    /// Our lines arrive here.
    lines: Memory,
}

/// Nobody has set a subscriber, so `init` does: with our layer and nothing else.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let lines = Memory::default();
        let obs = Setup::new()
            .with_origin("shop")
            .with_log(LogOutput::writer(lines.clone()))
            .with_log_level(Level::Debug)
            .init()
            .unwrap();
        tracing_log::LogTracer::init().unwrap();
        World { obs, lines }
    })
}

#[derive(Clone, Debug, Event)]
#[event(event = "thing.made", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key, log)]
    name: String,
}

fn publish(bus: &Bus, name: &str) {
    let name = name.to_owned();
    let _ = Thing::publisher(bus).publish_blocking(&Thing { name });
}

/// What all tests share, so whoever changes it is alone: the level of the log, and that no thread
/// has a subscriber of its own (while one has, `tracing` lets no call through from within another).
static SHARED: RwLock<()> = RwLock::new(());

/// The lines that calls leave in the log, without their time.
fn told(calls: impl FnOnce()) -> Vec<String> {
    let _shared = SHARED.read().unwrap();
    told_now(calls)
}

fn told_now(calls: impl FnOnce()) -> Vec<String> {
    world();
    let recorder = Recorder::new();
    let attached = recorder.context().attach();
    calls();
    drop(attached);
    let line = |line: &Json| {
        let text = line.to_string();
        let (stamp, rest) = text.split_once(",\"level\"").unwrap();
        assert!(
            stamp.starts_with("{\"timestamp\":\"20") && stamp.ends_with("Z\""),
            "{text}"
        );
        format!("{{\"level\"{rest}")
    };
    recorder.lines().iter().map(line).collect()
}

/// One call, and its line from `message` on.
fn one(call: impl FnOnce()) -> String {
    message(&told(call))
}

fn message(lines: &[String]) -> String {
    let [line] = lines else {
        panic!("one line, not {lines:#?}");
    };
    line.split_once("\"message\":").unwrap().1.to_owned()
}

#[test]
fn every_call_is_a_line_in_the_form_of_the_publishers() {
    assert_eq!(
        told(|| {
            trace!("below the level");
            debug!("a detail");
            info!(target: "elsewhere", "a thing");
            warn!(left = 3, share = 0.5, ok = true, who = "ada", "nearly full");
            error!(error = %io::Error::other("broken"), path = ?"/tmp", "cannot write");
            info!(only = 1);
        }),
        [
            r#"{"level":"DEBUG","message":"a detail","target":"tracing","service":"shop"}"#,
            r#"{"level":"INFO","message":"a thing","target":"elsewhere","service":"shop"}"#,
            r#"{"level":"WARN","message":"nearly full","target":"tracing","service":"shop","context":{"left":3,"share":0.5,"ok":true,"who":"ada"}}"#,
            r#"{"level":"ERROR","message":"cannot write","target":"tracing","service":"shop","error":"broken","context":{"path":"\"/tmp\""}}"#,
            r#"{"level":"INFO","message":"","target":"tracing","service":"shop","context":{"only":1}}"#,
        ]
    );
}

#[test]
fn a_line_says_what_the_context_says() {
    static WORK: SpanMeta = SpanMeta::new("work");
    let context = || {
        Context::current()
            .with_correlation("c-1")
            .with_causation("e-0")
            .with_tenant("acme")
    };
    let mut span = None;
    let line = one(|| {
        let _attached = context().attach();
        WORK.run(|| {
            span = Context::current().span();
            let request = info_span!(
                "request",
                request_id = "r-1",
                client_ip = "::1",
                user_agent = "curl"
            );
            request.in_scope(|| info!("handled"));
        });
    });
    let span = span.unwrap();
    assert_eq!(
        line,
        format!(
            r#""handled","target":"tracing","service":"shop","correlation_id":"c-1","causation_id":"e-0","request_id":"r-1","tenant_id":"acme","client_ip":"::1","user_agent":"curl","trace_id":"{}","span_id":"{}"}}"#,
            span.trace, span.span
        )
    );
}

#[test]
fn fields_of_spans_stand_behind_those_of_the_call_and_the_innermost_counts() {
    let spans = |calls: &dyn Fn()| {
        let outer = info_span!("outer", a = 1, b = 1, c = 1, late = tracing::field::Empty);
        let inner = info_span!(parent: &outer, "inner", b = 2, c = 2);
        outer.record("late", "x");
        outer.record("late", "y");
        // Below the level, so its fields are not there.
        let hidden = tracing::trace_span!(parent: &inner, "hidden", c = 9, d = 9);
        inner.in_scope(|| hidden.in_scope(calls));
    };
    let line = one(|| spans(&|| info!(c = 3, "deep")));
    assert!(
        line.ends_with(r#","context":{"c":3,"b":2,"late":"y","a":1}}"#),
        "{line}"
    );
    // A span that is named as the parent counts, not the one around the call.
    let line = one(|| {
        let named = info_span!("named", n = 1);
        spans(&|| info!(parent: &named, "elsewhere"));
    });
    assert!(line.ends_with(r#","context":{"n":1}}"#), "{line}");
    // A field that is declared and not said hides nothing.
    let line = one(|| spans(&|| info!(a = tracing::field::Empty, "empty")));
    assert!(line.contains(r#""a":1"#), "{line}");
}

/// A field `v` with a hostile value, and how it ends.
#[test]
fn hostile_values_make_lines_too() {
    struct Panics;

    impl fmt::Debug for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half \"a ")?;
            panic!("in the middle of it");
        }
    }

    struct Fails;

    impl fmt::Debug for Fails {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    struct Endless;

    impl fmt::Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("0123456789€")?;
            }
        }
    }

    let long = "€".repeat(6_000);
    let cut = format!("\"{}…\"", &long[..16_383]);
    let endless = format!("\"{}{}…\"", "0123456789€".repeat(1_260), "0123");
    let cases: [(&dyn Fn(), &str); 17] = [
        (&|| info!(v = f64::NAN), r#""NaN""#),
        (&|| info!(v = f64::INFINITY), r#""Infinity""#),
        (&|| info!(v = f64::NEG_INFINITY), r#""-Infinity""#),
        (&|| info!(v = -0.0), "-0.0"),
        (&|| info!(v = i64::MIN), "-9223372036854775808"),
        (&|| info!(v = u64::MAX), "18446744073709551615"),
        (
            &|| info!(v = u128::MAX),
            r#""340282366920938463463374607431768211455""#,
        ),
        (
            &|| info!(v = "a\nb\u{0}\u{1b}[31m\"\\"),
            r#""a\nb\u0000\u001b[31m\"\\""#,
        ),
        (&|| info!(v = %"a\nb\u{7f}"), "\"a\\nb\u{7f}\""),
        (&|| info!(v = ?"a\nb"), r#""\"a\\nb\"""#),
        (&|| info!(v = &b"\x00\xff"[..]), r#""[00 ff]""#),
        (&|| info!(v = long), &cut),
        (&|| info!(v = %long), &cut),
        (
            &|| info!(v = ?Panics),
            r#""half \"a … (its Debug panicked)""#,
        ),
        (&|| info!(v = ?Fails), r#""""#),
        (&|| info!(v = ?Endless), &endless),
        (&|| info!({ "v" } = 1), "1"),
    ];
    for (call, value) in cases {
        let line = one(call);
        let (_, said) = line.split_once(r#""context":{"v":"#).unwrap();
        assert_eq!(said.strip_suffix("}}"), Some(value), "{line}");
    }
    let line = one(|| info!({ "a \"name\"\n" } = 1, "line\r\nbreaks"));
    assert!(line.starts_with(r#""line\r\nbreaks""#), "{line}");
    assert!(line.ends_with(r#"{"a \"name\"\n":1}}"#), "{line}");
}

#[test]
fn what_a_debug_logs_is_a_line_before() {
    struct Talks;

    impl fmt::Debug for Talks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("from inside");
            f.write_str("talked")
        }
    }

    /// It would never end.
    struct Babbles;

    impl fmt::Debug for Babbles {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!(again = ?self, "and on");
            f.write_str("babbled")
        }
    }

    let said = |lines: Vec<String>| -> Vec<String> {
        let message = |line: String| line.split('"').nth(7).unwrap().to_owned();
        lines.into_iter().map(message).collect()
    };
    let span = || {
        let span = info_span!("span", talks = ?Talks, late = tracing::field::Empty);
        span.record("late", tracing::field::debug(Talks));
        span.in_scope(|| info!(talks = ?Talks, "outside"));
    };
    assert_eq!(
        said(told(span)),
        ["from inside", "from inside", "from inside", "outside"]
    );
    let lines = said(told(|| info!(v = ?Babbles, "outside")));
    assert_eq!(lines, ["and on", "and on", "and on", "outside"]);
}

#[test]
fn records_of_the_crate_log_say_where_they_come_from() {
    // `log` is a module of ours here.
    use ::log as records;
    let line = one(|| records::warn!(target: "old::library", "deprecated"));
    assert_eq!(
        line,
        r#""deprecated","target":"old::library","service":"shop"}"#
    );
    assert_eq!(told(|| records::trace!("below the level")).len(), 0);
}

/// The layer `fmt`; with a filter of its own it lets only failures of publishes pass.
fn lines<S>(to: &Memory, filtered: bool) -> impl Layer<S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    let layer = tracing_subscriber::fmt::layer().with_ansi(false);
    let filter = filtered.then(|| EnvFilter::new("trace,obs::event=error"));
    layer.with_writer(to.clone()).with_filter(filter)
}

/// Everything that may listen, in every combination: each hears of everything once.
#[test]
fn whoever_listens_hears_everything_once() {
    let world = world();
    let _alone = SHARED.write().unwrap();
    for number in 0..32_u32 {
        let on = |bit: u32| number >> bit & 1 == 1;
        let (fmt, ours, global, own, outside) = (on(0), on(1), on(2), on(3), on(4));
        let name = format!("combination {number}");
        let theirs = Memory::default();
        let filter = || global.then(|| EnvFilter::new("warn,obs::event=info"));
        let subscriber: Box<dyn Subscriber + Send + Sync> = if outside {
            let registry = tracing_subscriber::registry().with(filter());
            Box::new(
                registry
                    .with(fmt.then(|| lines(&theirs, own)))
                    .with(ours.then(log::layer)),
            )
        } else {
            let registry = tracing_subscriber::registry().with(ours.then(log::layer));
            Box::new(
                registry
                    .with(fmt.then(|| lines(&theirs, own)))
                    .with(filter()),
            )
        };
        tracing::subscriber::with_default(subscriber, || {
            publish(world.obs.bus(), &name);
            info!("{name}, info");
            warn!("{name}, warn");
        });
        assert!(world.obs.flush(LONG));
        let ours_heard = |part: &str| world.lines.count(&format!("{name}{part}"));
        // What we tell of a publish is ours, whoever listens.
        assert_eq!(ours_heard("\""), 1, "{name}");
        assert_eq!(
            ours_heard(", info\""),
            usize::from(ours && !global),
            "{name}"
        );
        assert_eq!(ours_heard(", warn\""), usize::from(ours), "{name}");
        let heard = |part: &str| theirs.count(part);
        assert_eq!(heard("event published"), usize::from(fmt && !own), "{name}");
        assert_eq!(heard(", info"), usize::from(fmt && !global), "{name}");
        assert_eq!(heard(", warn"), usize::from(fmt), "{name}");
    }
}

#[test]
fn a_publish_says_to_others_what_its_line_says() {
    let theirs = Memory::default();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(lines.with_writer(theirs.clone()));
    let _alone = SHARED.write().unwrap();
    let line = message(&told_now(|| {
        let _attached = Context::current().with_correlation("c-9").attach();
        tracing::subscriber::with_default(subscriber, || {
            publish(&Bus::memory(1).for_source("shop"), "lamp");
        });
    }));
    let heard = String::from_utf8(theirs.0.lock().unwrap().clone()).unwrap();
    let line = Json::parse(format!("{{\"message\":{line}").as_bytes()).unwrap();
    for name in [
        "event_id",
        "event_type",
        "event_version",
        "correlation_id",
        "trace_id",
        "span_id",
        "status",
    ] {
        let said = line.get(name).and_then(Json::as_str).unwrap();
        assert!(
            heard.contains(&format!(" {name}=\"{said}\"")),
            "{name}: {heard}"
        );
    }
    assert!(
        heard.contains(" INFO obs::event: event published "),
        "{heard}"
    );
    assert!(
        heard.trim_end().ends_with(" context={\"name\":\"lamp\"}"),
        "{heard}"
    );
    assert!(!heard.contains("error"), "{heard}");
}

#[test]
fn levels_change_while_the_program_runs() {
    let _alone = SHARED.write().unwrap();
    for (level, lines) in [
        (Some(Level::Trace), 3),
        (Some(Level::Info), 1),
        (Some(Level::Error), 0),
        (None, 0),
        (Some(Level::Debug), 2),
    ] {
        world();
        log::set_level(level);
        let calls = || {
            trace!("now and then");
            debug!("now and then");
            info!("now and then");
        };
        assert_eq!(told_now(calls).len(), lines, "{level:?}");
        // What nobody hears is not even asked about.
        assert_eq!(LevelFilter::current() >= tracing::Level::INFO, lines > 0);
    }
}
