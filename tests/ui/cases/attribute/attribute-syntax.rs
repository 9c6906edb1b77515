use obs_runtime::Event;

#[derive(Event, Clone)]
#[event = "user.joined"]
#[event(owner = identity, log = , "x" 1)]
struct UserJoined {
    #[event(attr = b"user.id", log attr)]
    id: String,
}

fn main() {}
