use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "joined_total", type = "counter"))]
#[event(metrics(name = "joined_total", type = "counter", labels = ["trial"]))]
struct UserJoined {
    trial: bool,
}

fn main() {}
