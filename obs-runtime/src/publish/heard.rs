//! Publishes, and what becomes of events, as events of `tracing`, for whoever else listens.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use obs_schema::wire::json::Writer;

use super::line::Told;
use crate::event::Descriptor;
use crate::log::{EVENT_TARGET, Level};

/// What the event says of itself, worked out for who asks.
struct Said<'a>(&'a dyn Fn(&mut Writer));

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut writer = Writer::new();
        (self.0)(&mut writer);
        let text = writer.finish().unwrap_or_default();
        let text = str::from_utf8(&text).unwrap_or_default();
        // As in a line, where it is a member.
        f.write_str(text.strip_prefix(",\"context\":").unwrap_or("{}"))
    }
}

/// Tells it; next to nothing is done where nobody listens.
pub(crate) fn tell(
    level: Level,
    words: [&'static str; 2],
    about: &'static Descriptor,
    told: &Told<'_>,
    said: &dyn Fn(&mut Writer),
) {
    let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
    let says = about.fields.iter().any(|field| field.log && !field.secret);
    #[expect(clippy::cast_precision_loss, reason = "days fit without any")]
    let millis = (told.nanos / 1_000) as f64 / 1e3;
    // One place in the code for each level, for there a subscriber remembers whether it listens.
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: EVENT_TARGET,
                tracing::Level::$level,
                message = told.message(words),
                event_id = text(told.id),
                event_type = about.event_type,
                event_version = about.version,
                correlation_id = text(told.correlation),
                causation_id = told.causation.map(text),
                tenant_id = told.tenant.map(text),
                trace_id = told.span.map(|place| text(place.trace_hex())),
                span_id = told.span.map(|place| text(place.span_hex())),
                duration_ms = millis,
                status = told.outcome.status(),
                error_type = told.outcome.error_type(),
                error = told.outcome.error(),
                context = says.then(|| display(Said(said))),
            )
        };
    }
    // Whoever listens does not bring it down.
    let _ = catch_unwind(AssertUnwindSafe(|| match level {
        Level::Trace => event!(TRACE),
        Level::Debug => event!(DEBUG),
        Level::Info => event!(INFO),
        Level::Warn => event!(WARN),
        Level::Error => event!(ERROR),
    }));
}
