mod dead;
mod refused;

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use obs_schema::wire::{DecodeError, EncodeError};

use super::*;
use crate::bus::{Header, Record};
use crate::event::{Body, FieldInfo, Key, Redaction};
use crate::lane::lock;
use crate::older::Older;
use crate::publish::{ContentMode, Publisher, SingleObject};
use crate::tell::Tell;
use crate::testing::{Recorder, Trial};
use crate::validate::{Checker, Validate};
use crate::{JsonCodec, Pii};

/// A step somebody made, of a kind that says how it travels.
#[derive(Clone, Debug, PartialEq)]
struct Step<const KIND: usize> {
    number: i64,
    who: Pii<String>,
}

const JSON: usize = 0;
const PLAIN: usize = 1;
const CLOUD: usize = 2;
const AVRO: usize = 3;
const BARE_AVRO: usize = 4;
/// The version before [`JSON`], on a topic of its own.
const OLD: usize = 5;

const fn about(kind: usize) -> Descriptor {
    Descriptor {
        event_type: match kind {
            JSON | OLD => "step.made",
            PLAIN => "step.plain",
            CLOUD => "step.cloud",
            AVRO => "step.avro",
            _ => "step.bare",
        },
        version: if kind == OLD { "1.2.0" } else { "2.0.0" },
        topic: match kind {
            JSON => "step.made.v2",
            OLD => "step.made.v1",
            PLAIN => "step.plain.v2",
            CLOUD => "step.cloud.v2",
            AVRO => "step.avro.v2",
            _ => "step.bare.v2",
        },
        rabin: 0x0807_0605_0403_0200 + kind as u64,
        sha256: [kind as u8; 32],
        encoding: match kind {
            AVRO | BARE_AVRO => Encoding::Avro,
            _ => Encoding::Json,
        },
        envelope: match kind {
            PLAIN | BARE_AVRO => Envelope::None,
            CLOUD => Envelope::CloudEvents,
            _ => Envelope::Obs,
        },
        target: "steps",
        fields: &[
            FieldInfo {
                wire: "number",
                attr: Some("step.number"),
                log: true,
                key: true,
                ..FieldInfo::BLANK
            },
            FieldInfo {
                wire: "who",
                attr: Some("user.name"),
                log: true,
                pii: Some(Redaction::Mask),
                ..FieldInfo::BLANK
            },
        ],
        ..Descriptor::BLANK
    }
}

impl<const KIND: usize> Validate for Step<KIND> {
    fn check(&self, _: &mut Checker) {}
}

impl<const KIND: usize> Event for Step<KIND> {
    const DESCRIPTOR: &'static Descriptor = &about(KIND);
    const OLDER: &'static [Older<Self>] = if KIND == JSON {
        &[Older::new::<Step<OLD>>(|body| {
            // An older step counted from zero.
            let Step { number, who } = Step::<OLD>::decode_body(body)?;
            Ok(Step {
                number: number + 1,
                who,
            })
        })]
    } else {
        &[]
    };

    fn key(&self) -> Key<'_> {
        Key::from(&(self.number / 10))
    }

    fn tell(&self, to: &mut Tell<'_>) {
        to.field(0, &self.number);
        to.field(1, &self.who);
    }

    type Body = Number;
}

/// The number alone; `-1` is no step.
struct Number;

impl<const KIND: usize> Body<Step<KIND>> for Number {
    fn encode(event: &Step<KIND>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        event.number.encode_json(out)
    }

    fn decode(body: &[u8]) -> Result<Step<KIND>, DecodeError> {
        let number = i64::decode_json(body)?;
        if number < 0 {
            return Err(DecodeError::refused("a step is not negative", 0));
        }
        Ok(step(number))
    }
}

fn step<const KIND: usize>(number: i64) -> Step<KIND> {
    let who = Pii::from(format!("ada-{number}"));
    Step { number, who }
}

