//! What is known of the publishes of one event before the first of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::line::Line;
use crate::bus::{Bus, Origin, Place};
use crate::envelope::Pieces;
use crate::event::Descriptor;
use crate::lane::lock;
use crate::metric::{self, Messaging, MessagingAbout, MessagingKind, Published};
use crate::span::{Kind, SpanMeta, Value};
use crate::switch;
use crate::tell::Ids;

/// One event on its way from one origin to one kind of bus: everything that is the same each time.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) about: &'static Descriptor,
    pub(super) pieces: Pieces,
    /// None where nothing is counted.
    pub(super) published: Option<&'static Published>,
    /// The span of a message that is made and sent.
    pub(super) span: SpanMeta,
    /// The span of one that is made, and sent with others or by somebody else.
    pub(super) create: SpanMeta,
    /// The span of sending what was made before.
    pub(super) send: SpanMeta,
    /// Making and sending, as the messaging conventions count them.
    pub(super) messaging: Option<[&'static Messaging; 2]>,
    pub(super) line: Line,
    /// The event says itself whose it is.
    pub(super) has_ids: bool,
    /// Its telemetry is on.
    pub(super) live: AtomicBool,
    origin: Origin,
    place: Place,
}

/// All that were asked for. They stay, as their series do.
static ALL: Mutex<Vec<&'static Prepared>> = Mutex::new(Vec::new());

/// Events whose telemetry somebody has switched off.
static SILENT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// To be asked for once, when a publisher is made.
pub(super) fn prepared(about: &'static Descriptor, bus: &Bus) -> &'static Prepared {
    let (origin, place) = (bus.origin(), bus.place());
    let mut all = lock(&ALL);
    let same = |one: &&&Prepared| {
        one.about.event_type == about.event_type
            && one.about.version == about.version
            && one.place == place
            && one.origin == *origin
    };
    if let Some(known) = all.iter().find(same) {
        return known;
    }
    let new: &'static Prepared = Box::leak(Box::new(Prepared::new(about, origin, place)));
    all.push(new);
    new
}

/// Whether somebody has switched the telemetry of an event off.
pub(crate) fn is_silent(event_type: &str) -> bool {
    lock(&SILENT).iter().any(|silent| silent == event_type)
}

/// Switches the telemetry of an event on or off: its spans, its log lines and what is counted of it.
pub(crate) fn set_live(event_type: &str, live: bool) {
    let mut silent = lock(&SILENT);
    silent.retain(|known| known != event_type);
    if !live {
        silent.push(event_type.to_owned());
    }
    let all = lock(&ALL);
    for one in all.iter().filter(|one| one.about.event_type == event_type) {
        one.live.store(live, Relaxed);
    }
}

impl Prepared {
    fn new(about: &'static Descriptor, origin: &Origin, place: Place) -> Prepared {
        let live = !is_silent(about.event_type);
        Prepared {
            about,
            pieces: Pieces::new(about, origin),
            published: cfg!(not(feature = "off-metrics"))
                .then(|| metric::published(about, origin.name())),
            span: meta(about, &place, "publish", "send", Kind::Producer),
            create: meta(about, &place, "create", "create", Kind::Producer),
            send: meta(about, &place, "publish", "send", Kind::Client),
            messaging: messaging(about, &place),
            line: Line::new(about, origin, ["event published", "event not published"]),
            has_ids: Ids::in_any(about.fields),
            live: AtomicBool::new(live),
            origin: origin.clone(),
            place,
        }
    }

    /// Its telemetry is on, and all telemetry is.
    #[inline]
    pub(super) fn is_live(&self) -> bool {
        switch::is_on() && self.live.load(Relaxed)
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }
}

fn messaging(about: &'static Descriptor, place: &Place) -> Option<[&'static Messaging; 2]> {
    let of = |kind, name| {
        metric::messaging(MessagingAbout {
            place: place.clone(),
            kind,
            name,
            destination: about.topic,
            group: None,
        })
    };
    Some([
        of(MessagingKind::Create, "create")?,
        of(MessagingKind::Send, "publish")?,
    ])
}

/// What is the same in all spans of an operation.
fn meta(
    about: &'static Descriptor,
    place: &Place,
    name: &'static str,
    operation: &'static str,
    kind: Kind,
) -> SpanMeta {
    if cfg!(feature = "off-spans") {
        return SpanMeta::new("");
    }
    let mut fixed = place.said();
    for (name, value) in [
        ("messaging.operation.name", name),
        ("messaging.operation.type", operation),
        ("messaging.destination.name", about.topic),
        ("event.type", about.event_type),
        ("event.version", about.version),
    ] {
        fixed.push((name, Value::Text(value)));
    }
    let meta = SpanMeta::new(leak(format!("{name} {}", about.topic)))
        .with_kind(kind)
        .with_fixed(fixed.leak())
        .with_slow_nanos(about.slow_ns);
    if about.audit { meta.audited() } else { meta }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
