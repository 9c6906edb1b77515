mod current;

use std::future::Future;
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use super::*;
use crate::bus::{BusErrorKind, Origin};
use crate::event::{Body, Descriptor, Encoding, Envelope, FieldInfo, LabelInfo, Redaction};
use crate::ids::IdForm;
use crate::tell::Tell;
use crate::testing::{Fault, FaultyBus, Recorder};
use crate::types::{TimestampMicros, Uuid};
use crate::validate::{Checker, Validate};
use crate::{Actor, Json, JsonCodec, Pii};
use obs_schema::wire::{DecodeError, EncodeError, EncodeErrorKind};

/// A count: negative ones are invalid, 99 cannot be encoded, and 77 panics on the way.
#[derive(Clone, Debug, PartialEq)]
struct Count<const KIND: usize> {
    count: i64,
    by: Pii<String>,
}

const JSON: usize = 0;
const PLAIN: usize = 1;
const CLOUD: usize = 2;
const AVRO: usize = 3;
const AUDITED: usize = 4;

const fn about(kind: usize) -> Descriptor {
    Descriptor {
        event_type: "thing.counted",
        version: ["2.1.0", "2.2.0", "2.3.0", "2.4.0", "2.5.0"][kind],
        topic: "thing.counted.v2",
        rabin: 0x0807_0605_0403_0201,
        encoding: if kind == AVRO {
            Encoding::Avro
        } else {
            Encoding::Json
        },
        envelope: match kind {
            PLAIN => Envelope::None,
            CLOUD => Envelope::CloudEvents,
            _ => Envelope::Obs,
        },
        audit: kind == AUDITED,
        target: "things",
        fields: &[
            FieldInfo {
                wire: "count",
                attr: Some("thing.count"),
                log: true,
                key: true,
                label: Some(LabelInfo {
                    name: "size",
                    values: &["small", "large"],
                    ..LabelInfo::BLANK
                }),
                ..FieldInfo::BLANK
            },
            FieldInfo {
                wire: "by",
                attr: Some("user.name"),
                log: true,
                pii: Some(Redaction::Mask),
                tenant: true,
                ..FieldInfo::BLANK
            },
        ],
        ..Descriptor::BLANK
    }
}

impl<const KIND: usize> Validate for Count<KIND> {
    fn check(&self, cx: &mut Checker) {
        cx.minimum(self.count, 0);
    }
}

impl<const KIND: usize> Event for Count<KIND> {
    const DESCRIPTOR: &'static Descriptor = &about(KIND);

    fn key(&self) -> Key<'_> {
        Key::from(&self.count)
    }

    fn tell(&self, to: &mut Tell<'_>) {
        to.field(0, &self.count);
        to.field(1, &self.by);
    }

    fn series(&self) -> usize {
        usize::from(self.count > 9)
    }

    type Body = OneNumber;
}

/// The count alone, with two of them that fail.
struct OneNumber;

impl<const KIND: usize> Body<Count<KIND>> for OneNumber {
    fn encode(event: &Count<KIND>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match event.count {
            99 => Err(EncodeError::new(EncodeErrorKind::Unrecognised)),
            77 => panic!("an event fell"),
            count => count.encode_json(out),
        }
    }

    fn decode(body: &[u8]) -> Result<Count<KIND>, DecodeError> {
        i64::decode_json(body).map(count)
    }
}

fn count<const KIND: usize>(count: i64) -> Count<KIND> {
    Count {
        count,
        by: "canary@example.com".into(),
    }
}

/// What came out of one publish.
struct Run {
    recorder: Recorder,
    record: OwnedRecord,
}

fn publish<const KIND: usize>(context: impl FnOnce(Context) -> Context) -> Run {
    let bus = Bus::memory(1).for_source("counter");
    let recorder = Recorder::new();
    let publisher = Count::<KIND>::publisher(&bus);
    publisher
        .publish_with_blocking(&context(recorder.context()), &count(7))
        .unwrap();
    let record = bus.take().unwrap();
    assert_eq!(recorder.records(), std::slice::from_ref(&record));
    recorder.assert_correlated();
    Run { recorder, record }
}

