//! What `emit` sends is what the publisher of the generated type sends, but for ids and times.

use super::{Place, ended};
use golden::avro::golden::avro::{CardAdded, Kinds, LogicalTypes, Unions};
use golden::avro::golden::yaml::RefundIssued;
use golden::json::{Constraints, Exotic, OpenOrder};
use golden::versions::golden::versions::OrderShipped;
use obs_runtime::publish::Framing;
use obs_runtime::{Bus, Context, Event, JsonCodec, Key, OwnedRecord, redact};
use std::path::Path;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const STATE: &str = "vendor=1";

/// A record in words, without what is another one each time.
fn told(record: &OwnedRecord) -> String {
    let headers = record.headers();
    let id = headers.text("event-id").or_else(|| headers.text("ce_id"));
    let id = id.expect("an id").to_owned();
    let span = headers
        .text("traceparent")
        .map(|text| text[36..52].to_owned());
    let mut body = record.body().expect("a body").to_vec();
    let (framing, rest) = Framing::detect(&body);
    // Our envelope of Avro has the time behind id, type and version, in eight bytes.
    if let (Framing::SingleObject(_), Some(kind), Some(version)) = (
        framing,
        headers.text("event-type"),
        headers.text("event-version"),
    ) && rest.get(1..37) == Some(id.as_bytes())
    {
        let time = 10 + 37 + 1 + kind.len() + 1 + version.len();
        body[time..time + 8].fill(0);
    }
    let mut text = format!("{} {:?}\n", record.topic(), record.key());
    for header in headers {
        text.push_str(&format!(
            "{}: {}\n",
            header.name,
            header.text().expect("it is text")
        ));
    }
    // Bytes as the characters of their numbers, so that nothing of them is lost.
    text.extend(body.iter().map(|byte| char::from(*byte)));
    let mut text = text.replace(&id, "ID");
    if let Some(span) = span {
        text = text.replace(&span, "SPAN");
    }
    // A derive brings a schema of its own.
    for (before, length) in [
        ("occurredAt\":\"", 27),
        ("ce_time: ", 27),
        ("ce_dataschema: urn:sha256:", 64),
    ] {
        if let Some(at) = text.find(before) {
            let at = at + before.len();
            text.replace_range(at..at + length, "ANY");
        }
    }
    text
}

/// What the spec of this name says, with attributes of CloudEvents in its headers.
#[derive(Clone, PartialEq, Debug, Event)]
#[event(
    event = "window.opened",
    version = "1.0.0",
    owner = "doors",
    envelope = "cloudevents"
)]
struct WindowOpened {
    #[event(key)]
    window: String,
    wide: bool,
}

/// Publishes a value both ways.
fn both<E: Event + JsonCodec>(place: &Place, specs: &str, data: &str) {
    let context = Context::extract(&vec![("traceparent", PARENT), ("tracestate", STATE)]);
    let bus = Bus::memory(4).for_source("shop");
    let typed = E::decode_json(data.as_bytes()).expect(data);
    E::publisher(&bus)
        .publish_with_blocking(&context, &typed)
        .expect(data);
    let typed = bus.take().expect("it was published");
    let specs = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/specs/ok")
        .join(specs);
    let about = E::DESCRIPTOR;
    let event = format!("{}@{}", about.event_type, about.version);
    let specs = specs.to_str().expect("it is text");
    let arguments = [
        "emit", &event, "--data", data, "--specs", specs, "--source", "shop",
    ];
    let mut command = place.command(&arguments);
    command.env("TRACEPARENT", PARENT).env("TRACESTATE", STATE);
    ended(&mut command).fine();
    let untyped = place.records(about.topic).pop().expect("it was sent");
    assert_eq!(told(&untyped), told(&typed), "{event}");
}

#[test]
fn emit_and_the_publisher_agree() {
    let place = Place::new("agree");
    both::<RefundIssued>(
        &place,
        "avro",
        r#"{"amount":{"cents":499,"currency":"EUR"},"reason":"late"}"#,
    );
    both::<CardAdded>(
        &place,
        "avro",
        r#"{"tenant":"acme","number":"4000","emails":["a@b.c"],"contacts":{"x":"y"},"brand":"AMEX","live":true,"country":"FR","correlation":"order-7"}"#,
    );
    both::<Kinds>(
        &place,
        "avro",
        r#"{"strict":"OFF","large":9007199254740993,"nothing":null,"double":0.1,"raw":"\u0000\u00ff","list":[1,2],"table":{"b":null,"a":"1"},"hash":"0123456789abcdef","suit":"HEARTS"}"#,
    );
    both::<Unions>(
        &place,
        "avro",
        r#"{"one":1,"onlyNull":null,"several":{"int":3},"nullInside":{"bytes":"\u0001"},"named":{"golden.avro.Invoice":{"days":3}},"listed":[null,{"long":1}],"keyed":{"k":{"string":"v"}},"lists":{"string":"s"},"sameLists":{"array":[{"long":4}]}}"#,
    );
    both::<LogicalTypes>(
        &place,
        "avro",
        r#"{"amount":"\u0001","price":"\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0001","big":"\u0002\u0001\u0004","id":"0193a5c0-0000-7000-8000-000000000000","rawId":"0123456789abcdef","day":1,"timeMillis":2,"timeMicros":3,"atMillis":4,"atMicros":5,"atNanos":6,"localMillis":7,"localMicros":8,"localNanos":9,"period":"0123456789ab"}"#,
    );
    both::<OrderShipped>(
        &place,
        "versions",
        r#"{"warehouse":"main","orderId":"o-1","weight":2,"carrier":"UPS","tracking":"t"}"#,
    );
    both::<Constraints>(
        &place,
        "json",
        r#"{"tags":["a"],"pair":["x",1.0],"mode":"slow","ratio":0.50,"id":"ab-1","count":10.0,"scores":{"z":1,"b":2.5},"maybe":null}"#,
    );
    both::<OpenOrder>(
        &place,
        "json",
        r#"{"zeta":1,"payment":{"days":3,"kind":"invoice"},"alpha":[2],"customer":{"vip":true,"name":"Ada","born":1815},"contact":7,"lines":[{"gift":true,"sku":"s","quantity":1}]}"#,
    );
    both::<Exotic>(
        &place,
        "json",
        r#"{"x-b":2,"country":"DE","zip":"10115","x-a":1,"mixed":1}"#,
    );
    // Whatever is a folder by itself stays one.
    let specs = place.root.join("specs");
    both::<WindowOpened>(
        &place,
        specs.to_str().expect("it is text"),
        r#"{"window":"w-1","wide":true}"#,
    );
}

#[test]
fn a_sensitive_key_is_hashed_as_programs_hash_it() {
    let place = Place::new("hashed");
    let data = r#"{"badge":"b-7","door":"north"}"#;
    let refused = place.run(&["emit", "door.opened", "--data", data]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("OBS_HASH_KEY") && !refused.err.contains("b-7"));
    let mut command = place.command(&["emit", "door.opened", "--data", data]);
    ended(command.env("OBS_HASH_KEY", "pepper")).fine();
    redact::set_hash_key("pepper");
    let record = place.records("door.opened.v1").pop().expect("it was sent");
    let hashed = Key::from("b-7").hashed();
    assert_eq!(record.key(), hashed.as_bytes().as_deref());
    assert_eq!(record.header("ce_subject"), hashed.as_bytes().as_deref());
}
