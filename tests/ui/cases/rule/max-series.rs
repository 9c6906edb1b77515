use obs_runtime::Event;

#[derive(Event, Clone)]
#[event(max_series = 5)]
struct UserJoined {
    #[event(label)]
    trial: bool,
    #[event(label, top = ["DE", "FR"])]
    country: String,
}

fn main() {}
