use obs_runtime::{Event, EventPart};

#[derive(Event, Clone)]
struct OrderPlaced {
    #[event(key)]
    address: Address,
}

#[derive(EventPart, Clone)]
struct Address {
    city: String,
}

fn main() {}
