use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(label)]
    country: String,
    #[event(label)]
    age: i32,
}

fn main() {}
