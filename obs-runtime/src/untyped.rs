//! Events without types of their own: for tools that know them by their descriptions alone.
//!
//! A [`Catalogue`] finds out what a record holds, as a consumer does; an [`UntypedPublisher`] makes the record that the
//! publisher of a generated type would make. It comes with the feature `tokio`, as consumers do.

use std::borrow::Cow;

use obs_schema::framing::Framing;

use crate::bus::Record;
use crate::consume::find::{self, Candidate, Refused};
use crate::context::SpanContext;
use crate::envelope::{self, Head, Payload, Word};
use crate::event::{Descriptor, Encoding, Envelope};
pub use crate::publish::untyped::{Untyped, UntypedPublisher};
use crate::stamp;

/// Descriptions of events, by which records are read.
///
/// ```
/// use obs_runtime::{Descriptor, Record};
/// use obs_runtime::untyped::Catalogue;
///
/// static ORDER: Descriptor = Descriptor {
///     event_type: "order.placed",
///     topic: "order.placed.v1",
///     ..Descriptor::BLANK
/// };
///
/// let known = Catalogue::new([&ORDER]);
/// let body = br#"{"eventId":"7","eventType":"order.placed","payload":{"orderId":"ord_1"}}"#;
/// let seen = known.read(&Record::new("order.placed.v1", body));
/// assert!(seen.about.is_ok_and(|about| about.event_type == "order.placed"));
/// assert_eq!(seen.payloads, [&br#"{"orderId":"ord_1"}"#[..]]);
/// ```
#[derive(Debug)]
pub struct Catalogue {
    known: Vec<Version>,
}

/// A version that is known by its description.
#[derive(Debug)]
struct Version {
    about: &'static Descriptor,
    /// What our envelope around its Avro begins with.
    envelope: Option<u64>,
}

/// What a record says of the event in it. Nothing of it is to be trusted: it is what somebody has sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen<'r> {
    /// Which version of which event it is.
    pub about: Result<&'static Descriptor, Unknown>,
    /// The id of the event.
    pub id: Option<Cow<'r, str>>,
    /// What it is called.
    pub event_type: Option<Cow<'r, str>>,
    /// The version it says it has.
    pub version: Option<Cow<'r, str>>,
    /// What belongs together.
    pub correlation: Option<Cow<'r, str>>,
    /// The event it follows from.
    pub causation: Option<Cow<'r, str>>,
    /// The conversation it is part of.
    pub conversation: Option<Cow<'r, str>>,
    /// Whose it is.
    pub tenant: Option<Cow<'r, str>>,
    /// Where it was made.
    pub span: Option<SpanContext>,
    /// When it happened, as `2026-11-21T09:30:00.000123Z`.
    pub occurred: Option<String>,
    /// What stands before its body, or in a header.
    pub framing: Framing,
    /// The payload. Two, if it cannot be told whether the body begins with what a registry calls its schema: the one
    /// behind it comes first. None, if what the key stands for is gone, or where no event is found.
    pub payloads: Vec<Cow<'r, [u8]>>,
}

/// Why it is not known what a record holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Unknown {
    /// No event of this type, or of this topic, is described.
    Type,
    /// The event is, and this version of it is not.
    Version(&'static Descriptor),
    /// What is around the payload cannot be read.
    Envelope(&'static Descriptor),
}

impl Candidate for Version {
    fn about(&self) -> &'static Descriptor {
        self.about
    }

    fn takes(&self, framing: Framing) -> bool {
        let Framing::SingleObject(print) = framing else {
            return false;
        };
        self.about.rabin == print || self.envelope == Some(print)
    }

    fn strips(&self, framing: Framing) -> bool {
        match framing {
            Framing::None => false,
            Framing::SingleObject(_) => self.takes(framing),
            // Which schema it is only the registry knows.
            Framing::ConfluentId(_) | Framing::ConfluentGuid(_) | Framing::Glue { .. } => true,
        }
    }
}

impl Catalogue {
    /// The events that have these descriptions. Of the versions of one the newest comes first.
    #[must_use]
    pub fn new(events: impl IntoIterator<Item = &'static Descriptor>) -> Catalogue {
        let known = events.into_iter().map(|about| {
            let wrapped = about.encoding == Encoding::Avro && about.envelope == Envelope::Obs;
            Version {
                about,
                envelope: wrapped.then(|| envelope::avro_fingerprint(about)).flatten(),
            }
        });
        Catalogue {
            known: known.collect(),
        }
    }

    /// What a record says of the event in it.
    #[must_use]
    pub fn read<'r>(&self, record: &Record<'r>) -> Seen<'r> {
        let mut head = Head::of(record.headers);
        let body = record.body.unwrap_or_default();
        let (framing, start) = find::framing(&head, body);
        let found = find::find(&self.known, record.topic.as_bytes(), &mut head, record.body);
        let mut payloads = Vec::new();
        let about = match found {
            Ok(found) => {
                let about = found.known.about;
                payloads.extend(found.payload.map(|payload| within(payload, body)));
                let bare = about.encoding == Encoding::Avro && about.envelope != Envelope::Obs;
                let guessed = start > 0 && !matches!(framing, Framing::SingleObject(_));
                if bare && guessed && !head.structured {
                    payloads.push(body.into());
                }
                Ok(about)
            }
            Err(Refused::Type) => Err(Unknown::Type),
            Err(Refused::Version(at)) => Err(Unknown::Version(self.known[at].about)),
            Err(Refused::Envelope(at)) => Err(Unknown::Envelope(self.known[at].about)),
        };
        let (occurred, span) = (head.occurred.map(stamp::rfc3339_of), head.span());
        Seen {
            about,
            id: head.id.map(Word::into_text),
            event_type: head.event_type.map(Word::into_text),
            version: head.version.map(Word::into_text),
            correlation: head.correlation.map(Word::into_text),
            causation: head.causation.map(Word::into_text),
            conversation: head.conversation.map(Word::into_text),
            tenant: head.tenant.map(Word::into_text),
            span,
            occurred: occurred.map(|text| String::from_utf8_lossy(&text).into_owned()),
            framing,
            payloads,
        }
    }
}

/// The bytes of a payload.
fn within(payload: Payload, body: &[u8]) -> Cow<'_, [u8]> {
    // What only looks like it is looked at again.
    let payload = find::again(&payload, body).unwrap_or(payload);
    match payload {
        Payload::Own(bytes) => bytes.into(),
        Payload::Within(range) | Payload::Likely(range) => {
            body.get(range).unwrap_or_default().into()
        }
    }
}
