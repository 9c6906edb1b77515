//! Values in both directions, what is refused, and what hostile input does.

use super::*;
use crate::avro::{self, Set};
use crate::diag::Diagnostics;
use crate::node;
use crate::source::SourceMap;
use crate::wire::DecodeErrorKind;

fn set(text: &str) -> Set {
    avro::read_text(text).unwrap_or_else(|complaints| panic!("{text}: {complaints:#?}"))
}

fn json(text: &str) -> Json {
    let mut sources = SourceMap::default();
    let file = sources.add("value.json", text);
    let mut cx = Diagnostics::default();
    let node = node::parse_json(&mut cx, file, text).unwrap_or_else(|| panic!("{text}"));
    assert!(!cx.has_errors(), "{text}");
    node.to_json()
}

fn options(unions: Unions) -> Options {
    Options {
        unions,
        ..Options::default()
    }
}

fn encoded(schema: &str, value: &str, options: &Options) -> Result<Vec<u8>, String> {
    let set = set(schema);
    let schema = Schema::of_set(&set).unwrap();
    let mut out = vec![0xaa];
    let result = encode(schema, &json(value), options, &mut out);
    assert_eq!(out[0], 0xaa);
    match result {
        Ok(()) => {
            assert!(
                validate(schema, &json(value), options).is_empty(),
                "{value}"
            );
            Ok(out[1..].to_vec())
        }
        Err(error) => {
            assert_eq!(out.len(), 1, "the buffer is as it was");
            let violations = validate(schema, &json(value), options);
            assert!(!violations.is_empty(), "{value}");
            Err(error.to_string())
        }
    }
}

/// The value encodes to these bytes, which decode to it.
fn both(schema: &str, value: &str, unions: Unions, bytes: &[u8]) {
    let options = options(unions);
    let written = encoded(schema, value, &options);
    assert_eq!(written.as_deref(), Ok(bytes), "{schema} {value}");
    let set = set(schema);
    let read = decode(Schema::of_set(&set).unwrap(), bytes, &options).unwrap();
    assert_eq!(read.to_string(), json(value).to_string(), "{schema}");
}

/// The value is also a way to write these bytes, not the one that decoding chooses.
fn accepted(schema: &str, value: &str, unions: Unions, bytes: &[u8]) {
    let written = encoded(schema, value, &options(unions));
    assert_eq!(written.as_deref(), Ok(bytes), "{schema} {value}");
}

fn refused(schema: &str, value: &str, expected: &str) {
    let error = encoded(schema, value, &Options::default()).unwrap_err();
    assert_eq!(error, expected, "{schema} {value}");
}