/// Runs a test on a clock that jumps to whatever is waited for.
fn on_tokio<F: Future>(test: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(test)
}

/// What handlers have seen, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(i64, u32)>>>);

impl Seen {
    fn numbers(&self) -> Vec<i64> {
        lock(&self.0).iter().map(|(number, _)| *number).collect()
    }
}

/// Fails as often as it is told to, and differently for some numbers.
#[derive(Clone, Default)]
struct Keep {
    seen: Seen,
    failures: u32,
}

impl<const KIND: usize> Handler<Step<KIND>> for Keep {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn handle(&self, event: Step<KIND>, delivery: &Delivery) -> Result<(), Self::Error> {
        lock(&self.seen.0).push((event.number, delivery.attempt()));
        if delivery.attempt() <= self.failures {
            return Err(match event.number {
                66 => Final::new("secret of ada-66").into(),
                77 => panic!("a handler fell"),
                88 => {
                    std::future::pending::<()>().await;
                    "never".into()
                }
                number => format!("secret of ada-{number}").into(),
            });
        }
        Ok(())
    }

    async fn gone(&self, delivery: &Delivery) -> Result<(), Self::Error> {
        let key = delivery.record().key().unwrap_or_default();
        assert_eq!(key, b"gone");
        lock(&self.seen.0).push((-7, delivery.attempt()));
        Ok(())
    }
}

/// Publishes some, and closes the bus, so that a consumer ends when it has them.
fn publish<const KIND: usize>(bus: &Bus, numbers: &[i64]) {
    bus.subscribe(&[about(KIND).topic], "steps")
        .expect("it has groups");
    let publisher = Publisher::<Step<KIND>>::new(bus);
    for number in numbers {
        publisher
            .publish_blocking(&step(*number))
            .expect("there is room");
    }
}

fn consume<const KIND: usize>(bus: &Bus, keep: &Keep) -> (Recorder, Result<(), ConsumeError>) {
    let consumer = Consumer::new(bus, "steps").handle::<Step<KIND>>(keep.clone());
    run(bus, consumer)
}

fn run(bus: &Bus, consumer: Consumer) -> (Recorder, Result<(), ConsumeError>) {
    let recorder = Recorder::new();
    bus.close();
    let ended = on_tokio(recorder.context().scope(consumer.run()));
    (recorder, ended)
}

