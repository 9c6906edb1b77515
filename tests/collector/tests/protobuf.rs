//! What we write as Protobuf, as the types of the protocol read it: the same as our lines of JSON, of spans of every
//! kind with everything that there may be in them.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use obs_runtime::export::{OtlpJsonLines, OtlpProtobuf};
use obs_runtime::log::LogOutput;
use obs_runtime::publish::Retry;
use obs_runtime::span::{self, Kind, SpanLimits, SpanMeta, Value};
use obs_runtime::testing::{Fault, FaultyBus};
use obs_runtime::{Bus, Context, Event, IdForm, Obs, Setup};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// Nobody waits for so long unless something is wrong.
const LONG: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Event)]
#[event(event = "lamp.lit", version = "1.2.0", topic = "lamps")]
struct LampLit {
    #[event(key, attr = "lamp.name")]
    name: String,
    #[event(attr = "lamp.watts")]
    watts: i64,
    #[event(attr = "lamp.warm")]
    warm: bool,
}

/// What was written, for the test to read.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const FIXED: &[(&str, Value<'static>)] = &[
    ("fixed.text", Value::Text("fixed")),
    ("fixed.int", Value::Int(-1)),
    ("fixed.yes", Value::Bool(true)),
    ("fixed.half", Value::Float(0.5)),
];

static KINDS: [SpanMeta; 5] = [
    SpanMeta::new("internal"),
    SpanMeta::new("server").with_kind(Kind::Server),
    SpanMeta::new("client")
        .with_kind(Kind::Client)
        .with_fixed(FIXED),
    SpanMeta::new("producer").with_kind(Kind::Producer),
    SpanMeta::new("").with_kind(Kind::Consumer),
];

static ROOT: SpanMeta = SpanMeta::new("root").with_slow_nanos(u64::MAX);
static CHILD: SpanMeta = SpanMeta::new("child").with_slow_nanos(u64::MAX);

fn remote(sampled: bool) -> Context {
    let parent = format!(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0{}",
        u8::from(sampled)
    );
    Context::extract(&vec![
        ("traceparent", parent.as_str()),
        ("tracestate", "vendor=1,other=2"),
    ])
}

/// Texts around each length that takes another byte, and some that are no ASCII.
fn texts() -> impl Iterator<Item = String> {
    let lengths = (80..130).chain([16_300, 16_383, 16_384, 20_000]);
    let plain = [0, 1, 2]
        .into_iter()
        .chain(lengths)
        .map(|length| "x".repeat(length));
    plain.chain(["ä\"\n\u{0}✓".to_owned()])
}

fn tell_of_everything() {
    for value in [0, 1, -1, 127, 128, i64::MIN, i64::MAX] {
        KINDS[0].run(|| span::set("int", value));
    }
    for value in [0.0, -0.0, 0.1, -1.5e300, f64::MIN_POSITIVE, f64::MAX] {
        KINDS[1].run(|| span::set("float", value));
    }
    for text in texts() {
        KINDS[2].run(|| {
            span::set("text", text.as_str());
            span::event(
                "said",
                &[("text", text.as_str().into()), ("yes", false.into())],
            );
        });
        let failed = KINDS[3].try_run(|| Err::<(), _>(text));
        assert!(failed.is_err());
    }
    let attached = remote(true).attach();
    KINDS[4].run(|| {
        // Two more of each than there is room for.
        let [kept, lost] = [true, false].map(|sampled| remote(sampled).span().unwrap());
        let others = [kept, lost, Context::current().span().unwrap()];
        for number in 0..10_usize {
            let about = [
                ("number", number.into()),
                ("half", 0.5.into()),
                ("over", true.into()),
            ];
            span::event("counted", &about);
            span::link(others[number % 3], &about);
        }
        let names = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
            "r",
        ];
        names.into_iter().for_each(|name| span::set(name, name));
    });
    drop(attached);
    // Nobody sampled it, so it leaves with its reason, and more wait for it than may.
    let attached = remote(false).attach();
    let failed = ROOT.try_run(|| {
        (0..10_050).for_each(|_| CHILD.run(|| ()));
        "x".parse::<u8>()
    });
    assert!(failed.is_err());
    drop(attached);
}

fn publish(bus: &Bus) {
    for ids in [IdForm::Uuid, IdForm::Ulid] {
        let origin = obs_runtime::bus::Origin::new("lighthouse").with_ids(ids, "lamp_");
        let bus = bus.clone().for_source(origin);
        let lamp = LampLit {
            name: "hall".to_owned(),
            watts: -40,
            warm: true,
        };
        let publisher = LampLit::publisher(&bus);
        publisher.publish_blocking(&lamp).unwrap();
        publisher
            .publish_batch_blocking(&[lamp.clone(), lamp.clone()])
            .unwrap();
        let faulty = FaultyBus::new();
        faulty.set(Fault::Down);
        let down = LampLit::publisher(&faulty.bus()).with_retry(Retry::NEVER);
        down.publish_blocking(&lamp).unwrap_err();
    }
}

/// Everything that exporters have got so far.
fn flush(obs: &Obs) {
    assert!(obs.flush(LONG));
}

