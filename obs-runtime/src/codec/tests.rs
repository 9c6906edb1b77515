//! The types everybody has, through both codecs, and bytes that nobody sent in good faith.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;

use obs_schema::json::Json;
use obs_schema::wire::{DecodeErrorKind, EncodeErrorKind, Limits};

use crate::{AvroCodec, JsonCodec, Pii, Secret};

fn avro<T: AvroCodec>(value: &T) -> Vec<u8> {
    let mut out = b"before".to_vec();
    value.encode_avro(&mut out).unwrap();
    out.split_off(6)
}

fn json<T: JsonCodec>(value: &T) -> String {
    let mut out = b"before".to_vec();
    value.encode_json(&mut out).unwrap();
    String::from_utf8(out.split_off(6)).unwrap()
}

/// The value has these bytes and this text, and both read back.
fn check<T: AvroCodec + JsonCodec + PartialEq + Debug>(value: T, bytes: &[u8], text: &str) {
    assert_eq!(avro(&value), bytes);
    assert_eq!(json(&value), text);
    assert_eq!(T::decode_avro(bytes).as_ref(), Ok(&value));
    assert_eq!(T::decode_json(text.as_bytes()).as_ref(), Ok(&value));
    assert!(T::decode_avro(&[bytes, b"\0"].concat()).is_err());
    assert!(T::decode_json(&[text.as_bytes(), b"!"].concat()).is_err());
    for end in 0..bytes.len() {
        assert!(
            T::decode_avro(&bytes[..end]).is_err(),
            "{value:?} cut at {end}"
        );
    }
}

