use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(label)]
    trial: bool,
    #[event(label(name = "trial"))]
    paid: bool,
}

fn main() {}
