//! Days, civil dates and times of day, and their text. The calendar is Gregorian in both directions without end.

use std::fmt::{self, Write as _};

/// A civil date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u8,
    pub(super) day: u8,
}

/// Days in 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// Days from the first of March of year 0, where counting in eras begins, to 1970-01-01.
const EPOCH: i64 = 719_468;

impl Civil {
    /// The date so many days after 1970-01-01.
    ///
    /// Years are counted from March, so that the leap day is a year's last.
    pub(super) fn of_days(days: i64) -> Civil {
        let days = days + EPOCH;
        let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year = (day - day / 1_460 + day / 36_524 - day / (ERA - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let date = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Civil {
            year: year + era * 400 + i64::from(month <= 2),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(date).unwrap_or(1),
        }
    }

    /// Days after 1970-01-01; `None` when there is no such date.
    pub(super) fn days(self) -> Option<i64> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let length = match self.month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        // Texts hold no larger years, and the sums below stay far from overflow.
        if self.day == 0 || self.day > length || self.year.abs() > 999_999_999 {
            return None;
        }
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let month = if month > 2 { month - 3 } else { month + 9 };
        Some(
            era * ERA + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day
                - 1
                - EPOCH,
        )
    }
}

/// `2026-11-21`; years beyond four digits have a sign and at least five, as ISO 8601 has it.
pub(super) fn write_date(f: &mut fmt::Formatter<'_>, days: i64) -> fmt::Result {
    let Civil { year, month, day } = Civil::of_days(days);
    if (0..=9_999).contains(&year) {
        write!(f, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(f, "{year:+06}-{month:02}-{day:02}")
    }
}

/// `09:30:00.123`, with so many digits after the point.
pub(super) fn write_time(f: &mut fmt::Formatter<'_>, units: i64, digits: u32) -> fmt::Result {
    let per_second = 10_i64.pow(digits);
    let (seconds, fraction) = (units / per_second, units % per_second);
    write!(
        f,
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )?;
    if digits > 0 {
        write!(f, ".{fraction:0width$}", width = digits as usize)?;
    }
    Ok(())
}

/// Reads a text from the left.
pub(super) struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Scanner<'t> {
        Scanner { rest: text }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// One of these characters.
    pub(super) fn any(&mut self, chars: &[char]) -> Option<char> {
        let c = self.rest.chars().next()?;
        if !chars.contains(&c) {
            return None;
        }
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// A number of at least and at most so many digits.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let digits = self.digits(most);
        if digits.len() < least {
            return None;
        }
        digits.parse().ok()
    }

    fn digits(&mut self, most: usize) -> &'t str {
        let bytes = self.rest.as_bytes();
        let mut count = 0;
        while count < most
            && let Some(b'0'..=b'9') = bytes.get(count)
        {
            count += 1;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits
    }

    /// Two digits for a number below a bound.
    fn pair(&mut self, bound: i64) -> Option<i64> {
        let number = self.number(2, 2)?;
        (number < bound).then_some(number)
    }

    /// `2026-11-21`, as days.
    pub(super) fn date(&mut self) -> Option<i64> {
        let year = match self.any(&['+', '-']) {
            Some('-') => -self.number(5, 9)?,
            Some(_) => self.number(5, 9)?,
            None => self.number(4, 4)?,
        };
        self.any(&['-'])?;
        let month = u8::try_from(self.number(2, 2)?).ok()?;
        self.any(&['-'])?;
        let day = u8::try_from(self.number(2, 2)?).ok()?;
        Civil { year, month, day }.days()
    }

    /// `09:30:00.123`, as units of a second with so many digits. Finer digits must be zeros; second 60 is the
    /// first one of the next minute, for leap seconds have no place in these types.
    pub(super) fn time(&mut self, digits: u32) -> Option<i64> {
        let hour = self.pair(24)?;
        self.any(&[':'])?;
        let minute = self.pair(60)?;
        self.any(&[':'])?;
        let second = self.pair(61)?;
        let fraction = match self.any(&['.', ',']) {
            Some(_) => self.fraction(digits)?,
            None => 0,
        };
        Some((hour * 3_600 + minute * 60 + second) * 10_i64.pow(digits) + fraction)
    }

    /// The digits after a point, as units of which ten to the power of `digits` are one. Finer ones must be zeros.
    pub(super) fn fraction(&mut self, digits: u32) -> Option<i64> {
        let text = self.digits(usize::MAX);
        let (kept, finer) = text.split_at(text.len().min(digits as usize));
        if text.is_empty() || finer.bytes().any(|digit| digit != b'0') {
            return None;
        }
        let missing = digits - u32::try_from(kept.len()).ok()?;
        Some(kept.parse::<i64>().ok()? * 10_i64.pow(missing))
    }

    /// `Z` or `+01:00`, as seconds east.
    pub(super) fn offset(&mut self) -> Option<i64> {
        let sign = match self.any(&['Z', 'z', '+', '-'])? {
            '+' => 1,
            '-' => -1,
            _ => return Some(0),
        };
        let hour = self.pair(24)?;
        self.any(&[':'])?;
        let minute = self.pair(60)?;
        Some(sign * (hour * 3_600 + minute * 60))
    }
}

/// Pads a text as the caller of `Display` asked.
pub(super) fn padded(
    f: &mut fmt::Formatter<'_>,
    write: &dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    struct Plain<'a>(&'a dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result);
    impl fmt::Display for Plain<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }
    if f.width().is_none() && f.precision().is_none() {
        return write(f);
    }
    let mut text = String::new();
    write!(text, "{}", Plain(write))?;
    f.pad(&text)
}
