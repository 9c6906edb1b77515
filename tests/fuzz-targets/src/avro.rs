//! Avro bodies: by type, by schema, through plans. Any bytes give a value or an error, and all ways agree.

use golden::avro::golden::avro::{CardAdded, Kinds, LogicalTypes, Tree, Unions};
use golden::avro::golden::idl::Ordered;
use golden::avro::golden::protocol::Message;
use golden::versions::golden::versions::{
    AnyOrderShipped, OrderShipped, order_shipped_v1, order_shipped_v2,
};
use obs_runtime::{AvroCodec, Event, JsonCodec, Validate};
use obs_schema::avro::dynamic::{self, Options, Unions as Branches};
use obs_schema::avro::{self, Plan, Schema, canonical, full_text};
use obs_schema::json::Json;
use obs_schema::wire::avro::Reader;
use obs_schema::wire::{DecodeError, DecodeErrorKind, Limits};
use std::sync::LazyLock;

/// A type and its schema.
struct Typed {
    schema: avro::Set,
    check: fn(Schema<'_>, &[u8]),
    check_json: fn(Schema<'_>, &[u8]),
}

impl Typed {
    fn event<T: Event + AvroCodec + JsonCodec>() -> Typed {
        Typed::new::<T>(T::DESCRIPTOR.schema)
    }

    fn new<T: AvroCodec + JsonCodec + Validate>(schema: &str) -> Typed {
        Typed {
            schema: avro::read_text(schema).unwrap_or_default(),
            check: by_type_and_by_schema::<T>,
            check_json: json_by_type_and_by_schema::<T>,
        }
    }
}

static TYPES: LazyLock<Vec<Typed>> = LazyLock::new(|| {
    vec![
        Typed::event::<Kinds>(),
        Typed::event::<LogicalTypes>(),
        Typed::event::<Unions>(),
        Typed::new::<Tree>(include_str!("../../specs/ok/avro/tree.avsc")),
        Typed::event::<CardAdded>(),
        Typed::event::<Ordered>(),
        Typed::event::<Message>(),
        Typed::event::<order_shipped_v1::OrderShipped>(),
    ]
});

/// The first byte says which type, the others are its body.
pub(crate) fn typed(data: &[u8]) {
    let Some((which, body)) = data.split_first() else {
        return;
    };
    let ty = &TYPES[usize::from(*which) % TYPES.len()];
    if let Some(schema) = Schema::of_set(&ty.schema) {
        (ty.check)(schema, body);
    }
}

/// The JSON form of the same types.
pub(crate) fn typed_json(data: &[u8]) {
    for ty in TYPES.iter() {
        if let Some(schema) = Schema::of_set(&ty.schema) {
            (ty.check_json)(schema, data);
        }
    }
}

fn encoded<T: AvroCodec>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    let written = value.encode_avro(&mut out);
    assert!(written.is_ok(), "a decoded value is refused: {written:?}");
    out
}

/// Bodies are compared, not values: a NaN is not equal to itself.
fn by_type_and_by_schema<T: AvroCodec + JsonCodec + Validate>(schema: Schema<'_>, body: &[u8]) {
    let Ok(value) = T::decode_avro(body) else {
        return;
    };
    drop(value.validate());
    let (mut once, mut text) = (Vec::new(), Vec::new());
    if value.encode_avro(&mut once).is_err() {
        // A decimal of more digits than its schema allows is read and not written.
        let written = value.encode_json(&mut text);
        assert!(written.is_err(), "JSON takes what Avro refuses");
        return;
    }
    // By schema a decimal is the bytes it came as, so both look at those that we write.
    let by_schema = dynamic::decode(schema, &once, &Options::default());
    let again = T::decode_avro(&once);
    assert!(
        again.is_ok_and(|again| encoded(&again) == once),
        "a value changed on its way"
    );

    // What JSON has no number for is refused both ways.
    let Ok(()) = value.encode_json(&mut text) else {
        assert!(
            by_schema.is_err(),
            "the type has no JSON, the schema has {by_schema:?}"
        );
        return;
    };
    let Ok(by_schema) = by_schema else {
        panic!("the type reads what the schema does not: {by_schema:?}");
    };
    let by_type = Json::parse(&text);
    assert!(
        by_type.as_ref().is_ok_and(|by_type| *by_type == by_schema),
        "{by_type:?} by type, {by_schema} by schema"
    );

    let from_text = T::decode_json(&text).map(|value| encoded(&value));
    assert!(
        from_text.as_ref().is_ok_and(|bytes| *bytes == once),
        "through JSON: {from_text:?}"
    );
    let mut bytes = Vec::new();
    let written = dynamic::encode(schema, &by_schema, &Options::default(), &mut bytes);
    assert!(written.is_ok(), "by schema: {written:?}");
    // Equal but for the order of map entries.
    let again = T::decode_avro(&bytes).map(|value| encoded(&value));
    assert!(
        again.as_ref().is_ok_and(|bytes| *bytes == once),
        "by schema: {again:?}"
    );
}

/// Both read the same JSON as the same value.
fn json_by_type_and_by_schema<T: AvroCodec + JsonCodec + Validate>(
    schema: Schema<'_>,
    text: &[u8],
) {
    let Ok(value) = T::decode_json(text) else {
        return;
    };
    drop(value.validate());
    // An unrecognised symbol is kept when read and refused when written.
    let mut by_type = Vec::new();
    if value.encode_avro(&mut by_type).is_err() {
        return;
    }
    let mut again = Vec::new();
    assert!(
        value.encode_json(&mut again).is_ok(),
        "Avro takes what JSON refuses"
    );
    let back = T::decode_json(&again).map(|value| encoded(&value));
    assert!(
        back.as_ref().is_ok_and(|bytes| *bytes == by_type),
        "{} is read as {back:?}",
        String::from_utf8_lossy(&again)
    );
    let tree = Json::parse(&again).unwrap_or_default();
    let mut by_schema = Vec::new();
    let written = dynamic::encode(schema, &tree, &Options::default(), &mut by_schema);
    assert!(written.is_ok(), "the schema refuses {tree}: {written:?}");
    let canonical = T::decode_avro(&by_schema).map(|value| encoded(&value));
    assert!(
        canonical.is_ok_and(|bytes| bytes == by_type),
        "{tree} is another value by schema"
    );
}

struct Versions {
    schemas: Vec<(u64, avro::Set)>,
}

static VERSIONS: LazyLock<Versions> = LazyLock::new(|| {
    let descriptors = [
        order_shipped_v1::OrderShipped::DESCRIPTOR,
        order_shipped_v2::OrderShipped::DESCRIPTOR,
        OrderShipped::DESCRIPTOR,
    ];
    let schemas = descriptors.map(|descriptor| {
        (
            descriptor.rabin,
            avro::read_text(descriptor.schema).unwrap_or_default(),
        )
    });
    Versions {
        schemas: schemas.into(),
    }
});

/// The first byte says which writer and which reader. What a plan writes, the reader's type reads.
pub(crate) fn versions(data: &[u8]) {
    let Some((which, body)) = data.split_first() else {
        return;
    };
    let schemas = &VERSIONS.schemas;
    let (fingerprint, writer) = &schemas[usize::from(*which) % schemas.len()];
    let reader = usize::from(*which) / schemas.len() % schemas.len();
    if let (Some(writer), Some(schema)) =
        (Schema::of_set(writer), Schema::of_set(&schemas[reader].1))
    {
        planned(writer, schema, body, |body, resolved| match reader {
            0 => reads::<order_shipped_v1::OrderShipped>(body, resolved),
            1 => reads::<order_shipped_v2::OrderShipped>(body, resolved),
            _ => reads::<OrderShipped>(body, resolved),
        });
    }
    if let Ok(any) = AnyOrderShipped::decode(*fingerprint, body) {
        let latest = any.into_latest();
        // The hand-written step goes through JSON, which has no NaN.
        assert!(latest.is_ok() || body.len() > 8, "{latest:?}");
    }
}

fn reads<T: AvroCodec>(body: &[u8], resolved: bool) -> Result<(), DecodeError> {
    let mut reader = Reader::new(body);
    if resolved {
        reader = reader.resolved();
    }
    T::read_avro(&mut reader)?;
    reader.finish()
}

/// Both kinds of plan, where there are any, and what comes of them.
fn planned(
    writer: Schema<'_>,
    reader: Schema<'_>,
    body: &[u8],
    reads: impl Fn(&[u8], bool) -> Result<(), DecodeError>,
) {
    let strict = Plan::compile(writer, reader);
    let lenient = Plan::lenient(writer, reader);
    assert!(
        strict.is_err() || lenient.is_ok(),
        "what holds always does not hold sometimes"
    );
    let written = dynamic::decode(writer, body, &Options::default()).is_ok();
    let mut outputs = Vec::new();
    for plan in [&strict, &lenient].into_iter().flatten() {
        let mut out = b"before".to_vec();
        match plan.run(body, &mut out) {
            Ok(()) => {
                let out = out.split_off(6);
                // What a plan copies it does not judge, so only good bytes of the writer promise anything.
                let read = reads(&out, plan.passes_symbols());
                if let (true, Err(error)) = (written, read) {
                    assert!(excused(&error), "the plan wrote {out:?}: {error}");
                }
                outputs.push(out);
            }
            Err(_) => assert_eq!(out, b"before", "a failed run left something behind"),
        }
    }
    if strict.is_ok() {
        assert!(
            !written || outputs.len() == 2,
            "a strict plan refuses a value of the writer"
        );
        assert!(
            outputs.first() == outputs.last(),
            "the two plans give different values"
        );
    }
}

/// A writer's schema, a reader's and a body of the writer, with zero bytes between.
pub(crate) fn schemas(data: &[u8]) {
    let Some((writer, rest)) = crate::halves(data) else {
        return;
    };
    let (reader, body) = crate::halves(rest).unwrap_or((rest, b""));
    let read = |text: &[u8]| {
        let text = std::str::from_utf8(text)
            .ok()
            .filter(|text| text.len() < 4000)?;
        avro::read_text(text).ok()
    };
    let Some(writer) = read(writer) else {
        return;
    };
    forms(&writer);
    let Some(schema) = Schema::of_set(&writer) else {
        return;
    };
    by_schema(schema, body);
    let Some(reader) = read(reader) else {
        return;
    };
    if let Some(reader) = Schema::of_set(&reader) {
        planned(schema, reader, body, |body, resolved| {
            readable(reader, body, resolved)
        });
    }
    let same = Plan::compile(schema, schema);
    assert!(same.is_ok(), "a schema cannot read itself: {same:?}");
}

fn readable(schema: Schema<'_>, body: &[u8], resolved: bool) -> Result<(), DecodeError> {
    let options = Options {
        resolved,
        ..Options::default()
    };
    dynamic::decode(schema, body, &options).map(drop)
}

/// What a plan adds is counted too, and numbers it makes may be none of JSON's.
fn excused(error: &DecodeError) -> bool {
    use DecodeErrorKind as K;
    matches!(
        error.kind(),
        K::TooDeep | K::TooManyElements | K::TooManyBytes
    ) || error.to_string().contains("JSON")
}

/// The canonical form and the full text say the same as the schema.
fn forms(set: &avro::Set) {
    let root = set
        .documents
        .iter()
        .find_map(|document| document.root.as_ref());
    if let Some(root) = root {
        said_again(&canonical::of(set, root), &full_text::of(set, root));
    }
}

/// As [`forms`], of each type that has a name, for documents that have no root.
pub(crate) fn named_forms(set: &avro::Set) {
    // Each text holds all that its type is made of, so many of them would be many times the same.
    for id in (0..set.named.len().min(4)).filter_map(|id| u32::try_from(id).ok()) {
        let id = avro::NamedId(id);
        said_again(&canonical::named(set, id), &full_text::named(set, id));
    }
}

fn said_again(form: &str, full: &str) {
    for text in [form, full] {
        let again = match avro::read_text(text) {
            Ok(again) => again,
            Err(error) => {
                // Defaults are no part of the canonical form, and neither is what they save from being endless.
                assert!(
                    text == form,
                    "the full text cannot be read: {text}\n{error:?}"
                );
                continue;
            }
        };
        let root = again
            .documents
            .iter()
            .find_map(|document| document.root.as_ref());
        let again = root.map(|root| canonical::of(&again, root));
        assert_eq!(again.as_deref(), Some(form), "{text}");
    }
}

/// What is decoded is valid, and comes back as it was in every way of writing unions.
fn by_schema(schema: Schema<'_>, body: &[u8]) {
    for unions in [Branches::Plain, Branches::Tagged] {
        let limits = Limits {
            max_elements: 1 << 12,
            ..Limits::DEFAULT
        };
        let options = Options {
            unions,
            limits,
            ..Options::default()
        };
        let Ok(value) = dynamic::decode(schema, body, &options) else {
            continue;
        };
        let violations = dynamic::validate(schema, &value, &options);
        assert!(
            violations.is_empty(),
            "{value} breaks its schema: {violations:?}"
        );
        let mut again = Vec::new();
        let written = dynamic::encode(schema, &value, &options, &mut again);
        assert!(written.is_ok(), "{value} cannot be written: {written:?}");
        let second = dynamic::decode(schema, &again, &options);
        assert!(
            second.as_ref().is_ok_and(|second| *second == value),
            "{value} became {second:?}"
        );
    }
}
