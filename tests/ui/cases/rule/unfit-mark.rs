use obs_runtime::Event;

#[derive(Event, Clone)]
struct UserJoined {
    #[event(key)]
    score: f64,
    #[event(attr = "user.tags")]
    tags: Vec<Vec<String>>,
}

fn main() {}
