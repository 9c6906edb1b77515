//! Every logical type: what its text is, what its bytes are, and that both read back.

use std::collections::hash_map::DefaultHasher;
use std::fmt::{Debug, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration as Span, SystemTime};

use obs_schema::wire::{avro, json};

use super::calendar::Civil;
use super::digits::Integer;
use super::*;
use crate::{AvroCodec, JsonCodec};

/// A small generator: the same numbers on every run.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 29
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

fn text<T: FromStr<Err = ParseError> + Display + PartialEq + Debug>(table: &[(T, &str)]) {
    for (value, text) in table {
        assert_eq!(value.to_string(), *text);
        assert_eq!(text.parse::<T>().as_ref(), Ok(value), "{text}");
    }
}

fn refused<T: FromStr<Err = ParseError> + Debug>(table: &[&str]) {
    for text in table {
        assert!(text.parse::<T>().is_err(), "{text}");
    }
}

fn round_trip<T: AvroCodec + JsonCodec + PartialEq + Debug>(value: &T) {
    let mut bytes = Vec::new();
    value.encode_avro(&mut bytes).unwrap();
    assert_eq!(T::decode_avro(&bytes).as_ref(), Ok(value));
    let mut bytes = Vec::new();
    value.encode_json(&mut bytes).unwrap();
    assert_eq!(
        T::decode_json(&bytes).as_ref(),
        Ok(value),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
}

#[test]
fn dates() {
    text(&[
        (Date(0), "1970-01-01"),
        (Date(-1), "1969-12-31"),
        (Date(11_016), "2000-02-29"),
        (Date(20_778), "2026-11-21"),
        (Date(-719_528), "0000-01-01"),
        (Date(-719_529), "-00001-12-31"),
        (Date(2_932_896), "9999-12-31"),
        (Date(2_932_897), "+10000-01-01"),
        (Date(i32::MAX), "+5881580-07-11"),
        (Date(i32::MIN), "-5877641-06-23"),
    ]);
    refused::<Date>(&[
        "",
        "2026",
        "2026-1-1",
        "2026-02-29",
        "1900-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-04-31",
        "2026-11-21T",
        " 2026-11-21",
        "+2026-11-21",
        "+5881580-07-12",
        "99999-01-01",
        "2026-11-2é",
    ]);
}

#[test]
fn every_day_of_many_years_has_one_date() {
    let mut days = Civil {
        year: -401,
        month: 1,
        day: 1,
    }
    .days()
    .unwrap();
    let mut last = Civil::of_days(days - 1);
    while last.year < 2_101 {
        let civil = Civil::of_days(days);
        assert_eq!(civil.days(), Some(days));
        assert!((last.year, last.month, last.day) < (civil.year, civil.month, civil.day));
        (last, days) = (civil, days + 1);
    }
}

#[test]
fn times() {
    text(&[
        (TimeMillis(0), "00:00:00.000"),
        (TimeMillis(86_399_999), "23:59:59.999"),
    ]);
    text(&[(TimeMicros(34_200_000_001), "09:30:00.000001")]);
    assert_eq!("09:30:00".parse(), Ok(TimeMicros(34_200_000_000)));
    assert_eq!("09:30:00.1000000000".parse(), Ok(TimeMillis(34_200_100)));
    refused::<TimeMillis>(&[
        "",
        "9:30:00",
        "09:30",
        "24:00:00",
        "23:60:00",
        "23:59:60",
        "09:30:00.",
        "09:30:00.0001",
        "09:30:00Z",
    ]);
    assert_eq!(TimeMillis(-1).to_string(), "-1");
    assert_eq!(TimeMillis(86_400_000).to_string(), "86400000");
}

#[test]
fn timestamps() {
    text(&[
        (TimestampMillis(0), "1970-01-01T00:00:00.000Z"),
        (TimestampMillis(-1), "1969-12-31T23:59:59.999Z"),
        (TimestampMillis(i64::MAX), "+292278994-08-17T07:12:55.807Z"),
        (TimestampMillis(i64::MIN), "-292275055-05-16T16:47:04.192Z"),
    ]);
    text(&[
        (
            TimestampMicros(1_795_253_400_000_123),
            "2026-11-21T09:30:00.000123Z",
        ),
        (TimestampMicros(i64::MAX), "+294247-01-10T04:00:54.775807Z"),
        (TimestampMicros(i64::MIN), "-290308-12-21T19:59:05.224192Z"),
    ]);
    text(&[
        (TimestampNanos(i64::MAX), "2262-04-11T23:47:16.854775807Z"),
        (TimestampNanos(i64::MIN), "1677-09-21T00:12:43.145224192Z"),
    ]);
    text(&[(LocalTimestampMillis(-1), "1969-12-31T23:59:59.999")]);
    text(&[(LocalTimestampMicros(1), "1970-01-01T00:00:00.000001")]);
    text(&[(LocalTimestampNanos(1), "1970-01-01T00:00:00.000000001")]);
    for (text, millis) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01 00:00:00.5Z", 500),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ] {
        assert_eq!(text.parse(), Ok(TimestampMillis(millis)), "{text}");
    }
    refused::<TimestampMillis>(&[
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00Z",
        "1970-01-01T00:00:00.0001Z",
        "1970-01-01T00:00:00+1:00",
        "1970-01-01T00:00:00ZZ",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01_00:00:00Z",
    ]);
    refused::<TimestampNanos>(&["2262-04-11T23:47:16.854775808Z", "+9999999-01-01T00:00:00Z"]);
    refused::<LocalTimestampMillis>(&["1970-01-01T00:00:00Z"]);
}

