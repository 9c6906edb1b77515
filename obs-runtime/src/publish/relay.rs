//! Sending what was prepared before: the other end of an outbox.

use std::fmt;

use obs_schema::framing::Framing;

use super::SchemaIds;
use super::prepared::{Prepared, prepared};
use crate::bus::{Bus, BusError, OwnedRecord, Receipt, Record, block_on};
use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext, traceparent};
use crate::envelope;
use crate::event::Event;
use crate::span::{Carried, Failure, Fate, Outcome};

/// Sends records that a publisher has [prepared](super::Publisher::prepare), and tells of it.
///
/// The span of a sending links to the one in which the event was made, and the event is counted here, where it leaves.
/// Records of events it does not know by [`with`](Relay::with) are sent, and nothing is told of them. It tries once:
/// whoever keeps the records tries again.
///
/// ```
/// use obs_runtime::publish::Relay;
/// use obs_runtime::{Bus, BusError, Event, OwnedRecord};
///
/// fn forward<E: Event>(bus: &Bus, outbox: &[OwnedRecord]) -> Result<(), BusError> {
///     let relay = Relay::new(bus).with::<E>();
///     for record in outbox {
///         relay.send_blocking(record)?;
///     }
///     Ok(())
/// }
/// ```
pub struct Relay {
    bus: Bus,
    known: Vec<Known>,
}

struct Known {
    prepared: &'static Prepared,
    /// The series that the event in a body counts in.
    series: fn(Option<Framing>, &Record<'_>) -> Option<usize>,
    framing: Option<Framing>,
}

impl Relay {
    /// One that knows no event.
    #[must_use]
    pub fn new(bus: &Bus) -> Relay {
        Relay {
            bus: bus.clone(),
            known: Vec::new(),
        }
    }

    /// The same, which knows an event.
    #[must_use]
    pub fn with<E: Event>(mut self) -> Relay {
        self.known.push(Known {
            prepared: prepared(E::DESCRIPTOR, &self.bus),
            series: |framing, record| {
                let payload = envelope::payload(E::DESCRIPTOR, framing, record)?;
                Some(E::decode_body(&payload).ok()?.series())
            },
            framing: None,
        });
        self
    }

    /// The same, which expects the framing that the publishers of the events it knows so far ask for.
    #[must_use]
    pub fn with_schema_ids(mut self, ids: &(impl SchemaIds + ?Sized)) -> Relay {
        for known in &mut self.known {
            known.framing = ids.framing(known.prepared.about);
        }
        self
    }

    /// Sends a record.
    ///
    /// # Errors
    ///
    /// The bus did not take it: keep it, and send it again if [`BusError::retryable`] says so.
    pub async fn send(&self, record: &OwnedRecord) -> Result<Receipt, BusError> {
        let mut sent = self.begin(record);
        let result = self.bus.send_confirmed(&record.as_record()).await;
        sent.end(result.as_ref().err());
        result
    }

    /// Sends a record where nothing can be awaited.
    ///
    /// # Errors
    ///
    /// As [`send`](Relay::send).
    pub fn send_blocking(&self, record: &OwnedRecord) -> Result<Receipt, BusError> {
        block_on(self.send(record))
    }

    fn begin<'r>(&'r self, record: &'r OwnedRecord) -> Sent<'r> {
        let headers = record.headers();
        let text = |name: &str| {
            headers
                .text(name)
                .or_else(|| headers.text(&format!("ce_{name}")))
        };
        let (kind, version) = (
            text("event-type").or_else(|| text("type")),
            text("event-version"),
        );
        let known = self.known.iter().find(|known| {
            let about = known.prepared.about;
            Some(about.event_type) == kind && version.is_none_or(|version| version == about.version)
        });
        let start = clock::now();
        Sent {
            known,
            record,
            start,
            span: known.map(|known| {
                let (wanted, send) = (known.prepared.is_live(), &known.prepared.send);
                Carried::start(wanted, send, &Context::current(), start)
            }),
            made: text("traceparent").and_then(|text| traceparent::parse(text.as_bytes())),
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self
            .known
            .iter()
            .map(|known| known.prepared.about.event_type);
        f.debug_struct("Relay")
            .field("bus", &self.bus)
            .field("events", &known.collect::<Vec<_>>())
            .finish()
    }
}

/// A sending on its way; one that is dropped was cancelled.
struct Sent<'r> {
    known: Option<&'r Known>,
    record: &'r OwnedRecord,
    start: Moment,
    span: Option<Carried>,
    /// The span in which the event was made.
    made: Option<SpanContext>,
}

impl Sent<'_> {
    fn end(&mut self, error: Option<&BusError>) {
        let outcome = match error {
            None => Outcome::Fine,
            Some(error) => Outcome::Failed(Failure {
                error_type: error.error_type().as_str(),
                exception: "obs_runtime::BusError",
                message: Some(error),
            }),
        };
        self.tell(&outcome, error.map(BusError::error_type));
    }

    fn tell(&mut self, outcome: &Outcome<'_>, error: Option<crate::ErrorType>) {
        let Some(Known {
            prepared,
            series,
            framing,
        }) = self.known.take()
        else {
            return;
        };
        let end = clock::now();
        let nanos = end.nanos_since(self.start);
        let (record, made) = (self.record, self.made);
        let exemplar = self.span.take().and_then(|mut span| {
            let place = span.context()?;
            let fate = span.end(
                end,
                || *outcome,
                |to| {
                    if let Some(id) = record.headers().text("event-id") {
                        to.id(id.as_bytes());
                    }
                    if let Some(made) = made {
                        to.link(made, &[]);
                    }
                },
            );
            (fate == Fate::Exported).then_some((place, end))
        });
        if let Some([_, send]) = prepared.messaging.filter(|_| prepared.is_live()) {
            send.ended(error, nanos, exemplar);
            send.messages(error, 1);
        }
        let Some(published) = prepared.published.filter(|_| prepared.is_live()) else {
            return;
        };
        match error {
            None => {
                let body = record.body().unwrap_or_default();
                let series = series(*framing, &record.as_record()).unwrap_or_default();
                published.success(series, nanos, body.len(), exemplar);
            }
            Some(error) => published.failure(error, nanos, exemplar),
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        let fallen = Outcome::Failed(Failure::CANCELLED);
        self.tell(&fallen, Some(crate::ErrorType::Cancelled));
    }
}