#[test]
fn an_event_arrives_however_it_travels_and_all_signals_tell_of_it() {
    fn check<const KIND: usize>(how: fn(Publisher<Step<KIND>>) -> Publisher<Step<KIND>>) {
        let bus = Bus::memory(16).for_source("walker");
        let topic = about(KIND).topic;
        bus.subscribe(&[topic], "steps").expect("it has groups");
        let sent = Recorder::new();
        let context = sent.context().with_conversation("talk").with_tenant("acme");
        how(Publisher::new(&bus))
            .publish_with_blocking(&context, &step(7))
            .expect("there is room");
        let keep = Keep::default();
        let (recorder, ended) = consume::<KIND>(&bus, &keep);
        assert_eq!((ended, keep.seen.numbers()), (Ok(()), vec![7]), "{topic}");
        recorder.assert_correlated();

        let made = &sent.spans()[0];
        let spans = recorder.spans();
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        let named = ["process", "settle", "receive"].map(|name| format!("{name} {topic}"));
        assert_eq!(names, named);
        let [process, settle, receive] = &spans[..] else {
            panic!("three spans");
        };
        assert_eq!(receive.links, [&*made.span_id]);
        assert_eq!(process.links, [&*made.span_id]);
        assert_ne!(process.trace_id, made.trace_id);
        assert_eq!(settle.parent_id.as_ref(), Some(&process.span_id));
        for (name, value) in [
            ("messaging.consumer.group.name", "steps"),
            ("messaging.operation.type", "process"),
            ("messaging.message.conversation_id", "talk"),
            ("step.number", "7"),
            ("user.name", "***"),
            ("event.version", "2.0.0"),
        ] {
            assert_eq!(process.attribute(name), Some(value), "{topic} {name}");
        }
        let line = &recorder.lines()[0];
        let said = |name: &str| line.get(name).and_then(|it| it.as_str());
        assert_eq!(said("message"), Some("event consumed"));
        assert_eq!(said("event_id"), made.attribute("event.id"));
        assert_eq!(said("tenant_id"), Some("acme"));
        let number = line.get("context").and_then(|it| it.get("number"));
        assert_eq!(number.map(ToString::to_string).as_deref(), Some("7"));
        let labels = [
            ("event_type", about(KIND).event_type),
            ("consumer", "steps"),
        ];
        for (name, value) in [
            ("event_consumed_total", 1.0),
            ("event_consume_duration_seconds_count", 1.0),
            ("event_consume_errors_total", 0.0),
        ] {
            assert_eq!(
                recorder.metric(name, &labels),
                Some(value),
                "{topic} {name}"
            );
        }
        // Without an envelope nobody says when it happened.
        let delivered = recorder.metric("event_delivery_duration_seconds_count", &labels);
        let knows = about(KIND).envelope != Envelope::None;
        assert_eq!(delivered, Some(f64::from(u8::from(knows))), "{topic}");
        assert!(!recorder.everything().contains("ada-"));
    }
    check::<JSON>(|publisher| publisher);
    check::<PLAIN>(|publisher| publisher);
    check::<CLOUD>(|publisher| publisher);
    check::<CLOUD>(|publisher| publisher.with_content_mode(ContentMode::Structured));
    check::<AVRO>(|publisher| publisher);
    check::<BARE_AVRO>(|publisher| publisher);
    check::<BARE_AVRO>(|publisher| publisher.with_schema_ids(&SingleObject));
}

#[test]
fn older_versions_arrive_as_the_newest() {
    let bus = Bus::memory(16);
    publish::<OLD>(&bus, &[4]);
    publish::<JSON>(&bus, &[4]);
    let keep = Keep::default();
    let (recorder, ended) = consume::<JSON>(&bus, &keep);
    let mut numbers = keep.seen.numbers();
    numbers.sort_unstable();
    assert_eq!((ended, numbers), (Ok(()), vec![4, 5]));
    for version in ["1.2.0", "2.0.0"] {
        let labels = [("event_version", version)];
        assert_eq!(recorder.metric("event_consumed_total", &labels), Some(1.0));
    }
}

