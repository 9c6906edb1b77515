//! What went wrong, as a word of a closed set: the `error.type` of spans, metrics and log lines.

use std::fmt;

use crate::event::Label;

/// What went wrong, as telemetry calls it everywhere.
///
/// ```
/// use obs_runtime::ErrorType;
///
/// assert_eq!(ErrorType::TooLarge.as_str(), "too_large");
/// assert_eq!(ErrorType::ALL[ErrorType::Panic.index()], ErrorType::Panic);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ErrorType {
    /// The event breaks its schema.
    Validation,
    /// The event cannot be encoded.
    Serialization,
    /// It took too long.
    Timeout,
    /// The other side is not there.
    Unavailable,
    /// The other side does not want it.
    Rejected,
    /// The message is over a limit.
    TooLarge,
    /// The bytes are no event.
    Decode,
    /// Nobody knows this type of event.
    UnknownType,
    /// Nobody knows this version of the event.
    UnknownVersion,
    /// The handler of the event failed.
    Handler,
    /// Whoever waited for it went away.
    Cancelled,
    /// A panic.
    Panic,
    /// None of the others.
    Other,
}

impl ErrorType {
    /// All of them, each at its [`index`](ErrorType::index).
    pub const ALL: &'static [ErrorType] = &[
        ErrorType::Validation,
        ErrorType::Serialization,
        ErrorType::Timeout,
        ErrorType::Unavailable,
        ErrorType::Rejected,
        ErrorType::TooLarge,
        ErrorType::Decode,
        ErrorType::UnknownType,
        ErrorType::UnknownVersion,
        ErrorType::Handler,
        ErrorType::Cancelled,
        ErrorType::Panic,
        ErrorType::Other,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorType::Validation => "validation",
            ErrorType::Serialization => "serialization",
            ErrorType::Timeout => "timeout",
            ErrorType::Unavailable => "unavailable",
            ErrorType::Rejected => "rejected",
            ErrorType::TooLarge => "too_large",
            ErrorType::Decode => "decode",
            ErrorType::UnknownType => "unknown_type",
            ErrorType::UnknownVersion => "unknown_version",
            ErrorType::Handler => "handler",
            ErrorType::Cancelled => "cancelled",
            ErrorType::Panic => "panic",
            ErrorType::Other => "_OTHER",
        }
    }

    /// Its place in [`ErrorType::ALL`].
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Label for ErrorType {
    const VALUES: &'static [&'static str] = &{
        let mut values = [""; ErrorType::ALL.len()];
        let mut at = 0;
        while at < values.len() {
            values[at] = ErrorType::ALL[at].as_str();
            at += 1;
        }
        values
    };

    fn index(&self) -> usize {
        (*self).index()
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_is_a_word_of_its_own_at_its_place() {
        for (at, error) in ErrorType::ALL.iter().enumerate() {
            assert_eq!(error.index(), at);
            assert_eq!(<ErrorType as Label>::VALUES[at], error.as_str());
        }
        let words: BTreeSet<&str> = ErrorType::ALL.iter().map(|error| error.as_str()).collect();
        assert_eq!(words.len(), ErrorType::ALL.len());
        let all = ErrorType::ALL.iter().map(|error| error.as_str());
        assert!(all.eq(obs_schema::names::ERROR_TYPES.iter().copied()));
    }
}
