//! A struct written by hand that follows a spec: fields in any order, boxes where one likes, types of one's own.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::pedantic)]

use obs_runtime::types::Decimal;
use obs_runtime::{Event, EventPart, Label, Pii};

#[derive(Event, Clone, Debug, PartialEq)]
#[event(schema = "specs/order-placed.v1.avsc")]
struct OrderPlaced {
    note: Option<String>,
    order_id: String,
    email: Option<Pii<String>>,
    amount: Decimal,
    #[event(rename = "channel")]
    way: Channel,
    lines: Vec<Box<Line>>,
}

#[derive(Label, Clone, Copy, Debug, PartialEq)]
#[label(namespace = "acme.order", rename_all = "UPPERCASE")]
enum Channel {
    Web,
    Shop,
}

#[derive(EventPart, Clone, Debug, PartialEq)]
#[event(namespace = "acme.order")]
struct Line {
    sku: String,
    count: i32,
}

fn main() {
    let event = OrderPlaced {
        note: Some("fast".to_owned()),
        order_id: "o1".to_owned(),
        email: None,
        amount: "12.50".parse().unwrap(),
        way: Channel::Shop,
        lines: vec![Box::new(Line { sku: "a".to_owned(), count: 2 })],
    };
    let mut body = Vec::new();
    event.encode_avro(&mut body).unwrap();
    // The order of the spec, null second in the last union.
    assert_eq!(body[..4], [4, b'o', b'1', 0]);
    assert_eq!(body[body.len() - 6..], [0, 8, b'f', b'a', b's', b't']);
    assert_eq!(OrderPlaced::decode_avro(&body).unwrap(), event);
    let facts = OrderPlaced::DESCRIPTOR;
    assert_eq!((facts.event_type, facts.version, facts.owner), ("order.placed", "1.0.0", Some("shop")));
    assert_eq!(OrderPlaced::WIRE_NAME, "acme.order.OrderPlaced");
}
