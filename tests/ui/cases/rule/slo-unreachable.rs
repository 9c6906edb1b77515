use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(slo(objective = "publish-success", target = 90))]
struct UserJoined {
    id: String,
}

fn main() {}
