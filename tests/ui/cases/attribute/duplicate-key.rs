use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(owner = "identity")]
#[event(owner = "growth", slo(objective = "publish-success", target = 99), slo(objective = "freshness", target = 99, under = "5m"))]
struct UserJoined {
    #[event(key, key)]
    id: String,
}

fn main() {}
