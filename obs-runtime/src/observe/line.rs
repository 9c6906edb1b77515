//! The log line of a call.

use std::panic::Location;

use obs_schema::wire::json::Writer;

use super::ended::Text;
use super::teller;
use crate::clock::Moment;
use crate::context::{Context, SpanContext};
use crate::log::{self, Level};
use crate::metric::Outcome;
use crate::publish::millis;

/// What is the same for all lines of a function.
#[derive(Debug)]
pub(super) struct Lines {
    /// The level of calls that end well; `None` tells of those that fail only.
    pub(super) level: Option<Level>,
    pub(super) target: &'static str,
    /// Where the function is.
    pub(super) place: Option<&'static Location<'static>>,
}

/// What a call has to say.
pub(super) struct Told<'a> {
    pub(super) name: &'static str,
    pub(super) end: Moment,
    pub(super) nanos: u64,
    pub(super) outcome: Outcome,
    pub(super) error_type: Option<&'static str>,
    pub(super) error: Option<Text<'a>>,
    pub(super) context: Option<teller::Context>,
}

impl Lines {
    /// The level of the line of a call that ends so.
    fn of(&self, outcome: Outcome) -> Option<Level> {
        match outcome {
            Outcome::Error | Outcome::Panic => Some(Level::Error),
            Outcome::Ok | Outcome::Cancelled => self.level,
        }
    }

    /// Whether there is a line of a call that ends so, if anybody wants it.
    #[inline]
    pub(super) fn tell_of(&self, outcome: Outcome) -> bool {
        self.of(outcome).is_some()
    }

    /// Whether there is one of calls that end well.
    #[inline]
    pub(super) fn tell_of_all(&self) -> bool {
        self.level.is_some()
    }

    /// Whether any line may be written. A recorder wants every one.
    pub(super) fn wanted(&self, cx: &Context) -> bool {
        cx.recorder().is_some()
            || self.level.is_some_and(log::enabled)
            || log::enabled(Level::Error)
    }

    pub(super) fn write(&self, cx: &Context, span: Option<SpanContext>, told: Told<'_>) {
        let recorder = cx.recorder();
        let Some(level) = self.of(told.outcome) else {
            return;
        };
        if cfg!(feature = "off-logs") || (recorder.is_none() && !log::enabled(level)) {
            return;
        }
        // What the error says is asked for before anything is held.
        let error = told.error.map(|error| error.to_string());
        log::line(level, recorder, |w| {
            log::begin(w, told.end);
            w.raw("\",\"level\":\"");
            w.raw(level.as_str());
            w.raw("\",\"message\":");
            w.string(told.name);
            w.raw(",\"target\":");
            w.string(self.target);
            log::whose(w);
            known(w, "correlation_id", cx.correlation());
            known(w, "causation_id", cx.causation());
            known(w, "tenant_id", cx.tenant());
            if let Some(span) = span {
                w.raw(",\"trace_id\":\"");
                w.raw_bytes(&span.trace.hex());
                w.raw("\",\"span_id\":\"");
                w.raw_bytes(&span.span.hex());
                w.raw("\"");
            }
            w.raw(",\"duration_ms\":");
            millis(w, told.nanos);
            known(w, "status", Some(told.outcome.as_str()));
            known(w, "error_type", told.error_type);
            known(w, "error", error.as_deref());
            if let Some(context) = told.context {
                context.write(w);
            }
            let place = self.place;
            log::place(w, place.map(Location::file), place.map(Location::line));
            w.raw("}");
        });
    }
}

fn known(w: &mut Writer, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        w.name(&mut false, name);
        w.string(text);
    }
}