#[test]
fn every_type_has_its_bytes_and_its_text() {
    check((), &[], "null");
    check(true, &[1], "true");
    check(-1_i8, &[1], "-1");
    check(-300_i16, &[0xd7, 4], "-300");
    check(65_535_u16, &[0xfe, 0xff, 7], "65535");
    check(i32::MIN, &[0xff, 0xff, 0xff, 0xff, 0x0f], "-2147483648");
    check(u32::MAX, &[0xfe, 0xff, 0xff, 0xff, 0x1f], "4294967295");
    check(1_i64, &[2], "1");
    check(1_u64, &[2], "1");
    check(0.5_f32, &[0, 0, 0, 0x3f], "0.5");
    check(0.5_f64, &[0, 0, 0, 0, 0, 0, 0xe0, 0x3f], "0.5");
    check("é".to_owned(), &[4, 0xc3, 0xa9], "\"é\"");
    check(Box::<str>::from("a"), &[2, b'a'], "\"a\"");
    check(Arc::<str>::from("a"), &[2, b'a'], "\"a\"");
    check(Cow::<'static, str>::Borrowed("a"), &[2, b'a'], "\"a\"");
    check([1_u8, 0xff], &[1, 0xff], "\"\\u0001ÿ\"");
    check(Some(1), &[2, 2], "1");
    check(None::<i32>, &[0], "null");
    check(vec![1, 2], &[4, 2, 4, 0], "[1,2]");
    check(Vec::<i32>::new(), &[0], "[]");
    check(Box::new(7), &[14], "7");
    check(Pii::new("a".to_owned()), &[2, b'a'], "\"a\"");
    check(Secret::new(vec![true]), &[2, 1, 0], "[true]");
    let map = BTreeMap::from([("a".to_owned(), 1), ("b\"".to_owned(), 2)]);
    check(
        map,
        &[4, 2, b'a', 2, 4, b'b', b'"', 4, 0],
        r#"{"a":1,"b\"":2}"#,
    );
    check(
        HashMap::from([("a".to_owned(), 1)]),
        &[2, 2, b'a', 2, 0],
        r#"{"a":1}"#,
    );
    check(
        Json::from(vec![Json::Null]),
        &[12, b'[', b'n', b'u', b'l', b'l', b']'],
        "[null]",
    );
}

#[test]
fn what_has_no_room_is_refused_on_both_ways() {
    let mut out = b"before".to_vec();
    let error = u64::MAX.encode_avro(&mut out).unwrap_err();
    assert_eq!(error.kind(), &EncodeErrorKind::OutOfRange("i64"));
    let error = vec![0.0, f64::NAN].encode_json(&mut out).unwrap_err();
    assert_eq!(
        (error.pointer().as_str(), error.kind()),
        ("/1", &EncodeErrorKind::NonFinite)
    );
    assert_eq!(out, b"before");
    assert_eq!(
        u64::decode_avro(&[1]).unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("u64")
    );
    assert_eq!(
        i8::decode_json(b"128").unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("i8")
    );
    assert_eq!(
        u16::decode_avro(&[1]).unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("u16")
    );
    assert!(Json::decode_avro(&[2, b'x']).is_err());
}

/// A type that nests as deep as the input says.
#[derive(Debug, PartialEq)]
struct Nested(Vec<Nested>);

impl AvroCodec for Nested {
    fn write_avro(&self, w: &mut obs_schema::wire::avro::Writer) {
        self.0.write_avro(w);
    }

    fn read_avro(r: &mut obs_schema::wire::avro::Reader<'_>) -> Result<Nested, crate::DecodeError> {
        Vec::read_avro(r).map(Nested)
    }
}

impl JsonCodec for Nested {
    fn write_json(&self, w: &mut obs_schema::wire::json::Writer) {
        self.0.write_json(w);
    }

    fn read_json(r: &mut obs_schema::wire::json::Reader<'_>) -> Result<Nested, crate::DecodeError> {
        Vec::read_json(r).map(Nested)
    }
}

#[test]
fn hostile_input_is_bounded() {
    assert_eq!(
        Nested::decode_avro(&[2; 1_000_000]).unwrap_err().kind(),
        &DecodeErrorKind::TooDeep
    );
    let deep = "[".repeat(1_000_000);
    assert_eq!(
        Nested::decode_json(deep.as_bytes()).unwrap_err().kind(),
        &DecodeErrorKind::TooDeep
    );
    // An array of a thousand million nulls in six bytes.
    let bytes = [0x80, 0xa8, 0xd6, 0xb9, 0x07, 0];
    assert_eq!(
        Vec::<()>::decode_avro(&bytes).unwrap_err().kind(),
        &DecodeErrorKind::TooManyElements
    );
    // A text that claims to be longer than the input.
    assert_eq!(
        String::decode_avro(&[0xfe, 0xff, 0xff, 0xff, 0x0f, b'a'])
            .unwrap_err()
            .kind(),
        &DecodeErrorKind::UnexpectedEnd
    );
    let limits = Limits {
        max_bytes: 3,
        ..Limits::DEFAULT
    };
    assert!(String::decode_json_within(b"\"ab\"", limits).is_err());
    assert!(String::decode_avro_within(b"\x06abc", limits).is_err());
}

#[test]
fn random_bytes_never_panic() {
    let mut seed = 17_u64;
    for _ in 0..5_000 {
        let mut bytes = Vec::new();
        for _ in 0..seed % 40 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Small numbers are more of a challenge than large ones.
            let byte = (seed >> 40) as u8;
            bytes.push(if seed & 1 == 0 { byte & 7 } else { byte });
        }
        seed = seed.wrapping_add(1);
        let _ = BTreeMap::<String, Vec<Option<Json>>>::decode_avro(&bytes);
        let _ = Vec::<Option<HashMap<String, Pii<f64>>>>::decode_avro(&bytes);
        let _ = Option::<Vec<[u8; 3]>>::decode_avro(&bytes);
        let _ = BTreeMap::<String, Vec<Option<i64>>>::decode_json(&bytes);
        let _ = Nested::decode_avro(&bytes);
        let _ = Nested::decode_json(&bytes);
    }
}
