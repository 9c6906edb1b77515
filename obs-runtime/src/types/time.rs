//! Dates, times of day and timestamps.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration as Span, SystemTime};

use obs_schema::wire::json::Kind;
use obs_schema::wire::{DecodeError, avro, json};

use super::ParseError;
use super::calendar::{Scanner, padded, write_date, write_time};
use crate::codec::{AvroCodec, JsonCodec};
use crate::validate::anything;

/// What a whole text says.
fn whole(text: &str, read: fn(&mut Scanner<'_>) -> Option<i64>) -> Option<i64> {
    let mut scanner = Scanner::new(text);
    let value = read(&mut scanner)?;
    scanner.is_empty().then_some(value)
}

/// A number on the wire with a readable form beside it.
macro_rules! number {
    ($(#[$meta:meta])* $name:ident($inner:ident) as $avro:ident, $expected:literal, $write:expr, $read:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// The number on the wire.
            pub $inner,
        );

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let write: fn(&mut fmt::Formatter<'_>, i64) -> fmt::Result = $write;
                padded(f, &|f| write(f, i64::from(self.0)))
            }
        }

        /// The readable form.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<$name, ParseError> {
                match whole(text, $read).map($inner::try_from) {
                    Some(Ok(value)) => Ok($name(value)),
                    _ => Err(ParseError::new($expected)),
                }
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> $name {
                $name(value)
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> $inner {
                value.0
            }
        }

        impl AvroCodec for $name {
            #[inline]
            fn write_avro(&self, w: &mut avro::Writer) {
                w.$avro(self.0);
            }

            #[inline]
            fn read_avro(r: &mut avro::Reader<'_>) -> Result<$name, DecodeError> {
                r.$avro().map($name)
            }
        }

        impl JsonCodec for $name {
            #[inline]
            fn write_json(&self, w: &mut json::Writer) {
                w.$inner(self.0);
            }

            #[inline]
            fn read_json(r: &mut json::Reader<'_>) -> Result<$name, DecodeError> {
                match r.peek_kind()? {
                    Kind::String => {
                        let at = r.position();
                        r.str()?.parse().map_err(|error: ParseError| DecodeError::refused(error, at))
                    }
                    _ => r.$inner().map($name),
                }
            }
        }

        anything!($name);
    };
}

number! {
    /// A day of the calendar: days after 1970-01-01.
    ///
    /// ```
    /// use obs_runtime::types::Date;
    ///
    /// let date: Date = "2026-11-21".parse()?;
    /// assert_eq!((date.0, date.to_string().as_str()), (20_778, "2026-11-21"));
    /// # Ok::<(), obs_runtime::types::ParseError>(())
    /// ```
    Date(i32) as int, "a date such as `2026-11-21`", write_date, |scanner| scanner.date()
}

