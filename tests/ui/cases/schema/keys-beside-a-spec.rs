use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(schema = "specs/small.avsc", owner = "shop")]
struct OrderPlaced {
    #[event(key)]
    id: String,
}

fn main() {}
