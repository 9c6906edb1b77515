use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(label)]
    job: bool,
}

fn main() {}
