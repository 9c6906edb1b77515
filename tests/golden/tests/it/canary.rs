//! What is sensitive leaves in the payload and nowhere else, whatever goes wrong.

use golden::avro::golden::avro::{Address, Brand, CardAdded};
use golden::metrics::golden::shop::{ParcelPlaced, Size};
use obs_runtime::testing::{Fault, FaultyBus, Recorder, assert_nothing_leaks};

/// In every sensitive field, in each at another place of the text, so that cutting it short shows too.
const CANARY: &str = "canary-7f3a";

fn event() -> CardAdded {
    let mut event = CardAdded::new(
        "tenant-1",
        CANARY,
        vec![CANARY.into(), format!("x{CANARY}").into()],
        std::collections::BTreeMap::from([("home".to_owned(), CANARY.into())]),
        Brand::Visa,
        true,
        "DE",
        "order-7",
    );
    event.holder = Some(CANARY.into());
    event.address = Some(Address {
        street: CANARY.into(),
    });
    event
}

/// Looks for the canary, whole or the longest part of it that a redaction may leave.
fn silent(what: &str, text: &str) {
    assert!(!text.contains("canary-"), "{what} sings: {text}");
}

#[test]
fn nothing_sensitive_leaves_but_in_the_payload() {
    let bus = FaultyBus::new();
    let publisher = CardAdded::publisher(&bus.bus().for_source("shop"));
    let recorder = Recorder::new();
    let context = recorder.context().with_baggage("card", CANARY);
    publisher.publish_with_blocking(&context, &event()).unwrap();
    let record = bus.drain().remove(0);
    let body = String::from_utf8_lossy(record.body().unwrap()).into_owned();
    assert!(body.contains(CANARY), "the payload has it");
    silent(
        "the key",
        &String::from_utf8_lossy(record.key().unwrap_or_default()),
    );
    for fault in [Fault::Down, Fault::Rejecting, Fault::TooLarge { limit: 1 }] {
        bus.set(fault);
        let publisher = publisher
            .clone()
            .with_retry(obs_runtime::publish::Retry::NEVER);
        let error = publisher
            .publish_with_blocking(&context, &event())
            .unwrap_err();
        silent("an error", &format!("{error} {error:?}"));
    }
    // A symbol of a newer schema, with the canary for a name.
    let mut newer = event();
    newer.brand = Brand::Unrecognised(CANARY.into());
    newer.country = "DE".to_owned();
    let error = publisher
        .publish_with_blocking(&context, &newer)
        .unwrap_err();
    silent("an error", &format!("{error} {error:?}"));
    silent("telemetry", &recorder.everything());
    assert!(recorder.spans().len() >= 5 && recorder.lines().len() >= 5);
    silent("an event in a panic", &format!("{:?}", event()));
}

#[test]
fn wrong_types_on_the_way_in_are_told_without_their_value() {
    for wrong in [
        format!(r#"{{"tenant":"t","holder":{{"string":["{CANARY}"]}}}}"#),
        format!(r#"{{"tenant":"t","number":{{"{CANARY}":1}}}}"#),
        format!(r#"{{"tenant":"t","emails":"{CANARY}"}}"#),
        format!(r#"{{"tenant":"t","contacts":{{"a":[["{CANARY}"]]}}}}"#),
        format!(r#"{{"tenant":"t","address":{{"street":true,"x":"{CANARY}"}}}}"#),
        format!(r#"{{"tenant":"t","live":"{CANARY}"}}"#),
    ] {
        let error = CardAdded::decode_json(wrong.as_bytes()).unwrap_err();
        silent("a decode error", &format!("{error} {error:?}"));
    }
    let mut avro = Vec::new();
    event().encode_avro(&mut avro).unwrap();
    for length in 0..avro.len() {
        let error = CardAdded::decode_avro(&avro[..length]).unwrap_err();
        silent("a decode error", &format!("{error} {error:?}"));
    }
}

#[test]
fn what_looks_for_leaks_finds_every_sensitive_field() {
    assert_nothing_leaks(&[event()]);
    // Personal data is the key of a family that remembers.
    let parcel = ParcelPlaced {
        parcel_id: 1,
        size: Size::Small,
        customer: Some("somebody".into()),
    };
    assert_nothing_leaks(&[parcel]);
}

#[test]
#[should_panic(expected = "no sample of `card.added` has anything in holder, street")]
fn a_field_that_is_empty_is_not_tested_and_that_is_told() {
    let mut event = event();
    event.holder = None;
    event.address = None;
    assert_nothing_leaks(&[event]);
}
