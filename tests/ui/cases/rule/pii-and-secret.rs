use obs_runtime::{Event, Secret};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(pii = "hash", secret)]
    token: Secret<String>,
}

fn main() {}
