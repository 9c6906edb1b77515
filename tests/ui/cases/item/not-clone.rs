//! What rustc says better, rustc says.

use obs_runtime::Event;

#[derive(Event)]
struct UserJoined {
    id: String,
}

fn main() {}