#[test]
fn padding_is_done_as_for_text() {
    assert_eq!(
        format!("{:>12}|{:<12}|{:.4}", Date(0), Date(0), Date(0)),
        "  1970-01-01|1970-01-01  |1970"
    );
    assert_eq!(
        format!("{:>6}|{:5}", Decimal::new(125, 2), Uuid([0; 16])),
        "  1.25|00000000-0000-0000-0000-000000000000"
    );
}

#[test]
fn the_systems_time_converts_both_ways() {
    for (nanos, millis) in [
        (0_i64, 0_i64),
        (1, 0),
        (-1, -1),
        (1_999_999, 1),
        (-1_000_000, -1),
        (-1_000_001, -2),
    ] {
        let span = Span::from_nanos(nanos.unsigned_abs());
        let time = if nanos < 0 {
            SystemTime::UNIX_EPOCH - span
        } else {
            SystemTime::UNIX_EPOCH + span
        };
        assert_eq!(TimestampNanos::try_from(time), Ok(TimestampNanos(nanos)));
        assert_eq!(
            TimestampMillis::try_from(time),
            Ok(TimestampMillis(millis)),
            "{nanos}"
        );
        assert_eq!(SystemTime::try_from(TimestampNanos(nanos)), Ok(time));
    }
    assert!(
        TimestampNanos::try_from(SystemTime::UNIX_EPOCH + Span::from_secs(10_000_000_000)).is_err()
    );
}

#[test]
fn ids() {
    text(&[(
        Uuid(*b"0123456789abcdef"),
        "30313233-3435-3637-3839-616263646566",
    )]);
    assert_eq!(
        "303132333435363738396162636465FF".parse(),
        Ok(Uuid(*b"0123456789abcde\xff"))
    );
    refused::<Uuid>(&[
        "",
        "30313233-3435-3637-3839-61626364656",
        "30313233-3435-3637-3839-61626364656g",
        "3031323334353637383961626364656é",
        "303132333435-3637-3839-6162-63646566",
        "{30313233-3435-3637-3839-616263646566}",
    ]);
    assert_eq!(
        Uuid::v7(u64::MAX, u128::MAX).to_string(),
        "ffffffff-ffff-7fff-bfff-ffffffffffff"
    );
    assert_eq!(
        Uuid::v7(0, 0).to_string(),
        "00000000-0000-7000-8000-000000000000"
    );
}

#[test]
fn durations() {
    let span = |months, days, millis| Duration {
        months,
        days,
        millis,
    };
    text(&[
        (span(0, 0, 0), "PT0S"),
        (span(1, 2, 3_004), "P1M2DT3.004S"),
        (span(14, 0, 0), "P14M"),
        (span(0, 0, 100), "PT0.1S"),
        (
            span(u32::MAX, u32::MAX, u32::MAX),
            "P4294967295M4294967295DT4294967.295S",
        ),
    ]);
    for (text, value) in [
        ("P1Y2M3W4DT5H6M7.008S", span(14, 25, 18_367_008)),
        ("PT1H", span(0, 0, 3_600_000)),
        ("PT1,5S", span(0, 0, 1_500)),
    ] {
        assert_eq!(text.parse(), Ok(value), "{text}");
    }
    refused::<Duration>(&[
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "P1",
        "P1S",
        "PT1D",
        "P1D2M",
        "P1M1M",
        "PT1.5H",
        "P1.5D",
        "PT1.0001S",
        "P-1D",
        "P4294967296D",
        "PT9999999999H",
        "PT1S ",
        "PT.5S",
        "P1YT1Y",
    ]);
    assert_eq!(
        span(1, 2, 3).to_bytes(),
        [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]
    );
}

