use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(allow = ["no-owner"])]
struct UserJoined {
    id: String,
}

fn main() {}
