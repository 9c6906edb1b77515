//! Every rule of resolution, and the cases that other implementations get wrong.

use super::*;
use crate::avro::dynamic::{self, Options, Unions};
use crate::avro::{self, Set};
use crate::diag::Diagnostics;
use crate::json::Json;
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
    node::parse_json(&mut cx, file, text)
        .unwrap_or_else(|| panic!("{text}"))
        .to_json()
}

fn named<'s>(set: &'s Set, name: &str) -> Schema<'s> {
    let place = set
        .named
        .iter()
        .position(|named| named.name.name == name)
        .unwrap();
    Schema::of_named(set, avro::NamedId(u32::try_from(place).unwrap()))
}

fn compiled(writer: &str, reader: &str) -> Result<Plan, Vec<String>> {
    let (writer, reader) = (set(writer), set(reader));
    let plan = Plan::compile(
        Schema::of_set(&writer).unwrap(),
        Schema::of_set(&reader).unwrap(),
    );
    plan.map_err(|found| {
        found
            .iter()
            .map(|found| format!("{} {found}", found.kind.as_str()))
            .collect()
    })
}

/// A value of the writer's, read by the reader.
fn through(plan: &Plan, writer: &str, value: &str, reader: &str) -> Result<String, String> {
    let (writer, reader) = (set(writer), set(reader));
    let options = Options {
        unions: Unions::Tagged,
        ..Options::default()
    };
    let mut bytes = Vec::new();
    dynamic::encode(
        Schema::of_set(&writer).unwrap(),
        &json(value),
        &options,
        &mut bytes,
    )
    .unwrap_or_else(|error| panic!("{value}: {error}"));
    let mut out = vec![0xaa];
    let result = plan.run(&bytes, &mut out);
    assert_eq!(out[0], 0xaa);
    if result.is_err() {
        assert_eq!(out.len(), 1);
    }
    result.map_err(|error| error.to_string())?;
    let options = Options {
        resolved: true,
        ..options
    };
    dynamic::decode(Schema::of_set(&reader).unwrap(), &out[1..], &options)
        .map(|value| value.to_string())
        .map_err(|error| error.to_string())
}

/// The writer's value becomes the reader's.
fn becomes(writer: &str, value: &str, reader: &str, expected: &str) -> Plan {
    let plan =
        compiled(writer, reader).unwrap_or_else(|found| panic!("{writer} {reader} {found:?}"));
    assert_eq!(
        through(&plan, writer, value, reader).as_deref(),
        Ok(expected),
        "{writer} {reader}"
    );
    plan
}

/// The same, and the bytes do not change.
fn stays(writer: &str, value: &str, reader: &str, expected: &str) {
    assert!(
        becomes(writer, value, reader, expected).is_identity(),
        "{writer} {reader}"
    );
}

/// The same, and they do.
fn changes(writer: &str, value: &str, reader: &str, expected: &str) {
    assert!(
        !becomes(writer, value, reader, expected).is_identity(),
        "{writer} {reader}"
    );
}

fn refused(writer: &str, reader: &str, expected: &[&str]) {
    let found = compiled(writer, reader).expect_err(reader);
    assert_eq!(found, expected, "{writer} {reader}");
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
}

