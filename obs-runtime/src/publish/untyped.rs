//! Publishing events that have no types of their own.

use std::fmt;

use obs_schema::json::{Json, Number};
use obs_schema::wire::EncodeError;

use super::PublishError;
use super::flight::{Core, Payload};
use super::policy::Policy;
use super::prepared::prepared;
use crate::bus::{Bus, OwnedRecord};
use crate::context::Context;
use crate::event::{Descriptor, Key};
use crate::metric::Feeds;
use crate::tell::{Said, Tell, Telling};
use crate::validate::Violations;

/// An event without a type: what its publisher wants to know of it.
///
/// Whoever makes one has checked it, and encoded it as its description says.
#[derive(Clone, Copy, Debug)]
pub struct Untyped<'e> {
    /// The payload, encoded.
    pub payload: &'e [u8],
    /// The same as JSON, for what is said of its fields.
    pub json: &'e Json,
    /// The message key.
    pub key: &'e Key<'e>,
}

/// Makes the records of an event that has no type: those that the publisher of a generated type makes, with the same
/// envelope and headers.
///
/// ```
/// use obs_runtime::untyped::{Untyped, UntypedPublisher};
/// use obs_runtime::{Bus, Context, Descriptor, Json, Key};
///
/// static ORDER: Descriptor = Descriptor {
///     event_type: "order.placed",
///     topic: "order.placed.v1",
///     ..Descriptor::BLANK
/// };
///
/// let payload = br#"{"orderId":"ord_1"}"#;
/// let json = Json::parse(payload)?;
/// let event = Untyped { payload, json: &json, key: &Key::from("ord_1") };
/// let bus = Bus::memory(16).for_source("a-script");
/// let record = UntypedPublisher::new(&bus, &ORDER).prepare(&event, &Context::NONE)?;
/// assert_eq!(record.topic(), "order.placed.v1");
/// assert_eq!(record.header("event-type"), Some(&b"order.placed"[..]));
/// bus.send_confirmed(&record.as_record()).wait()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UntypedPublisher {
    core: Core,
}

impl UntypedPublisher {
    /// A publisher of what this describes.
    #[must_use]
    pub fn new(bus: &Bus, about: &'static Descriptor) -> UntypedPublisher {
        UntypedPublisher {
            core: Core {
                bus: bus.clone(),
                prepared: prepared(about, bus),
                policy: Policy::new(about.audit),
            },
        }
    }

    /// Makes the record of an event in a context, and leaves it to the caller to send it.
    ///
    /// # Errors
    ///
    /// The envelope cannot be written around it.
    pub fn prepare(
        &self,
        event: &Untyped<'_>,
        context: &Context,
    ) -> Result<OwnedRecord, PublishError> {
        let event = (self.core.prepared.about, event);
        self.core.prepare(&event, context.clone())
    }
}

impl fmt::Debug for UntypedPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedPublisher")
            .field("core", &self.core)
            .finish()
    }
}

impl Payload for (&'static Descriptor, &Untyped<'_>) {
    fn violations(&self) -> Result<(), Violations> {
        Ok(())
    }

    fn message_key(&self) -> Key<'_> {
        self.1.key.clone()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(self.1.payload);
        Ok(())
    }

    fn say(&self, to: &mut Tell<'_>) {
        for (at, field) in self.0.fields.iter().enumerate() {
            let sensitive = field.pii.is_some() || field.secret;
            if let Some(value) = self.1.json.get(field.wire) {
                to.field(at, &Value { value, sensitive });
            }
        }
    }

    fn place(&self) -> usize {
        0
    }

    fn supply(&self, _: &Feeds<'_>) {}
}

/// A member of the event.
struct Value<'e> {
    value: &'e Json,
    sensitive: bool,
}

impl Telling for Value<'_> {
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        let said = match self.value {
            Json::String(text) => Said::Text(text),
            Json::Bool(value) => Said::Bool(*value),
            Json::Number(Number::Int(value)) => Said::Int(*value),
            Json::Number(Number::UInt(value)) => Said::Uint(*value),
            Json::Number(number) => Said::Float(number.as_f64()),
            // What is more than one plain value is nobody's id.
            Json::Null | Json::Array(_) | Json::Object(_) => return,
        };
        say(said, self.sensitive);
    }
}
