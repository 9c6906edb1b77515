//! What is known of a consumer's events before the first of them comes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use obs_schema::framing::Framing;

use super::find::Candidate;
use crate::bus::{Origin, Place};
use crate::event::Descriptor;
use crate::lane::lock;
use crate::metric::{self, Consumed, Messaging, MessagingAbout, MessagingKind};
use crate::publish::is_silent;
use crate::publish::line::Line;
use crate::span::{Kind, SpanMeta, Value};
use crate::switch;

/// One version of an event on its way to one consumer: everything that is the same each time.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The version as it is sent.
    pub(super) about: &'static Descriptor,
    pub(super) process: SpanMeta,
    pub(super) settle: SpanMeta,
    /// Processing and settling, as the messaging conventions count them.
    pub(super) messaging: [Option<&'static Messaging>; 2],
    pub(super) line: Line,
    pub(super) consumed: &'static Consumed,
    live: AtomicBool,
    consumer: Box<str>,
    origin: Origin,
    place: Place,
}

/// All that were asked for. They stay, as their series do.
static ALL: Mutex<Vec<&'static Prepared>> = Mutex::new(Vec::new());

/// Whose telemetry it is.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) consumer: &'a str,
    pub(super) origin: &'a Origin,
    pub(super) place: &'a Place,
}

impl Prepared {
    /// Of a version of an event, whose cells are these, and whose newest version is that.
    pub(super) fn of(
        about: &'static Descriptor,
        newest: &'static Descriptor,
        consumed: &'static Consumed,
        whose: Whose<'_>,
    ) -> &'static Prepared {
        let mut all = lock(&ALL);
        let same = |one: &&&Prepared| {
            one.about.event_type == about.event_type
                && one.about.version == about.version
                && one.place == *whose.place
                && *one.consumer == *whose.consumer
                && one.origin == *whose.origin
        };
        if let Some(known) = all.iter().find(same) {
            return known;
        }
        // What the event says of itself it says as the newest version.
        let spoken = Descriptor {
            fields: newest.fields,
            target: newest.target,
            ..*about
        };
        let [_, settle] = names(whose.place.system);
        let new: &'static Prepared = Box::leak(Box::new(Prepared {
            about,
            process: meta(about, whose, ["process"; 2], Kind::Consumer),
            settle: meta(about, whose, [settle, "settle"], Kind::Client),
            messaging: [
                counted(about.topic, whose, "process", MessagingKind::Process),
                counted(about.topic, whose, settle, MessagingKind::Settle),
            ],
            line: Line::new(
                &spoken,
                whose.origin,
                ["event consumed", "event not consumed"],
            ),
            consumed,
            live: AtomicBool::new(!is_silent(about.event_type)),
            consumer: whose.consumer.into(),
            origin: whose.origin.clone(),
            place: whose.place.clone(),
        }));
        all.push(new);
        new
    }

    /// Its telemetry is on, and all telemetry is.
    #[inline]
    pub(super) fn is_live(&self) -> bool {
        switch::is_on() && self.live.load(Relaxed)
    }
}

/// Switches the telemetry of an event on or off.
pub(crate) fn set_live(event_type: &str, live: bool) {
    for one in lock(&ALL).iter() {
        if one.about.event_type == event_type {
            one.live.store(live, Relaxed);
        }
    }
}

/// What a system calls receiving and settling.
fn names(system: &str) -> [&'static str; 2] {
    match system {
        "kafka" => ["poll", "commit"],
        _ => ["receive", "settle"],
    }
}

