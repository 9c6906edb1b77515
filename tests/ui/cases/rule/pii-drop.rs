use obs_runtime::{Event, Pii};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(pii = "drop", log)]
    email: Pii<String>,
    #[event(attr = "user.name")]
    name: Pii<String>,
}

fn main() {}