#[test]
fn numbers_widen() {
    stays(r#""int""#, "-7", r#""int""#, "-7");
    stays(r#""int""#, "-7", r#""long""#, "-7");
    changes(r#""int""#, "-7", r#""float""#, "-7.0");
    changes(r#""int""#, "-7", r#""double""#, "-7.0");
    changes(r#""long""#, "16777217", r#""float""#, "16777216.0");
    changes(r#""long""#, "16777217", r#""double""#, "16777217.0");
    changes(r#""float""#, "1.5", r#""double""#, "1.5");
    stays(r#""string""#, r#""é""#, r#""bytes""#, r#""Ã©""#);
    stays(r#""bytes""#, r#""abc""#, r#""string""#, r#""abc""#);
    refused(
        r#""long""#,
        r#""int""#,
        &["TYPE_MISMATCH ``: the writer has long, which no int can read"],
    );
    refused(
        r#""double""#,
        r#""float""#,
        &["TYPE_MISMATCH ``: the writer has double, which no float can read"],
    );
    let array = |items: &str| format!(r#"{{"type":"array","items":"{items}"}}"#);
    let map = |values: &str| format!(r#"{{"type":"map","values":"{values}"}}"#);
    changes(&array("int"), "[1,2]", &array("double"), "[1.0,2.0]");
    stays(&array("int"), "[1,2]", &array("long"), "[1,2]");
    changes(
        &map("float"),
        r#"{"a":1.5}"#,
        &map("double"),
        r#"{"a":1.5}"#,
    );
    refused(
        &array("long"),
        &array("int"),
        &["TYPE_MISMATCH `/items`: the writer has long, which no int can read"],
    );
    refused(
        &map("long"),
        &map("int"),
        &["TYPE_MISMATCH `/values`: the writer has long, which no int can read"],
    );
}

#[test]
fn fields_come_go_and_move() {
    let abc = record(
        r#"{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":"int"}"#,
    );
    let value = r#"{"a":1,"b":"x","c":3}"#;
    stays(&abc, value, &abc, value);
    // Dropped at either end and in the middle.
    changes(
        &abc,
        value,
        &record(r#"{"name":"b","type":"string"}"#),
        r#"{"b":"x"}"#,
    );
    changes(
        &abc,
        value,
        &record(r#"{"name":"a","type":"int"},{"name":"c","type":"double"}"#),
        r#"{"a":1,"c":3.0}"#,
    );
    changes(&abc, value, &record(""), "{}");
    // Added at either end and in the middle.
    changes(
        &abc,
        value,
        &record(
            r#"{"name":"x","type":"int","default":9},{"name":"a","type":"int"},{"name":"y","type":"string","default":"d"},
            {"name":"b","type":"string"},{"name":"c","type":"int"},{"name":"z","type":["null","int"],"default":null}"#,
        ),
        r#"{"x":9,"a":1,"y":"d","b":"x","c":3,"z":null}"#,
    );
    // Moved, with one added, one dropped and one widened.
    changes(
        &abc,
        value,
        &record(
            r#"{"name":"c","type":"double"},{"name":"n","type":"int","default":5},{"name":"a","type":"int"}"#,
        ),
        r#"{"c":3.0,"n":5,"a":1}"#,
    );
    refused(
        &abc,
        &record(r#"{"name":"a","type":"int"},{"name":"n","type":"int"}"#),
        &[
            "READER_FIELD_MISSING_DEFAULT_VALUE `/fields/1`: the writer has no field `n`, and it has no default",
        ],
    );
}

#[test]
fn moved_records_hold_moved_records() {
    let inner = |fields: &str| format!(r#"{{"type":"record","name":"I","fields":[{fields}]}}"#);
    let writer = record(&format!(
        r#"{{"name":"l","type":{{"type":"array","items":{}}}}},{{"name":"m","type":"I"}},{{"name":"n","type":"int"}}"#,
        inner(r#"{"name":"a","type":"int"},{"name":"b","type":"string"}"#)
    ));
    let reader = record(&format!(
        r#"{{"name":"n","type":"int"}},{{"name":"m","type":{}}},{{"name":"l","type":{{"type":"array","items":"I"}}}}"#,
        inner(r#"{"name":"b","type":"string"},{"name":"a","type":"int"}"#)
    ));
    changes(
        &writer,
        r#"{"l":[{"a":1,"b":"x"},{"a":2,"b":"y"}],"m":{"a":3,"b":"z"},"n":4}"#,
        &reader,
        r#"{"n":4,"m":{"b":"z","a":3},"l":[{"b":"x","a":1},{"b":"y","a":2}]}"#,
    );
}

#[test]
fn names_and_aliases() {
    let named = |name: &str, more: &str| {
        format!(
            r#"{{"type":"record","name":"{name}","fields":[{{"name":"a","type":"int"}}]{more}}}"#
        )
    };
    stays(
        &named("x.R", ""),
        r#"{"a":1}"#,
        &named("y.R", ""),
        r#"{"a":1}"#,
    );
    stays(
        &named("x.Old", ""),
        r#"{"a":1}"#,
        &named("y.New", r#","aliases":["x.Old"]"#),
        r#"{"a":1}"#,
    );
    refused(
        &named("x.Old", ""),
        &named("y.New", r#","aliases":["Old"]"#),
        &["NAME_MISMATCH `/name`: the writer's `x.Old` is not `y.New`, and no alias says so"],
    );
    // The old value is carried over, whether or not the new field has a default.
    let old = record(r#"{"name":"old","type":"int"}"#);
    stays(
        &old,
        r#"{"old":5}"#,
        &record(r#"{"name":"new","type":"int","aliases":["old"]}"#),
        r#"{"new":5}"#,
    );
    stays(
        &old,
        r#"{"old":5}"#,
        &record(r#"{"name":"new","type":"int","aliases":["older","old"],"default":1}"#),
        r#"{"new":5}"#,
    );
    // A name comes before an alias, and nothing is taken twice.
    changes(
        &old,
        r#"{"old":5}"#,
        &record(
            r#"{"name":"new","type":"int","aliases":["old"],"default":1},{"name":"old","type":"int"}"#,
        ),
        r#"{"new":1,"old":5}"#,
    );
    changes(
        &old,
        r#"{"old":5}"#,
        &record(
            r#"{"name":"x","type":"int","aliases":["old"]},{"name":"y","type":"int","aliases":["old"],"default":1}"#,
        ),
        r#"{"x":5,"y":1}"#,
    );
    let fixed = |name: &str, size: u32, more: &str| {
        format!(r#"{{"type":"fixed","name":"{name}","size":{size}{more}}}"#)
    };
    stays(
        &fixed("F", 2, ""),
        r#""ab""#,
        &fixed("G", 2, r#","aliases":["F"]"#),
        r#""ab""#,
    );
    refused(
        &fixed("F", 2, ""),
        &fixed("G", 3, ""),
        &[
            "NAME_MISMATCH `/name`: the writer's `F` is not `G`, and no alias says so",
            "FIXED_SIZE_MISMATCH `/size`: the writer's size is 2, the reader's 3",
        ],
    );
}

#[test]
fn defaults_become_bytes() {
    let added = |ty: &str, default: &str, expected: &str| {
        let reader = record(&format!(
            r#"{{"name":"n","type":{ty},"default":{default}}}"#
        ));
        changes(
            &record(""),
            "{}",
            &reader,
            &format!(r#"{{"n":{expected}}}"#),
        );
    };
    added(r#""bytes""#, r#""\u00ff""#, r#""ÿ""#);
    added(
        r#"{"type":"fixed","name":"F","size":2}"#,
        r#""\u0000\u00ff""#,
        r#""\u0000ÿ""#,
    );
    added(r#"["null","int"]"#, "null", "null");
    added(r#"["int","null"]"#, "7", r#"{"int":7}"#);
    added(r#"{"type":"array","items":"int"}"#, "[1,2]", "[1,2]");
    added(
        r#"{"type":"map","values":"int"}"#,
        r#"{"a":1}"#,
        r#"{"a":1}"#,
    );
    added(
        r#"{"type":"enum","name":"E","symbols":["A","B"]}"#,
        r#""B""#,
        r#""B""#,
    );
    added(
        r#"{"type":"record","name":"N","fields":[{"name":"x","type":"int","default":4},{"name":"y","type":["null","N"],"default":null}]}"#,
        "{}",
        r#"{"x":4,"y":null}"#,
    );
}

#[test]
fn unions_of_every_width() {
    stays(r#""null""#, "null", r#""null""#, "null");
    changes(r#""int""#, "5", r#"["null","int"]"#, r#"{"int":5}"#);
    changes(
        r#""int""#,
        "5",
        r#"["null","double","long"]"#,
        r#"{"double":5.0}"#,
    );
    changes(
        r#""int""#,
        "5",
        r#"["null","double","int"]"#,
        r#"{"int":5}"#,
    );
    changes(r#"["int"]"#, r#"{"int":5}"#, r#""long""#, "5");
    changes(r#"["int","long"]"#, r#"{"long":5}"#, r#""double""#, "5.0");
    changes(
        r#"["null","int"]"#,
        r#"{"int":5}"#,
        r#"["int","null"]"#,
        r#"{"int":5}"#,
    );
    changes(r#"["null","int"]"#, "null", r#"["int","null"]"#, "null");
    stays(
        r#"["null","int"]"#,
        r#"{"int":5}"#,
        r#"["null","long","string"]"#,
        r#"{"long":5}"#,
    );
    changes(
        r#"["string","int"]"#,
        r#"{"int":5}"#,
        r#"["bytes","string","float"]"#,
        r#"{"float":5.0}"#,
    );
    refused(
        r#"["null","string"]"#,
        r#""string""#,
        &["TYPE_MISMATCH `/0`: the writer has null, which no string can read"],
    );
    refused(
        r#"["int","boolean"]"#,
        r#"["int"]"#,
        &["MISSING_UNION_BRANCH `/1`: the reader's union has no branch for the writer's boolean"],
    );
    refused(
        r#""boolean""#,
        r#"["int"]"#,
        &["MISSING_UNION_BRANCH ``: the reader's union has no branch for the writer's boolean"],
    );
}

#[test]
fn unions_prefer_the_nearest_name() {
    let r = |name: &str, more: &str| {
        format!(
            r#"{{"type":"record","name":"{name}","fields":[{{"name":"a","type":"int"}}{more}]}}"#
        )
    };
    let writer = r("x.R", "");
    changes(
        &writer,
        r#"{"a":1}"#,
        &format!("[{},{}]", r("y.R", ""), writer),
        r#"{"x.R":{"a":1}}"#,
    );
    changes(
        &writer,
        r#"{"a":1}"#,
        &format!(r#"["null",{}]"#, r("y.R", "")),
        r#"{"y.R":{"a":1}}"#,
    );
    // Of two, the one that can be read at all.
    let unreadable = r("x.R", r#",{"name":"b","type":"int"}"#);
    changes(
        &writer,
        r#"{"a":1}"#,
        &format!("[{unreadable},{}]", r("y.R", "")),
        r#"{"y.R":{"a":1}}"#,
    );
}

#[test]
fn enums_by_symbol() {
    let of = |symbols: &str, more: &str| {
        format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]{more}}}"#)
    };
    let ab = of(r#""A","B""#, "");
    stays(&ab, r#""B""#, &of(r#""A","B","C""#, ""), r#""B""#);
    changes(&ab, r#""B""#, &of(r#""B","A""#, ""), r#""B""#);
    changes(
        &ab,
        r#""B""#,
        &of(r#""A","X""#, r#","default":"X""#),
        r#""X""#,
    );
    let a = of(r#""A""#, "");
    refused(
        &ab,
        &a,
        &[
            "MISSING_ENUM_SYMBOLS `/symbols`: the reader lacks `B` of the writer's symbols and has no default",
        ],
    );
    // A lenient plan passes the symbol through.
    let (writer, reader) = (set(&ab), set(&a));
    let plan = Plan::lenient(
        Schema::of_set(&writer).unwrap(),
        Schema::of_set(&reader).unwrap(),
    )
    .unwrap();
    assert!(plan.passes_symbols());
    let mut out = Vec::new();
    plan.run(b"\x02", &mut out).unwrap();
    assert_eq!(out, b"\x01\x02B");
    assert_eq!(through(&plan, &ab, r#""B""#, &a).as_deref(), Ok(r#""B""#));
    assert_eq!(through(&plan, &ab, r#""A""#, &a).as_deref(), Ok(r#""A""#));
}

#[test]
fn lenient_plans_fail_late() {
    let lenient = |writer: &str, reader: &str| {
        let (writer, reader) = (set(writer), set(reader));
        Plan::lenient(
            Schema::of_set(&writer).unwrap(),
            Schema::of_set(&reader).unwrap(),
        )
    };
    let (writer, reader) = (
        record(r#"{"name":"a","type":["null","int","R"]}"#),
        record(r#"{"name":"a","type":["int","null"]}"#),
    );
    let plan = lenient(&writer, &reader).unwrap();
    assert_eq!(
        through(&plan, &writer, r#"{"a":{"int":1}}"#, &reader).as_deref(),
        Ok(r#"{"a":{"int":1}}"#)
    );
    assert_eq!(
        through(&plan, &writer, r#"{"a":{"R":{"a":null}}}"#, &reader).unwrap_err(),
        "`/a`: the reader's schema has no place for this value of the writer's (at byte 1)"
    );
    // Where no value could be read there is no plan.
    let found = lenient(r#"["null","string"]"#, r#""int""#).unwrap_err();
    assert!(found.iter().all(|found| !found.some_values));
    let found = lenient(&record(""), &record(r#"{"name":"a","type":"int"}"#)).unwrap_err();
    assert!(!found[0].some_values);
    // An enum in a union keeps its branch.
    let of =
        |symbols: &str| format!(r#"["null",{{"type":"enum","name":"E","symbols":[{symbols}]}}]"#);
    let (writer, reader) = (of(r#""A","B""#), of(r#""B""#));
    let plan = lenient(&writer, &reader).unwrap();
    assert_eq!(
        through(&plan, &writer, r#"{"E":"A"}"#, &reader).as_deref(),
        Ok(r#"{"E":"A"}"#)
    );
}

#[test]
fn decimals() {
    let decimal = |precision: u32, scale: u32| {
        format!(
            r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#
        )
    };
    stays(&decimal(6, 2), r#""a""#, &decimal(12, 2), r#""a""#);
    stays(&decimal(12, 2), r#""a""#, &decimal(6, 2), r#""a""#);
    refused(
        &decimal(6, 2),
        &decimal(6, 3),
        &["DECIMAL_SCALE_MISMATCH `/scale`: the writer's decimals have scale 2, the reader's 3"],
    );
    stays(&decimal(6, 2), r#""a""#, r#""bytes""#, r#""a""#);
    stays(r#""bytes""#, r#""a""#, &decimal(6, 2), r#""a""#);
}

#[test]
fn records_that_hold_themselves() {
    let list = |ty: &str, more: &str| {
        format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{ty}"}},{{"name":"next","type":["null","L"]}}{more}]}}"#
        )
    };
    let value = r#"{"v":1,"next":{"L":{"v":2,"next":null}}}"#;
    stays(&list("int", ""), value, &list("long", ""), value);
    changes(
        &list("int", ""),
        value,
        &list("double", r#",{"name":"n","type":"int","default":0}"#),
        r#"{"v":1.0,"next":{"L":{"v":2.0,"next":null,"n":0}},"n":0}"#,
    );
    refused(
        &list("string", ""),
        &list("int", ""),
        &["TYPE_MISMATCH `/fields/0/type`: the writer has string, which no int can read"],
    );
    // Two that hold each other, and only one of them differs, far inside.
    let pair = |ty: &str| {
        format!(
            r#"{{"type":"record","name":"A","fields":[{{"name":"b","type":["null",{{"type":"record","name":"B","fields":[
            {{"name":"a","type":["null","A"]}},{{"name":"v","type":"{ty}"}}]}}]}}]}}"#
        )
    };
    changes(
        &pair("int"),
        r#"{"b":{"B":{"a":{"A":{"b":null}},"v":3}}}"#,
        &pair("double"),
        r#"{"b":{"B":{"a":{"A":{"b":null}},"v":3.0}}}"#,
    );
}

#[test]
fn long_chains_of_references_do_not_recurse() {
    // A record of 3000 records, each holding the one before: flat text, deep graph.
    let chain = |ty: &str| {
        let fields: Vec<String> = (0..3000)
            .map(|index| {
                let ty = if index == 0 { ty.to_owned() } else { format!("R{}", index - 1) };
                format!(
                    r#"{{"name":"f{index}","type":{{"type":"record","name":"R{index}","fields":[{{"name":"f","type":"{ty}"}}]}}}}"#
                )
            })
            .collect();
        set(&record(&fields.join(",")))
    };
    let (int, long, double) = (chain("int"), chain("long"), chain("double"));
    let plan = Plan::compile(named(&int, "R2999"), named(&double, "R2999")).unwrap();
    assert!(!plan.is_identity());
    assert!(
        Plan::compile(named(&int, "R2999"), named(&long, "R2999"))
            .unwrap()
            .is_identity()
    );
    assert!(Plan::compile(named(&long, "R2999"), named(&int, "R2999")).is_err());
    // Deeper than a value may be.
    let error = plan.run(b"\x02", &mut Vec::new()).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::TooDeep);
    let plan = Plan::compile(named(&int, "R9"), named(&double, "R9")).unwrap();
    let mut out = Vec::new();
    plan.run(b"\x02", &mut out).unwrap();
    assert_eq!(out, 1f64.to_le_bytes());
}

#[test]
fn output_is_bounded() {
    // 2²⁰ elements of no bytes, each of which becomes a kilobyte.
    let item = |fields: &str| {
        format!(r#"{{"type":"array","items":{{"type":"record","name":"R","fields":[{fields}]}}}}"#)
    };
    let long = "x".repeat(1000);
    let reader = item(&format!(
        r#"{{"name":"s","type":"string","default":"{long}"}}"#
    ));
    let plan = compiled(&item(""), &reader).unwrap();
    let mut bytes = Vec::new();
    let mut writer = crate::wire::avro::Writer::on(bytes);
    writer.begin_block(500_000);
    writer.end_blocks();
    bytes = writer.finish().unwrap();
    let mut out = Vec::new();
    let error = plan.run(&bytes, &mut out).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::TooManyBytes);
    assert!(out.is_empty());
}

/// Random bytes through plans of every kind: what comes out reads as the reader's, or there is an error.
#[test]
fn hostile_bytes() {
    let writer = record(
        r#"{"name":"a","type":["null","int","R"]},{"name":"b","type":{"type":"array","items":["int","float"]}},
        {"name":"c","type":{"type":"map","values":"string"}},{"name":"d","type":{"type":"enum","name":"E","symbols":["A","B","C"]}},
        {"name":"e","type":{"type":"array","items":"null"}},{"name":"f","type":{"type":"fixed","name":"F","size":3}}"#,
    );
    let readers = [
        writer.clone(),
        record(r#"{"name":"b","type":{"type":"array","items":"double"}}"#),
        record(
            r#"{"name":"f","type":{"type":"fixed","name":"F","size":3}},{"name":"d","type":{"type":"enum","name":"E","symbols":["C","A"],"default":"A"}},
            {"name":"z","type":"string","default":"zz"},{"name":"a","type":["R","long","null"]},{"name":"c","type":{"type":"map","values":["null","bytes"]}}"#,
        ),
        record(
            r#"{"name":"d","type":{"type":"enum","name":"E","symbols":["B"]}},{"name":"a","type":["int","null"]}"#,
        ),
    ];
    let written = set(&writer);
    let written = Schema::of_set(&written).unwrap();
    let mut random = crate::wire::xorshift(0x1234_5678_9abc_def1);
    for reader in &readers {
        let read = set(reader);
        let read = Schema::of_set(&read).unwrap();
        let plan = Plan::lenient(written, read).unwrap();
        let options = Options {
            resolved: true,
            ..Options::default()
        };
        let mut resolved = 0;
        for _ in 0..10_000 {
            let length = random() % 24;
            let bytes: Vec<u8> = (0..length)
                .map(|_| match random() % 10 {
                    0..5 => 0,
                    5..7 => 2,
                    7 => 4,
                    8 => 1,
                    _ => random().to_le_bytes()[1],
                })
                .collect();
            let mut out = Vec::new();
            let end = match plan.run(&bytes, &mut out) {
                Err(error) if *error.kind() == DecodeErrorKind::TrailingBytes => error.at(),
                _ => bytes.len(),
            };
            out.clear();
            let Ok(()) = plan.run(&bytes[..end], &mut out) else {
                continue;
            };
            // Texts, numbers beyond 32 bits and NaN are looked at by those who read them.
            let direct = dynamic::decode(written, &bytes[..end], &Options::default());
            let through = dynamic::decode(read, &out, &options);
            if direct.is_ok() {
                resolved += 1;
                assert!(through.is_ok(), "{bytes:?} {out:?} {through:?}");
            }
        }
        assert!(resolved > 100, "{resolved}");
    }
}
