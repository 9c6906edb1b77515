//! The log line of a publish, and of what becomes of an event where it is consumed.

use obs_schema::wire::json::Writer;

use std::sync::Arc;

use crate::bus::Origin;
use crate::clock::Moment;
use crate::envelope::Place;
use crate::event::{Descriptor, FieldInfo, LogLine};
use crate::ids;
use crate::log::{self, Level};
use crate::span::Failure;
use crate::testing::Recording;

/// What of the line is the same each time.
#[derive(Debug, Default)]
pub(crate) struct Line {
    log: Option<LogLine>,
    /// What the lines say of one that went well, and of one that did not.
    #[cfg(feature = "tracing")]
    pub(crate) words: [&'static str; 2],
    /// Lines whose dice are below are written.
    below: u64,
    /// `","level":…,"message":"event published","target":…,"service":…,"environment":…,"event_id":"`
    fine: String,
    /// The same of one that was not.
    failed: String,
    /// `","event_type":…,"event_version":…,"correlation_id":`
    what: String,
    /// The names of the event's fields, from quote to colon.
    pub(crate) fields: Box<[Box<str>]>,
}

/// What there is to say of one event.
pub(crate) struct Told<'a> {
    /// Texts, this and the next three.
    pub(crate) id: &'a [u8],
    pub(crate) correlation: &'a [u8],
    pub(crate) causation: Option<&'a [u8]>,
    pub(crate) tenant: Option<&'a [u8]>,
    pub(crate) span: Option<&'a Place>,
    pub(crate) recorder: Option<&'a Arc<Recording>>,
    pub(crate) end: Moment,
    pub(crate) nanos: u64,
    pub(crate) outcome: Outcome<'a>,
}

/// From the ids of the span to how long it took.
const SPAN: &[u8; 90] = b",\"trace_id\":\"00000000000000000000000000000000\",\"span_id\":\"0000000000000000\",\"duration_ms\":";
const SPAN_TRACE: usize = 13;
const SPAN_SPAN: usize = SPAN_TRACE + 32 + 13;

/// How it ended.
#[derive(Clone, Copy)]
pub(crate) enum Outcome<'a> {
    Fine,
    Failed(Failure<'a>),
    Cancelled,
    Panicked,
}

impl Line {
    pub(crate) fn new(about: &Descriptor, origin: &Origin, words: [&'static str; 2]) -> Line {
        if cfg!(feature = "off-logs") {
            return Line::default();
        }
        let head = |level: Level, message: &str| {
            let mut head = Writer::new();
            head.raw("\",\"level\":\"");
            head.raw(level.as_str());
            head.raw("\",\"message\":");
            head.string(message);
            head.raw(",\"target\":");
            head.string(about.target);
            origin.log_members(&mut head);
            head.raw(",\"event_id\":\"");
            head
        };
        let usual = about.log.map_or(Level::Info, |log| log.level);
        let mut what = Writer::new();
        what.raw("\",\"event_type\":");
        what.string(about.event_type);
        what.raw(",\"event_version\":");
        what.string(about.version);
        what.raw(",\"correlation_id\":");
        // Text is not refused.
        let done = |writer: Writer| String::from_utf8(writer.finish().unwrap_or_default());
        let name = |field: &FieldInfo| {
            let mut name = Writer::new();
            name.string(field.wire);
            name.raw(":");
            done(name).unwrap_or_default().into_boxed_str()
        };
        Line {
            fields: about.fields.iter().map(name).collect(),
            log: about.log,
            below: share(about.log.map_or(0.0, |log| log.sample)),
            #[cfg(feature = "tracing")]
            words,
            fine: done(head(usual, words[0])).unwrap_or_default(),
            failed: done(head(Level::Error, words[1])).unwrap_or_default(),
            what: done(what).unwrap_or_default(),
        }
    }

    /// The level of a line, if it is to be written. A recorder wants every one.
    #[inline]
    pub(crate) fn wanted(&self, failed: bool, recorded: bool) -> Option<Level> {
        let level = match self.log?.level {
            _ if failed => Level::Error,
            level => level,
        };
        if recorded {
            return Some(level);
        }
        let drawn = || failed || self.below == u64::MAX || ids::random() < self.below;
        (log::heard(level) && drawn()).then_some(level)
    }

    /// Writes it, if it is not for others alone; `fields` writes what the event says of itself.
    pub(crate) fn write(&self, level: Level, told: &Told<'_>, fields: impl FnOnce(&mut Writer)) {
        if told.recorder.is_none() && !log::enabled(level) {
            return;
        }
        log::line(level, told.recorder, |w| {
            w.reserve(640);
            log::begin(w, told.end);
            w.raw(match told.outcome {
                Outcome::Fine => &self.fine,
                _ => &self.failed,
            });
            w.text_bytes(told.id);
            w.raw(&self.what);
            w.string_bytes(told.correlation);
            let ids = [
                (",\"causation_id\":", told.causation),
                (",\"tenant_id\":", told.tenant),
            ];
            for (name, id) in ids {
                if let Some(id) = id {
                    w.raw(name);
                    w.string_bytes(id);
                }
            }
            if let Some(place) = told.span {
                let mut text = *SPAN;
                place.put(&mut text, SPAN_TRACE, SPAN_SPAN);
                w.raw_bytes(&text);
            } else {
                w.raw(",\"duration_ms\":");
            }
            millis(w, told.nanos);
            outcome(w, told.outcome);
            fields(w);
            w.raw("}");
        });
    }
}

impl Told<'_> {
    #[cfg(feature = "tracing")]
    pub(super) fn message(&self, words: [&'static str; 2]) -> &'static str {
        words[usize::from(!matches!(self.outcome, Outcome::Fine))]
    }
}

impl Outcome<'_> {
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Outcome::Fine => "ok",
            Outcome::Failed(_) => "error",
            Outcome::Cancelled => "cancelled",
            Outcome::Panicked => "panic",
        }
    }

    pub(crate) fn error_type(&self) -> Option<&'static str> {
        match self {
            Outcome::Fine => None,
            Outcome::Failed(failure) => Some(failure.error_type),
            fallen => Some(fallen.status()),
        }
    }

    pub(crate) fn error(&self) -> Option<String> {
        match self {
            Outcome::Failed(failure) => failure.message.map(ToString::to_string),
            _ => None,
        }
    }
}

fn outcome(w: &mut Writer, outcome: Outcome<'_>) {
    if let Outcome::Fine = outcome {
        w.raw(",\"status\":\"ok\"");
        return;
    }
    w.raw(",\"status\":\"");
    w.raw(outcome.status());
    w.raw("\"");
    if let Some(kind) = outcome.error_type() {
        w.raw(",\"error_type\":\"");
        w.raw(kind);
        w.raw("\"");
    }
    if let Some(error) = outcome.error() {
        w.raw(",\"error\":");
        w.string(&error);
    }
}

/// Milliseconds, with three digits behind the point.
pub(crate) fn millis(w: &mut Writer, nanos: u64) {
    let micros = nanos / 1_000;
    w.u64(micros / 1_000);
    let rest = micros % 1_000;
    let digit = |value: u64| b'0' + u8::try_from(value % 10).unwrap_or_default();
    w.raw_bytes(&[b'.', digit(rest / 100), digit(rest / 10), digit(rest)]);
}

/// A share as a bound for dice.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the cast of a float saturates, and so exact it need not be"
)]
fn share(share: f64) -> u64 {
    if share >= 1.0 {
        return u64::MAX;
    }
    (share * u64::MAX as f64) as u64
}