fn spans(requests: &[ExportTraceServiceRequest]) -> Vec<&Span> {
    let resources = requests.iter().flat_map(|request| &request.resource_spans);
    let scopes = resources.flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

#[test]
fn protobuf_says_what_json_says() {
    let (lines, file) = (Memory::default(), Memory::default());
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeper = Arc::clone(&kept);
    let limits = SpanLimits {
        attributes: 16,
        events: 8,
        links: 8,
        event_attributes: 2,
        link_attributes: 2,
        ..SpanLimits::default()
    };
    // A name that takes a length of two bytes.
    let service = "lighthouse".repeat(20);
    let obs = Setup::new()
        .with_origin(service.as_str())
        .with_log(LogOutput::writer(io::sink()))
        .with_span_limits(limits)
        .with_exporter(OtlpJsonLines::new(&service, lines.clone()))
        .with_exporter(OtlpProtobuf::delimited(&service, file.clone()))
        .with_exporter(OtlpProtobuf::new(&service, move |body| {
            keeper.lock().unwrap().push(body.to_vec());
            Ok(())
        }))
        .init()
        .unwrap();
    tell_of_everything();
    publish(obs.bus());
    flush(&obs);

    let decode = |body: &Vec<u8>| ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let bodies = kept.lock().unwrap();
    let mut requests: Vec<_> = bodies.iter().map(decode).collect();
    let file = file.bytes();
    let mut rest = file.as_slice();
    for request in &requests {
        let next = ExportTraceServiceRequest::decode_length_delimited(&mut rest);
        assert_eq!(next.as_ref(), Ok(request));
    }
    assert!(rest.is_empty());
    let lines = lines.bytes();
    let lines = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let lines: Vec<_> = lines
        .map(|line| serde_json::from_slice::<ExportTraceServiceRequest>(line).unwrap())
        .collect();
    // A status that says nothing may be there or not.
    for request in &mut requests {
        let resources = request.resource_spans.iter_mut();
        let scopes = resources.flat_map(|resource| &mut resource.scope_spans);
        for span in scopes.flat_map(|scope| &mut scope.spans) {
            span.status.get_or_insert_default();
        }
    }
    assert_eq!(requests.len(), lines.len());
    for (ours, theirs) in spans(&requests).into_iter().zip(spans(&lines)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(requests, lines);

    // Nothing of what was to be compared was missing on both sides.
    let all = spans(&requests);
    let some = |name: &str, what: &dyn Fn(&Span) -> bool| {
        assert!(all.iter().any(|span| what(span)), "{name}");
    };
    let kinds: BTreeSet<i32> = all.iter().map(|span| span.kind).collect();
    assert_eq!(kinds, BTreeSet::from([1, 2, 3, 4, 5]));
    let flags: BTreeSet<u32> = all.iter().map(|span| span.flags).collect();
    assert_eq!(flags, BTreeSet::from([0x101, 0x301]));
    some("state", &|span| span.trace_state == "vendor=1,other=2");
    some("root", &|span| span.parent_span_id.is_empty());
    some("limits", &|span| {
        (
            span.dropped_attributes_count,
            span.dropped_events_count,
            span.dropped_links_count,
        ) == (2, 2, 2)
            && span
                .events
                .iter()
                .all(|event| event.dropped_attributes_count == 1)
            && span
                .links
                .iter()
                .all(|link| link.dropped_attributes_count == 1)
            && BTreeSet::from_iter(span.links.iter().map(|link| link.flags))
                == BTreeSet::from([0x101, 0x300, 0x301])
    });
    some("status", &|span| {
        span.status
            .as_ref()
            .is_some_and(|status| status.code == 2 && status.message.len() == 20_000)
    });
    for name in [
        "sampling.reason",
        "sampling.truncated",
        "event.id",
        "messaging.message.id",
        "lamp.warm",
        "error.type",
    ] {
        some(name, &|span| {
            span.attributes.iter().any(|it| it.key == name)
        });
    }
    // The same id under both names, whatever its length.
    let mut lengths = BTreeSet::new();
    for span in &all {
        let id = |name: &str| {
            let found = span.attributes.iter().find(|it| it.key == name)?;
            match &found.value.as_ref()?.value {
                Some(any_value::Value::StringValue(text)) => Some(text.clone()),
                _ => None,
            }
        };
        assert_eq!(id("event.id"), id("messaging.message.id"));
        lengths.extend(id("event.id").map(|id| id.len()));
    }
    assert_eq!(lengths, BTreeSet::from([31, 36, 41]));

    // JSON has no numbers for these, and not every reader knows the words that stand for them.
    drop(all);
    let before = bodies.len();
    drop(bodies);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    odd.into_iter()
        .for_each(|value| KINDS[1].run(|| span::set("float", value)));
    flush(&obs);
    let bodies = kept.lock().unwrap();
    let requests: Vec<_> = bodies[before..].iter().map(decode).collect();
    let told = spans(&requests).into_iter().map(|span| {
        let value = span.attributes[0].value.clone().unwrap().value;
        let Some(any_value::Value::DoubleValue(value)) = value else {
            panic!("{value:?}");
        };
        value.to_bits()
    });
    assert_eq!(told.collect::<Vec<_>>(), odd.map(f64::to_bits));
}
