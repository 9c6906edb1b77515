use obs_runtime::{Event, Json, Pii, Secret};

#[derive(Event, Clone)]
struct UserJoined {
    count: usize,
    byte: u8,
    letter: char,
    text: &'static str,
    pair: (i32, i32),
    id: [u8; 16],
    callback: fn() -> i32,
    twice: Option<Option<i32>>,
    by_number: std::collections::BTreeMap<i32, String>,
    wrapped: Pii<Secret<String>>,
    any: Json,
    good: Vec<Option<String>>,
}

fn main() {}
