//! Events that were not published.

use std::fmt;
use std::time::Duration;

use obs_schema::wire::EncodeError;

use crate::TypedError;
use crate::bus::BusError;
use crate::error_type::ErrorType;
use crate::ids::EventId;
use crate::span::Failure;
use crate::validate::Violations;

/// An event that was not published.
///
/// It says which event, by its id, and why. What was in the event it never says, so it can be logged and sent on.
///
/// ```
/// # use obs_runtime::{Event, Publisher};
/// # fn example<E: Event>(publisher: &Publisher<E>, event: &E) {
/// if let Err(error) = publisher.publish_blocking(event) {
///     eprintln!("{error} ({}, try again: {})", error.error_type(), error.retryable());
/// }
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct PublishError(Box<Failed>);

/// Hardly any publish fails, and what one gives back is a pointer wide.
#[derive(Clone, PartialEq)]
struct Failed {
    kind: PublishErrorKind,
    id: EventId,
}

/// Why an event was not published.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PublishErrorKind {
    /// It breaks its schema.
    Invalid(Violations),
    /// It cannot be encoded.
    Encode(EncodeError),
    /// The bus did not take it.
    Bus(BusError),
    /// The time for it was over. Whether the bus has it is not known.
    Timeout(Duration),
}

impl TypedError for PublishError {
    const TYPES: &'static [&'static str] = &[];

    fn error_type(&self) -> &'static str {
        self.error_type().as_str()
    }
}

impl PublishError {
    pub(super) fn new(kind: PublishErrorKind, id: EventId) -> PublishError {
        PublishError(Box::new(Failed { kind, id }))
    }

    /// As a span tells it.
    pub(super) fn failure(&self) -> Failure<'_> {
        Failure {
            error_type: self.error_type().as_str(),
            exception: "obs_runtime::PublishError",
            message: Some(self),
        }
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> &PublishErrorKind {
        &self.0.kind
    }

    /// The id it would have had: that of its span and of its log line.
    #[must_use]
    pub fn event_id(&self) -> &str {
        self.0.id.as_str()
    }

    /// Whether the same event may be published another time.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match &self.0.kind {
            PublishErrorKind::Invalid(_) | PublishErrorKind::Encode(_) => false,
            PublishErrorKind::Bus(error) => error.retryable(),
            PublishErrorKind::Timeout(_) => true,
        }
    }

    /// The `error.type` of telemetry.
    #[must_use]
    pub fn error_type(&self) -> ErrorType {
        match &self.0.kind {
            PublishErrorKind::Invalid(_) => ErrorType::Validation,
            PublishErrorKind::Encode(error) => match error.kind() {
                obs_schema::wire::EncodeErrorKind::Unrecognised => ErrorType::Validation,
                _ => ErrorType::Serialization,
            },
            PublishErrorKind::Bus(error) => error.error_type(),
            PublishErrorKind::Timeout(_) => ErrorType::Timeout,
        }
    }
}

impl fmt::Debug for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishError")
            .field("kind", self.kind())
            .field("id", &self.0.id)
            .finish()
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} was not published: ", self.event_id())?;
        match &self.0.kind {
            PublishErrorKind::Invalid(violations) => {
                write!(f, "it breaks its schema: {violations}")
            }
            PublishErrorKind::Encode(error) => write!(f, "it cannot be encoded: {error}"),
            PublishErrorKind::Bus(error) => write!(f, "{error}"),
            PublishErrorKind::Timeout(after) => {
                write!(f, "the bus had {after:?} and did not answer")
            }
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            PublishErrorKind::Invalid(violations) => Some(violations),
            PublishErrorKind::Encode(error) => Some(error),
            PublishErrorKind::Bus(error) => Some(error),
            PublishErrorKind::Timeout(_) => None,
        }
    }
}
