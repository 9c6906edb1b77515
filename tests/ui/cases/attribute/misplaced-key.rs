use obs_runtime::{Event, EventPart, Pii};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(top = ["a"])]
    id: String,
}

#[derive(EventPart)]
struct Address {
    #[event(attr = "address.city", pii = "mask")]
    city: Pii<String>,
}

#[derive(Event, Clone)]
#[event(metrics(name = "joined_total", type = "counter", buckets = [1, 2]))]
struct Joined {}

fn main() {}
