//! A publish asks for no memory once everything has grown; a bus that keeps the record asks once for it.

use obs_allocations::allocations;
use obs_runtime::log::{self, Level, LogOutput};
use obs_runtime::{Bus, Event};

#[derive(Clone, Debug, Event)]
#[event(event = "thing.counted", version = "1.0.0", topic = "things")]
struct Thing {
    #[event(key, attr = "thing.name", log)]
    name: String,
    count: i64,
    price: f64,
    #[event(label)]
    sold: bool,
    note: Option<String>,
}

const EVENTS: usize = 1_000;

fn publishes(bus: &Bus) -> usize {
    let publisher = Thing::publisher(bus);
    let thing = Thing {
        name: "lamp".to_owned(),
        count: 7,
        price: 12.5,
        sold: true,
        note: Some("a \"fragile\" one".to_owned()),
    };
    let publish = || {
        for _ in 0..EVENTS {
            publisher.publish_blocking(&thing).expect("there is room");
        }
    };
    publish();
    drop(bus.drain());
    allocations(publish)
}

#[test]
fn with_span_metrics_and_log_line() {
    log::to(LogOutput::writer(std::io::sink()), Level::Info).expect("a thread can be started");
    // Full blocks of lines go to another thread and come back: a few are new.
    let n = publishes(&Bus::null());
    assert!(n < EVENTS / 20, "{n}");
    assert!(publishes(&Bus::memory(EVENTS)) < EVENTS + EVENTS / 20);
    log::set_level(None);
    assert_eq!(publishes(&Bus::null()), 0);
    assert_eq!(publishes(&Bus::memory(EVENTS)), EVENTS);
}
