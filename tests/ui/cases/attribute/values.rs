//! Values that are of the right kind and cannot be.

use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(event = "UserJoined", version = "v2", slow = "250", min_rate = "10 per minute")]
#[event(owner = "", tags = ["core", "core"], max_series = 0, deprecated(sunset = "soon"))]
#[event(slo(objective = "publish-success"), metrics(name = "joined total", type = "counter"))]
struct UserJoined {
    #[event(attr = "user id", label(name = "9th"))]
    id: bool,
}

fn main() {}
