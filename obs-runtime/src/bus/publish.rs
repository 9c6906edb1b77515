//! Publishing: check, encode, wrap, hand over.

use std::fmt;
use std::marker::PhantomData;

use obs_schema::framing::Framing;
use obs_schema::wire::json::Writer;
use obs_schema::wire::{EncodeError, EncodeErrorKind};

use super::{Bus, BusError, Record};
use crate::clock;
use crate::event::{Descriptor, Encoding, Envelope, Event};
use crate::types::{TimestampMicros, Uuid};
use crate::validate::Violations;

/// Publishes one kind of event.
///
/// ```
/// use obs_runtime::{Bus, Event, PublishError};
///
/// async fn announce<E: Event>(bus: &Bus, event: &E) -> Result<(), PublishError> {
///     E::publisher(bus).publish(event).await
/// }
/// ```
pub struct Publisher<E> {
    bus: Bus,
    check: Check,
    event: PhantomData<fn(&E)>,
}

/// What happens to events that break their schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Check {
    /// They are not published.
    #[default]
    Reject,
    /// Nobody looks. Symbols of newer schemas are refused all the same, for they cannot be encoded.
    Off,
}

impl<E: Event> Publisher<E> {
    /// A publisher on a bus.
    #[must_use]
    pub fn new(bus: &Bus) -> Publisher<E> {
        Publisher {
            bus: bus.clone(),
            check: Check::default(),
            event: PhantomData,
        }
    }

    /// The same publisher with another way to treat events that break their schema.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Publisher<E> {
        self.check = check;
        self
    }

    /// Publishes an event.
    pub async fn publish(&self, event: &E) -> Result<(), PublishError> {
        self.publish_blocking(event)
    }

    /// Publishes an event where nothing can be awaited.
    pub fn publish_blocking(&self, event: &E) -> Result<(), PublishError> {
        if self.check == Check::Reject {
            event.validate().map_err(PublishError::Invalid)?;
        }
        let time = clock::now();
        let record = record(event, self.bus.source(), clock::event_id(time), time)?;
        self.bus.send(record).map_err(PublishError::Bus)
    }
}

impl<E> Clone for Publisher<E> {
    fn clone(&self) -> Publisher<E> {
        Publisher {
            bus: self.bus.clone(),
            check: self.check,
            event: PhantomData,
        }
    }
}

impl<E: Event> fmt::Debug for Publisher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("event_type", &E::DESCRIPTOR.event_type)
            .field("check", &self.check)
            .finish_non_exhaustive()
    }
}

/// The message of an event.
fn record<E: Event>(
    event: &E,
    source: &str,
    id: Uuid,
    time: TimestampMicros,
) -> Result<Record, PublishError> {
    let about = E::DESCRIPTOR;
    let id = id.to_string();
    let mut body = Vec::with_capacity(512);
    match (about.encoding, about.envelope) {
        (Encoding::Json, Envelope::Obs) => {
            let mut writer = Writer::on(body);
            envelope(&mut writer, about, source, &id, time);
            writer.embed(|out| event.encode_body(out));
            writer.raw("}");
            body = writer.finish()?;
        }
        // The schema is known by its fingerprint; what else an envelope says is in the headers.
        (Encoding::Avro, Envelope::Obs) => {
            Framing::SingleObject(about.rabin).write(&mut body);
            event.encode_body(&mut body)?;
        }
        (_, Envelope::CloudEvents | Envelope::None) => event.encode_body(&mut body)?,
    }
    let content_type = match about.encoding {
        Encoding::Json => "application/json",
        Encoding::Avro => "application/avro",
    };
    let headers = if about.envelope == Envelope::CloudEvents {
        vec![
            ("ce_specversion".into(), "1.0".into()),
            ("ce_id".into(), id.into()),
            ("ce_type".into(), about.event_type.into()),
            ("ce_source".into(), source.to_owned().into()),
            ("ce_time".into(), time.to_string().into()),
            ("content-type".into(), content_type.into()),
        ]
    } else {
        vec![
            ("event-id".into(), id.into()),
            ("event-type".into(), about.event_type.into()),
            ("event-version".into(), about.version.into()),
            ("content-type".into(), content_type.into()),
        ]
    };
    let key = event.key().as_bytes().map(Into::into);
    Ok(Record {
        topic: about.topic.into(),
        key,
        headers,
        body,
    })
}

/// The envelope up to its payload.
fn envelope(
    writer: &mut Writer,
    about: &Descriptor,
    source: &str,
    id: &str,
    time: TimestampMicros,
) {
    writer.raw("{\"eventId\":");
    writer.string(id);
    writer.raw(",\"eventType\":");
    writer.string(about.event_type);
    writer.raw(",\"eventVersion\":");
    writer.string(about.version);
    writer.raw(",\"occurredAt\":");
    writer.string(&time.to_string());
    writer.raw(",\"metadata\":{\"source\":");
    writer.string(source);
    writer.raw("},\"payload\":");
}

/// An event that was not published.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// It breaks its schema.
    Invalid(Violations),
    /// It cannot be encoded.
    Encode(EncodeError),
    /// The bus did not take it.
    Bus(BusError),
}

impl PublishError {
    /// The `error.type` of telemetry: one of a closed set.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            PublishError::Invalid(_) => "validation",
            PublishError::Encode(error) if *error.kind() == EncodeErrorKind::Unrecognised => {
                "validation"
            }
            PublishError::Encode(_) => "serialization",
            PublishError::Bus(BusError::Full | BusError::Closed) => "unavailable",
        }
    }
}

impl From<EncodeError> for PublishError {
    fn from(error: EncodeError) -> PublishError {
        PublishError::Encode(error)
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PublishError::Invalid(_) => "the event breaks its schema",
            PublishError::Encode(_) => "the event cannot be encoded",
            PublishError::Bus(_) => "the bus did not take the event",
        })
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            PublishError::Invalid(violations) => violations,
            PublishError::Encode(error) => error,
            PublishError::Bus(error) => error,
        })
    }
}
