//! Logical types: what Avro calls dates, times, decimals and ids, each in a thin wrapper with a readable form.
//!
//! They hold exactly what is on the wire and convert to the types of other crates behind features.
//! In JSON, dates and times are the numbers that Avro makes of them, and ids are text; where a schema puts
//! decimals and durations into bytes, so does its JSON. On their own, as [`JsonCodec`](crate::JsonCodec), those are
//! text, for bytes without a schema tell nobody anything. Reading dates and times takes their text as well.

mod calendar;
mod convert;
mod decimal;
mod digits;
mod duration;
mod time;
mod uuid;

#[cfg(test)]
mod tests;

use std::fmt;

pub use decimal::{BigDecimal, Decimal};
pub use duration::Duration;
pub use time::{
    Date, LocalTimestampMicros, LocalTimestampMillis, LocalTimestampNanos, TimeMicros, TimeMillis,
    TimestampMicros, TimestampMillis, TimestampNanos,
};
pub use uuid::Uuid;

/// Text that is not what a logical type looks like, or a value it has no room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseError {
    expected: &'static str,
}

impl ParseError {
    pub(crate) const fn new(expected: &'static str) -> ParseError {
        ParseError { expected }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for std::borrow::Cow<'static, str> {
    fn from(error: ParseError) -> Self {
        error.to_string().into()
    }
}

/// Year, month and day of so many days after 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, u8, u8) {
    let date = calendar::Civil::of_days(days);
    (date.year, date.month, date.day)
}
