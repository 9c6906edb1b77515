//! Durations as Avro has them.

use std::fmt;
use std::str::FromStr;

use obs_schema::wire::{DecodeError, avro, json};

use super::ParseError;
use super::calendar::{Scanner, padded};
use crate::codec::{AvroCodec, JsonCodec};
use crate::validate::anything;

/// A span of calendar time: months, days and milliseconds, none of which can be counted in another.
///
/// In Avro it is a fixed of 12 bytes; its text is that of ISO 8601.
///
/// ```
/// use obs_runtime::types::Duration;
///
/// let span = Duration { months: 1, days: 2, millis: 3_500 };
/// assert_eq!(span.to_string(), "P1M2DT3.5S");
/// assert_eq!("P1Y".parse(), Ok(Duration { months: 12, days: 0, millis: 0 }));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Duration {
    /// Months.
    pub months: u32,
    /// Days.
    pub days: u32,
    /// Milliseconds.
    pub millis: u32,
}

impl Duration {
    /// The twelve bytes on the wire: three numbers, the lowest byte first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let parts = [self.months, self.days, self.millis];
        for (bytes, part) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(parts) {
            *bytes = part.to_le_bytes();
        }
        bytes
    }

    /// The duration of twelve bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Duration {
        let [m0, m1, m2, m3, d0, d1, d2, d3, s0, s1, s2, s3] = bytes;
        Duration {
            months: u32::from_le_bytes([m0, m1, m2, m3]),
            days: u32::from_le_bytes([d0, d1, d2, d3]),
            millis: u32::from_le_bytes([s0, s1, s2, s3]),
        }
    }

    /// Writes the duration as Avro's fixed.
    #[inline]
    pub fn write_avro(&self, w: &mut avro::Writer) {
        w.fixed(&self.to_bytes());
    }

    /// Reads the duration from Avro's fixed.
    #[inline]
    pub fn read_avro(r: &mut avro::Reader<'_>) -> Result<Duration, DecodeError> {
        r.fixed().map(Duration::from_bytes)
    }

    /// Writes the duration as JSON, the way Avro writes its fixed.
    pub fn write_json_bytes(&self, w: &mut json::Writer) {
        w.bytes(&self.to_bytes());
    }

    /// Reads JSON that was written with [`Duration::write_json_bytes`].
    pub fn read_json_bytes(r: &mut json::Reader<'_>) -> Result<Duration, DecodeError> {
        r.fixed().map(Duration::from_bytes)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        padded(f, &|f| {
            f.write_str("P")?;
            if self.months > 0 {
                write!(f, "{}M", self.months)?;
            }
            if self.days > 0 {
                write!(f, "{}D", self.days)?;
            }
            if self.millis > 0 || (self.months == 0 && self.days == 0) {
                write!(f, "T{}", self.millis / 1_000)?;
                if !self.millis.is_multiple_of(1_000) {
                    let fraction = format!(".{:03}", self.millis % 1_000);
                    f.write_str(fraction.trim_end_matches('0'))?;
                }
                f.write_str("S")?;
            }
            Ok(())
        })
    }
}

/// ISO 8601: `P1Y2M3W4DT5H6M7.008S`, parts in this order, at least one.
impl FromStr for Duration {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Duration, ParseError> {
        parse(text).ok_or(ParseError::new("a duration such as `P1M2DT3.5S`"))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut scanner = Scanner::new(text);
    scanner.any(&['P'])?;
    let [mut months, mut days, mut millis] = [0_i64; 3];
    // What may still come: a letter, where its value goes, and how many of it one is.
    let mut letters: &[char] = &['Y', 'M', 'W', 'D'];
    let mut time = false;
    let mut parts = 0;
    while !scanner.is_empty() {
        if !time && scanner.any(&['T']).is_some() {
            (time, letters, parts) = (true, &['H', 'M', 'S'], 0);
            continue;
        }
        let value = scanner.number(1, 10)?;
        let fraction = match scanner.any(&['.', ',']) {
            Some(_) if time => Some(scanner.fraction(3)?),
            Some(_) => return None,
            None => None,
        };
        let letter = scanner.any(letters)?;
        let at = letters.iter().position(|other| *other == letter)?;
        letters = &letters[at + 1..];
        parts += 1;
        if fraction.is_some() && letter != 'S' {
            return None;
        }
        match (time, letter) {
            (false, 'Y') => months += value * 12,
            (false, 'M') => months += value,
            (false, 'W') => days += value * 7,
            (false, _) => days += value,
            (true, 'H') => millis += value * 3_600_000,
            (true, 'M') => millis += value * 60_000,
            (true, _) => millis += value * 1_000 + fraction.unwrap_or(0),
        }
    }
    if parts == 0 {
        return None;
    }
    Some(Duration {
        months: u32::try_from(months).ok()?,
        days: u32::try_from(days).ok()?,
        millis: u32::try_from(millis).ok()?,
    })
}

impl AvroCodec for Duration {
    #[inline]
    fn write_avro(&self, w: &mut avro::Writer) {
        Duration::write_avro(self, w);
    }

    #[inline]
    fn read_avro(r: &mut avro::Reader<'_>) -> Result<Duration, DecodeError> {
        Duration::read_avro(r)
    }
}

/// As text.
impl JsonCodec for Duration {
    fn write_json(&self, w: &mut json::Writer) {
        w.string(&self.to_string());
    }

    fn read_json(r: &mut json::Reader<'_>) -> Result<Duration, DecodeError> {
        let at = r.position();
        r.str()?
            .parse()
            .map_err(|error: ParseError| DecodeError::refused(error, at))
    }
}

anything!(Duration);
