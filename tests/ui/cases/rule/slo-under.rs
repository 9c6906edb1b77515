use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(slo(objective = "publish-latency", target = 99), slo(objective = "publish-success", target = 99, under = "1s"))]
struct UserJoined {
    id: String,
}

fn main() {}
