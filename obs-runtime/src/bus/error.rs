//! What can go wrong between a publisher and a bus.

use std::borrow::Cow;
use std::fmt;

use crate::error_type::ErrorType;

/// A record that a bus did not take, or a bus that cannot do what it was asked.
///
/// The text says what happened to the bus and never what was in the record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusError {
    kind: BusErrorKind,
    reason: Cow<'static, str>,
}

/// The ways in which a bus can fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum BusErrorKind {
    /// It holds as much as it may. [`Transport::room`](super::Transport::room) tells when that ends.
    Full,
    /// It is closed.
    Closed,
    /// It cannot be reached, or not now.
    Unavailable,
    /// It does not want this record, nor will it later.
    Rejected,
    /// The record is larger than the bus takes.
    TooLarge {
        /// The most it takes, in bytes.
        limit: usize,
    },
    /// It did not answer in time. Whether it has the record is not known.
    Timeout,
    /// The system underneath failed: a disk, a socket.
    Io,
    /// Somebody else has it, and it is not for two.
    InUse,
    /// It does not do this at all.
    Unsupported,
}

impl BusError {
    /// An error of this kind, in its own words.
    #[must_use]
    pub const fn new(kind: BusErrorKind) -> BusError {
        BusError {
            kind,
            reason: Cow::Borrowed(""),
        }
    }

    /// The same, with what is known beside it. Nothing that stands in a record may stand here.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> BusError {
        self.reason = reason.into();
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> BusErrorKind {
        self.kind
    }

    /// What is known beside the kind; may be empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the same record may be taken another time.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self.kind,
            BusErrorKind::Full | BusErrorKind::Unavailable | BusErrorKind::Timeout
        )
    }

    /// The `error.type` of telemetry.
    #[must_use]
    pub const fn error_type(&self) -> ErrorType {
        match self.kind {
            BusErrorKind::Rejected => ErrorType::Rejected,
            BusErrorKind::TooLarge { .. } => ErrorType::TooLarge,
            BusErrorKind::Timeout => ErrorType::Timeout,
            BusErrorKind::Full
            | BusErrorKind::Closed
            | BusErrorKind::Unavailable
            | BusErrorKind::InUse
            | BusErrorKind::Io => ErrorType::Unavailable,
            BusErrorKind::Unsupported => ErrorType::Other,
        }
    }
}

impl From<BusErrorKind> for BusError {
    fn from(kind: BusErrorKind) -> BusError {
        BusError::new(kind)
    }
}

impl fmt::Display for BusErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BusErrorKind::Full => "the bus is full",
            BusErrorKind::Closed => "the bus is closed",
            BusErrorKind::Unavailable => "the bus cannot be reached",
            BusErrorKind::Rejected => "the bus does not want the record",
            BusErrorKind::TooLarge { limit } => {
                return write!(f, "the bus takes records of {limit} bytes at most");
            }
            BusErrorKind::Timeout => "the bus did not answer in time",
            BusErrorKind::Io => "the system under the bus failed",
            BusErrorKind::InUse => "the bus belongs to somebody else",
            BusErrorKind::Unsupported => "the bus does not do this",
        })
    }
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for BusError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_and_whether_to_try_again() {
        for (kind, retryable, error_type, text) in [
            (BusErrorKind::Full, true, "unavailable", "the bus is full"),
            (
                BusErrorKind::Closed,
                false,
                "unavailable",
                "the bus is closed",
            ),
            (
                BusErrorKind::Timeout,
                true,
                "timeout",
                "the bus did not answer in time",
            ),
            (
                BusErrorKind::TooLarge { limit: 9 },
                false,
                "too_large",
                "the bus takes records of 9 bytes at most",
            ),
        ] {
            let error = BusError::new(kind);
            assert_eq!(
                (error.retryable(), error.error_type().as_str()),
                (retryable, error_type)
            );
            assert_eq!(error.to_string(), text);
            let more = error.with_reason("since noon");
            assert_eq!(more.to_string(), format!("{text}: since noon"));
        }
    }
}