#[test]
fn decimals_have_their_text() {
    text(&[
        (Decimal::new(0, 0), "0"),
        (Decimal::new(0, 2), "0.00"),
        (Decimal::new(-1_250, 2), "-12.50"),
        (Decimal::new(5, 3), "0.005"),
        (Decimal::new(7, -2), "7e2"),
        (
            Decimal::new(i128::MAX, 38),
            "1.70141183460469231731687303715884105727",
        ),
        (
            Decimal::new(i128::MIN, 0),
            "-170141183460469231731687303715884105728",
        ),
        (Decimal::new(1, i32::MAX), "1e-2147483647"),
        (Decimal::new(1, i32::MIN), "1e2147483648"),
    ]);
    for (text, value) in [
        ("+1.5", Decimal::new(15, 1)),
        ("1.5e3", Decimal::new(15, -2)),
        ("1.5E-3", Decimal::new(15, 4)),
        ("007", Decimal::new(7, 0)),
        ("-0", Decimal::new(0, 0)),
    ] {
        let parsed: Decimal = text.parse().unwrap();
        assert_eq!((&parsed, parsed.scale()), (&value, value.scale()), "{text}");
    }
    let long = "9".repeat(2_465);
    text(&[(long.parse::<Decimal>().unwrap(), long.as_str())]);
    let longer = "9".repeat(2_466);
    refused::<Decimal>(&[
        "",
        ".",
        "1.",
        ".5",
        "1e",
        "e1",
        "--1",
        "+-1",
        "1 ",
        "0x1",
        "NaN",
        "1_000",
        "1e99999999999",
        "1.5.5",
        "1٣",
        &longer,
    ]);
}

#[test]
fn integers_of_any_size_keep_their_bytes() {
    let mut rng = Rng(3);
    for round in 0..3_000 {
        let bytes: Vec<u8> = (0..=rng.below(if round % 10 == 0 { 200 } else { 40 }))
            .map(|_| match rng.below(4) {
                0 => 0,
                1 => 0xff,
                _ => u8::try_from(rng.below(256)).unwrap(),
            })
            .collect();
        let integer = Integer::from_bytes(&bytes).unwrap();
        let minimal = integer.with_bytes(<[u8]>::to_vec);
        assert!(bytes.ends_with(&minimal) && !minimal.is_empty());
        assert_eq!(minimal[0] & 0x80, bytes[0] & 0x80);
        assert!(
            bytes[..bytes.len() - minimal.len()]
                .iter()
                .all(|byte| *byte == if bytes[0] & 0x80 == 0 { 0 } else { 0xff })
        );
        let (negative, digits) = integer.digits();
        assert_eq!(
            Integer::from_digits(negative, &digits).as_ref(),
            Some(&integer),
            "{bytes:x?}"
        );
        assert_eq!(matches!(integer, Integer::Small(_)), minimal.len() <= 16);
        if let Integer::Small(value) = integer {
            assert_eq!(
                format!("{}{digits}", if negative { "-" } else { "" }),
                value.to_string()
            );
        }
    }
    assert_eq!(Integer::from_bytes(&[]), Some(Integer::Small(0)));
    assert!(Integer::from_bytes(&[1; 1_025]).is_none());
    assert!(Integer::from_bytes(&[0; 5_000]).is_some());
    // 2^200, by hand.
    let mut power = vec![1];
    power.extend([0; 25]);
    let text = "1606938044258990275541962092341162602522202993782792835301376";
    assert_eq!(
        Decimal::from_unscaled_bytes(&power, 0).unwrap().to_string(),
        text
    );
    assert_eq!(text.parse::<Decimal>().unwrap().unscaled_bytes(), power);
}

