use obs_runtime::{Event, Pii};

#[derive(Event, Clone)]
#[event(encoding = "avor", envelope = "cloud-events", log(level = "loud"), rename_all = "camel")]
struct UserJoined {
    #[event(pii = "hsah")]
    id: Pii<String>,
}

fn main() {}