#[test]
fn every_kind() {
    let plain = |schema: &str, value: &str, bytes: &[u8]| both(schema, value, Unions::Plain, bytes);
    plain(r#""null""#, "null", b"");
    plain(r#""boolean""#, "true", b"\x01");
    plain(r#""int""#, "-2147483648", b"\xff\xff\xff\xff\x0f");
    plain(
        r#""long""#,
        "9223372036854775807",
        b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    );
    plain(r#""float""#, "0.1", &0.1f32.to_le_bytes());
    plain(r#""double""#, "0.1", &0.1f64.to_le_bytes());
    plain(r#""bytes""#, r#""\u0000aÿ""#, b"\x06\0a\xff");
    plain(r#""string""#, r#""é""#, b"\x04\xc3\xa9");
    plain(
        r#"{"type":"array","items":"int"}"#,
        "[1,2]",
        b"\x04\x02\x04\0",
    );
    plain(
        r#"{"type":"map","values":"int"}"#,
        r#"{"b":1,"a":2}"#,
        b"\x04\x02b\x02\x02a\x04\0",
    );
    plain(
        r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        r#""B""#,
        b"\x02",
    );
    plain(
        r#"{"type":"fixed","name":"F","size":2}"#,
        r#""aÿ""#,
        b"a\xff",
    );
    let record = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"int"},{"name":"b","type":{"type":"int","logicalType":"date"}}]}"#;
    plain(record, r#"{"a":1,"b":2}"#, b"\x02\x04");
    accepted(record, r#"{"b":2.0,"a":1e0}"#, Unions::Plain, b"\x02\x04");
    let tree = r#"{"type":"record","name":"T","fields":[{"name":"c","type":{"type":"array","items":"T"}}]}"#;
    plain(tree, r#"{"c":[{"c":[]},{"c":[]}]}"#, b"\x04\0\0\0");
}

#[test]
fn unions_in_three_kinds() {
    use Unions::{Plain, Tagged, Untagged};
    let nullable = r#"["null","int"]"#;
    both(nullable, "null", Plain, b"\0");
    both(nullable, "5", Plain, b"\x02\x0a");
    both(r#"["int","null"]"#, "5", Plain, b"\0\x0a");
    both(r#"["int"]"#, "5", Plain, b"\0\x0a");
    both(nullable, r#"{"int":5}"#, Tagged, b"\x02\x0a");
    both(r#"["int"]"#, r#"{"int":5}"#, Tagged, b"\0\x0a");
    both(nullable, "null", Tagged, b"\0");
    both(nullable, "5", Untagged, b"\x02\x0a");
    accepted(nullable, r#"{"int":5}"#, Plain, b"\x02\x0a");
    accepted(nullable, "5", Tagged, b"\x02\x0a");

    let wide = r#"["null","string","bytes",{"type":"fixed","name":"n.s.F","size":1},{"type":"map","values":"int"}]"#;
    both(wide, r#"{"string":"x"}"#, Plain, b"\x02\x02x");
    both(wide, r#"{"bytes":"x"}"#, Tagged, b"\x04\x02x");
    both(wide, r#"{"n.s.F":"x"}"#, Plain, b"\x06x");
    both(
        wide,
        r#"{"map":{"string":1}}"#,
        Plain,
        b"\x08\x02\x0cstring\x02\0",
    );
    both(wide, "null", Plain, b"\0");
    accepted(wide, r#""x""#, Untagged, b"\x02\x02x");
    refused(wide, r#""x""#, "no branch of the union takes the value");
    refused(
        wide,
        r#"{"F":"x"}"#,
        "no branch of the union takes the value",
    );
    refused(
        wide,
        r#"{"string":5}"#,
        "`/string`: expected a string, found a number",
    );
    refused(
        r#"["int","string"]"#,
        "null",
        "no branch of the union takes the value",
    );

    // Both readings are possible: each kind prefers its own.
    let map = r#"["null",{"type":"map","values":["null",{"type":"map","values":"int"}]}]"#;
    accepted(
        map,
        r#"{"map":{"map":1}}"#,
        Plain,
        b"\x02\x02\x06map\x02\x02\x06map\x02\0\0",
    );
    let simple = r#"["null",{"type":"map","values":"int"}]"#;
    accepted(simple, r#"{"map":1}"#, Plain, b"\x02\x02\x06map\x02\0");
    accepted(simple, r#"{"map":{"a":1}}"#, Plain, b"\x02\x02\x02a\x02\0");
    accepted(simple, r#"{"map":{"a":1}}"#, Tagged, b"\x02\x02\x02a\x02\0");
    accepted(simple, r#"{"map":1}"#, Tagged, b"\x02\x02\x06map\x02\0");
    // When neither reading will do, the first one is explained.
    refused(
        simple,
        r#"{"map":"x"}"#,
        "`/0`: expected an integer, found a string",
    );
    refused(
        simple,
        r#"{"a":"x"}"#,
        "`/0`: expected an integer, found a string",
    );
}

#[test]
fn defaults_fill_what_is_absent() {
    let record = r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":"int","default":7},
        {"name":"b","type":["null","string"],"default":null},
        {"name":"c","type":"bytes","default":"\u00ff"},
        {"name":"d","type":{"type":"record","name":"N","fields":[
            {"name":"x","type":"double","default":"NaN"},{"name":"y","type":["int","null"],"default":1}]},"default":{}}]}"#;
    let mut expected = b"\x0e\0\x02\xff".to_vec();
    expected.extend_from_slice(&f64::NAN.to_le_bytes());
    expected.extend_from_slice(b"\0\x02");
    assert_eq!(
        encoded(record, "{}", &Options::default()).unwrap(),
        expected
    );
    let strict = Options {
        fill_defaults: false,
        ..Options::default()
    };
    assert_eq!(
        encoded(record, "{}", &strict).unwrap_err(),
        "member `a` is missing"
    );
    refused(
        record,
        r#"{"d":{"x":"NaN"}}"#,
        "`/d/x`: expected a number, found a string",
    );
}

#[test]
fn refusals_leave_the_value_out() {
    refused(r#""int""#, "2147483648", "the number does not fit `int`");
    refused(
        r#""long""#,
        "9223372036854775808",
        "the number does not fit `long`",
    );
    refused(r#""long""#, "1e400", "the number does not fit `long`");
    refused(r#""int""#, "1.5", "expected an integer, found a fraction");
    refused(r#""float""#, "1e39", "the number does not fit `float`");
    refused(r#""double""#, "1e400", "the number does not fit `double`");
    refused(
        r#""double""#,
        r#""NaN""#,
        "expected a number, found a string",
    );
    refused(
        r#""bytes""#,
        r#""€""#,
        "a character beyond U+00FF stands for no byte",
    );
    refused(
        r#"{"type":"fixed","name":"F","size":2}"#,
        r#""a""#,
        "expected 2 bytes",
    );
    refused(
        r#"{"type":"enum","name":"E","symbols":["A"]}"#,
        r#""secret""#,
        "the enum has no such symbol",
    );
    refused(
        r#"{"type":"map","values":"int"}"#,
        r#"{"ada@example.com":"x"}"#,
        "`/0`: expected an integer, found a string",
    );
}

#[test]
fn validation_collects_everything() {
    let set = set(r#"{"type":"record","name":"R","fields":[
            {"name":"a","type":"int"},{"name":"b","type":{"type":"array","items":["null","string"]}},
            {"name":"c","type":{"type":"map","values":"int"}},{"name":"d","type":"int"}]}"#);
    let value = json(r#"{"b":["x",1,null,true],"c":{"a/b":"x"},"a":1.5,"z":0}"#);
    let found: Vec<String> = validate(Schema::of_set(&set).unwrap(), &value, &Options::default())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "`/a`: expected an integer, found a fraction",
            "`/b/1`: expected a string, found a number",
            "`/b/3`: expected a string, found a boolean",
            "`/c/a~1b`: expected an integer, found a string",
            "``: member `d` is missing",
            "``: there is no member `z`",
        ]
    );
}

#[test]
fn bytes_that_are_no_value() {
    let check = |schema: &str, bytes: &[u8], expected: &str| {
        let set = set(schema);
        let error = decode(Schema::of_set(&set).unwrap(), bytes, &Options::default()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        r#""int""#,
        b"\x02\0",
        "more input follows the end of the value (at byte 1)",
    );
    check(
        r#""double""#,
        &f64::NAN.to_le_bytes(),
        "JSON has no NaN and no infinity (at byte 8)",
    );
    let record = r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":["null","int"]}}]}"#;
    check(
        record,
        b"\x04\0\x04",
        "`/a/1`: the index is beyond the 2 that the schema has (at byte 3)",
    );
    let loops = r#"{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}"#;
    let set = set(loops);
    let error = decode(
        Schema::of_set(&set).unwrap(),
        &[2; 100],
        &Options::default(),
    )
    .unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::TooDeep);
}

#[test]
fn symbols_of_newer_writers() {
    let set = set(r#"{"type":"enum","name":"E","symbols":["A"]}"#);
    let schema = Schema::of_set(&set).unwrap();
    let options = Options {
        resolved: true,
        ..Options::default()
    };
    assert_eq!(
        decode(schema, b"\x01\x06NEW", &options).unwrap().as_str(),
        Some("NEW")
    );
    assert!(decode(schema, b"\x01\x06NEW", &Options::default()).is_err());
}

#[test]
fn repeated_keys_keep_the_last_value() {
    let set = set(r#"{"type":"map","values":"int"}"#);
    let value = decode(
        Schema::of_set(&set).unwrap(),
        b"\x06\x02a\x02\x02b\x04\x02a\x06\0",
        &Options::default(),
    )
    .unwrap();
    assert_eq!(value.to_string(), r#"{"a":3,"b":2}"#);
}

/// A few lines of schema stand for 2⁴⁰ values that take no bytes: the budget ends it.
#[test]
fn schemas_that_explode() {
    let mut schema =
        r#"{"type":"record","name":"R0","fields":[{"name":"n","type":"null","default":null}]}"#
            .to_owned();
    for level in 1..40 {
        let below = level - 1;
        schema = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{schema},"default":{{}}}},{{"name":"b","type":"R{below}","default":{{}}}}]}}"#
        );
    }
    let set = set(&schema);
    let schema = Schema::of_set(&set).unwrap();
    let error = decode(schema, b"", &Options::default()).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::TooManyElements);
    let error = encode(schema, &json("{}"), &Options::default(), &mut Vec::new()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("there are more values than the limit")
    );
    let deep = format!(r#"{}1{}"#, r#"{"a":"#.repeat(100), "}".repeat(100));
    assert!(encode(schema, &json(&deep), &Options::default(), &mut Vec::new()).is_err());
}

/// Random bytes decode or fail; what decodes encodes again, and decodes to the same.
#[test]
fn hostile_bytes() {
    let set = set(r#"{"type":"record","name":"R","fields":[
        {"name":"a","type":["null","int","string",{"type":"array","items":["null","R"]}]},
        {"name":"b","type":{"type":"map","values":"bytes"}},
        {"name":"c","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"d","type":{"type":"array","items":"float"}},
        {"name":"e","type":["long","null"]}]}"#);
    let schema = Schema::of_set(&set).unwrap();
    let mut random = crate::wire::xorshift(0x2545_f491_4f6c_dd1d);
    let mut decoded = 0;
    for round in 0..30_000 {
        let options = options(if round & 1 == 0 {
            Unions::Plain
        } else {
            Unions::Tagged
        });
        let length = random() % 24;
        let bytes: Vec<u8> = (0..length).map(|_| plausible(random())).collect();
        // Most often a value is complete before the bytes are: then those before are one.
        let bytes = match decode(schema, &bytes, &options) {
            Err(error) if *error.kind() == DecodeErrorKind::TrailingBytes => &bytes[..error.at()],
            _ => &bytes[..],
        };
        let Ok(value) = decode(schema, bytes, &options) else {
            continue;
        };
        decoded += 1;
        let mut again = Vec::new();
        encode(schema, &value, &options, &mut again).unwrap();
        assert_eq!(decode(schema, &again, &options).unwrap(), value);
    }
    assert!(decoded > 100, "{decoded}");
}

/// Mostly the small even bytes that counts and indices are made of.
fn plausible(word: u64) -> u8 {
    match word % 10 {
        0..5 => 0,
        5..7 => 2,
        7 => 4,
        8 => 6,
        _ => word.to_le_bytes()[1],
    }
}
