//! JSON: the readers, the types, the validator. Ours agree among each other, and with an implementation of others.

use golden::avro::golden::yaml::RefundIssued;
use golden::json::{Constraints, DraftSeven, Exotic, OpenOrder};
use obs_runtime::{Event, JsonCodec};
use obs_schema::diag::Diagnostics;
use obs_schema::json::{Json, Number};
use obs_schema::json_schema::{Validator, ValidatorOptions};
use obs_schema::node;
use obs_schema::source::SourceMap;
use obs_schema::wire::json::{Reader, Writer};
use obs_schema::wire::{DecodeError, DecodeErrorKind};
use std::sync::LazyLock;

fn bounded(error: &DecodeError) -> bool {
    matches!(
        error.kind(),
        DecodeErrorKind::TooDeep | DecodeErrorKind::TooManyElements
    )
}

/// The reader of bodies, the reader of specs, and serde_json.
pub(crate) fn text(data: &[u8]) {
    let parsed = Json::parse(data);
    let theirs = serde_json::from_slice::<serde_json::Value>(data);
    let mut skipping = Reader::new(data);
    let skipped = skipping.skip().and_then(|()| skipping.finish());
    match &parsed {
        Ok(value) => {
            let text = value.to_string();
            let again = Json::parse(text.as_bytes());
            assert!(
                again.is_ok_and(|again| again == *value),
                "{text} is read as something else"
            );
            let mut writer = Writer::new();
            writer.json(value);
            let written = writer.finish().unwrap_or_default();
            let again = Json::parse(&written);
            assert!(
                again.is_ok_and(|again| again == *value),
                "written as {}",
                String::from_utf8_lossy(&written)
            );
            // They refuse numbers beyond a double, which we keep as text.
            let large = theirs
                .as_ref()
                .is_err_and(|error| error.to_string().contains("out of range"));
            assert!(theirs.is_ok() || large, "only we read this: {theirs:?}");
            if theirs.is_ok() {
                let ours = serde_json::from_str::<serde_json::Value>(&text).ok();
                let same = ours.is_some_and(|ours| same(&ours, &theirs.unwrap_or_default()));
                assert!(same, "{text} is another value to others");
            }
            assert!(skipped.is_ok(), "read but not skipped: {skipped:?}");
        }
        Err(error) => {
            assert!(
                theirs.is_err() || bounded(error),
                "only others read this: {error}"
            );
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        located(text, parsed.ok().as_ref());
    }
}

/// Numbers as doubles: integers beyond 64 bits keep all digits with us.
fn same(ours: &serde_json::Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, ours)| theirs.get(name).is_some_and(|theirs| same(ours, theirs)))
        }
        (ours, theirs) => ours == theirs,
    }
}

/// The reader that knows places: it recovers from mistakes, and sees the same where there are none.
fn located(text: &str, parsed: Option<&Json>) {
    let mut sources = SourceMap::default();
    let file = sources.add("fuzz.json", text);
    let stored = sources
        .get(file)
        .map(|file| file.text.clone())
        .unwrap_or_default();
    let mut cx = Diagnostics::default();
    let node = node::parse_json(&mut cx, file, &stored);
    let complaints = cx.into_sorted();
    for diagnostic in &complaints {
        assert!(
            sources.position(diagnostic.primary.loc).is_some(),
            "{diagnostic:?} is nowhere"
        );
    }
    if let (Some(parsed), true) = (parsed, complaints.is_empty()) {
        assert!(
            node.is_some_and(|node| node.to_json() == *parsed),
            "two readers see two values"
        );
    }
    let mut cx = Diagnostics::default();
    node::parse_json_with_comments(&mut cx, file, &stored);
    drop(cx.into_sorted());
}

fn both_ways<T: Event + JsonCodec>(data: &[u8]) {
    let Ok(value) = T::decode_json(data) else {
        return;
    };
    let valid = value.validate();
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    // An unrecognised symbol is kept when read and refused when written.
    if value.encode_json(&mut once).is_ok() {
        let again = T::decode_json(&once);
        let Ok(again) = again else {
            panic!(
                "{} cannot be decoded: {:?}",
                String::from_utf8_lossy(&once),
                again.err()
            );
        };
        assert!(
            again.encode_json(&mut twice).is_ok(),
            "what was decoded twice cannot be encoded"
        );
        assert_eq!(
            String::from_utf8_lossy(&once),
            String::from_utf8_lossy(&twice)
        );
        assert_eq!(
            valid.is_ok(),
            again.validate().is_ok(),
            "a verdict changed on the way"
        );
    }
}

/// Types of both dialects.
pub(crate) fn typed(data: &[u8]) {
    crate::avro::typed_json(data);
    both_ways::<RefundIssued>(data);
    both_ways::<Constraints>(data);
    both_ways::<OpenOrder>(data);
    both_ways::<Exotic>(data);
    both_ways::<DraftSeven>(data);
}

/// A validator, and what the generated type says of the same text.
type Judge = (Validator, fn(&[u8]) -> Option<bool>);

fn judge<T: Event + JsonCodec>() -> Option<Judge> {
    let validator = Validator::from_text(T::DESCRIPTOR.schema, ValidatorOptions::default()).ok()?;
    Some((validator, |text| {
        T::decode_json(text)
            .ok()
            .map(|value| value.validate().is_ok())
    }))
}

static JUDGES: LazyLock<Vec<Judge>> = LazyLock::new(|| {
    [
        judge::<Constraints>(),
        judge::<OpenOrder>(),
        judge::<Exotic>(),
        judge::<DraftSeven>(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// What the schema allows, and what the type made of it allows.
pub(crate) fn validate(data: &[u8]) {
    let Ok(value) = Json::parse(data) else {
        return;
    };
    // Of members with the same name the last is meant, and a type looks at all of them.
    let data = value.to_string();
    for (validator, by_type) in JUDGES.iter() {
        let valid = verdict(validator, &value);
        match by_type(data.as_bytes()) {
            Some(typed) => assert_eq!(typed, valid, "by type {typed}, by schema {valid}"),
            // Integers are of 64 bits in types, and of any length in schemas.
            None => assert!(
                !valid || has_huge(&value),
                "the type cannot hold what the schema allows"
            ),
        }
    }
}

/// Whether a number in it is beyond the integers of 64 bits.
fn has_huge(value: &Json) -> bool {
    match value {
        Json::Number(Number::Big(_) | Number::UInt(_)) => true,
        Json::Number(Number::Float(number)) => number.abs() >= 9_223_372_036_854_775_808.0,
        Json::Array(items) => items.iter().any(has_huge),
        Json::Object(members) => members.iter().any(|(_, value)| has_huge(value)),
        _ => false,
    }
}

fn verdict(validator: &Validator, value: &Json) -> bool {
    let violations = validator.validate(value);
    for violation in &violations {
        let pointer = &violation.pointer;
        assert!(
            pointer.is_empty() || pointer.starts_with('/'),
            "{pointer:?} is no pointer"
        );
    }
    let valid = validator.is_valid(value);
    assert_eq!(valid, violations.is_empty(), "{violations:?}");
    valid
}

/// A schema and an instance with a zero byte between.
pub(crate) fn schemas(data: &[u8]) {
    let Some((schema, instance)) = crate::halves(data) else {
        return;
    };
    let (Ok(schema), Ok(instance)) = (std::str::from_utf8(schema), Json::parse(instance)) else {
        return;
    };
    if let Ok(validator) = Validator::from_text(schema, ValidatorOptions::default()) {
        verdict(&validator, &instance);
    }
}
