use obs_runtime::{Event, Pii, Secret};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(key, pii = "mask")]
    email: Pii<String>,
}

#[derive(Event, Clone)]
struct UserLeft {
    #[event(key)]
    token: Secret<String>,
}

fn main() {}
