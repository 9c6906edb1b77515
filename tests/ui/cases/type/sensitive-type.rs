use obs_runtime::{Event, Pii, Secret};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(pii = "hash")]
    email: String,
    #[event(secret)]
    token: Option<String>,
    #[event(pii = "mask")]
    password: Secret<String>,
    #[event(pii = "mask")]
    name: Pii<String>,
}

fn main() {}
