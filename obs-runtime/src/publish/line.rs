//! The log line of a publish.

use obs_schema::wire::json::Writer;

use super::PublishError;
use crate::bus::Origin;
use crate::clock::Moment;
use crate::event::{Descriptor, LogLine};
use crate::ids;
use crate::log::{self, Level};

/// What of the line is the same each time.
#[derive(Debug)]
pub(super) struct Line {
    log: Option<LogLine>,
    /// Lines whose dice are below are written.
    below: u64,
    /// `,"target":…,"service":…,"environment":…,"event_id":"`
    whose: String,
    /// `","event_type":…,"event_version":…`
    what: String,
}

/// What one publish has to say.
pub(super) struct Told<'a> {
    pub(super) facts: &'a crate::envelope::Facts<'a>,
    pub(super) end: Moment,
    pub(super) nanos: u64,
    pub(super) outcome: Outcome<'a>,
}

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
        let mut whose = Writer::new();
        whose.raw(",\"target\":");
        whose.string(about.target);
        origin.log_members(&mut whose);
        whose.raw(",\"event_id\":\"");
        let mut what = Writer::new();
        what.raw("\",\"event_type\":");
        what.string(about.event_type);
        what.raw(",\"event_version\":");
        what.string(about.version);
        // Text is not refused.
        let done = |writer: Writer| String::from_utf8(writer.finish().unwrap_or_default());
        Line {
            log: about.log,
            below: share(about.log.map_or(0.0, |log| log.sample)),
            whose: done(whose).unwrap_or_default(),
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
            log::begin(w, told.end, level);
            w.raw(",\"message\":\"");
            w.raw(told.outcome.message());
            w.raw("\"");
            w.raw(&self.whose);
            let facts = told.facts;
            w.raw_bytes(facts.id);
            w.raw(&self.what);
            w.raw(",\"correlation_id\":");
            facts.write_correlation(w);
            let ids = [
                (",\"causation_id\":", facts.context.causation()),
                (",\"tenant_id\":", facts.tenant),
            ];
            for (name, id) in ids {
                if let Some(id) = id {
                    w.raw(name);
                    w.string(id);
                }
            }
            if let Some(place) = facts.span {
                w.raw(",\"trace_id\":\"");
                w.raw_bytes(place.trace_hex());
                w.raw("\",\"span_id\":\"");
                w.raw_bytes(place.span_hex());
                w.raw("\"");
            }
            w.raw(",\"duration_ms\":");
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
fn millis(w: &mut Writer, nanos: u64) {
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
