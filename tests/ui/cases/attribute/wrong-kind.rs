use obs_runtime::{Event, Pii};

#[derive(Event, Clone)]
#[event(version = 2.0, max_series = "10", audit = 1, tags = "core", rename_all)]
struct UserJoined {
    #[event(pii)]
    id: Pii<String>,
    #[event(key = "yes", attr, rename)]
    other: String,
}

fn main() {}
