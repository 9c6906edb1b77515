use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(slo(objective = "publish-success", target = 99.9), slo(objective = "publish-success", target = 99))]
struct UserJoined {
    id: String,
}

fn main() {}
