//! Dates and times of RFC 3339, durations of its appendix A.

/// Two digits at a place.
fn pair(bytes: &[u8], at: usize) -> Option<u32> {
    let digit = |at: usize| match bytes.get(at) {
        Some(digit @ b'0'..=b'9') => Some(u32::from(digit - b'0')),
        _ => None,
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

pub(super) fn date_time(text: &str) -> bool {
    let split = text.get(..10).zip(text.get(11..));
    split.is_some_and(|(day, clock)| {
        matches!(text.as_bytes()[10], b'T' | b't') && date(day) && time(clock)
    })
}

pub(super) fn date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let parts = (
        pair(bytes, 0),
        pair(bytes, 2),
        pair(bytes, 5),
        pair(bytes, 8),
    );
    let (Some(century), Some(year), Some(month), Some(day)) = parts else {
        return false;
    };
    let year = century * 100 + year;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

pub(super) fn time(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 9 || bytes[2] != b':' || bytes[5] != b':' {
        return false;
    }
    let (Some(hour), Some(minute), Some(second)) = (pair(bytes, 0), pair(bytes, 3), pair(bytes, 6))
    else {
        return false;
    };
    let mut rest = &bytes[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let mut digits = 0;
        while let Some(b'0'..=b'9') = fraction.get(digits) {
            digits += 1;
        }
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    let Some(offset) = offset(rest) else {
        return false;
    };
    if hour > 23 || minute > 59 || second > 60 {
        return false;
    }
    // A leap second is the last of a day in UTC.
    let minutes = i64::from(hour * 60 + minute) - offset;
    second < 60 || minutes.rem_euclid(24 * 60) == 24 * 60 - 1
}

/// `Z` or `+hh:mm`, in minutes.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (pair(bytes, 1)?, pair(bytes, 4)?);
            let total = i64::from(hours * 60 + minutes);
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { total } else { -total })
        }
        _ => None,
    }
}

pub(super) fn duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    let (days, clock) = match rest.split_once('T') {
        Some((days, clock)) => (days, Some(clock)),
        None => (rest, None),
    };
    if let (Some(weeks), None) = (days.strip_suffix('W'), clock) {
        return !weeks.is_empty() && weeks.bytes().all(|b| b.is_ascii_digit());
    }
    let clock_holds = clock.is_none_or(|clock| !clock.is_empty() && run_of_units(clock, "HMS"));
    clock_holds && run_of_units(days, "YMD") && !rest.is_empty()
}

/// Numbers with units in order; a unit between two others may not be left out.
fn run_of_units(text: &str, units: &str) -> bool {
    let mut rest = text;
    let mut next: Option<usize> = None;
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let unit = after.chars().next().and_then(|unit| units.find(unit));
        let Some(unit) =
            unit.filter(|unit| after.len() < rest.len() && next.is_none_or(|next| next == *unit))
        else {
            return false;
        };
        next = Some(unit + 1);
        rest = &after[1..];
    }
    true
}
