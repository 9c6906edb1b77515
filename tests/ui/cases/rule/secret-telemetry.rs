use obs_runtime::{Event, Secret};

#[derive(Event, Clone)]
struct UserJoined {
    #[event(secret, attr = "user.token", log)]
    token: Secret<String>,
}

fn main() {}
