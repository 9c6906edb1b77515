use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(key)]
    id: String,
    #[event(key)]
    order: String,
}

fn main() {}