/// A time of day.
macro_rules! time {
    ($(#[$meta:meta])* $name:ident($inner:ident) as $avro:ident, $digits:literal) => {
        number! {
            $(#[$meta])*
            $name($inner) as $avro, "a time such as `09:30:00`",
            |f, units| {
                // Nothing keeps a sender from a time that is none; it is shown as the number it is.
                if (0..86_400 * 10_i64.pow($digits)).contains(&units) {
                    write_time(f, units, $digits)
                } else {
                    write!(f, "{units}")
                }
            },
            |scanner| {
                let units = scanner.time($digits)?;
                (units < 86_400 * 10_i64.pow($digits)).then_some(units)
            }
        }
    };
}

time! {
    /// A time of day: milliseconds after midnight, in no particular zone.
    ///
    /// ```
    /// use obs_runtime::types::TimeMillis;
    ///
    /// assert_eq!("09:30:00.5".parse(), Ok(TimeMillis(34_200_500)));
    /// assert_eq!(TimeMillis(34_200_500).to_string(), "09:30:00.500");
    /// ```
    TimeMillis(i32) as int, 3
}

time! {
    /// A time of day: microseconds after midnight, in no particular zone.
    TimeMicros(i64) as long, 6
}

/// A timestamp: a date and a time, with `Z` when it is an instant.
macro_rules! timestamp {
    ($(#[$meta:meta])* $name:ident, $digits:literal, $instant:literal, $expected:literal) => {
        number! {
            $(#[$meta])*
            $name(i64) as long, $expected,
            |f, units| {
                let per_day = 86_400 * 10_i64.pow($digits);
                write_date(f, units.div_euclid(per_day))?;
                f.write_str("T")?;
                write_time(f, units.rem_euclid(per_day), $digits)?;
                if $instant { f.write_str("Z") } else { Ok(()) }
            },
            |scanner| {
                let per_second = 10_i64.pow($digits);
                let days = scanner.date()?;
                scanner.any(&['T', 't', ' '])?;
                let time = scanner.time($digits)?;
                let offset = if $instant { scanner.offset()? } else { 0 };
                // In 128 bits nothing on the way overflows, so the whole range can be read.
                let seconds = i128::from(days) * 86_400 - i128::from(offset);
                i64::try_from(seconds * i128::from(per_second) + i128::from(time)).ok()
            }
        }
    };
}

/// Units of so many nanoseconds after 1970-01-01T00:00:00Z, rounded down.
fn units_of(time: SystemTime, nanos: u128) -> Option<i64> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos() / nanos).ok(),
        Err(before) => {
            let units = i128::try_from(before.duration().as_nanos().div_ceil(nanos)).ok()?;
            i64::try_from(-units).ok()
        }
    }
}

/// An instant, which also converts to and from the system's time.
macro_rules! instant {
    ($(#[$meta:meta])* $name:ident, $digits:literal, $nanos:literal, $span:ident) => {
        timestamp!($(#[$meta])* $name, $digits, true, "an instant such as `2026-11-21T09:30:00Z`");

        /// Rounded down to the unit; an error outside the range of 64 bits.
        impl TryFrom<SystemTime> for $name {
            type Error = ParseError;

            fn try_from(time: SystemTime) -> Result<$name, ParseError> {
                match units_of(time, $nanos) {
                    Some(units) => Ok($name(units)),
                    None => Err(ParseError::new("an instant within 64 bits")),
                }
            }
        }

        /// An error where the system's time has no such instant.
        impl TryFrom<$name> for SystemTime {
            type Error = ParseError;

            fn try_from(time: $name) -> Result<SystemTime, ParseError> {
                let span = Span::$span(time.0.unsigned_abs());
                let time = if time.0 < 0 {
                    SystemTime::UNIX_EPOCH.checked_sub(span)
                } else {
                    SystemTime::UNIX_EPOCH.checked_add(span)
                };
                time.ok_or(ParseError::new("an instant that the system's time can hold"))
            }
        }
    };
}

instant! {
    /// An instant: milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use obs_runtime::types::TimestampMillis;
    ///
    /// let time: TimestampMillis = "2026-11-21T10:30:00.5+01:00".parse()?;
    /// assert_eq!(time.to_string(), "2026-11-21T09:30:00.500Z");
    /// # Ok::<(), obs_runtime::types::ParseError>(())
    /// ```
    TimestampMillis, 3, 1_000_000, from_millis
}

instant! {
    /// An instant: microseconds after 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use obs_runtime::types::TimestampMicros;
    /// use std::time::SystemTime;
    ///
    /// let time = TimestampMicros::try_from(SystemTime::UNIX_EPOCH)?;
    /// assert_eq!(time.to_string(), "1970-01-01T00:00:00.000000Z");
    /// # Ok::<(), obs_runtime::types::ParseError>(())
    /// ```
    TimestampMicros, 6, 1_000, from_micros
}

instant! {
    /// An instant: nanoseconds after 1970-01-01T00:00:00Z.
    TimestampNanos, 9, 1, from_nanos
}

timestamp! {
    /// A date and time in no particular zone: milliseconds after 1970-01-01T00:00:00 there.
    ///
    /// ```
    /// use obs_runtime::types::LocalTimestampMillis;
    ///
    /// assert_eq!(LocalTimestampMillis(0).to_string(), "1970-01-01T00:00:00.000");
    /// ```
    LocalTimestampMillis, 3, false, "a date and time such as `2026-11-21T09:30:00`"
}

timestamp! {
    /// A date and time in no particular zone: microseconds after 1970-01-01T00:00:00 there.
    LocalTimestampMicros, 6, false, "a date and time such as `2026-11-21T09:30:00`"
}

timestamp! {
    /// A date and time in no particular zone: nanoseconds after 1970-01-01T00:00:00 there.
    LocalTimestampNanos, 9, false, "a date and time such as `2026-11-21T09:30:00`"
}