fn text(json: &Json, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(json, |at, name| at.get(name))?;
    Some(
        found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned),
    )
}

#[test]
fn the_envelope_says_who_what_when_and_why() {
    let run = publish::<JSON>(|context| {
        context
            .with_correlation("order-7")
            .with_causation("evt-1")
            .with_actor(Actor {
                kind: "user".into(),
                id: "u-1".into(),
                host: None,
            })
    });
    let record = &run.record;
    assert_eq!(
        (record.topic(), record.key()),
        ("thing.counted.v2", Some(&b"7"[..]))
    );
    let body = Json::parse(record.body().unwrap()).unwrap();
    let names: Vec<&str> = body
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let order =
        "eventId eventType eventVersion occurredAt tracing correlation metadata actor payload";
    assert_eq!(names.join(" "), order);
    let header = |name: &str| record.headers().text(name).map(str::to_owned);
    for (path, header_name) in [
        ("eventId", "event-id"),
        ("eventType", "event-type"),
        ("eventVersion", "event-version"),
        ("correlation.correlationId", "correlation-id"),
        ("correlation.causationId", "causation-id"),
    ] {
        assert_eq!(text(&body, path), header(header_name), "{path}");
        assert!(header(header_name).is_some(), "{path}");
    }
    let trace = (
        text(&body, "tracing.traceId").unwrap(),
        text(&body, "tracing.spanId").unwrap(),
    );
    assert_eq!(
        header("traceparent"),
        Some(format!("00-{}-{}-01", trace.0, trace.1))
    );
    assert_eq!(
        text(&body, "eventId").unwrap().parse::<Uuid>().unwrap().0[6] >> 4,
        7
    );
    assert!(
        text(&body, "occurredAt")
            .unwrap()
            .parse::<TimestampMicros>()
            .is_ok()
    );
    assert_eq!(text(&body, "metadata.source").as_deref(), Some("counter"));
    assert_eq!(text(&body, "metadata.tenant").as_deref(), Some("***"));
    assert_eq!(text(&body, "actor.id").as_deref(), Some("u-1"));
    assert_eq!(text(&body, "payload").as_deref(), Some("7"));
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
}

#[test]
fn other_bodies_are_the_payload() {
    assert_eq!(
        publish::<PLAIN>(|context| context).record.body(),
        Some(&b"7"[..])
    );
    let cloud = publish::<CLOUD>(|context| context).record;
    assert_eq!(cloud.body(), Some(&b"7"[..]));
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_type", "thing.counted"),
        ("ce_source", "counter"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(cloud.headers().text(name), Some(value));
    }
    assert_eq!(
        cloud.headers().text("ce_traceparent"),
        cloud.headers().text("traceparent")
    );
    for (name, value) in [
        ("ce_subject", "7"),
        ("ce_tenant", "***"),
        ("ce_dataschema", &format!("urn:sha256:{}", "00".repeat(32))),
    ] {
        assert_eq!(cloud.headers().text(name), Some(value));
    }
    let binary = publish::<AVRO>(|context| context).record;
    assert!(binary.body().unwrap().starts_with(b"\xc3\x01"));
    assert_eq!(
        binary.headers().text("content-type"),
        Some("application/avro")
    );
    assert_eq!(Count::<JSON>::DESCRIPTOR.envelope_schema(), None);
}

