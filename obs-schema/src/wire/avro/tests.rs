//! Small facts about the two of them, and what hostile bytes do.

use std::collections::BTreeMap;

use super::*;
use crate::wire::error::{DecodeError, DecodeErrorKind, EncodeErrorKind, Limits};

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish().unwrap()
}

fn refused<T: std::fmt::Debug>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> DecodeErrorKind {
    read(&mut Reader::new(bytes)).unwrap_err().kind().clone()
}

#[test]
fn integers_of_every_width() {
    let mut values = vec![0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN, i64::MAX - 1];
    for bit in 0..63 {
        values.extend([1 << bit, (1 << bit) - 1, -(1 << bit), -(1 << bit) - 1]);
    }
    for value in values {
        // The definition, byte by byte.
        let mut expected = Vec::new();
        let mut rest = zigzag(value);
        while rest >= 0x80 {
            expected.push(low_byte(rest) | 0x80);
            rest >>= 7;
        }
        expected.push(low_byte(rest));
        let bytes = written(|writer| writer.long(value));
        assert_eq!(bytes, expected, "{value}");
        // With nothing behind it, and with enough for a whole word.
        for behind in [0, 1, 7, 16] {
            let mut bytes = bytes.clone();
            bytes.resize(bytes.len() + behind, 0xff);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.long().unwrap(), value);
            assert_eq!(reader.rest().len(), behind);
        }
    }
}

#[test]
fn integers_that_are_none() {
    let check = |bytes: &[u8], kind| assert_eq!(refused(bytes, |reader| reader.long()), kind);
    check(b"", DecodeErrorKind::UnexpectedEnd);
    check(b"\x80", DecodeErrorKind::UnexpectedEnd);
    check(&[0xff; 9], DecodeErrorKind::UnexpectedEnd);
    check(&[0xff; 10], DecodeErrorKind::VarintOverflow);
    check(&[0xff; 20], DecodeErrorKind::VarintOverflow);
    check(
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
        DecodeErrorKind::VarintOverflow,
    );
    let bytes = written(|writer| writer.long(i64::from(i32::MAX) + 1));
    assert_eq!(
        refused(&bytes, |reader| reader.int()),
        DecodeErrorKind::OutOfRange("int")
    );
    assert_eq!(
        Reader::new(&written(|writer| writer.int(i32::MIN)))
            .int()
            .unwrap(),
        i32::MIN
    );
}

#[test]
fn leaves() {
    let bytes = written(|writer| {
        writer.null();
        writer.bool(true);
        writer.float(1.5);
        writer.double(-2.5);
        writer.bytes(&[0, 255]);
        writer.string("héllo");
        writer.fixed(&[1, 2, 3]);
        writer.index(2);
    });
    let mut reader = Reader::new(&bytes);
    reader.null().unwrap();
    assert!(reader.bool().unwrap());
    assert!((reader.float().unwrap() - 1.5).abs() < f32::EPSILON);
    assert!((reader.double().unwrap() + 2.5).abs() < f64::EPSILON);
    assert_eq!(reader.bytes().unwrap(), [0, 255]);
    assert_eq!(reader.string().unwrap(), "héllo");
    assert_eq!(reader.fixed::<3>().unwrap(), [1, 2, 3]);
    assert_eq!(reader.index(3).unwrap(), 2);
    reader.finish().unwrap();
}

/// Short texts are checked in padded words; every length and every place of a wide character must come out as
/// the standard library has it, in the middle of the input and at its end.
#[test]
fn texts_of_every_length() {
    for length in 0..100 {
        for at in 0..=length {
            for wide in [
                &b""[..],
                "é".as_bytes(),
                "\u{20ac}".as_bytes(),
                b"\xff",
                b"\xe2\x82",
                b"\0",
            ] {
                let mut text = vec![b'a'; length];
                text.splice(at..at, wide.iter().copied());
                let mut bytes = written(|writer| writer.bytes(&text));
                let expected = String::from_utf8(text).ok();
                for behind in [0, 20] {
                    bytes.resize(bytes.len() + behind, 0xff);
                    let mut reader = Reader::new(&bytes);
                    let read = reader.string();
                    assert_eq!(read.as_ref().ok(), expected.as_ref());
                    match read {
                        Ok(_) => assert_eq!(reader.rest().len(), behind),
                        Err(error) => assert_eq!(error.kind(), &DecodeErrorKind::InvalidUtf8),
                    }
                }
            }
        }
    }
}

