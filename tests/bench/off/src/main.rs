//! A program that publishes, and does the same by hand, and calls functions that are observed and their like that are
//! not: `cargo xtask test off` holds the two of each pair against each other, and looks for what should not be in the
//! binary.
//!
//! `compare` says whether both send the same; `allocations` prints how often each asks for memory, and
//! `loop NAME TIMES` repeats one, for callgrind to count.

mod by_hand;
mod functions;
#[path = "../../gate/src/counting.rs"]
mod counting;
mod events {
    obs_runtime::include_events!();
}

use by_hand::ByHand;
use events::off::{Carrier, ParcelSent};
use obs_runtime::metric::Format;
use obs_runtime::{Bus, Obs, Publisher, Setup};
use std::hint::black_box;

/// What both ways publish, and what they need for it.
struct Way {
    event: ParcelSent,
    publisher: Publisher<ParcelSent>,
    by_hand: ByHand,
    bus: Bus,
    /// As a program has it.
    _obs: Obs,
}

type Operation = (&'static str, fn(&mut Way));

const OPERATIONS: [Operation; 6] = [
    ("publish", |way| {
        let done = way.publisher.publish_blocking(black_box(&way.event));
        done.expect("the bus takes everything");
    }),
    ("by hand", |way| {
        way.by_hand.publish(&way.bus, black_box(&way.event));
    }),
    ("observed function", |_| functions::observed()),
    ("plain function", |_| functions::plain()),
    ("observed future", |_| functions::observed_future()),
    ("plain future", |_| functions::plain_future()),
];

impl Way {
    fn new(bus: Bus) -> Way {
        let obs = Setup::new()
            .with_origin("depot")
            .with_bus(bus)
            .init()
            .expect("nobody has done it before");
        Way {
            event: ParcelSent {
                parcel: "PX-2026-000042".into(),
                depot: "north-3".into(),
                carrier: Carrier::Rail,
                street: "1 Long Street".into(),
                city: "Northtown".into(),
                grams: 1_250,
                price: 12.5,
                insured: Some(149.85),
                sent_at: 1_780_000_000_123,
                express: true,
            },
            publisher: ParcelSent::publisher(obs.bus()),
            by_hand: ByHand::default(),
            bus: obs.bus().clone(),
            _obs: obs,
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["compare"] => {
            let mut way = Way::new(Bus::memory(16));
            let [first, second, ..] = OPERATIONS;
            let sent = [first, second].map(|(_, go)| {
                go(&mut way);
                let record = way.bus.take().expect("one was sent");
                let headers = record.headers().iter();
                let mut headers: Vec<String> = headers
                    .map(|header| format!("{}: {}", header.name, header.text().unwrap_or_default()))
                    .collect();
                // Their order says nothing.
                headers.sort();
                let body = String::from_utf8_lossy(record.body().unwrap_or_default());
                let key = String::from_utf8_lossy(record.key().unwrap_or_default());
                format!("{} {key}\n{}\n{body}", record.topic(), headers.join("\n"))
            });
            let [ours, theirs] = sent.each_ref().map(|text| mask(text));
            assert_eq!(ours, theirs, "both send the same");
            println!("{}", sent[0]);
            // What a scraper is given, where there is anything to be given.
            let shown = obs_runtime::metric::exposition(Format::OpenMetrics);
            println!("{}", String::from_utf8_lossy(&shown));
        }
        ["allocations"] => {
            let mut way = Way::new(Bus::null());
            for (name, go) in OPERATIONS {
                // What is made once is not what a publish costs.
                go(&mut way);
                let found = counting::allocations(|| go(&mut way));
                println!("{name:36} {found:5}");
            }
        }
        ["loop", name, times] => {
            let operation = OPERATIONS.iter().find(|(known, _)| known == name);
            let (_, go) = operation.expect("one of the list");
            let mut way = Way::new(Bus::null());
            let times: usize = times.parse().expect("a number");
            (0..times).for_each(|_| go(&mut way));
        }
        _ => panic!("`compare`, `allocations`, or `loop NAME TIMES`"),
    }
}

/// Ids and times are others each time: digits of all kinds become one.
fn mask(text: &str) -> String {
    let digit = |each: char| if each.is_ascii_hexdigit() { '0' } else { each };
    text.chars().map(digit).collect()
}
