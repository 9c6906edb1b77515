use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "joined", type = "histogram", value = "id"))]
struct UserJoined {
    id: String,
}

fn main() {}