#[test]
fn leaves_that_are_none() {
    assert_eq!(refused(b"\x02", |r| r.bool()), DecodeErrorKind::InvalidBool);
    assert_eq!(
        refused(b"\x04a", |r| r.string()),
        DecodeErrorKind::UnexpectedEnd
    );
    assert_eq!(
        refused(b"\x01a", |r| r.bytes()),
        DecodeErrorKind::NegativeLength
    );
    assert_eq!(
        refused(b"\x02\xff", |r| r.string()),
        DecodeErrorKind::InvalidUtf8
    );
    let huge = written(|writer| writer.long(i64::MAX));
    assert_eq!(
        refused(&huge, |r| r.bytes()),
        DecodeErrorKind::UnexpectedEnd
    );
    assert_eq!(
        refused(b"abc", |r| r.fixed::<4>()),
        DecodeErrorKind::UnexpectedEnd
    );
    assert_eq!(
        refused(b"abc", |r| r.fixed_ref(4).map(drop)),
        DecodeErrorKind::UnexpectedEnd
    );
    assert_eq!(
        refused(b"\x06", |r| r.index(3)),
        DecodeErrorKind::IndexOutOfRange { count: 3 }
    );
    assert_eq!(
        refused(b"\x01", |r| r.index(3)),
        DecodeErrorKind::IndexOutOfRange { count: 3 }
    );
    assert_eq!(
        refused(b"\0", |r| r.index(0)),
        DecodeErrorKind::IndexOutOfRange { count: 0 }
    );
    assert_eq!(
        refused(b"\0", |r| r.finish()),
        DecodeErrorKind::TrailingBytes
    );
}

#[test]
fn symbols() {
    let read = |bytes: &[u8], resolved: bool| {
        let reader = Reader::new(bytes);
        (if resolved { reader.resolved() } else { reader })
            .symbol(2)
            .ok()
    };
    assert_eq!(read(b"\x02", false), Some(Symbol::Index(1)));
    assert_eq!(read(b"\x02", true), Some(Symbol::Index(1)));
    assert_eq!(
        read(b"\x01\x06NEW", true),
        Some(Symbol::Unrecognised("NEW".into()))
    );
    assert_eq!(read(b"\x01\x06NEW", false), None);
    assert_eq!(read(b"\x01", true), None);
}

