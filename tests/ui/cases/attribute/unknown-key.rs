use obs_runtime::{Event, EventPart, Label};

#[derive(Event, Clone)]
#[event(evnt = "user.joined", slo(objektive = "freshness", target = 99, under = "1m"))]
struct UserJoined {
    #[event(remane = "ID", lable)]
    id: bool,
}

#[derive(EventPart)]
#[event(owner = "identity")]
struct Address {
    #[event(pi = "mask")]
    city: String,
}

#[derive(Label)]
#[label(rename_al = "lowercase")]
enum Plan {
    #[label(renam = "free")]
    Free,
}

fn main() {}
