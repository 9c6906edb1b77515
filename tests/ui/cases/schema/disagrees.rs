//! One error on each field that disagrees.

use obs_runtime::types::Decimal;
use obs_runtime::{Event, EventPart, Label};

#[derive(Event, Clone)]
#[event(schema = "specs/order-placed.v1.avsc")]
struct OrderPlaced {
    order_id: i64,
    email: Option<String>,
    amount: Decimal,
    channel: Channel,
    line: Vec<Line>,
    note: Option<String>,
}

#[derive(Label, Clone)]
#[label(namespace = "acme.order")]
enum Channel {
    Web,
    Shop,
}

#[derive(EventPart, Clone)]
struct Line {
    sku: String,
}

fn needs_event<E: Event>() {}

fn main() {
    needs_event::<OrderPlaced>();
}