#[test]
fn what_fails_is_tried_again_after_a_pause_and_then_put_aside() {
    let bus = Bus::memory(16);
    publish::<JSON>(&bus, &[1]);
    let keep = Keep {
        failures: 2,
        ..Keep::default()
    };
    let (recorder, ended) = consume::<JSON>(&bus, &keep);
    assert_eq!(ended, Ok(()));
    assert_eq!(*lock(&keep.seen.0), [(1, 1), (1, 2), (1, 3)]);
    assert_eq!(
        recorder.metric("event_consume_retries_total", &[]),
        Some(2.0)
    );
    let labels = [("error_type", "handler")];
    assert_eq!(
        recorder.metric("event_consume_errors_total", &labels),
        Some(2.0)
    );
    assert_eq!(recorder.metric("event_dead_lettered_total", &[]), Some(0.0));
    recorder.assert_correlated();

    // For good: by the number of attempts, by its error, by a panic, because it takes too long, because it is none.
    for (number, attempts, reason) in [
        (1, 4, "handler"),
        (66, 1, "handler"),
        (77, 4, "panic"),
        (88, 4, "timeout"),
        (-1, 0, "decode"),
    ] {
        let bus = Bus::memory(16);
        publish::<JSON>(&bus, &[number, 2]);
        let keep = Keep {
            failures: 9,
            ..Keep::default()
        };
        let consumer = Consumer::new(&bus, "steps")
            .handle::<Step<JSON>>(keep.clone())
            .with_concurrency(1)
            .with_timeout(Duration::from_secs(60));
        let dead = bus
            .subscribe(&["step.made.v2.dlq"], "dead")
            .expect("it has groups");
        // A closed bus takes no dead letters.
        let recorder = Recorder::new();
        let control = consumer.control();
        on_tokio(async {
            let mut dead = dead;
            let stops = async {
                for expected in [reason, "handler"] {
                    let letter = dead.next().await.expect("one was put aside");
                    let header =
                        |name: &str| letter.record().headers().text(name).map(str::to_owned);
                    assert_eq!(header("dlq-reason").as_deref(), Some(expected));
                    assert_eq!(header("dlq-topic").as_deref(), Some("step.made.v2"));
                    assert_eq!(header("dlq-consumer").as_deref(), Some("steps"));
                    assert_eq!(header("event-type").as_deref(), Some("step.made"));
                    for header in letter.record().headers() {
                        assert!(
                            !header.text().unwrap_or_default().contains("ada-"),
                            "{header:?}"
                        );
                    }
                    letter.ack();
                }
                control.stop();
            };
            let run = recorder.context().scope(consumer.run());
            let ((), ended) = both(stops, run).await;
            assert_eq!(ended, Ok(()));
        });
        let seen = keep
            .seen
            .numbers()
            .iter()
            .filter(|one| **one == number)
            .count();
        assert_eq!(seen, attempts, "{number}");
        assert_eq!(recorder.metric("event_dead_lettered_total", &[]), Some(2.0));
        recorder.assert_correlated();
        assert_eq!(bus.lag("step.made.v2", "steps"), Some(0));
    }
}

/// Both, in one task.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|cx| {
        if first.is_none()
            && let std::task::Poll::Ready(value) = a.as_mut().poll(cx)
        {
            first = Some(value);
        }
        if second.is_none()
            && let std::task::Poll::Ready(value) = b.as_mut().poll(cx)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => std::task::Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                std::task::Poll::Pending
            }
        }
    })
    .await
}

#[test]
fn what_is_not_known_is_treated_as_policy_says() {
    for (headers, then, expected) in [
        (["step.other", "2.0.0"], Unprocessed::Skip, Ok(())),
        (
            ["step.other", "2.0.0"],
            Unprocessed::Fail,
            Err(ErrorType::UnknownType),
        ),
        (["step.made", "9.0.0"], Unprocessed::Skip, Ok(())),
        (
            ["step.made", "9.0.0"],
            Unprocessed::Fail,
            Err(ErrorType::UnknownVersion),
        ),
    ] {
        let bus = Bus::memory(16);
        publish::<JSON>(&bus, &[]);
        let [kind, version] = headers;
        let headers = [
            Header::new("event-type", kind),
            Header::new("event-version", version),
        ];
        let record = Record {
            headers: (&headers).into(),
            ..Record::new("step.made.v2", b"7")
        };
        bus.send(&record).wait().expect("there is room");
        let keep = Keep::default();
        let consumer = Consumer::new(&bus, "steps")
            .handle::<Step<JSON>>(keep.clone())
            .when_type_unknown(then)
            .when_version_unknown(then);
        let (recorder, ended) = run(&bus, consumer);
        let expected = expected.map_err(|reason| ConsumeError::unprocessed("step.made.v2", reason));
        assert_eq!((ended.clone(), keep.seen.numbers()), (expected, vec![]));
        let unknown = recorder.metric("event_unknown_version_total", &[]);
        let counted = (version == "9.0.0").then_some(1.0);
        assert_eq!(unknown, counted);
        let left = u64::from(ended.is_err());
        assert_eq!(bus.lag("step.made.v2", "steps"), Some(left));
    }
}

