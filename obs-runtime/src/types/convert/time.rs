//! `time`

use time::{Date as TheirDate, Duration, OffsetDateTime, PrimitiveDateTime, Time};

use crate::types::{
    Date, LocalTimestampMicros, LocalTimestampMillis, LocalTimestampNanos, ParseError, TimeMicros,
    TimeMillis, TimestampMicros, TimestampMillis, TimestampNanos,
};

/// What `time` does not have: its years end with 9,999 unless a feature of it says otherwise.
const BEYOND: ParseError = ParseError::new("a time within the years that `time` has");

const EPOCH: PrimitiveDateTime =
    PrimitiveDateTime::new(OffsetDateTime::UNIX_EPOCH.date(), Time::MIDNIGHT);

impl From<TheirDate> for Date {
    fn from(date: TheirDate) -> Date {
        // Their years are fewer than ours.
        Date(i32::try_from((date - EPOCH.date()).whole_days()).unwrap_or(i32::MAX))
    }
}

impl TryFrom<Date> for TheirDate {
    type Error = ParseError;

    fn try_from(date: Date) -> Result<TheirDate, ParseError> {
        EPOCH
            .date()
            .checked_add(Duration::days(i64::from(date.0)))
            .ok_or(BEYOND)
    }
}

/// A time of day, cut to its unit.
macro_rules! time {
    ($name:ident($inner:ident): $nanos:literal) => {
        impl From<Time> for $name {
            fn from(time: Time) -> $name {
                let units = (time - Time::MIDNIGHT).whole_nanoseconds() / $nanos;
                // A day has fewer units than the type holds.
                $name($inner::try_from(units).unwrap_or($inner::MAX))
            }
        }

        impl TryFrom<$name> for Time {
            type Error = ParseError;

            fn try_from(time: $name) -> Result<Time, ParseError> {
                let time =
                    EPOCH.checked_add(Duration::nanoseconds_i128(i128::from(time.0) * $nanos));
                time.filter(|time| time.date() == EPOCH.date())
                    .map(PrimitiveDateTime::time)
                    .ok_or(ParseError::new("a time of day"))
            }
        }
    };
}

time!(TimeMillis(i32): 1_000_000);
time!(TimeMicros(i64): 1_000);

/// An instant and a date and time without a zone, cut down to their unit. Years beyond 64 bits are an error.
macro_rules! timestamp {
    ($instant:ident, $local:ident: $nanos:literal) => {
        impl TryFrom<OffsetDateTime> for $instant {
            type Error = ParseError;

            fn try_from(time: OffsetDateTime) -> Result<$instant, ParseError> {
                units(time - OffsetDateTime::UNIX_EPOCH, $nanos).map($instant)
            }
        }

        impl TryFrom<$instant> for OffsetDateTime {
            type Error = ParseError;

            fn try_from(time: $instant) -> Result<OffsetDateTime, ParseError> {
                OffsetDateTime::UNIX_EPOCH
                    .checked_add(span(time.0, $nanos))
                    .ok_or(BEYOND)
            }
        }

        impl TryFrom<PrimitiveDateTime> for $local {
            type Error = ParseError;

            fn try_from(time: PrimitiveDateTime) -> Result<$local, ParseError> {
                units(time - EPOCH, $nanos).map($local)
            }
        }

        impl TryFrom<$local> for PrimitiveDateTime {
            type Error = ParseError;

            fn try_from(time: $local) -> Result<PrimitiveDateTime, ParseError> {
                EPOCH.checked_add(span(time.0, $nanos)).ok_or(BEYOND)
            }
        }
    };
}

timestamp!(TimestampMillis, LocalTimestampMillis: 1_000_000);
timestamp!(TimestampMicros, LocalTimestampMicros: 1_000);
timestamp!(TimestampNanos, LocalTimestampNanos: 1);

fn units(since: Duration, nanos: i128) -> Result<i64, ParseError> {
    i64::try_from(since.whole_nanoseconds().div_euclid(nanos))
        .map_err(|_| ParseError::new("a time within 64 bits"))
}

fn span(units: i64, nanos: i128) -> Duration {
    Duration::nanoseconds_i128(i128::from(units) * nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_convert_both_ways() {
        for days in [0, -1, 20_778, -719_528, 2_932_896] {
            let theirs = TheirDate::try_from(Date(days)).unwrap();
            assert_eq!(theirs.to_string(), Date(days).to_string());
            assert_eq!(Date::from(theirs), Date(days));
        }
        for millis in [0, 1, 34_200_500, 86_399_999] {
            let theirs = Time::try_from(TimeMillis(millis)).unwrap();
            assert_eq!(TimeMillis::from(theirs), TimeMillis(millis));
        }
        for units in [0, -1, 1_795_253_400_000_123, -62_135_596_800_000_000] {
            let theirs = OffsetDateTime::try_from(TimestampMicros(units)).unwrap();
            assert_eq!(
                theirs.date().to_string(),
                TimestampMicros(units).to_string()[..10]
            );
            assert_eq!(
                TimestampMicros::try_from(theirs),
                Ok(TimestampMicros(units))
            );
            let theirs = PrimitiveDateTime::try_from(LocalTimestampMicros(units)).unwrap();
            assert_eq!(
                LocalTimestampMicros::try_from(theirs),
                Ok(LocalTimestampMicros(units))
            );
            assert_eq!(
                LocalTimestampMillis::try_from(theirs),
                Ok(LocalTimestampMillis(units.div_euclid(1_000)))
            );
            let theirs = OffsetDateTime::try_from(TimestampNanos(units)).unwrap();
            assert_eq!(TimestampNanos::try_from(theirs), Ok(TimestampNanos(units)));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(TheirDate::try_from(Date(i32::MAX)).is_err());
        assert!(OffsetDateTime::try_from(TimestampMillis(i64::MIN)).is_err());
        assert!(PrimitiveDateTime::try_from(LocalTimestampMillis(i64::MAX)).is_err());
        assert!(
            Time::try_from(TimeMillis(-1)).is_err()
                && Time::try_from(TimeMicros(86_400_000_000)).is_err()
        );
        assert!(Time::try_from(TimeMicros(i64::MAX)).is_err());
        let late = OffsetDateTime::try_from(TimestampMillis(32_503_680_000_000)).unwrap();
        assert!(TimestampNanos::try_from(late).is_err());
    }
}
