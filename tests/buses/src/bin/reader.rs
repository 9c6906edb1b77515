//! A member of a group that prints the numbers it gets, each before it is acknowledged, until it is killed or told to
//! stop by the end of its input: `reader ADDRESS TOPIC GROUP`.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::io::Read;
use std::time::Duration;

use obs_runtime::{Bus, BusError};

fn main() -> Result<(), BusError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, topic, group] = &words[..] else {
        println!("reader ADDRESS TOPIC GROUP");
        return Ok(());
    };
    let bus = Bus::open(
        address,
        &[obs_http::SCHEME, obs_kafka::SCHEME, obs_nats::SCHEME],
    )?;
    let mut member = bus.subscribe(&[topic], group)?;
    let stopped = std::thread::spawn(|| std::io::stdin().read(&mut [0]));
    while !stopped.is_finished() {
        let Some(delivery) = member.next_blocking(Duration::from_millis(100)) else {
            continue;
        };
        let body = delivery.record().body().unwrap_or_default();
        if let Ok(number) = body.try_into().map(u32::from_le_bytes) {
            println!("{number}");
        }
        delivery.ack();
    }
    Ok(())
}