#[test]
fn what_is_published_within_belongs_to_the_event() {
    let bus = Bus::memory(16);
    publish::<JSON>(&bus, &[3]);
    let other = Bus::memory(16);
    let publisher = Publisher::<Step<PLAIN>>::new(&other);
    let consumer = Consumer::new(&bus, "steps").handle(move |event: Step<JSON>, _: Delivery| {
        let publisher = publisher.clone();
        async move { publisher.publish(&step(event.number)).await }
    });
    let (recorder, ended) = run(&bus, consumer);
    assert_eq!(ended, Ok(()));
    let record = other.take().expect("one was published");
    let line = &recorder.lines()[1];
    let said = |name: &str| line.get(name).and_then(|it| it.as_str());
    assert_eq!(said("message"), Some("event consumed"));
    assert_eq!(record.headers().text("causation-id"), said("event_id"));
    assert_eq!(
        record.headers().text("correlation-id"),
        said("correlation_id")
    );
    let parent = record.headers().text("traceparent").expect("it has one");
    assert!(parent.contains(said("trace_id").expect("the line has one")));
    recorder.assert_correlated();
}

#[test]
fn a_trace_goes_on_where_it_is_asked_to() {
    let bus = Bus::memory(16);
    publish::<JSON>(&bus, &[3]);
    let (recorder, ended) = run(
        &bus,
        Consumer::new(&bus, "steps")
            .handle::<Step<JSON>>(Keep::default())
            .in_traces_of_events(),
    );
    assert_eq!(ended, Ok(()));
    let spans = recorder.spans();
    let process = spans
        .iter()
        .find(|span| span.name.starts_with("process"))
        .expect("one");
    assert_eq!(
        process.links,
        process.parent_id.clone().into_iter().collect::<Vec<_>>()
    );
}

