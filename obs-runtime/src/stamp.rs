//! Times as text: `2026-11-21T09:30:00.000123Z`, the one form of envelopes, headers and log lines.

use std::cell::Cell;

use crate::clock::Moment;

/// How long the text is.
pub(crate) const LENGTH: usize = 27;

/// A day, in seconds.
const DAY: u64 = 86_400;

thread_local! {
    /// Everything up to the point is worked out once a second and thread.
    static SECOND: Cell<(u64, [u8; 20])> = const { Cell::new((u64::MAX, [0; 20])) };
}

/// The time of day in UTC, with microseconds.
#[inline]
pub(crate) fn rfc3339(at: Moment) -> [u8; LENGTH] {
    rfc3339_of(at.unix_nanos())
}

/// The same of nanoseconds since 1970.
#[inline]
pub(crate) fn rfc3339_of(nanos: u64) -> [u8; LENGTH] {
    let micros = nanos / 1_000;
    let (second, rest) = (micros / 1_000_000, micros % 1_000_000);
    let (known, mut whole) = SECOND.get();
    if known != second {
        whole = whole_of(second);
        SECOND.set((second, whole));
    }
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    text[..20].copy_from_slice(&whole);
    for (place, value) in [
        (20, rest / 10_000),
        (22, rest / 100 % 100),
        (24, rest % 100),
    ] {
        text[place..place + 2].copy_from_slice(&two(value));
    }
    text
}

#[cfg(feature = "tokio")]
thread_local! {
    /// The second that was read last, and its text.
    static READ: Cell<([u8; 20], u64)> = const { Cell::new(([0; 20], 0)) };
}

/// Nanoseconds since 1970, of a text in any form that RFC 3339 knows.
#[cfg(feature = "tokio")]
pub(crate) fn nanos_of(text: &str) -> Option<u64> {
    let parsed = |text: &str| {
        let at: crate::types::TimestampNanos = text.parse().ok()?;
        u64::try_from(at.0).ok()
    };
    // Our own form, most of which was so a moment ago.
    let Some((whole, [micros @ .., b'Z'])) = text.as_bytes().split_first_chunk::<20>() else {
        return parsed(text);
    };
    if micros.len() != 6 || !micros.iter().all(u8::is_ascii_digit) || whole[19] != b'.' {
        return parsed(text);
    }
    let (known, mut second) = READ.get();
    if known != *whole {
        second = parsed(text)? / SECOND_NANOS;
        READ.set((*whole, second));
    }
    let micros = micros
        .iter()
        .fold(0, |all, digit| all * 10 + u64::from(digit - b'0'));
    Some(second * SECOND_NANOS + micros * 1_000)
}

#[cfg(feature = "tokio")]
use crate::clock::SECOND as SECOND_NANOS;

/// Date and time up to the point.
#[cold]
fn whole_of(second: u64) -> [u8; 20] {
    let (day, rest) = (second / DAY, second % DAY);
    let (year, month, date) = crate::types::civil(i64::try_from(day).unwrap_or_default());
    let year = u64::try_from(year).unwrap_or_default();
    let mut text = *b"0000-00-00T00:00:00.";
    for (place, value) in [
        (0, year / 100),
        (2, year),
        (5, u64::from(month)),
        (8, u64::from(date)),
        (11, rest / 3_600),
        (14, rest / 60 % 60),
        (17, rest % 60),
    ] {
        text[place..place + 2].copy_from_slice(&two(value % 100));
    }
    text
}

/// Two digits of a number below a hundred.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it is below a hundred")]
fn two(value: u64) -> [u8; 2] {
    [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::types::TimestampMicros;

    #[test]
    fn it_is_the_text_of_the_time_stamp() {
        for offset in [
            0,
            1,
            999,
            1_000_000,
            86_400_000_000_000,
            3_600_000_000_000 * 7,
        ] {
            let at = Moment(clock::now().0 + offset);
            assert_eq!(
                str::from_utf8(&rfc3339(at)).unwrap(),
                format!("{:.27}", Full(at))
            );
        }
    }

    /// The time stamp as it prints itself, with all six digits of its fraction.
    struct Full(Moment);

    impl std::fmt::Display for Full {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let micros = i64::try_from(self.0.unix_nanos() / 1_000).unwrap();
            let text = TimestampMicros(micros).to_string();
            let text = text.trim_end_matches('Z');
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            write!(f, "{whole}.{fraction:0<6}Z")
        }
    }
}