#[test]
fn a_structured_cloud_event_is_its_body() {
    let bus = Bus::memory(4).for_source(Origin::new("counter").with_version("1.4.2"));
    let publisher = Count::<CLOUD>::publisher(&bus).with_content_mode(ContentMode::Structured);
    let context = Context::NONE.with_correlation("order-7");
    publisher
        .publish_with_blocking(&context, &count(12))
        .unwrap();
    let record = bus.take().unwrap();
    let body = Json::parse(record.body().unwrap()).unwrap();
    let header = |name: &str| record.headers().text(name);
    for (name, value) in [
        ("specversion", "1.0"),
        ("type", "thing.counted"),
        ("source", "counter"),
        ("datacontenttype", "application/json"),
        ("sourceversion", "1.4.2"),
        ("subject", "12"),
        ("correlationid", "order-7"),
        ("tenant", "***"),
        ("id", header("event-id").unwrap()),
        ("traceparent", header("traceparent").unwrap()),
        ("data", "12"),
    ] {
        assert_eq!(text(&body, name).as_deref(), Some(value), "{name}");
    }
    let kind = header("content-type").unwrap();
    assert!(kind.starts_with("application/cloudevents+json"), "{kind}");
    assert_eq!(header("ce_id"), None);
    let payload =
        crate::envelope::payload(Count::<CLOUD>::DESCRIPTOR, None, &record.as_record()).unwrap();
    assert_eq!(&payload[..], b"12");
}

#[test]
fn what_happened_before_says_so() {
    let past = std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_123);
    let run = publish::<JSON>(|context| context.with_occurred(past));
    let body = Json::parse(run.record.body().unwrap()).unwrap();
    assert_eq!(
        text(&body, "occurredAt").as_deref(),
        Some("2009-02-13T23:31:30.123000Z")
    );
    let queued: u64 = text(&body, "metrics.queuedTimeMs")
        .unwrap()
        .parse()
        .unwrap();
    assert!(queued > 500_000_000_000, "{queued}");
    assert_eq!(text(&body, "metrics.processingTimeMs"), None);
}

#[test]
fn span_line_and_metrics_tell_the_same() {
    let run = publish::<JSON>(|context| context);
    let spans = run.recorder.spans();
    let [span] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(span.name, "publish thing.counted.v2");
    for (name, value) in [
        ("messaging.system", "memory"),
        ("messaging.operation.name", "publish"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "thing.counted.v2"),
        ("event.type", "thing.counted"),
        ("event.version", "2.1.0"),
        ("thing.count", "7"),
        ("user.name", "***"),
    ] {
        assert_eq!(span.attribute(name), Some(value), "{name}");
    }
    assert_eq!(
        span.attribute("event.id"),
        run.record.headers().text("event-id")
    );
    let lines = run.recorder.lines();
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    for (path, value) in [
        ("level", "INFO"),
        ("message", "event published"),
        ("target", "things"),
        ("service", "counter"),
        ("event_type", "thing.counted"),
        ("tenant_id", "***"),
        ("status", "ok"),
        ("context.count", "7"),
        ("context.by", "***"),
    ] {
        assert_eq!(text(line, path).as_deref(), Some(value), "{path}");
    }
    let labels = [
        ("event_type", "thing.counted"),
        ("source", "counter"),
        ("size", "small"),
    ];
    assert_eq!(
        run.recorder.metric("event_published_total", &labels),
        Some(1.0)
    );
    let large = [("size", "large")];
    assert_eq!(
        run.recorder.metric("event_published_total", &large),
        Some(0.0)
    );
    assert!(!run.recorder.everything().contains("canary"));
}