/// What is the same in all spans of an operation on a version.
fn meta(
    about: &'static Descriptor,
    whose: Whose<'_>,
    [name, kind]: [&'static str; 2],
    span: Kind,
) -> SpanMeta {
    if cfg!(feature = "off-spans") {
        return SpanMeta::new("");
    }
    let mut fixed = common(about.topic, whose, [name, kind]);
    for (name, value) in [
        ("event.type", about.event_type),
        ("event.version", about.version),
    ] {
        fixed.push((name, Value::Text(value)));
    }
    SpanMeta::new(leak(&format!("{name} {}", about.topic)))
        .with_kind(span)
        .with_fixed(Box::leak(fixed.into_boxed_slice()))
        .with_slow_nanos(about.slow_ns)
}

/// Where an operation is counted as the messaging conventions have it, if anybody wants that.
fn counted(
    topic: &'static str,
    whose: Whose<'_>,
    name: &'static str,
    kind: MessagingKind,
) -> Option<&'static Messaging> {
    metric::messaging(MessagingAbout {
        place: whose.place.clone(),
        kind,
        name,
        destination: topic,
        group: Some(whose.consumer.into()),
    })
}

fn common(
    topic: &'static str,
    whose: Whose<'_>,
    [name, kind]: [&'static str; 2],
) -> Vec<(&'static str, Value<'static>)> {
    let mut said = whose.place.said();
    for (name, value) in [
        ("messaging.operation.name", name),
        ("messaging.operation.type", kind),
        ("messaging.destination.name", topic),
        ("messaging.consumer.group.name", leak(whose.consumer)),
    ] {
        said.push((name, Value::Text(value)));
    }
    said
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// The spans of receiving from a topic.
#[derive(Debug)]
pub(super) struct Receive {
    pub(super) topic: &'static str,
    consumer: Box<str>,
    place: Place,
    pub(super) span: SpanMeta,
    pub(super) messaging: Option<&'static Messaging>,
}

static RECEIVES: Mutex<Vec<&'static Receive>> = Mutex::new(Vec::new());

impl Receive {
    pub(super) fn of(topic: &'static str, whose: Whose<'_>) -> &'static Receive {
        let mut all = lock(&RECEIVES);
        let same = |one: &&&Receive| {
            one.topic == topic && *one.consumer == *whose.consumer && one.place == *whose.place
        };
        if let Some(known) = all.iter().find(same) {
            return known;
        }
        let [name, _] = names(whose.place.system);
        let fixed = common(topic, whose, [name, "receive"]);
        let new: &'static Receive = Box::leak(Box::new(Receive {
            topic,
            consumer: whose.consumer.into(),
            place: whose.place.clone(),
            span: SpanMeta::new(leak(&format!("{name} {topic}")))
                .with_kind(Kind::Client)
                .with_fixed(Box::leak(fixed.into_boxed_slice())),
            messaging: counted(topic, whose, name, MessagingKind::Receive),
        }));
        all.push(new);
        new
    }
}

/// A version that the consumer knows.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) prepared: &'static Prepared,
    /// Which handler is for it.
    pub(super) route: usize,
    /// Its place among the versions of the route, the newest first.
    pub(super) version: usize,
    /// What our envelope around its Avro begins with.
    pub(super) envelope: Option<u64>,
    /// What a registry puts before its bodies.
    pub(super) framing: Option<Framing>,
}

impl Candidate for Known {
    #[inline]
    fn about(&self) -> &'static Descriptor {
        self.prepared.about
    }

    #[inline]
    fn takes(&self, framing: Framing) -> bool {
        match framing {
            Framing::None => false,
            Framing::SingleObject(print) => {
                self.prepared.about.rabin == print || self.envelope == Some(print)
            }
            framing => self.framing == Some(framing),
        }
    }
}

/// The cells of an event with these versions.
pub(super) fn cells(versions: &[&'static Descriptor], consumer: &str) -> &'static Consumed {
    let names: Vec<&'static str> = versions.iter().map(|about| about.version).collect();
    let event_type = versions.first().map_or(UNKNOWN, |newest| newest.event_type);
    metric::consumed(event_type, &names, consumer)
}

/// What metrics call events that nobody here knows.
const UNKNOWN: &str = "unknown";
