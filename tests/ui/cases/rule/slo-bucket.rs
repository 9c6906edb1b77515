use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(slo(objective = "publish-latency", target = 99, under = "120ms"))]
struct UserJoined {
    id: String,
}

fn main() {}
