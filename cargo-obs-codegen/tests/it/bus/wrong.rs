//! What people type wrongly: the exit code says what kind of trouble it is, and the message what to do.

use super::{Place, ended};
use obs_runtime::Record;
use std::fs;

struct Case {
    arguments: &'static [&'static str],
    input: &'static str,
    code: i32,
    said: &'static [&'static str],
}

const fn case(
    arguments: &'static [&'static str],
    code: i32,
    said: &'static [&'static str],
) -> Case {
    Case {
        arguments,
        input: "",
        code,
        said,
    }
}

const CASES: &[Case] = &[
    case(
        &["tail", "user.registered.v2", "--bus", "file:nowhere"],
        2,
        &["there is no folder `nowhere`", "see that it is there"],
    ),
    case(
        &["tail", "user.registered.v2", "--bus", "file:src"],
        2,
        &["there is no bus in the folder `src`"],
    ),
    case(
        &["tail", "user.registered.v2", "--bus", "memory:"],
        2,
        &[
            "`memory:` is inside its program alone",
            "OBS_BUS=file:FOLDER",
        ],
    ),
    case(
        &[
            "tail",
            "user.registered.v2",
            "--bus",
            "carrier-pigeon://roof",
        ],
        2,
        &["begins with `carrier-pigeon:`", "file:"],
    ),
    #[cfg(not(feature = "kafka"))]
    case(
        &["tail", "user.registered.v2", "--bus", "kafka://127.0.0.1:9"],
        2,
        &["built without the feature `kafka`", "--features kafka"],
    ),
    #[cfg(not(feature = "nats"))]
    case(
        &["tail", "user.registered.v2", "--bus", "nats://127.0.0.1:9"],
        2,
        &["built without the feature `nats`", "--features nats"],
    ),
    #[cfg(feature = "nats")]
    case(
        &["tail", "user.registered.v2", "--bus", "nats://127.0.0.1:9"],
        2,
        &["the bus cannot be reached", "see that it is there"],
    ),
    #[cfg(not(feature = "http"))]
    case(
        &[
            "emit",
            "reading.taken",
            "--data",
            "{\"meter\":\"m\",\"watts\":1}",
            "--bus",
            "https://127.0.0.1/",
        ],
        2,
        &["built without the feature `http`", "--features http"],
    ),
    #[cfg(feature = "kafka")]
    case(
        &["tail", "user.registered.v2", "--bus", "kafka://127.0.0.1:9"],
        2,
        &["the bus cannot be reached", "see that it is there"],
    ),
    case(
        &["tail", "user.registered.v3"],
        2,
        &[
            "the bus has no topic `user.registered.v3`",
            "write `user.registered.v2`",
        ],
    ),
    case(
        &["tail", "pigeons"],
        2,
        &[
            "the bus has no topic `pigeons`",
            "the bus has user.registered.v2",
        ],
    ),
    case(
        &["tail", "user.registered.v2", "--from", "middle"],
        2,
        &["invalid value 'middle' for '--from <FROM>'"],
    ),
    case(
        &["emit", "user.registerd", "--data", "{}"],
        2,
        &[
            "no spec describes `user.registerd`",
            "write `user.registered`",
        ],
    ),
    case(
        &["emit", "user.registered", "--data", "{\"userId\": nope}"],
        2,
        &["`--data` is no JSON", "(at byte 11)", "`--data @FILE`"],
    ),
    Case {
        arguments: &["emit", "user.registered", "--data", "-"],
        input: "{\"userId\": ",
        code: 2,
        said: &["standard input is no JSON", "(at byte 11)"],
    },
    case(
        &["emit", "user.registered", "--data", "@nowhere.json"],
        2,
        &["cannot read nowhere.json: "],
    ),
    case(
        &["emit", "user.registered", "--data", "[]"],
        1,
        &["error: ", "`cargo obs-codegen show user.registered`"],
    ),
    // All of it, each at its place, and none of the values.
    case(
        &[
            "emit",
            "user.registered",
            "--data",
            "{\"userId\": 7654, \"email\": [\"ada@\"], \"plan\": \"GOLD\", \"emial\": \"ada@\"}",
        ],
        1,
        &[
            "`/userId`: ",
            "`/email`: ",
            "`/plan`: ",
            "there is no member `emial`",
            "write `email` instead of `emial`",
        ],
    ),
    case(
        &[
            "emit",
            "note.taken",
            "--data",
            "{\"pin\": \"7654\", \"by\": 1}",
        ],
        1,
        &["/pin: type", "/by: type", "required"],
    ),
    case(
        &[
            "emit",
            "user.registered",
            "--data",
            "{}",
            "--header",
            "nonsense",
        ],
        2,
        &["a header is a name, `=` and a value"],
    ),
    case(
        &[
            "emit",
            "reading.taken",
            "--data",
            "{\"meter\":\"m\",\"watts\":1}",
            "--bus",
            "file:nowhere",
        ],
        2,
        &["there is no folder `nowhere`", "make it"],
    ),
    case(
        &["dlq", "list", "--reason", "bad-luck"],
        2,
        &["invalid value 'bad-luck'"],
    ),
    case(
        &["dlq", "list", "--since", "noon"],
        2,
        &["`--since` is no time", "2026-11-21T09:30:00Z"],
    ),
    case(
        &["dlq", "replay", "--rate", "fast"],
        2,
        &["a rate is a number a second, `10/s`"],
    ),
    case(
        &["dlq", "show", "elsewhere.dlq/9"],
        2,
        &[
            "there is no dead letter `elsewhere.dlq/9`",
            "dlq list --all",
        ],
    ),
    case(
        &["dlq", "replay", "--id", "\u{1b}[2J"],
        2,
        &["there is no dead letter `\\u001b[2J`"],
    ),
];

