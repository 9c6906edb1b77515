//! Everything a peer sends: bodies in every encoding. Any bytes give a value or an error, in bounded time and memory;
//! what was read and written again is the same.

use golden::avro::golden::avro::{Kinds, LogicalTypes, Tree, Unions};
use golden::json::{Constraints, Exotic, OpenOrder};
use obs_runtime::types::{BigDecimal, Date, Decimal, TimestampMicros, Uuid};
use obs_runtime::{AvroCodec, JsonCodec, Validate};
use obs_schema::avro::plan::Plan;
use obs_schema::avro::{self, dynamic};
use obs_schema::framing::{Framing, Mode};
use obs_schema::json::Json;
use obs_schema::json_schema::{Validator, ValidatorOptions, format};
use std::sync::LazyLock;

pub(crate) fn json(data: &[u8]) {
    if let Ok(value) = Json::parse(data) {
        let text = value.to_string();
        let again = Json::parse(text.as_bytes());
        assert!(again.is_ok_and(|again| again == value), "{text} is read as something else");
    }
}

/// A value that was decoded is encoded and decoded to itself. Compared as bytes: a NaN is not equal to itself.
fn avro_both_ways<T: AvroCodec>(data: &[u8]) {
    let Ok(value) = T::decode_avro(data) else { return };
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    assert!(value.encode_avro(&mut once).is_ok(), "what was decoded cannot be encoded");
    let Ok(again) = T::decode_avro(&once) else { panic!("what was encoded cannot be decoded") };
    assert!(again.encode_avro(&mut twice).is_ok(), "what was decoded twice cannot be encoded");
    assert_eq!(once, twice);
}

pub(crate) fn avro_typed(data: &[u8]) {
    avro_both_ways::<Kinds>(data);
    avro_both_ways::<LogicalTypes>(data);
    avro_both_ways::<Unions>(data);
    avro_both_ways::<Tree>(data);
}

fn json_both_ways<T: JsonCodec + Validate>(data: &[u8]) {
    let Ok(value) = T::decode_json(data) else { return };
    let _ = value.validate();
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    // An unrecognised symbol is kept when read and refused when written.
    if value.encode_json(&mut once).is_ok() {
        let Ok(again) = T::decode_json(&once) else { panic!("what was encoded cannot be decoded") };
        assert!(again.encode_json(&mut twice).is_ok(), "what was decoded twice cannot be encoded");
        assert_eq!(once, twice);
    }
}

pub(crate) fn json_typed(data: &[u8]) {
    json_both_ways::<Kinds>(data);
    json_both_ways::<Unions>(data);
    json_both_ways::<Tree>(data);
    json_both_ways::<Constraints>(data);
    json_both_ways::<OpenOrder>(data);
    json_both_ways::<Exotic>(data);
}

fn set(text: &str) -> avro::Set {
    avro::parse::read_text(text).unwrap_or_default()
}

static SCHEMAS: LazyLock<Vec<avro::Set>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../specs/ok/avro/kinds.avsc"),
        include_str!("../../specs/ok/avro/logical.avsc"),
        include_str!("../../specs/ok/avro/unions.avsc"),
        include_str!("../../specs/ok/avro/tree.avsc"),
    ];
    texts.into_iter().map(set).collect()
});

/// By schema as by type: the same bytes are accepted, and come back the same.
pub(crate) fn avro_dynamic(data: &[u8]) {
    for schema in SCHEMAS.iter() {
        if let Ok(value) = dynamic::decode(schema, data) {
            let mut again = Vec::new();
            if dynamic::encode(schema, &value, &mut again).is_ok() {
                let second = dynamic::decode(schema, &again);
                assert!(second.is_ok_and(|second| second == value), "a value changed on its way");
            }
        }
    }
    assert_eq!(dynamic::decode(&SCHEMAS[3], data).is_ok(), Tree::decode_avro(data).is_ok());
}

static PLANS: LazyLock<Vec<(Plan, avro::Set)>> = LazyLock::new(|| {
    let versions = [
        include_str!("../../specs/ok/versions/order-shipped.v1.avsc"),
        include_str!("../../specs/ok/versions/order-shipped.v2.avsc"),
        include_str!("../../specs/ok/avro/tree.avsc"),
    ];
    let mut plans = Vec::new();
    for writer in versions {
        for reader in versions {
            if let Ok(plan) = Plan::compile(&set(writer), &set(reader)) {
                plans.push((plan, set(reader)));
            }
        }
    }
    plans
});

/// What a plan writes, the reader reads.
pub(crate) fn avro_plan(data: &[u8]) {
    for (plan, _) in PLANS.iter() {
        let mut out = Vec::new();
        let _ = plan.run(data, &mut out);
    }
}

static VALIDATORS: LazyLock<Vec<Validator>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../specs/ok/json/constraints.schema.json"),
        include_str!("../../specs/ok/json/open.schema.json"),
        include_str!("../../specs/ok/json/exotic.schema.json"),
    ];
    texts.iter().filter_map(|text| Validator::from_text(text, ValidatorOptions::default()).ok()).collect()
});

pub(crate) fn json_validate(data: &[u8]) {
    if let Ok(value) = Json::parse(data) {
        for validator in VALIDATORS.iter() {
            for violation in validator.validate(&value) {
                assert!(violation.to_string().len() < 10_000);
            }
        }
    }
}

pub(crate) fn framing(data: &[u8]) {
    for mode in [Mode::None, Mode::Header, Mode::Confluent, Mode::Glue, Mode::SingleObject] {
        if let Ok((framing, body)) = Framing::parse(mode, data) {
            let mut again = Vec::new();
            framing.write(&mut again);
            again.extend_from_slice(body);
            if mode != Mode::Header {
                assert_eq!(again, data);
            }
        }
    }
    Framing::detect(data);
}

pub(crate) fn formats(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in format::NAMES {
        format::check(name, text);
    }
}

pub(crate) fn logical(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    fn both_ways<T: std::str::FromStr + std::fmt::Display + PartialEq + std::fmt::Debug>(text: &str) {
        if let Ok(value) = text.parse::<T>() {
            let shown = value.to_string();
            assert!(shown.parse::<T>().is_ok_and(|again| again == value), "{text} is shown as {shown}");
        }
    }
    both_ways::<Date>(text);
    both_ways::<TimestampMicros>(text);
    both_ways::<Uuid>(text);
    both_ways::<Decimal>(text);
    both_ways::<BigDecimal>(text);
}
