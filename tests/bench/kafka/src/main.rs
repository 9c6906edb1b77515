//! Publishes to Kafka, with all telemetry on, beside plain rdkafka that sends the same bytes: the same payload, key,
//! headers, `acks`, idempotence and `linger.ms`, in turns, a process each. What the broker takes is its own.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

// The one of the tests; this takes a part of it.
#[allow(dead_code)]
#[path = "../../../buses/tests/buses/broker.rs"]
mod broker;
#[allow(dead_code)]
#[path = "../../../buses/tests/buses/process.rs"]
mod process;
mod sides;

use std::process::Command;

use broker::{Broker, broker};

/// The most that a message may cost, and the least that comes through, beside plain rdkafka.
const GOALS: (f64, f64) = (1.15, 0.9);

/// What a side did.
struct Run {
    /// Processor time of a message.
    cpu_nanos: f64,
    per_second: f64,
    /// What else it has to say.
    told: String,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["plain", servers, topic, count] => sides::plain(servers, topic, count.parse().unwrap()),
        ["ours", servers, topic, count] => sides::ours(servers, topic, count.parse().unwrap()),
        ["--short"] => race(100_000, 1),
        _ => race(1_000_000, 3),
    }
}

fn race(count: u64, rounds: usize) {
    let Some(broker) = broker() else { return };
    println!("| round | side | CPU ns/message | messages/s | on the bus | counted by itself |");
    println!("|---|---|---|---|---|---|");
    let (mut cpu, mut through) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let plain = run(&broker, "plain", round, count);
        let ours = run(&broker, "ours", round, count);
        cpu.push(ours.cpu_nanos / plain.cpu_nanos);
        through.push(ours.per_second / plain.per_second);
    }
    let (cpu, through) = (median(cpu), median(through));
    let verdict = |met: bool| if met { "met" } else { "missed" };
    println!(
        "CPU {cpu:.2} of plain rdkafka, at most {} is the goal: {}; throughput {through:.2}, at least {}: {}",
        GOALS.0,
        verdict(cpu <= GOALS.0),
        GOALS.1,
        verdict(through >= GOALS.1),
    );
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn run(broker: &Broker, side: &str, round: usize, count: u64) -> Run {
    let topic = match side {
        "ours" => sides::TOPIC.to_owned(),
        _ => format!("{side}-{round}"),
    };
    // Events of ours have one topic for all rounds.
    let again = side == "ours" && round > 1;
    if !again {
        broker.topic(&topic, 1);
    }
    let before = broker.end_of(&topic, 0);
    let output = Command::new(std::env::current_exe().unwrap())
        .args([side, &broker.servers(), &topic, &count.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let mut words = text.trim().splitn(3, ' ');
    let mut number = || words.next().unwrap().parse::<f64>().unwrap();
    let (cpu, wall) = (number(), number());
    let run = Run {
        cpu_nanos: cpu / count as f64,
        per_second: count as f64 / wall * 1e9,
        told: words.next().unwrap_or_default().to_owned(),
    };
    let there = broker.end_of(&topic, 0) - before;
    println!(
        "| {round} | {side} | {:.0} | {:.0} | {there} | {} |",
        run.cpu_nanos, run.per_second, run.told
    );
    assert_eq!(there, i64::try_from(count).unwrap());
    run
}
