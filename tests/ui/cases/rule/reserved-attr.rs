use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(attr = "event.type")]
    kind: String,
}

fn main() {}