#[test]
fn decimals_compare_by_value() {
    let parse = |text: &str| text.parse::<Decimal>().unwrap();
    let hash = |value: &Decimal| {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    };
    let big = "1".repeat(60);
    for (a, b) in [
        ("1.5", "1.50"),
        ("0", "0.000"),
        ("-0", "0e5"),
        ("100", "1e2"),
        (&big, &format!("{big}.000")),
        ("0.1", "100e-3"),
    ] {
        assert_eq!(parse(a), parse(b));
        assert_eq!(hash(&parse(a)), hash(&parse(b)), "{a} {b}");
    }
    let ordered = [
        "-1e2147483648",
        &format!("-{big}"),
        "-2",
        "-1.5",
        "-1.45",
        "-1e-2147483647",
        "0",
        "1e-2147483647",
        "0.001",
        "0.0011",
        "1",
        "9.99",
        "10",
        &big,
        "1e2147483648",
    ]
    .map(parse);
    for (at, a) in ordered.iter().enumerate() {
        for (bt, b) in ordered.iter().enumerate() {
            assert_eq!(a.cmp(b), at.cmp(&bt), "{a} {b}");
        }
    }
}

#[test]
fn decimals_are_rescaled_exactly_or_not_at_all() {
    let parse = |text: &str| text.parse::<Decimal>().unwrap();
    let rescale = |text: &str, scale| parse(text).rescale(scale).map(|value| value.to_string());
    assert_eq!(rescale("1.5", 3).as_deref(), Some("1.500"));
    assert_eq!(rescale("1.500", 1).as_deref(), Some("1.5"));
    assert_eq!(rescale("1.55", 1), None);
    assert_eq!(rescale("0", i32::MIN).as_deref(), Some("0e2147483648"));
    assert_eq!(rescale("1", i32::MAX), None);
    assert_eq!(rescale("1e2147483647", 0), None);
    let big = "7".repeat(60);
    assert_eq!(rescale(&big, 2).unwrap(), format!("{big}.00"));
    assert_eq!(rescale(&format!("{big}.00"), 0).unwrap(), big);
    assert_eq!(rescale(&format!("{big}.01"), 0), None);
}

#[test]
fn decimals_are_written_as_their_schema_wants_them() {
    let bytes = |text: &str, precision, scale| {
        let mut writer = avro::Writer::new();
        text.parse::<Decimal>()
            .unwrap()
            .write_bytes(&mut writer, precision, scale);
        writer.finish().map_err(|error| error.to_string())
    };
    assert_eq!(bytes("12.5", 4, 2).unwrap(), [4, 0x04, 0xe2]);
    assert_eq!(bytes("-1.28", 4, 2).unwrap(), [2, 0x80]);
    assert_eq!(bytes("1.28", 4, 2).unwrap(), [4, 0, 0x80]);
    assert_eq!(bytes("0", 4, 2).unwrap(), [2, 0]);
    assert!(bytes("99.99", 4, 2).is_ok() && bytes("99.990", 4, 2).is_ok());
    assert_eq!(
        bytes("100", 4, 2).unwrap_err(),
        "the decimal has more digits than its schema"
    );
    assert_eq!(
        bytes("0.001", 4, 2).unwrap_err(),
        "the decimal has more digits after the point than its schema"
    );
    assert!(bytes(&"9".repeat(100), 100, 0).is_ok() && bytes(&"9".repeat(101), 100, 0).is_err());

    let fixed = |text: &str, size| {
        let mut writer = avro::Writer::new();
        text.parse::<Decimal>()
            .unwrap()
            .write_fixed(&mut writer, size, 20, 0);
        writer.finish().map_err(|error| error.to_string())
    };
    assert_eq!(fixed("-2", 4).unwrap(), [0xff, 0xff, 0xff, 0xfe]);
    assert_eq!(fixed("258", 3).unwrap(), [0, 1, 2]);
    assert_eq!(fixed("258", 1).unwrap_err(), "expected 1 bytes");

    let mut rng = Rng(5);
    for _ in 0..500 {
        let value = Decimal::new(
            i128::from(rng.next().cast_signed()) * i128::from(rng.next().cast_signed()),
            7,
        );
        let mut writer = avro::Writer::new();
        value.write_bytes(&mut writer, 60, 7);
        value.write_fixed(&mut writer, 20, 60, 7);
        let written = writer.finish().unwrap();
        let mut reader = avro::Reader::new(&written);
        assert_eq!(Decimal::read_bytes(&mut reader, 7).as_ref(), Ok(&value));
        assert_eq!(Decimal::read_fixed(&mut reader, 20, 7).as_ref(), Ok(&value));
        reader.finish().unwrap();
        let mut writer = json::Writer::new();
        writer.raw("[");
        value.write_json_bytes(&mut writer, 60, 7);
        writer.raw(",");
        value.write_json_fixed(&mut writer, 20, 60, 7);
        writer.raw("]");
        let written = writer.finish().unwrap();
        let mut reader = json::Reader::new(&written);
        let read = reader.tuple(|r| {
            Ok((
                r.item(0, |r| Decimal::read_json_bytes(r, 7))?,
                r.item(1, |r| Decimal::read_json_fixed(r, 20, 7))?,
            ))
        });
        assert_eq!(read, Ok((value.clone(), value.clone())));
        round_trip(&BigDecimal(value));
    }
}

