use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "joined_total", type = "counter", labels = ["id", (field = "trial", each = true)]))]
struct UserJoined {
    id: String,
    trial: bool,
}

fn main() {}
