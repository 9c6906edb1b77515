//! What a type of one's own looks like on the wire, the compiler knows.

use obs_runtime::types::Decimal;
use obs_runtime::{Event, EventPart, Label, Pii};

#[derive(Event, Clone)]
#[event(schema = "specs/order-placed.v1.avsc")]
struct OrderPlaced {
    order_id: String,
    email: Option<Pii<String>>,
    amount: Decimal,
    channel: Channel,
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Label, Clone)]
#[label(namespace = "acme.order")]
enum Channel {
    Web,
    Shop,
}

#[derive(EventPart, Clone)]
#[event(namespace = "acme.order")]
struct Line {
    sku: String,
    count: i32,
}

fn main() {}