#[test]
fn numbers_of_json_are_read_as_exact_decimals() {
    let read = |text: &str| Decimal::decode_json(text.as_bytes());
    assert_eq!(read("0.1").unwrap(), Decimal::new(1, 1));
    assert_eq!(read("\"0.1\"").unwrap(), Decimal::new(1, 1));
    assert_eq!(
        read("123456789012345678901234567890.5")
            .unwrap()
            .to_string(),
        "123456789012345678901234567890.5"
    );
    for bad in ["null", "\"x\"", "01", "[]"] {
        assert!(read(bad).is_err(), "{bad}");
    }
    assert_eq!(
        read(" \"1,5\"").unwrap_err().to_string(),
        "expected a decimal such as `12.50` (at byte 1)"
    );
}

#[test]
fn everything_reads_back() {
    let mut rng = Rng(9);
    for _ in 0..500 {
        let (long, int) = (
            rng.next().cast_signed() >> rng.below(60),
            (rng.next() >> 32) as u32,
        );
        round_trip(&Date(int.cast_signed()));
        round_trip(&TimeMillis(int.cast_signed()));
        round_trip(&TimeMicros(long));
        round_trip(&TimestampMillis(long));
        round_trip(&TimestampMicros(long));
        round_trip(&TimestampNanos(long));
        round_trip(&LocalTimestampMillis(long));
        round_trip(&LocalTimestampMicros(long));
        round_trip(&LocalTimestampNanos(long));
        round_trip(&Uuid::v7(rng.next(), u128::from(rng.next()) << 60));
        round_trip(&Duration {
            months: int,
            days: int.rotate_left(7),
            millis: int.rotate_left(19),
        });
        let millis = TimestampMillis(long);
        assert_eq!(millis.to_string().parse(), Ok(millis));
        let nanos = TimestampNanos(long);
        assert_eq!(nanos.to_string().parse(), Ok(nanos));
        let micros = TimestampMicros(long);
        assert_eq!(micros.to_string().parse(), Ok(micros));
    }
}

#[test]
fn dates_and_times_are_read_from_text_too() {
    assert_eq!(Date::decode_json(b" \"2026-11-21\""), Ok(Date(20_778)));
    assert_eq!(
        TimestampMillis::decode_json(b"\"1970-01-01T00:00:01Z\""),
        Ok(TimestampMillis(1_000))
    );
    assert_eq!(
        TimestampMillis::decode_json(b"1e3"),
        Ok(TimestampMillis(1_000))
    );
    assert!(Date::decode_json(b"\"today\"").is_err() && Date::decode_json(b"null").is_err());
}

#[test]
fn hostile_bytes_are_refused() {
    let mut rng = Rng(13);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..rng.below(30))
            .map(|_| u8::try_from(rng.below(256)).unwrap())
            .collect();
        let _ = BigDecimal::decode_avro(&bytes);
        let _ = Uuid::decode_avro(&bytes);
        let _ = Decimal::decode_json(&bytes);
        let _ = Decimal::read_bytes(&mut avro::Reader::new(&bytes), 3);
        let _ = Decimal::read_fixed(&mut avro::Reader::new(&bytes), 40, u32::MAX);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = (
                text.parse::<Duration>(),
                text.parse::<TimestampNanos>(),
                text.parse::<Decimal>(),
            );
        }
    }
    assert!(Decimal::read_fixed(&mut avro::Reader::new(&[0; 4]), 4, u32::MAX).is_err());
}