#[test]
fn what_goes_wrong_is_told_once_and_with_one_word() {
    let bus = FaultyBus::new();
    let handle = bus.bus().for_source("counter");
    let publisher = Count::<JSON>::publisher(&handle).with_retry(Retry::NEVER);
    let off = publisher.clone().with_check(Check::Off);
    let cases = [
        ("invalid", Fault::None, &publisher, -1, "validation", false),
        ("unknown symbol", Fault::None, &off, 99, "validation", false),
        ("down", Fault::Down, &publisher, 1, "unavailable", true),
        (
            "rejecting",
            Fault::Rejecting,
            &publisher,
            1,
            "rejected",
            false,
        ),
        (
            "large",
            Fault::TooLarge { limit: 10 },
            &publisher,
            1,
            "too_large",
            false,
        ),
        (
            "full",
            Fault::Full,
            &publisher.clone().when_full(WhenFull::Fail),
            1,
            "unavailable",
            true,
        ),
        (
            "slow",
            Fault::Slow,
            &publisher.clone().with_timeout(Duration::from_millis(1)),
            1,
            "timeout",
            true,
        ),
    ];
    for (name, fault, publisher, value, word, retryable) in cases {
        bus.set(fault);
        let recorder = Recorder::new();
        let error = publisher
            .publish_with_blocking(&recorder.context(), &count(value))
            .unwrap_err();
        assert_eq!(
            (error.error_type().as_str(), error.retryable()),
            (word, retryable),
            "{name}"
        );
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains(error.event_id()) && !shown.contains("canary"),
            "{shown}"
        );
        let labels = [("error_type", word)];
        assert_eq!(
            recorder.metric("event_publish_errors_total", &labels),
            Some(1.0),
            "{name}"
        );
        assert_eq!(
            recorder.metric("event_published_total", &[]),
            Some(0.0),
            "{name}"
        );
        assert_eq!(
            recorder.spans()[0].error.as_ref().unwrap().0,
            word,
            "{name}"
        );
        assert_eq!(
            (recorder.spans().len(), recorder.lines().len()),
            (1, 1),
            "{name}"
        );
        assert_eq!(
            text(&recorder.lines()[0], "error_type").as_deref(),
            Some(word)
        );
        assert_eq!(
            text(&recorder.lines()[0], "level").as_deref(),
            Some("ERROR")
        );
        assert_eq!(recorder.records(), []);
        recorder.assert_correlated();
    }
    bus.set(Fault::None);
    assert_eq!(bus.drain().len(), 0);
}

#[test]
fn an_event_may_be_dropped_and_is_counted() {
    let bus = FaultyBus::new();
    bus.set(Fault::Full);
    let recorder = Recorder::new();
    let publisher = Count::<JSON>::publisher(&bus.bus()).when_full(WhenFull::Drop);
    let published = publisher.publish_with_blocking(&recorder.context(), &count(1));
    assert_eq!(published, Ok(()));
    assert_eq!(
        recorder.metric("event_publish_errors_total", &[]),
        Some(1.0)
    );
    // What is audited waits for room, and nobody can ask otherwise.
    let audited = Count::<AUDITED>::publisher(&bus.bus()).when_full(WhenFull::Drop);
    let event = count(1);
    let mut waits = pin!(audited.publish(&event));
    let mut task = Task::from_waker(Waker::noop());
    assert_eq!(waits.as_mut().poll(&mut task), Poll::Pending);
    bus.set(Fault::None);
    assert_eq!(waits.as_mut().poll(&mut task), Poll::Ready(Ok(())));
    assert_eq!(bus.drain().len(), 1);
}

#[test]
fn a_bus_that_comes_back_gets_the_event() {
    let bus = FaultyBus::new();
    bus.set(Fault::Down);
    let recorder = Recorder::new();
    let context = recorder.context();
    let publisher = Count::<JSON>::publisher(&bus.bus()).with_retry(Retry {
        times: u32::MAX,
        first: Duration::from_micros(10),
        longest: Duration::from_micros(100),
    });
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| publisher.publish_with_blocking(&context, &count(1)));
        while bus.attempts() < 3 {
            std::thread::yield_now();
        }
        bus.set(Fault::None);
        assert_eq!(waits.join().unwrap(), Ok(()));
    });
    // One event, however often it was sent.
    assert_eq!(
        (
            bus.drain().len(),
            recorder.spans().len(),
            recorder.lines().len()
        ),
        (1, 1, 1)
    );
    assert_eq!(recorder.metric("event_published_total", &[]), Some(1.0));
    assert_eq!(
        recorder.metric("event_publish_errors_total", &[]),
        Some(0.0)
    );
}