#[test]
fn arrays_and_maps() {
    let map = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let bytes = written(|writer| {
        writer.array(&["x", "y"], |writer, item| writer.string(item));
        writer.array(&[] as &[i32], |writer, item| writer.int(*item));
        writer.map(map.iter(), |writer, value| writer.int(*value));
        writer.map(BTreeMap::<String, i32>::new().iter(), |writer, value| {
            writer.int(*value)
        });
    });
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.array(|reader| reader.string()).unwrap(), ["x", "y"]);
    assert!(reader.array(|reader| reader.int()).unwrap().is_empty());
    assert_eq!(
        reader
            .map::<BTreeMap<_, _>, _>(|reader| reader.int())
            .unwrap(),
        map
    );
    assert!(
        reader
            .map::<Vec<_>, _>(|reader| reader.int())
            .unwrap()
            .is_empty()
    );
    reader.finish().unwrap();

    // Several blocks, one of them with its size.
    let mut reader = Reader::new(b"\x02\x02\x03\x04\x04\x06\x02\x08\0");
    assert_eq!(reader.array(|reader| reader.int()).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn claims_are_not_believed() {
    // 2⁶² nulls, also as the most negative count; 2²⁰ + 1 nulls in two blocks.
    let nulls = |bytes: &[u8]| refused(bytes, |reader| reader.array(|reader| reader.null()));
    assert_eq!(
        nulls(&written(|w| w.long(1 << 62))),
        DecodeErrorKind::TooManyElements
    );
    let bytes = written(|writer| {
        writer.long(i64::MIN);
        writer.long(0);
    });
    assert_eq!(nulls(&bytes), DecodeErrorKind::TooManyElements);
    let bytes = written(|writer| {
        writer.long(1 << 20);
        writer.long(1);
    });
    assert_eq!(nulls(&bytes), DecodeErrorKind::TooManyElements);
    assert_eq!(nulls(b"\x01\x04\0"), DecodeErrorKind::UnexpectedEnd);
    assert_eq!(nulls(b"\x01\x01"), DecodeErrorKind::NegativeLength);
    // A million texts announced, none there: memory is not reserved for them.
    let claim = written(|writer| writer.long(1 << 20));
    assert_eq!(
        refused(&claim, |r| r.array(|r| r.string())),
        DecodeErrorKind::UnexpectedEnd
    );

    let limits = Limits {
        max_bytes: 3,
        ..Limits::DEFAULT
    };
    let mut reader = Reader::with_limits(b"\x02\x02\x02\x02", limits);
    assert_eq!(
        reader.int().unwrap_err().kind(),
        &DecodeErrorKind::TooManyBytes
    );
    assert_eq!(
        reader.finish().unwrap_err().kind(),
        &DecodeErrorKind::TooManyBytes
    );
}

#[test]
fn depth_is_counted_on_the_way_in_and_out() {
    fn down(reader: &mut Reader<'_>, levels: u32) -> Result<(), DecodeError> {
        if levels == 0 {
            Ok(())
        } else {
            reader.nested(|reader| down(reader, levels - 1))
        }
    }
    let mut reader = Reader::new(b"");
    for _ in 0..3 {
        down(&mut reader, 64).unwrap();
    }
    assert_eq!(
        down(&mut reader, 65).unwrap_err().kind(),
        &DecodeErrorKind::TooDeep
    );
}

#[test]
fn the_first_refusal_sticks_and_names_its_place() {
    let mut writer = Writer::on(vec![7]);
    writer.at("items", |writer| {
        writer.array(&[1, 2, 3], |writer, item| {
            if *item > 1 {
                writer.refuse(EncodeErrorKind::Unrecognised, "plan");
            }
        });
    });
    writer.refuse(EncodeErrorKind::NonFinite, "");
    let mut out = Vec::new();
    let error = writer.finish_into(&mut out).unwrap_err();
    assert_eq!(error.pointer(), "/items/1/plan");
    assert_eq!(error.kind(), &EncodeErrorKind::Unrecognised);
    assert_eq!(out, [7]);
}

/// Random bytes, and random damage to good ones: nothing panics, nothing runs away.
#[test]
fn hostile_bytes() {
    let mut random = crate::wire::xorshift(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let length = (random() % 40) as usize;
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                let word = random();
                // Small bytes make plausible lengths.
                low_byte(if word & 0x100 == 0 { word } else { word & 0x0f })
            })
            .collect();
        let mut reader = Reader::new(&bytes);
        while !reader.rest().is_empty() {
            let read = match random() % 12 {
                0 => reader.bool().map(drop),
                1 => reader.int().map(drop),
                2 => reader.long().map(drop),
                3 => reader.double().map(drop),
                4 => reader.string().map(drop),
                5 => reader.bytes().map(drop),
                6 => reader.fixed_ref((random() % 9) as usize).map(drop),
                7 => reader.index(3).map(drop),
                8 => reader.clone().resolved().symbol(3).map(drop),
                9 => reader.array(|reader| reader.string()).map(drop),
                10 => reader
                    .map::<BTreeMap<_, _>, _>(|reader| reader.int())
                    .map(drop),
                _ => reader.fixed::<3>().map(drop),
            };
            assert!(reader.position() <= bytes.len());
            if read.is_err() || random().is_multiple_of(8) {
                break;
            }
        }
    }
}

#[test]
fn null_may_stand_at_any_index() {
    let write = |value: &Option<bool>, at| {
        written(|writer| writer.option(at, value, |writer, value| writer.bool(*value)))
    };
    assert_eq!(write(&None, 0), [0]);
    assert_eq!(write(&None, 1), [2]);
    assert_eq!(write(&Some(true), 0), [2, 1]);
    assert_eq!(write(&Some(true), 1), [0, 1]);
    let read = |bytes, at| Reader::new(bytes).option(at, Reader::bool).unwrap();
    assert_eq!(read(&[2], 1), None);
    assert_eq!(read(&[0, 1], 1), Some(true));
    refused(&[4, 1], |reader| reader.option(1, Reader::bool));

    // ["string", "null", "int"]
    let write = |value: &Option<i32>| {
        written(|writer| {
            writer.nullable(1, value, |writer, value| {
                writer.index(2);
                writer.int(*value);
            });
        })
    };
    assert_eq!(write(&None), [2]);
    assert_eq!(write(&Some(7)), [4, 14]);
    let read =
        |bytes| Reader::new(bytes).nullable(1, 3, |reader, index| Ok((index, reader.int()?)));
    assert_eq!(read(&[2]).unwrap(), None);
    assert_eq!(read(&[4, 14]).unwrap(), Some((2, 7)));
}
