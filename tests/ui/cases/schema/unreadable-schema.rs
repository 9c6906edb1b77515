use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(schema = "specs/no-such-file.avsc")]
struct OrderPlaced {
    id: String,
}

fn main() {}
