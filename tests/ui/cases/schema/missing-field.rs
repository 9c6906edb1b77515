//! What is not in the struct cannot be written.

use obs_runtime::types::Decimal;
use obs_runtime::{Event, Label, Pii};

#[derive(Event, Clone)]
#[event(schema = "specs/order-placed.v1.avsc")]
struct OrderPlaced {
    order_id: String,
    email: Option<Pii<String>>,
    amount: Decimal,
    channel: Channel,
    note: Option<String>,
}

#[derive(Label, Clone)]
#[label(namespace = "acme.order")]
enum Channel {
    Web,
    Shop,
}

fn main() {}