#[test]
fn keys_stay_in_order_and_others_pass() {
    let bus = Bus::memory(64);
    publish::<JSON>(&bus, &[11, 12, 21, 13, 22, 31]);
    let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Seen::default();
    let (at_once, kept) = (Arc::clone(&most), seen.clone());
    let consumer = Consumer::new(&bus, "steps").with_concurrency(2).handle(
        move |event: Step<JSON>, delivery: Delivery| {
            let (busy, at_once, kept) = (Arc::clone(&busy), Arc::clone(&at_once), kept.clone());
            async move {
                at_once.fetch_max(busy.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                busy.fetch_sub(1, SeqCst);
                lock(&kept.0).push((event.number, delivery.attempt()));
                Ok::<(), std::fmt::Error>(())
            }
        },
    );
    let (_, ended) = run(&bus, consumer);
    assert_eq!((ended, most.load(SeqCst)), (Ok(()), 2));
    let numbers = seen.numbers();
    let of = |key: i64| numbers.iter().copied().filter(move |one| one / 10 == key);
    assert!(
        of(1).eq([11, 12, 13]) && of(2).eq([21, 22]) && of(3).eq([31]),
        "{numbers:?}"
    );
}

#[test]
fn a_stopped_consumer_finishes_what_it_can_and_gives_back_the_rest() {
    for (takes, left) in [(1, 1), (60, 2)] {
        let bus = Bus::memory(16);
        publish::<JSON>(&bus, &[1, 2]);
        let recorder = Recorder::new();
        let consumer = Consumer::new(&bus, "steps").with_concurrency(1);
        let control = consumer.control();
        let consumer = consumer.handle(move |_: Step<JSON>, _: Delivery| {
            control.stop();
            async move {
                tokio::time::sleep(Duration::from_secs(takes)).await;
                Ok::<(), std::fmt::Error>(())
            }
        });
        let ended = on_tokio(recorder.context().scope(consumer.run()));
        assert_eq!(ended, Ok(()));
        assert_eq!(bus.lag("step.made.v2", "steps"), Some(left));
        let labels = [("error_type", "cancelled")];
        let cancelled = recorder.metric("event_consume_errors_total", &labels);
        assert_eq!(cancelled, Some(f64::from(u8::from(takes == 60))));
        recorder.assert_correlated();
    }
}

#[test]
fn a_paused_consumer_takes_nothing_until_it_goes_on() {
    let bus = Bus::memory(16);
    publish::<JSON>(&bus, &[1, 2]);
    bus.close();
    let keep = Keep::default();
    let consumer = Consumer::new(&bus, "steps").handle::<Step<JSON>>(keep.clone());
    let control = consumer.control();
    control.pause();
    on_tokio(async {
        let resumes = async {
            tokio::time::sleep(Duration::from_secs(9)).await;
            assert!(keep.seen.numbers().is_empty());
            assert_eq!(bus.lag("step.made.v2", "steps"), Some(2));
            control.resume();
        };
        let ((), ended) = both(resumes, consumer.run()).await;
        assert_eq!(ended, Ok(()));
    });
    assert_eq!(keep.seen.numbers(), [1, 2]);
}

#[test]
fn a_handler_hears_that_something_is_gone() {
    let bus = Bus::memory(16);
    publish::<JSON>(&bus, &[1]);
    let publisher = Publisher::<Step<JSON>>::new(&bus);
    publisher.tombstone_blocking("gone").expect("there is room");
    let keep = Keep::default();
    let (_, ended) = consume::<JSON>(&bus, &keep);
    assert_eq!((ended, keep.seen.numbers()), (Ok(()), vec![1, -7]));
}

#[test]
fn records_of_other_writers_are_read_by_what_they_say() {
    let headers = [
        Header::new("Event-Id", "a-1"),
        Header::new("event-type", "step.made"),
        Header::new("event-version", "2.0.0"),
        Header::new("correlation-id", "a-1"),
    ];
    for (topic, headers, body, number) in [
        // Another order, more members, blanks, and a payload that looks like one.
        (
            "step.made.v2",
            &[][..],
            r#"{"payload" : 7 ,"metadata":{"payload":1},"eventVersion":"2.0.0","eventType":"step.made","eventId":"a-1"}"#,
            7,
        ),
        // As we write it, but for something in front that is called like the payload.
        (
            "step.made.v2",
            &headers,
            r#"{"eventId":"a-1","eventType":"step.made","eventVersion":"2.0.0","occurredAt":"2026-11-21T09:30:00.000123Z","correlation":{"correlationId":"a-1"},"metadata":{"x":{},"payload":3},"payload":9}"#,
            9,
        ),
        (
            "step.made.v1",
            &[],
            r#"{"eventId":"a-1","eventType":"step.made","eventVersion":"1.2.0","x":[{}],"payload":7}"#,
            8,
        ),
    ] {
        let bus = Bus::memory(16);
        publish::<OLD>(&bus, &[]);
        publish::<JSON>(&bus, &[]);
        let record = Record {
            headers: headers.into(),
            ..Record::new(topic, body.as_bytes())
        };
        bus.send(&record).wait().expect("there is room");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let consumer =
            Consumer::new(&bus, "steps").handle(move |event: Step<JSON>, delivery: Delivery| {
                let id = delivery.event_id().map(str::to_owned);
                lock(&kept).push((event.number, id));
                async { Ok::<(), std::fmt::Error>(()) }
            });
        let (_, ended) = run(&bus, consumer);
        assert_eq!(ended, Ok(()));
        assert_eq!(*lock(&seen), [(number, Some("a-1".to_owned()))]);
    }
}

#[test]
fn what_waits_is_told() {
    let bus = Bus::memory(16);
    publish::<BARE_AVRO>(&bus, &[1, 2, 3]);
    let consumer = Consumer::new(&bus, "steps").handle::<Step<BARE_AVRO>>(Keep::default());
    let _started = consumer.start().expect("it has groups");
    let text = crate::metric::exposition(crate::metric::Format::Text);
    let text = String::from_utf8(text).expect("text");
    let labels = r#"{topic="step.bare.v2",consumer="steps"}"#;
    assert!(
        text.contains(&format!("event_consumer_lag{labels} 3\n")),
        "{text}"
    );
    assert!(text.contains(&format!("event_oldest_unprocessed_seconds{labels} 0\n")));
}

#[test]
fn a_trial_runs_until_nothing_is_left() {
    let trial = Trial::new();
    let relayed = Publisher::<Step<PLAIN>>::new(trial.bus());
    let first = trial
        .consumer("first")
        .handle(move |event: Step<JSON>, _: Delivery| {
            let relayed = relayed.clone();
            async move { relayed.publish(&step(event.number)).await }
        });
    let keep = Keep {
        failures: 1,
        ..Keep::default()
    };
    let second = trial.consumer("second").handle::<Step<PLAIN>>(keep.clone());
    // The one that gets its events from the other is polled first.
    trial.start(second).expect("it has groups");
    trial.start(first).expect("it has groups");
    on_tokio(async {
        for number in [1, 66] {
            trial
                .publish(&step::<JSON>(number))
                .await
                .expect("there is room");
        }
        assert_eq!(trial.idle().await, Ok(()));
    });
    let mut seen = lock(&keep.seen.0).clone();
    seen.sort_unstable();
    assert_eq!(seen, [(1, 1), (1, 2), (66, 1)]);
    let recorder = trial.recorder();
    let labels = [("consumer", "second")];
    assert_eq!(recorder.metric("event_consumed_total", &labels), Some(1.0));
    let dead = trial.bus().take().expect("one was put aside");
    assert_eq!(dead.topic(), "step.plain.v2.dlq");
    recorder.assert_correlated();
}

#[test]
fn what_is_put_off_is_tried_again_later_and_others_go_first() {
    let trial = Trial::new();
    let keep = Keep {
        failures: 3,
        ..Keep::default()
    };
    let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(keep.clone());
    let consumer = consumer
        .with_concurrency(1)
        .with_retry(Retry {
            times: 1,
            ..Retry::default()
        })
        .with_retry_later([Duration::from_secs(60), Duration::from_secs(3_600)]);
    trial.start(consumer).expect("it has groups");
    on_tokio(async {
        let began = tokio::time::Instant::now();
        for number in [1, 66] {
            trial
                .publish(&step::<PLAIN>(number))
                .await
                .expect("there is room");
        }
        assert_eq!(trial.idle().await, Ok(()));
        let took = began.elapsed().as_secs();
        assert!((59..=70).contains(&took), "{took}");
    });
    // Twice here, then later; what is final is not put off.
    assert_eq!(
        *lock(&keep.seen.0),
        [(1, 1), (1, 2), (66, 1), (1, 3), (1, 4)]
    );
    let recorder = trial.recorder();
    assert_eq!(
        recorder.metric("event_consume_retries_total", &[]),
        Some(3.0)
    );
    assert_eq!(recorder.metric("event_consumed_total", &[]), Some(1.0));
    let dead = trial.bus().take().expect("one was put aside");
    assert_eq!(dead.topic(), "step.plain.v2.dlq");
    recorder.assert_correlated();

    // For good: from the last of the topics to the dead letters of the first.
    let trial = Trial::new();
    let keep = Keep {
        failures: 99,
        ..Keep::default()
    };
    let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(keep.clone());
    let consumer = consumer
        .with_retry(Retry::NEVER)
        .with_retry_later([Duration::from_secs(60); 2]);
    trial.start(consumer).expect("it has groups");
    on_tokio(async {
        trial
            .publish(&step::<PLAIN>(1))
            .await
            .expect("there is room");
        assert_eq!(trial.idle().await, Ok(()));
    });
    assert_eq!(*lock(&keep.seen.0), [(1, 1), (1, 2), (1, 3)]);
    let dead = trial.bus().take().expect("one was put aside");
    let said = |name: &str| dead.headers().text(name).map(str::to_owned);
    assert_eq!(dead.topic(), "step.plain.v2.dlq");
    assert_eq!(said("dlq-topic").as_deref(), Some("step.plain.v2"));
    assert_eq!(said("dlq-attempts").as_deref(), Some("3"));
    assert_eq!(said("retry-due"), None);
}

#[test]
fn what_was_processed_is_not_processed_again() {
    let trial = Trial::new();
    let keep = Keep::default();
    let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(keep.clone());
    trial
        .start(consumer.once(Recent::new(2)))
        .expect("it has groups");
    on_tokio(async {
        let copy = Bus::memory(4);
        let publisher = Publisher::<Step<PLAIN>>::new(&copy);
        for number in [1, 2, 3] {
            publisher
                .publish(&step(number))
                .await
                .expect("there is room");
        }
        let records = copy.drain();
        // The first comes again while it is known, and once more when two others have come since.
        for at in [0, 0, 1, 2, 0] {
            let sending = trial.bus().send(&records[at].as_record());
            sending.await.expect("there is room");
            assert_eq!(trial.idle().await, Ok(()));
        }
    });
    assert_eq!(keep.seen.numbers(), [1, 2, 3, 1]);
}

/// A memory that nobody can reach.
struct Unreachable;

impl Processed for Unreachable {
    async fn has(
        &self,
        _: &str,
        _: &str,
    ) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
        Err("nobody answers".into())
    }

    async fn keep(&self, _: &str, _: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_found_out_is_a_failure() {
    let trial = Trial::new();
    let keep = Keep::default();
    let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(keep.clone());
    trial
        .start(consumer.once(Unreachable))
        .expect("it has groups");
    on_tokio(async {
        trial
            .publish(&step::<PLAIN>(1))
            .await
            .expect("there is room");
        assert_eq!(trial.idle().await, Ok(()));
    });
    assert!(keep.seen.numbers().is_empty());
    let labels = [("error_type", "handler")];
    let failed = trial
        .recorder()
        .metric("event_consume_errors_total", &labels);
    assert_eq!(failed, Some(4.0));
}

/// Keeps how large batches were, and fails or falls when it is told to.
#[derive(Clone, Default)]
struct Sizes(Arc<Mutex<Vec<usize>>>);

impl BatchHandler<Step<PLAIN>> for Sizes {
    type Error = Final;

    async fn handle(&self, events: Vec<(Step<PLAIN>, Delivery)>) -> Result<(), Final> {
        lock(&self.0).push(events.len());
        let has = |number: i64| events.iter().any(|(event, _)| event.number == number);
        assert!(!has(770), "a handler fell");
        if has(660) {
            return Err(Final::new("one of them is no good"));
        }
        Ok(())
    }
}

#[test]
fn batches_are_gathered_until_they_are_full_or_their_time_is_over() {
    for (numbers, sizes, consumed, dead) in [
        (&[10, 20, 30, 40, 50][..], &[3, 2][..], 5.0, 0.0),
        (&[10], &[1], 1.0, 0.0),
        // What is final is so for all of a batch.
        (&[10, 20, 660, 40], &[3, 1], 1.0, 3.0),
        // Those beside one that falls are tried again, with it.
        (&[770, 20], &[2, 2, 2, 2], 0.0, 2.0),
    ] {
        let trial = Trial::new();
        let seen = Sizes::default();
        let batches = Batches::new(seen.clone(), 3, Duration::from_secs(5));
        let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(batches);
        trial.start(consumer).expect("it has groups");
        on_tokio(async {
            for number in numbers {
                trial
                    .publish(&step::<PLAIN>(*number))
                    .await
                    .expect("there is room");
            }
            assert_eq!(trial.idle().await, Ok(()));
        });
        assert_eq!(*lock(&seen.0), sizes, "{numbers:?}");
        let recorder = trial.recorder();
        assert_eq!(recorder.metric("event_consumed_total", &[]), Some(consumed));
        let parked = recorder.metric("event_dead_lettered_total", &[]);
        assert_eq!(parked, Some(dead), "{numbers:?}");
        recorder.assert_correlated();
    }
}
