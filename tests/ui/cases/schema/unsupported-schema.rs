use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(schema = "specs/order.schema.json")]
struct OrderPlaced {
    id: String,
}

#[derive(Event, Clone)]
#[event(schema = "specs/several.avsc")]
struct OrderShipped {
    id: String,
}

fn main() {}
