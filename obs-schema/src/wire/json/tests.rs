//! What the reader takes and refuses, and that what was written reads back.

use super::{Kind, Reader, Writer};
use crate::json::{Json, Number};
use crate::wire::error::{DecodeErrorKind, EncodeErrorKind, Limits};

fn written(write: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::new();
    write(&mut writer);
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn refused(input: &[u8]) -> DecodeErrorKind {
    let skipped = Reader::new(input).skip().and_then(|()| {
        let mut reader = Reader::new(input);
        reader.skip()?;
        reader.finish()
    });
    let parsed = Json::parse(input);
    // Reading over a value and reading it must agree about what JSON is.
    let text = String::from_utf8_lossy(input).into_owned();
    assert_eq!(skipped.is_ok(), parsed.is_ok(), "{text}");
    let error = parsed.expect_err(&text);
    assert_eq!(&error, &skipped.unwrap_err(), "{text}");
    assert!(error.at() <= input.len());
    error.kind().clone()
}

#[test]
fn scalars_are_written_as_json_has_them() {
    assert_eq!(written(|w| w.null()), "null");
    assert_eq!(written(|w| w.bool(true)), "true");
    assert_eq!(written(|w| w.i64(i64::MIN)), "-9223372036854775808");
    assert_eq!(written(|w| w.u64(u64::MAX)), "18446744073709551615");
    assert_eq!(written(|w| w.f64(1.0)), "1.0");
    assert_eq!(written(|w| w.f64(1e300)), "1e+300");
    assert_eq!(written(|w| w.f64(-0.0)), "-0.0");
    assert_eq!(written(|w| w.f32(0.1)), "0.1");
    assert_eq!(
        written(|w| w.string("a\"\\\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é😀/")),
        "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}é😀/\""
    );
    assert_eq!(
        written(|w| w.bytes(&[0, b'"', b'a', 0x7f, 0x80, 0xff])),
        "\"\\u0000\\\"a\u{7f}\u{80}ÿ\""
    );
}

#[test]
fn lists_maps_and_optional_members_get_their_commas() {
    let map = std::collections::BTreeMap::from([("a\"".to_owned(), 1), ("b".to_owned(), 2)]);
    assert_eq!(
        written(|w| w.map(&map, |w, v| w.i32(*v))),
        r#"{"a\"":1,"b":2}"#
    );
    assert_eq!(written(|w| w.array(&[1_i64, 2], |w, v| w.i64(*v))), "[1,2]");
    assert_eq!(
        written(|w| w.array(&Vec::<bool>::new(), |w, v| w.bool(*v))),
        "[]"
    );
    let text = written(|w| {
        let mut first = true;
        w.begin_object();
        w.key(&mut first, "\"x\":");
        w.null();
        w.name(&mut first, "y");
        w.begin_array();
        w.end_array();
        w.entries(&mut first, &map, |w, v| w.i32(*v));
        w.end_object();
    });
    assert_eq!(text, r#"{"x":null,"y":[],"a\"":1,"b":2}"#);
}

#[test]
fn the_first_refusal_names_its_place_and_gives_the_buffer_back() {
    let mut out = b"before".to_vec();
    let mut writer = Writer::on(std::mem::take(&mut out));
    writer.at("prices", |w| {
        w.array(&[1.0, f64::NAN, f64::INFINITY], |w, v| w.f64(*v))
    });
    writer.refuse(EncodeErrorKind::Unrecognised, "later");
    let error = writer.finish_into(&mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/prices/1`: JSON has no NaN and no infinity"
    );
    assert_eq!(out, b"before");

    let mut writer = Writer::on(out);
    writer.embed(|out| {
        out.extend_from_slice(b", after");
        Ok(())
    });
    assert_eq!(writer.finish().unwrap(), b"before, after");
}

#[test]
fn numbers_are_read_as_what_is_asked_for() {
    for (text, value) in [
        ("0", 0),
        ("-0", 0),
        ("1.0", 1),
        ("1e2", 100),
        ("-12E1", -120),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("123456789012345678", 123_456_789_012_345_678),
    ] {
        let mut reader = Reader::new(text.as_bytes());
        assert_eq!(reader.i64(), Ok(value), "{text}");
        assert_eq!(reader.finish(), Ok(()), "{text}");
    }
    assert_eq!(
        Reader::new(b"2147483648").i32().unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("i32")
    );
    assert_eq!(
        Reader::new(b"9223372036854775808")
            .i64()
            .unwrap_err()
            .kind(),
        &DecodeErrorKind::OutOfRange("i64")
    );
    assert_eq!(Reader::new(b"18446744073709551615").u64(), Ok(u64::MAX));
    assert_eq!(
        Reader::new(b"-1").u64().unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("u64")
    );
    assert_eq!(
        Reader::new(b"1.5").i64().unwrap_err().to_string(),
        "expected an integer, found a number with a fraction (at byte 0)"
    );
    assert_eq!(
        Reader::new(b" \"1\"").i64().unwrap_err().to_string(),
        "expected an integer, found a string (at byte 1)"
    );
    assert_eq!(Reader::new(b"0.1").f64(), Ok(0.1));
    assert_eq!(Reader::new(b"1e-400").f64(), Ok(0.0));
    assert_eq!(
        Reader::new(b"1e400").f64().unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("f64")
    );
    assert_eq!(
        Reader::new(b"1e39").f32().unwrap_err().kind(),
        &DecodeErrorKind::OutOfRange("f32")
    );
    assert!(matches!(Reader::new(b"1e400").number(), Ok(Number::Big(text)) if &*text == "1e400"));
    for bad in [
        "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "--1", "1.e1", "NaN", "Infinity", "0x10",
    ] {
        for read in [
            |r: &mut Reader<'_>| r.i64().map(drop),
            |r: &mut Reader<'_>| r.f64().map(drop),
            |r: &mut Reader<'_>| r.number().map(drop),
        ] {
            let mut reader = Reader::new(bad.as_bytes());
            assert!(
                read(&mut reader).and_then(|()| reader.finish()).is_err(),
                "{bad}"
            );
        }
    }
}

#[test]
fn strings_are_borrowed_until_an_escape_asks_for_more() {
    use std::borrow::Cow;
    assert!(matches!(
        Reader::new("\"plain é😀\"".as_bytes()).str(),
        Ok(Cow::Borrowed("plain é😀"))
    ));
    let text = r#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é""#;
    assert_eq!(
        Reader::new(text.as_bytes()).string().unwrap(),
        "\"\\/\u{8}\u{c}\n\r\tAé😀é"
    );
    assert_eq!(
        Reader::new("\"\\u0000aÿ\"".as_bytes()).bytes().unwrap(),
        [0, b'a', 0xff]
    );
    assert_eq!(
        Reader::new("\"aÿ\"".as_bytes()).fixed::<2>(),
        Ok([b'a', 0xff])
    );
    assert!(Reader::new("\"Ā\"".as_bytes()).bytes().is_err());
    assert!(matches!(
        Reader::new(b"\"abc\"").fixed::<2>().unwrap_err().kind(),
        DecodeErrorKind::WrongLength { expected: 2 }
    ));
}

#[test]
fn what_is_not_json_is_refused_with_the_reason() {
    use DecodeErrorKind::{InvalidUtf8, Syntax, TooDeep, TrailingBytes, UnexpectedEnd};
    for text in [
        "",
        " ",
        "n",
        "tru",
        "[",
        "[1",
        "[1,",
        "{",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "\"",
        "\"\\",
        "\"\\u00",
        "\"\\ud800\\u",
        "1.",
        "-",
        "1e",
    ] {
        assert_eq!(refused(text.as_bytes()), UnexpectedEnd, "{text}");
    }
    for text in [
        "nil",
        "[1 2]",
        "[,1]",
        "[1,]",
        "{,}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "'a'",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u00g0\"",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "[1}",
        "{\"a\":1]",
        "01",
        "1.e",
        "//",
        "\u{a0}1",
    ] {
        assert!(matches!(refused(text.as_bytes()), Syntax(_)), "{text}");
    }
    for text in ["1 2", "{}}", "null,", "\"\"\"\"", "[] x"] {
        assert_eq!(refused(text.as_bytes()), TrailingBytes, "{text}");
    }
    for bytes in [
        &b"\"\xff\""[..],
        b"\"\xed\xa0\x80\"",
        b"\"\xc3",
        b"\xff",
        b"[1, \xc0\x80]",
        b"1 \xff",
    ] {
        assert_eq!(refused(bytes), InvalidUtf8, "{bytes:x?}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::parse(deep(64).as_bytes()).is_ok());
    assert_eq!(refused(deep(65).as_bytes()), TooDeep);
    assert_eq!(refused("[".repeat(1_000_000).as_bytes()), TooDeep);
    assert_eq!(refused("{\"a\":".repeat(1_000_000).as_bytes()), TooDeep);
}

#[test]
fn input_is_bounded() {
    let limits = Limits {
        max_depth: u32::MAX,
        max_elements: 3,
        max_bytes: 100,
    };
    let read = |text: &str| {
        Reader::with_limits(text.as_bytes(), limits)
            .json()
            .map_err(|error| error.kind().clone())
    };
    assert!(read("[1,2,3]").is_ok());
    assert_eq!(read("[1,2,3,4]"), Err(DecodeErrorKind::TooManyElements));
    assert_eq!(
        read("{\"a\":[1,2],\"b\":{}}"),
        Err(DecodeErrorKind::TooManyElements)
    );
    assert_eq!(read(&" ".repeat(101)), Err(DecodeErrorKind::TooManyBytes));
    let deep = "[".repeat(100_000);
    let limits = Limits {
        max_depth: u32::MAX,
        ..Limits::DEFAULT
    };
    assert_eq!(
        Reader::with_limits(deep.as_bytes(), limits)
            .json()
            .unwrap_err()
            .kind(),
        &DecodeErrorKind::TooDeep
    );

    // Going back does not give the budget back.
    let limits = Limits {
        max_elements: 7,
        ..Limits::DEFAULT
    };
    let mut reader = Reader::with_limits(b"[1,2,3]", limits);
    let mark = reader.mark();
    assert!(reader.skip().is_ok());
    reader.reset(mark);
    assert!(reader.skip().is_ok());
    reader.reset(mark);
    assert_eq!(
        reader.skip().unwrap_err().kind(),
        &DecodeErrorKind::TooManyElements
    );
}

#[test]
fn errors_tell_the_place() {
    let error = Reader::new(br#"{"a": {"b": [1, true]}}"#)
        .object(|r, _| r.object(|r, _| r.array(Reader::i64).map(drop)))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/a/b/1`: expected an integer, found a boolean (at byte 16)"
    );
    let error = Reader::new(b"[1, [2, \"x\"]]")
        .array(|r| {
            r.option(|r| {
                if r.peek_kind()? == Kind::Array {
                    r.array(Reader::i32).map(|_| 0)
                } else {
                    r.i32()
                }
            })
        })
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/1/1`: expected an integer, found a string (at byte 8)"
    );
    let mut reader = Reader::new(b"{}");
    assert_eq!(reader.object(|_, _| Ok(())), Ok(()));
    assert_eq!(
        reader.missing("userId").to_string(),
        "member `userId` is missing (at byte 2)"
    );
    let long = "é".repeat(100);
    assert_eq!(
        reader.unknown_member(&long).to_string(),
        format!("there is no member `{}` (at byte 2)", "é".repeat(32))
    );
}

#[test]
fn the_last_of_like_members_wins_at_the_place_of_the_first() {
    assert_eq!(
        Json::parse(br#"{"a":1,"b":2,"a":3}"#).unwrap().to_string(),
        r#"{"a":3,"b":2}"#
    );
    let many: String = (0..10_000)
        .map(|i| format!(",\"k{}\":{i}", i % 5_000))
        .collect();
    let tree = Json::parse(format!("{{\"first\":0{many}}}").as_bytes()).unwrap();
    assert_eq!(tree.as_object().map(<[_]>::len), Some(5_001));
    assert_eq!(tree.get("k7"), Some(&Json::from(5_007)));
}

#[test]
fn a_tag_is_seen_without_reading() {
    let mut reader = Reader::new(br#" {"a":[{"kind":"no"}],"kind":"yes","b":1}"#);
    assert_eq!(reader.peek_member("kind").unwrap(), Some(Json::from("yes")));
    assert_eq!(reader.peek_member("none").unwrap(), None);
    assert_eq!(
        reader.raw().unwrap(),
        r#"{"a":[{"kind":"no"}],"kind":"yes","b":1}"#
    );
    assert_eq!(Reader::new(b"[1]").peek_member("kind").unwrap(), None);
    assert_eq!(
        Reader::new(b"{\"kind\":\"a\"}")
            .peek_text("kind")
            .unwrap()
            .as_deref(),
        Some("a")
    );
    assert_eq!(
        Reader::new(b"{\"kind\":1}").peek_text("kind").unwrap(),
        None
    );
    assert!(Reader::new(b"{\"kind\":").peek_member("kind").is_err());
}

#[test]
fn a_byte_order_mark_is_read_over_once() {
    assert_eq!(Json::parse("\u{feff}1".as_bytes()).unwrap(), Json::from(1));
    assert!(Json::parse("\u{feff}\u{feff}1".as_bytes()).is_err());
}

/// A small generator: the same numbers on every run.
struct Rng(u64);

impl Rng {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn text(&mut self) -> String {
        const CHARS: [char; 14] = [
            'a', 'Z', '0', '"', '\\', '\n', '\u{0}', '\u{1f}', '\u{7f}', 'é', 'ÿ', '€', '😀', '/',
        ];
        (0..self.next(20))
            .map(|_| CHARS[usize::try_from(self.next(14)).unwrap()])
            .collect()
    }

    fn tree(&mut self, depth: u64) -> Json {
        match self.next(if depth == 0 { 5 } else { 7 }) {
            0 => Json::Null,
            1 => Json::Bool(self.next(2) == 0),
            2 => Json::Number(Number::Int(
                i64::from_ne_bytes((self.next(1 << 31) << 33 | self.next(1 << 31)).to_ne_bytes())
                    >> self.next(60),
            )),
            3 => {
                let value = f64::from_bits(self.next(1 << 31) << 33 | self.next(1 << 31));
                Json::from(if value.is_finite() { value } else { 0.5 })
            }
            4 => Json::String(self.text()),
            5 => Json::Array((0..self.next(5)).map(|_| self.tree(depth - 1)).collect()),
            _ => Json::object(
                (0..self.next(5))
                    .map(|_| (self.text(), self.tree(depth - 1)))
                    .collect(),
            ),
        }
    }
}

#[test]
fn trees_read_back_as_they_were_written() {
    let mut rng = Rng(7);
    for _ in 0..2_000 {
        let tree = rng.tree(4);
        let mut writer = Writer::new();
        writer.json(&tree);
        let text = writer.finish().unwrap();
        assert_eq!(text, tree.to_string().into_bytes());
        assert_eq!(Json::parse(&text).unwrap(), tree);
    }
}

#[test]
fn damaged_text_never_panics() {
    let mut rng = Rng(11);
    for _ in 0..3_000 {
        let mut text = rng.tree(4).to_string().into_bytes();
        for _ in 0..=rng.next(3) {
            let at = usize::try_from(rng.next(text.len() as u64)).unwrap();
            let byte = u8::try_from(rng.next(256)).unwrap();
            match rng.next(4) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => text.truncate(at),
                _ => {
                    text.remove(at);
                }
            }
            if text.is_empty() {
                break;
            }
        }
        let parsed = Json::parse(&text);
        let mut reader = Reader::new(&text);
        let skipped = reader.skip().and_then(|()| reader.finish());
        assert_eq!(
            parsed.is_ok(),
            skipped.is_ok(),
            "{}",
            String::from_utf8_lossy(&text)
        );
        let _ = Reader::new(&text).peek_member("a");
        let _ = Reader::new(&text).bytes();
        let _ = Reader::new(&text).map::<std::collections::BTreeMap<_, _>, _>(Reader::f64);
        let _ = Reader::new(&text).array(Reader::i64);
    }
}