#[test]
fn who_goes_away_has_cancelled_once() {
    let bus = FaultyBus::new();
    bus.set(Fault::Slow);
    let recorder = Recorder::new();
    let context = recorder.context();
    let publisher = Count::<JSON>::publisher(&bus.bus());
    let event = count(1);
    let unpolled = publisher.publish_with(&context, &event);
    drop(unpolled);
    assert_eq!(recorder.spans(), []);
    let mut polled = Box::pin(publisher.publish_with(&context, &event));
    let mut task = Task::from_waker(Waker::noop());
    assert_eq!(polled.as_mut().poll(&mut task), Poll::Pending);
    drop(polled);
    let labels = [("error_type", "cancelled")];
    assert_eq!(
        recorder.metric("event_publish_errors_total", &labels),
        Some(1.0)
    );
    assert_eq!(
        text(&recorder.lines()[0], "status").as_deref(),
        Some("cancelled")
    );
    recorder.assert_correlated();
}

#[test]
fn a_panic_goes_by_and_is_told_once() {
    let recorder = Recorder::new();
    let context = recorder.context();
    let publisher = Count::<JSON>::publisher(&Bus::memory(1));
    let fell = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        publisher.publish_with_blocking(&context, &count(77))
    }));
    assert!(fell.is_err());
    let labels = [("error_type", "panic")];
    assert_eq!(
        recorder.metric("event_publish_errors_total", &labels),
        Some(1.0)
    );
    assert_eq!(
        text(&recorder.lines()[0], "status").as_deref(),
        Some("panic")
    );
    assert_eq!(recorder.spans().len(), 1);
    recorder.assert_correlated();
    // The next one finds everything in order.
    assert_eq!(publisher.publish_with_blocking(&context, &count(1)), Ok(()));
}

#[test]
fn what_was_told_to_be_silent_is_silent() {
    let recorder = Recorder::new();
    let bus = Bus::memory(4);
    let publisher = Count::<CLOUD>::publisher(&bus.for_source("silent"));
    publisher
        .core
        .prepared
        .live
        .store(false, std::sync::atomic::Ordering::Relaxed);
    let around = crate::SpanContext {
        trace: crate::TraceId::new(7).unwrap(),
        span: crate::SpanId::new(8).unwrap(),
        sampled: true,
        remote: true,
    };
    let context = recorder.context().with_span(around);
    publisher
        .publish_with_blocking(&context, &count(1))
        .unwrap();
    assert_eq!(
        (recorder.spans(), recorder.lines()),
        (Vec::new(), Vec::new())
    );
    // The trace goes through all the same.
    let parent = bus.take().unwrap();
    assert_eq!(
        parent.headers().text("traceparent"),
        Some("00-00000000000000000000000000000007-0000000000000008-01")
    );
}

#[test]
fn tombstones_and_prepared_records_are_records_like_others() {
    let bus = Bus::memory(2);
    let recorder = Recorder::new();
    let publisher = Count::<JSON>::publisher(&bus);
    let _guard = recorder.context().attach();
    publisher.tombstone_blocking("7").unwrap();
    let record = bus.take().unwrap();
    assert_eq!((record.key(), record.body()), (Some(&b"7"[..]), None));
    assert_eq!(record.headers().text("event-type"), Some("thing.counted"));
    assert_eq!(
        recorder.spans()[0].attribute("event.tombstone"),
        Some("true")
    );

    let prepared = publisher.prepare(&count(7)).unwrap();
    assert_eq!((bus.take(), prepared.key()), (None, Some(&b"7"[..])));
    let span = &recorder.spans()[1];
    assert_eq!(
        (
            span.name.as_str(),
            span.attribute("messaging.operation.type")
        ),
        ("create thing.counted.v2", Some("create"))
    );
    assert!(
        prepared
            .headers()
            .text("traceparent")
            .unwrap()
            .contains(&span.span_id)
    );
    assert_eq!(recorder.metric("event_published_total", &[]), Some(1.0));
    assert_eq!(
        publisher
            .prepare(&count(-1))
            .unwrap_err()
            .error_type()
            .as_str(),
        "validation"
    );
}

