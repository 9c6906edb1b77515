//! Publishing: check, encode, wrap, hand over.

use std::fmt;
use std::marker::PhantomData;

use obs_schema::framing::Framing;
use obs_schema::wire::json::Writer;
use obs_schema::wire::{EncodeError, EncodeErrorKind};

use super::{Bus, BusError, Header, OwnedRecord, Record};
use crate::clock;
use crate::event::{Descriptor, Encoding, Envelope, Event};
use crate::ids;
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
        let start = clock::now();
        let record = record(event, self.bus.source(), ids::event_id(start), start.time())?;
        let record = record.as_record();
        self.bus
            .send(&record)
            .wait()
            .map(drop)
            .map_err(PublishError::Bus)
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
) -> Result<OwnedRecord, PublishError> {
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
    let time = time.to_string();
    let cloud = [
        Header::new("ce_specversion", "1.0"),
        Header::new("ce_id", &id),
        Header::new("ce_type", about.event_type),
        Header::new("ce_source", source),
        Header::new("ce_time", &time),
        Header::new("content-type", content_type),
    ];
    let plain = [
        Header::new("event-id", &id),
        Header::new("event-type", about.event_type),
        Header::new("event-version", about.version),
        Header::new("content-type", content_type),
    ];
    let headers = if about.envelope == Envelope::CloudEvents {
        (&cloud).into()
    } else {
        (&plain).into()
    };
    let key = event.key();
    let key = key.as_bytes();
    let record = Record {
        topic: about.topic,
        key: key.as_deref(),
        headers,
        body: Some(&body),
    };
    Ok(record.owned())
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
            PublishError::Bus(error) => error.error_type().as_str(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::JsonCodec;
    use crate::event::Key;
    use crate::validate::{Checker, Validate};
    use obs_schema::json::Json;
    use obs_schema::wire::DecodeError;

    /// An event of each kind that is a number, and is wrong below zero.
    macro_rules! counted {
        ($name:ident: $encoding:ident, $envelope:ident) => {
            #[derive(Clone, Debug, PartialEq)]
            struct $name(i64);

            impl Validate for $name {
                fn check(&self, cx: &mut Checker) {
                    cx.minimum(self.0, 0);
                }
            }

            impl Event for $name {
                const DESCRIPTOR: &'static Descriptor = &Descriptor {
                    event_type: "thing.counted",
                    version: "2.1.0",
                    topic: "thing.counted.v2",
                    rabin: 0x0807_0605_0403_0201,
                    encoding: Encoding::$encoding,
                    envelope: Envelope::$envelope,
                    ..Descriptor::BLANK
                };

                fn key(&self) -> Key<'_> {
                    Key::from(&self.0)
                }

                fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                    if self.0 == 99 {
                        return Err(EncodeError::new(EncodeErrorKind::Unrecognised));
                    }
                    self.0.encode_json(out)
                }

                fn decode_body(body: &[u8]) -> Result<$name, DecodeError> {
                    i64::decode_json(body).map($name)
                }
            }
        };
    }

    counted!(Plain: Json, None);
    counted!(Wrapped: Json, Obs);
    counted!(Cloud: Json, CloudEvents);
    counted!(Binary: Avro, Obs);

    fn published<E: Event>(event: &E) -> OwnedRecord {
        let bus = Bus::memory(1).for_source("counter");
        E::publisher(&bus).publish_blocking(event).unwrap();
        bus.take().unwrap()
    }

    #[test]
    fn the_envelope_says_who_what_and_when() {
        let record = published(&Wrapped(7));
        assert_eq!(record.topic(), "thing.counted.v2");
        assert_eq!(record.key(), Some(&b"7"[..]));
        let body = Json::parse(record.body().unwrap()).unwrap();
        let names: Vec<&str> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "eventId",
                "eventType",
                "eventVersion",
                "occurredAt",
                "metadata",
                "payload"
            ]
        );
        let text = |name: &str| body.get(name).and_then(Json::as_str).unwrap();
        assert_eq!(
            text("eventType"),
            record.headers().text("event-type").unwrap()
        );
        assert_eq!(
            text("eventVersion"),
            record.headers().text("event-version").unwrap()
        );
        assert_eq!(text("eventId"), record.headers().text("event-id").unwrap());
        assert_eq!(text("eventId").parse::<Uuid>().unwrap().0[6] >> 4, 7);
        assert!(text("occurredAt").parse::<TimestampMicros>().is_ok());
        assert_eq!(
            body.get("metadata").and_then(|part| part.get("source")),
            Some(&Json::from("counter"))
        );
        assert_eq!(body.get("payload"), Some(&Json::from(7)));
        assert_eq!(
            record.headers().text("content-type"),
            Some("application/json")
        );
    }

    #[test]
    fn other_bodies_are_the_payload() {
        assert_eq!(published(&Plain(7)).body(), Some(&b"7"[..]));
        let cloud = published(&Cloud(7));
        assert_eq!(cloud.body(), Some(&b"7"[..]));
        for (name, value) in [
            ("ce_specversion", "1.0"),
            ("ce_type", "thing.counted"),
            ("ce_source", "counter"),
        ] {
            assert_eq!(cloud.headers().text(name), Some(value));
        }
        let binary = published(&Binary(7));
        assert_eq!(
            binary.body(),
            Some(&b"\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x087"[..])
        );
        assert_eq!(
            binary.headers().text("content-type"),
            Some("application/avro")
        );
    }

    #[test]
    fn what_is_wrong_is_not_published() {
        let bus = Bus::memory(1);
        let publisher = Wrapped::publisher(&bus);
        let invalid = publisher.publish_blocking(&Wrapped(-1)).unwrap_err();
        assert!(
            matches!(&invalid, PublishError::Invalid(violations) if violations.as_slice()[0].rule == "minimum")
        );
        let unknown = publisher
            .clone()
            .with_check(Check::Off)
            .publish_blocking(&Wrapped(99))
            .unwrap_err();
        assert_eq!(
            (invalid.error_type(), unknown.error_type()),
            ("validation", "validation")
        );
        assert_eq!(bus.take(), None);
        assert_eq!(
            publisher
                .clone()
                .with_check(Check::Off)
                .publish_blocking(&Wrapped(-1)),
            Ok(())
        );
        let full = publisher.publish_blocking(&Wrapped(1)).unwrap_err();
        assert_eq!(
            full,
            PublishError::Bus(crate::bus::BusErrorKind::Full.into())
        );
        assert_eq!(full.error_type(), "unavailable");
    }

    #[test]
    fn publishing_can_be_awaited() {
        use std::future::Future;
        use std::task::{Context, Poll, Waker};

        let bus = Bus::memory(1);
        let publisher = Plain::publisher(&bus);
        let event = Plain(1);
        let mut publishing = std::pin::pin!(publisher.publish(&event));
        let done = publishing
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(done, Poll::Ready(Ok(())));
        assert_eq!(bus.drain().len(), 1);
    }
}
