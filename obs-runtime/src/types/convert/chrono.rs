//! `chrono`

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::types::{
    Date, LocalTimestampMicros, LocalTimestampMillis, LocalTimestampNanos, ParseError, TimeMicros,
    TimeMillis, TimestampMicros, TimestampMillis, TimestampNanos,
};

/// What chrono does not have: its years end with 262,142.
const BEYOND: ParseError = ParseError::new("a time within the years that `chrono` has");

const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Date {
        // Their years are fewer than ours.
        Date(i32::try_from((date - EPOCH).num_days()).unwrap_or(i32::MAX))
    }
}

impl TryFrom<Date> for NaiveDate {
    type Error = ParseError;

    fn try_from(date: Date) -> Result<NaiveDate, ParseError> {
        TimeDelta::try_days(i64::from(date.0))
            .and_then(|days| EPOCH.checked_add_signed(days))
            .ok_or(BEYOND)
    }
}

/// A time of day, cut to its unit. A leap second is the last one of its minute.
macro_rules! time {
    ($name:ident($inner:ident): $nanos:literal) => {
        impl From<NaiveTime> for $name {
            fn from(time: NaiveTime) -> $name {
                let nanos = u64::from(time.nanosecond().min(999_999_999));
                let units =
                    (u64::from(time.num_seconds_from_midnight()) * 1_000_000_000 + nanos) / $nanos;
                // A day has fewer units than the type holds.
                $name($inner::try_from(units).unwrap_or($inner::MAX))
            }
        }

        impl TryFrom<$name> for NaiveTime {
            type Error = ParseError;

            fn try_from(time: $name) -> Result<NaiveTime, ParseError> {
                let nanos = u64::try_from(time.0)
                    .ok()
                    .and_then(|units| units.checked_mul($nanos));
                nanos
                    .and_then(|nanos| {
                        let seconds = u32::try_from(nanos / 1_000_000_000).ok()?;
                        let nanos = u32::try_from(nanos % 1_000_000_000).ok()?;
                        NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)
                    })
                    .ok_or(ParseError::new("a time of day"))
            }
        }
    };
}

time!(TimeMillis(i32): 1_000_000);
time!(TimeMicros(i64): 1_000);

/// An instant and a date and time without a zone, cut down to their unit.
macro_rules! timestamp {
    ($instant:ident, $local:ident: $of:ident, $to:expr) => {
        impl From<DateTime<Utc>> for $instant {
            fn from(time: DateTime<Utc>) -> $instant {
                $instant(time.$of())
            }
        }

        impl From<NaiveDateTime> for $local {
            fn from(time: NaiveDateTime) -> $local {
                $local(time.and_utc().$of())
            }
        }

        back!($instant, $local: $to);
    };
}

/// The same the other way.
macro_rules! back {
    ($instant:ident, $local:ident: $to:expr) => {
        impl TryFrom<$instant> for DateTime<Utc> {
            type Error = ParseError;

            fn try_from(time: $instant) -> Result<DateTime<Utc>, ParseError> {
                let to: fn(i64) -> Option<DateTime<Utc>> = $to;
                to(time.0).ok_or(BEYOND)
            }
        }

        impl TryFrom<$local> for NaiveDateTime {
            type Error = ParseError;

            fn try_from(time: $local) -> Result<NaiveDateTime, ParseError> {
                let to: fn(i64) -> Option<DateTime<Utc>> = $to;
                to(time.0).map(|time| time.naive_utc()).ok_or(BEYOND)
            }
        }
    };
}

timestamp!(TimestampMillis, LocalTimestampMillis: timestamp_millis, DateTime::from_timestamp_millis);
timestamp!(TimestampMicros, LocalTimestampMicros: timestamp_micros, DateTime::from_timestamp_micros);
back!(TimestampNanos, LocalTimestampNanos: |nanos| Some(DateTime::from_timestamp_nanos(nanos)));

/// What 64 bits do not have: they end in the year 2262.
const NANOS: ParseError = ParseError::new("a time whose nanoseconds fit 64 bits");

impl TryFrom<DateTime<Utc>> for TimestampNanos {
    type Error = ParseError;

    fn try_from(time: DateTime<Utc>) -> Result<TimestampNanos, ParseError> {
        time.timestamp_nanos_opt().map(TimestampNanos).ok_or(NANOS)
    }
}

impl TryFrom<NaiveDateTime> for LocalTimestampNanos {
    type Error = ParseError;

    fn try_from(time: NaiveDateTime) -> Result<LocalTimestampNanos, ParseError> {
        time.and_utc()
            .timestamp_nanos_opt()
            .map(LocalTimestampNanos)
            .ok_or(NANOS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_text() {
        for days in [0, -1, 20_778, -719_528, 2_932_896] {
            let theirs = NaiveDate::try_from(Date(days)).unwrap();
            assert_eq!(theirs.to_string(), Date(days).to_string());
            assert_eq!(Date::from(theirs), Date(days));
        }
        for millis in [0, 1, 34_200_500, 86_399_999] {
            let theirs = NaiveTime::try_from(TimeMillis(millis)).unwrap();
            assert_eq!(format!("{theirs:?}").parse(), Ok(TimeMillis(millis)));
            assert_eq!(TimeMillis::from(theirs), TimeMillis(millis));
        }
        for units in [0, -1, 1_795_253_400_000_123, -62_135_596_800_000_000] {
            let theirs = DateTime::<Utc>::try_from(TimestampMicros(units)).unwrap();
            assert_eq!(format!("{theirs:?}").parse(), Ok(TimestampMicros(units)));
            assert_eq!(TimestampMicros::from(theirs), TimestampMicros(units));
            let theirs = NaiveDateTime::try_from(LocalTimestampMicros(units)).unwrap();
            assert_eq!(
                LocalTimestampMicros::from(theirs),
                LocalTimestampMicros(units)
            );
            let theirs = DateTime::<Utc>::try_from(TimestampNanos(units)).unwrap();
            assert_eq!(TimestampNanos::try_from(theirs), Ok(TimestampNanos(units)));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(NaiveDate::try_from(Date(i32::MAX)).is_err());
        assert!(DateTime::<Utc>::try_from(TimestampMillis(i64::MIN)).is_err());
        assert!(
            NaiveTime::try_from(TimeMillis(-1)).is_err()
                && NaiveTime::try_from(TimeMicros(86_400_000_000)).is_err()
        );
        assert!(NaiveTime::try_from(TimeMicros(i64::MAX)).is_err());
        let late = DateTime::<Utc>::try_from(TimestampMillis(32_503_680_000_000)).unwrap();
        assert!(TimestampNanos::try_from(late).is_err());
        let extreme = TimestampMicros::from(DateTime::<Utc>::MIN_UTC);
        assert_eq!(
            DateTime::<Utc>::try_from(extreme),
            Ok(DateTime::<Utc>::MIN_UTC)
        );
    }

    #[test]
    fn a_leap_second_is_the_last_of_its_minute() {
        let leap = NaiveTime::from_hms_milli_opt(23, 59, 59, 1_500).unwrap();
        assert_eq!(TimeMillis::from(leap), TimeMillis(86_399_999));
    }
}
