use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(attr = "user.id")]
    id: String,
    #[event(attr = "user.id")]
    owner: String,
}

fn main() {}
