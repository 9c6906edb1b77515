use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "joined_total", type = "counter", when(trial = "yes", id = "x")))]
struct UserJoined {
    id: String,
    trial: bool,
}

fn main() {}