#[test]
fn an_origin_names_its_events_and_lets_baggage_out_that_it_allows() {
    let origin = Origin::new("shop")
        .with_environment("test")
        .with_extension("gitCommit", "93c9ac5")
        .with_ids(IdForm::Ulid, "evt_")
        .with_baggage(&["tier"]);
    let bus = Bus::memory(1).for_source(origin);
    let context = Context::NONE
        .with_baggage("tier", "gold")
        .with_baggage("card", "4111");
    Count::<JSON>::publisher(&bus)
        .publish_with_blocking(&context, &count(1))
        .unwrap();
    let record = bus.take().unwrap();
    let body = Json::parse(record.body().unwrap()).unwrap();
    assert_eq!(
        text(&body, "metadata.gitCommit").as_deref(),
        Some("93c9ac5")
    );
    assert_eq!(text(&body, "metadata.environment").as_deref(), Some("test"));
    let id = text(&body, "eventId").unwrap();
    assert!(id.starts_with("evt_") && id.len() == 30, "{id}");
    assert_eq!(record.headers().text("baggage"), Some("tier=gold"));
}

#[test]
fn errors_of_a_bus_keep_their_kind() {
    let bus = Bus::memory(1);
    bus.close();
    let error = Count::<PLAIN>::publisher(&bus)
        .publish_blocking(&count(1))
        .unwrap_err();
    assert!(
        matches!(error.kind(), PublishErrorKind::Bus(error) if error.kind() == BusErrorKind::Closed)
    );
}

#[test]
fn a_batch_is_a_span_that_links_to_its_messages() {
    let bus = Bus::memory(4).for_source("counter");
    let recorder = Recorder::new();
    let publisher = Count::<JSON>::publisher(&bus);
    let guard = recorder.context().attach();
    let error = publisher
        .publish_batch_blocking(&[count(1), count(-1), count(3)])
        .unwrap_err();
    drop(guard);
    assert_eq!(error.failed().len(), 1);
    assert_eq!(error.failed()[0].0, 1);
    assert!(
        error
            .to_string()
            .starts_with("1 of 3 events were not published")
    );
    let spans = recorder.spans();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    let create = "create thing.counted.v2";
    assert_eq!(names, [create, create, create, "publish thing.counted.v2"]);
    assert_eq!(
        spans[3].attribute("messaging.batch.message_count"),
        Some("3")
    );
    assert_eq!(spans[3].error.as_ref().unwrap().0, "validation");
    assert_eq!(
        spans[3].links,
        [0, 1, 2].map(|at: usize| spans[at].span_id.clone())
    );
    for (record, span) in bus.drain().iter().zip([&spans[0], &spans[2]]) {
        assert!(
            record
                .headers()
                .text("traceparent")
                .unwrap()
                .contains(&span.span_id)
        );
    }
    recorder.assert_correlated();
}

#[test]
fn a_relay_sends_what_was_prepared_and_counts_it() {
    let bus = FaultyBus::new();
    let handle = bus.bus().for_source("relay");
    let record = Count::<AVRO>::publisher(&handle)
        .prepare(&count(12))
        .unwrap();
    let relay = Relay::new(&handle).with::<Count<AVRO>>();
    let counted = || {
        let published = prepared::prepared(Count::<AVRO>::DESCRIPTOR, &handle)
            .published
            .unwrap();
        let reading = published.read();
        (
            reading.successes().0.to_vec(),
            reading.failures().0.iter().sum::<u64>(),
        )
    };
    bus.set(Fault::Down);
    assert!(relay.send_blocking(&record).unwrap_err().retryable());
    assert_eq!(counted(), (vec![0, 0], 1));
    bus.set(Fault::None);
    relay.send_blocking(&record).unwrap();
    assert_eq!(counted(), (vec![0, 1], 1));
    let known = Relay::new(&handle);
    known.send_blocking(&record).unwrap();
    assert_eq!((counted(), bus.drain().len()), ((vec![0, 1], 1), 2));
}

