//! A closed set of values is what the compiler can check, and a macro cannot.

use obs_runtime::{Event, EventPart};

#[derive(Event, Clone)]
struct OrderPlaced {
    #[event(label)]
    address: Address,
}

#[derive(EventPart, Clone)]
struct Address {
    city: String,
}

fn main() {}
