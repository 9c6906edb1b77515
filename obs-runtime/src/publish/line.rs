//! The log line of a publish.

use obs_schema::wire::json::Writer;

use super::PublishError;
use crate::bus::Origin;
use crate::clock::Moment;
use crate::envelope::Facts;
use crate::event::{Descriptor, FieldInfo, LogLine};
use crate::ids;
use crate::log::{self, Level};

/// What of the line is the same each time.
#[derive(Debug, Default)]
pub(super) struct Line {
    log: Option<LogLine>,
    /// Lines whose dice are below are written.
    below: u64,
    /// `","level":…,"message":"event published","target":…,"service":…,"environment":…,"event_id":"`
    published: String,
    /// The same of one that was not.
    failed: String,
    /// `","event_type":…,"event_version":…,"correlation_id":`
    what: String,
    /// The names of the event's fields, from quote to colon.
    pub(super) fields: Box<[Box<str>]>,
}

/// What one publish has to say.
pub(super) struct Told<'a> {
    pub(super) facts: &'a Facts,
    pub(super) end: Moment,
    pub(super) nanos: u64,
    pub(super) outcome: Outcome<'a>,
}

/// From the ids of the span to how long it took.
const SPAN: &[u8; 90] = b",\"trace_id\":\"00000000000000000000000000000000\",\"span_id\":\"0000000000000000\",\"duration_ms\":";
const SPAN_TRACE: usize = 13;
const SPAN_SPAN: usize = SPAN_TRACE + 32 + 13;

/// How it ended.
#[derive(Clone, Copy)]
pub(super) enum Outcome<'a> {
    Published,
    Failed(&'a PublishError),
    Cancelled,
    Panicked,
}

impl Line {
    pub(super) fn new(about: &Descriptor, origin: &Origin) -> Line {
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
            published: done(head(usual, Outcome::Published.message())).unwrap_or_default(),
            failed: done(head(Level::Error, Outcome::Cancelled.message())).unwrap_or_default(),
            what: done(what).unwrap_or_default(),
        }
    }

    /// The level of a line, if it is to be written. A recorder wants every one.
    #[inline]
    pub(super) fn wanted(&self, failed: bool, recorded: bool) -> Option<Level> {
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
    pub(super) fn write(&self, level: Level, told: &Told<'_>, fields: impl FnOnce(&mut Writer)) {
        let recorder = told.facts.context.recorder();
        if recorder.is_none() && !log::enabled(level) {
            return;
        }
        log::line(level, recorder, |w| {
            w.reserve(640);
            log::begin(w, told.end);
            w.raw(match told.outcome {
                Outcome::Published => &self.published,
                _ => &self.failed,
            });
            let facts = told.facts;
            w.raw_bytes(facts.id.as_bytes());
            w.raw(&self.what);
            facts.write_correlation(w);
            let ids = [
                (",\"causation_id\":", facts.context.causation()),
                (",\"tenant_id\":", facts.tenant()),
            ];
            for (name, id) in ids {
                if let Some(id) = id {
                    w.raw(name);
                    w.string(id);
                }
            }
            if let Some(place) = &facts.span {
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

impl Outcome<'_> {
    pub(super) fn message(&self) -> &'static str {
        match self {
            Outcome::Published => "event published",
            _ => "event not published",
        }
    }

    pub(super) fn status(&self) -> &'static str {
        match self {
            Outcome::Published => "ok",
            Outcome::Failed(_) => "error",
            Outcome::Cancelled => "cancelled",
            Outcome::Panicked => "panic",
        }
    }

    pub(super) fn error_type(&self) -> Option<&'static str> {
        match self {
            Outcome::Published => None,
            Outcome::Failed(error) => Some(error.error_type().as_str()),
            fallen => Some(fallen.status()),
        }
    }

    pub(super) fn error(&self) -> Option<String> {
        match self {
            Outcome::Failed(error) => Some(error.to_string()),
            _ => None,
        }
    }
}

fn outcome(w: &mut Writer, outcome: Outcome<'_>) {
    if let Outcome::Published = outcome {
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
