use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(metrics(name = "event_published_total", type = "counter"))]
struct UserJoined {
    id: String,
}

fn main() {}
