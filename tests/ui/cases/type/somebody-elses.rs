//! `Uuid` and `Duration` are names of ours, and of others.

use obs_runtime::Event;
use std::time::Duration;

#[derive(Event, Clone)]
struct OrderPlaced {
    id: Uuid,
    waited: Option<Duration>,
}

#[derive(Clone)]
struct Uuid(u128);

fn main() {}
