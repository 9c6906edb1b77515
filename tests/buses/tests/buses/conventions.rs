//! What the messaging conventions of OpenTelemetry ask of publishers and consumers, as data: `conventions/rows.json`.
//!
//! A row says what is done, and which spans and numbers that leaves; each is held on each bus, with and without a span
//! around it, with and without the families of the conventions. Everything that differs is told at once.
//!
//! Names and attributes at the start are those that a sampler may look at. Receiving several messages may take one span
//! or several: they are taken for one.

mod compare;
mod drive;
mod seen;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::rig::rigs;
use drive::Stage;

/// Which of the programs a process is.
const CHILD: &str = "OBS_TEST_CONVENTIONS";

fn data() -> Value {
    serde_json::from_str(include_str!("conventions/rows.json")).unwrap()
}

/// Exporters and families are those of a program, so each choice is one.
fn run(test: &str, opt_in: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, opt_in)
        .env("OTEL_SEMCONV_STABILITY_OPT_IN", opt_in)
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    if !output.status.success() {
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8_lossy(&text).into_owned();
            // The log of the program that failed is as it should be.
            let told = text.lines().filter(|line| !line.starts_with('{'));
            println!("{}", told.collect::<Vec<_>>().join("\n"));
        }
        panic!("with `{opt_in}`");
    }
}

#[test]
fn the_messaging_conventions_are_kept() {
    let test = "conventions::the_messaging_conventions_are_kept";
    let Ok(opt_in) = std::env::var(CHILD) else {
        for opt_in in ["", "messaging", "messaging/dup"] {
            run(test, opt_in);
        }
        return;
    };
    let (data, obs) = (data(), seen::listen());
    let mut wrong = Vec::new();
    for rig in &rigs() {
        // The families are the same on each bus.
        if opt_in == "messaging" || rig.system == "memory" {
            let stage = Stage::new(rig, &obs, !opt_in.is_empty());
            wrong.extend(all(&data, &stage));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is expected, and is not what there is.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("one event is sent", "/spans/0/parent", "\"nobody\""),
    ("one event is sent", "/metrics/sent send", "2"),
    ("one event is sent", "/ours/event_published_total", "0"),
    ("a batch is sent", "/spans/2/links/1", "\"create 0\""),
    (
        "a batch is sent",
        "/spans/2/end/messaging.batch.message_count",
        "\"3\"",
    ),
    ("a batch is sent", "/spans/0", "{\"is\": \"send\"}"),
    ("the bus is away", "/spans/0/error", "\"timeout\""),
    ("one event is processed", "/spans/1/links", "[]"),
    ("one event is processed", "/spans/2/parent", "null"),
    ("a handler panics", "/spans/1/exception", "false"),
];

/// The same of what all rows of an operation expect.
const MISTAKES_OF_ALL: &[(&str, &str)] = &[
    ("/operations/process/name", "\"consume {topic}\""),
    ("/operations/create/kind", "\"Client\""),
    (
        "/operations/send/start/messaging.operation.type",
        "\"publish\"",
    ),
    (
        "/operations/settle/start/messaging.consumer.group.name",
        "\"nobody\"",
    ),
    ("/operations/receive/end", "[\"event.id\"]"),
    ("/operations/process/end/0", "\"event.name\""),
];

/// The same of a bus that has a server.
const MISTAKES_OF_SERVERS: &[(&str, &str)] = &[
    ("/server/server.address", "\"elsewhere\""),
    ("/server", "{}"),
];

#[test]
fn what_is_not_as_a_row_says_is_found() {
    let test = "conventions::what_is_not_as_a_row_says_is_found";
    if std::env::var_os(CHILD).is_none() {
        return run(test, "messaging");
    }
    let obs = seen::listen();
    let rigs = rigs();
    let stage = Stage::new(&rigs[0], &obs, true);
    let found_on = |stage: &Stage<'_>, data: &Value, row: Option<&str>| {
        let mut data = data.clone();
        if let Some(name) = row {
            let rows = data["rows"].as_array_mut().unwrap();
            rows.retain(|row| row["name"] == name);
            assert_eq!(rows.len(), 1, "{name}");
        }
        all(&data, stage)
    };
    let found = |data: &Value, row: Option<&str>| found_on(&stage, data, row);
    let change = |place: &mut Value, to: &str| *place = serde_json::from_str(to).unwrap();
    for (row, at, to) in MISTAKES {
        let mut data = data();
        let rows = data["rows"].as_array_mut().unwrap();
        let place = rows
            .iter_mut()
            .find(|known| known["name"] == **row)
            .unwrap();
        let (at, last) = at.rsplit_once('/').unwrap();
        match place.pointer_mut(at).unwrap() {
            Value::Array(list) => change(&mut list[last.parse::<usize>().unwrap()], to),
            other => change(&mut other[last], to),
        }
        let wrong = found(&data, Some(row));
        let named = wrong.iter().all(|line| line.contains(row));
        assert!(named && !wrong.is_empty(), "{row} {at}: {wrong:#?}");
    }
    for (at, to) in MISTAKES_OF_ALL {
        let mut data = data();
        change(data.pointer_mut(at).unwrap(), to);
        assert!(!found(&data, None).is_empty(), "{at}");
    }
    let rig = rigs.iter().find(|rig| rig.system == "http").unwrap();
    let stage = Stage::new(rig, &obs, true);
    let row = Some("one event is sent");
    assert_eq!(found_on(&stage, &data(), row), [""; 0]);
    for (at, to) in MISTAKES_OF_SERVERS {
        let mut data = data();
        change(data.pointer_mut(at).unwrap(), to);
        assert!(!found_on(&stage, &data, row).is_empty(), "{at}");
    }
}

/// Holds all rows; gives what differs.
fn all(data: &Value, stage: &Stage<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in data["rows"].as_array().unwrap() {
        let on = row["on"].as_array();
        let named = |system| on.is_some_and(|on| on.iter().any(|it| it == system));
        // A bus with faults is in memory too, and stands beside the one that has none.
        let faulty = named("faulty");
        if faulty && stage.system() != "memory" {
            continue;
        }
        let ambient = row["ambient"].as_array();
        let ambient = ambient.map_or(vec![false], |all| {
            all.iter().map(|one| one.as_bool().unwrap()).collect()
        });
        for ambient in ambient {
            let found = stage.play(row, ambient);
            let place = format!(
                "{}{} on {}",
                row["name"].as_str().unwrap(),
                if ambient { ", within a span" } else { "" },
                found.system
            );
            let differs = found.differences(data, row);
            wrong.extend(differs.into_iter().map(|what| format!("{place}: {what}")));
        }
    }
    wrong
}

/// Numbers by what they count.
type Numbers = BTreeMap<String, f64>;