#[test]
fn a_mock_gives_events_back() {
    let mock = crate::testing::Mock::<Count<JSON>>::new();
    mock.publisher().publish_blocking(&count(7)).unwrap();
    let counts =
        |events: Vec<Count<JSON>>| events.iter().map(|event| event.count).collect::<Vec<_>>();
    assert_eq!(counts(mock.events()), [7]);
    mock.fail(Fault::Full);
    assert!(mock.publisher().publish_blocking(&count(7)).is_err());
    assert!(mock.events().is_empty());
}

#[test]
fn a_registry_says_what_stands_before_a_body() {
    struct Seven;
    impl SchemaIds for Seven {
        fn framing(&self, about: &'static Descriptor) -> Option<Framing> {
            assert_eq!(about.event_type, "thing.counted");
            Some(Framing::ConfluentId(7))
        }
    }
    let bus = Bus::memory(4);
    struct InHeader;
    impl SchemaIds for InHeader {
        fn framing(&self, about: &'static Descriptor) -> Option<Framing> {
            Seven.framing(about)
        }

        fn in_header(&self) -> bool {
            true
        }
    }
    let payload = |record: &OwnedRecord, about| {
        let framing = Some(Framing::ConfluentId(7));
        let found = crate::envelope::payload(about, framing, &record.as_record());
        found.map(|payload| payload.into_owned())
    };
    let avro = Count::<AVRO>::publisher(&bus).with_schema_ids(&Seven);
    avro.publish_blocking(&count(7)).unwrap();
    let record = bus.take().unwrap();
    assert!(record.body().unwrap().starts_with(b"\0\0\0\0\x07\x48"));
    assert_eq!(
        payload(&record, Count::<AVRO>::DESCRIPTOR),
        Some(b"7".to_vec())
    );
    let avro = Count::<AVRO>::publisher(&bus).with_schema_ids(&InHeader);
    avro.publish_blocking(&count(7)).unwrap();
    let record = bus.take().unwrap();
    assert!(record.body().unwrap().starts_with(b"\x48"));
    let id = record.headers().get("__value_schema_id");
    assert_eq!(id, Some(&b"\0\0\0\0\x07"[..]));
    assert_eq!(
        payload(&record, Count::<AVRO>::DESCRIPTOR),
        Some(b"7".to_vec())
    );
    let json = Count::<JSON>::publisher(&bus).with_schema_ids(&Seven);
    let prepared = json.prepare(&count(12)).unwrap();
    assert!(
        prepared
            .body()
            .unwrap()
            .starts_with(b"\0\0\0\0\x07{\"eventId")
    );
    assert_eq!(
        payload(&prepared, Count::<JSON>::DESCRIPTOR),
        Some(b"12".to_vec())
    );
}

#[test]
fn all_that_an_origin_says_of_itself_is_in_the_headers_of_a_cloud_event() {
    for count in [0, 24, 25, 100] {
        let names: Vec<String> = (0..count).map(|at| format!("extension{at}")).collect();
        let named = |origin: Origin, name: &String| origin.with_extension(name, "said");
        let origin = names.iter().fold(Origin::new("counter"), named);
        let bus = Bus::memory(1).for_source(origin);
        let publisher = Count::<CLOUD>::publisher(&bus);
        publisher.publish_blocking(&self::count(7)).unwrap();
        let record = bus.take().unwrap();
        for name in &names {
            let header = record.headers().text(&format!("ce_{name}"));
            assert_eq!(header, Some("said"), "{name} of {count}");
        }
    }
}
