use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "joined_total", type = "counter", labels = ["tral"]))]
struct UserJoined {
    trial: bool,
}

fn main() {}
