//! What is wrong in the spec is shown where it stands.

use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(schema = "specs/broken.avsc")]
struct OrderPlaced {
    id: String,
}

fn main() {}
