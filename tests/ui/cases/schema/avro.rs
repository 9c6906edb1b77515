//! What no Avro schema may say, said by a derive.

use obs_runtime::{Event, Label};

#[derive(Event, Clone)]
#[event(namespace = "acme..user", name = "User Joined")]
struct UserJoined {
    #[event(rename = "user id")]
    id: String,
    #[event(rename = "trial")]
    demo: bool,
    trial: bool,
    #[event(default = "many")]
    count: i32,
}

#[derive(Label)]
enum Plan {
    Free,
    #[label(rename = "Free", default)]
    Gratis,
    #[label(default)]
    Team,
}

fn main() {}
