use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(topic = "users/joined")]
struct UserJoined {
    id: String,
}

fn main() {}