#[test]
fn mistakes_are_told_with_a_remedy() {
    let place = Place::new("wrong");
    place.send(&[Record::new("user.registered.v2", b"{}")]);
    for case in CASES {
        let ended = place.run_with(case.arguments, case.input.as_bytes());
        let arguments = case.arguments;
        assert_eq!(ended.code, Some(case.code), "{arguments:?}: {}", ended.err);
        for said in case.said {
            assert!(
                ended.err.contains(said),
                "{arguments:?}: no `{said}` in\n{}",
                ended.err
            );
        }
        for secret in ["7654", "ada@", "GOLD"] {
            assert!(!ended.err.contains(secret), "{arguments:?}: {}", ended.err);
        }
    }
}

#[test]
fn a_bus_that_somebody_has_is_not_written_to() {
    let place = Place::new("held");
    let _held = place.bus();
    let data = "{\"meter\":\"m\",\"watts\":1}";
    let refused = place.run(&["emit", "reading.taken", "--data", data]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("stop the program that has it"),
        "{}",
        refused.err
    );
}

#[test]
fn a_trace_that_is_none_is_told() {
    let place = Place::new("trace");
    let data = "{\"meter\":\"m\",\"watts\":1}";
    let mut command = place.command(&["emit", "reading.taken", "--data", data]);
    let refused = ended(command.env("TRACEPARENT", "00-1-2-01"));
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(
        refused.err.contains("TRACEPARENT does not say a trace"),
        "{}",
        refused.err
    );
}

#[test]
fn broken_specs_show_nothing() {
    let place = Place::new("broken-specs");
    place.send(&[Record::new("user.registered.v2", b"ada@example.com")]);
    let spec = place.root.join("specs/user-registered.v2.0.0.avsc");
    fs::write(spec, "{\"type\": \"record\", \"name\": \"UserRegistered\"}").expect("a file");
    for arguments in [&["tail", "user.registered.v2"][..], &["dlq", "list"]] {
        let ended = place.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
        assert!(ended.err.contains("error["), "{}", ended.err);
    }
}
