use obs_runtime::{Event, Pii};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(pii = "hash", label)]
    email: Pii<String>,
    trial: bool,
}

fn main() {}
