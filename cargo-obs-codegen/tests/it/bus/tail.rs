//! What is seen of records, whatever form they have and however broken they are.

use super::{Place, about, masked, started};
use obs_runtime::Record;
use obs_runtime::bus::Header;
use obs_runtime::publish::Framing;
use std::io::BufRead as _;

/// Of everything that may lie in a topic, and of all of it something.
fn fill(place: &Place) {
    for (arguments, data) in [
        (
            &["user.registered"][..],
            r#"{"userId":"user-1","email":"ada@example.com","plan":"TEAM"}"#,
        ),
        (
            &["user.registered@1.4.0", "--topic", "user.registered.v2"],
            r#"{"userId":"user-2","email":"bob@example.com"}"#,
        ),
        (
            &["door.opened", "--key", "b-7"],
            r#"{"badge":"b-7","door":"north"}"#,
        ),
    ] {
        place
            .run(&[&["emit"], arguments, &["--data", data]].concat())
            .fine();
    }
    let reading = b"\x06m-1\xd0\x0f";
    let framed = |framing: Framing| {
        let mut body = Vec::new();
        framing.write(&mut body);
        body.extend_from_slice(reading);
        body
    };
    let confluent = framed(Framing::ConfluentId(7));
    let hostile = br#"{"eventId":"n-1","eventType":"note.taken","eventVersion":"1.0.0","occurredAt":"2026-11-21T09:30:00.000123Z","payload":{"text":"\u001b[2J\u009b31m\u202efed","pin":1234,"by":{"name":"Ada","team":"notes","mail":"ada@example.com"},"diary":"ada@example.com"}}"#;
    let wrong = br#"{"eventId":"n-2","eventType":"note.taken","eventVersion":"1.0.0","payload":{"pin":"1234","by":"Ada"}}"#;
    let user = about("user.registered", "2.0.0");
    let user_of_later = about("user.registered", "3.0.0");
    let reading_about = about("reading.taken", "1.0.0");
    let bearer = [
        Header::new("authorization", "Bearer hunter2"),
        Header::new("event-type", "nobody.knows"),
        Header::new("event-id", "\x1b]0;pwned\x07"),
    ];
    let record = |topic, body| Record {
        key: Some(b"k-1"),
        ..Record::new(topic, body)
    };
    place.send(&[
        record("note.taken.v1", hostile),
        record("note.taken.v1", wrong),
        record("note.taken.v1", b"{\"eventType\":\"note.taken\",\"payl"),
        record("note.taken.v1", b"\x00\x01ada@example.com"),
        record("reading.taken.v1", reading),
        record("reading.taken.v1", &confluent),
        Record {
            headers: reading_about.as_slice().into(),
            ..record("reading.taken.v1", &reading[..4])
        },
        Record::tombstone("reading.taken.v1", b"m-1"),
        Record {
            headers: user.as_slice().into(),
            ..record("user.registered.v2", b"\xc3\x01ada@example.com")
        },
        Record {
            headers: user_of_later.as_slice().into(),
            ..record("user.registered.v2", b"ada@example.com")
        },
        Record {
            headers: (&bearer).into(),
            ..record("elsewhere", b"{\"a\":\"\x7f\"}")
        },
        record("elsewhere", b"\x1b[31mred"),
    ]);
}

const TOPICS: &[&str] = &[
    "user.registered.v2",
    "door.opened.v1",
    "note.taken.v1",
    "reading.taken.v1",
    "elsewhere",
];

#[test]
fn records_are_shown_as_far_as_they_may_be() {
    let place = Place::new("tail");
    fill(&place);
    let mut shown = String::new();
    for topic in TOPICS {
        let human = place.run(&["tail", topic]).fine();
        let json = place.run(&["tail", topic, "--format", "json"]).fine();
        for line in json.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect(line);
        }
        shown.push_str(&format!("== {topic}\n{human}{json}"));
    }
    for secret in ["example.com", "Ada", "1234", "hunter2", "\"b-7\""] {
        assert!(!shown.contains(secret), "`{secret}` is seen in\n{shown}");
    }
    let harmful = shown
        .chars()
        .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
    assert_eq!(harmful, None);
    insta::assert_snapshot!(masked(&shown));
}

#[test]
fn as_much_is_shown_as_is_asked_for() {
    let place = Place::new("tail-some");
    let bodies: Vec<String> = (0..30)
        .map(|number| format!("{{\"n\":{number}}}"))
        .collect();
    let records = bodies
        .iter()
        .map(|body| Record::new("numbers", body.as_bytes()));
    place.send(&records.collect::<Vec<_>>());
    // Whoever has the bus does not notice, nor is in the way.
    let _held = place.bus();
    for (arguments, first, count) in [
        (&[][..], 0, 30),
        (&["--count", "2"], 0, 2),
        (&["--count", "0"], 0, 0),
        (&["--from", "end"], 20, 10),
        (&["--from", "end", "--count", "3"], 27, 3),
        (&["--from", "end", "--count", "99"], 0, 30),
        (&["--follow", "--count", "30"], 0, 30),
    ] {
        let asked = [&["tail", "numbers", "--format", "json"], arguments].concat();
        let shown = place.run(&asked).fine();
        let numbers: Vec<u64> = shown
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).expect(line);
                line["body"]["n"].as_u64().expect("a number")
            })
            .collect();
        assert_eq!(
            numbers,
            Vec::from_iter(first..first + count),
            "{arguments:?}"
        );
    }
}

#[test]
fn whatever_is_cut_or_flipped_is_told() {
    let place = Place::new("tail-mutants");
    fill(&place);
    let mut sound = Vec::new();
    for topic in TOPICS {
        sound.extend(place.records(topic));
    }
    let mut mutants: Vec<Vec<u8>> = Vec::new();
    for record in &sound {
        let body = record.body().unwrap_or_default();
        for cut in 0..body.len() {
            mutants.push(body[..cut].to_vec());
            let mut flipped = body.to_vec();
            flipped[cut] ^= 1 << (cut % 8);
            mutants.push(flipped);
        }
    }
    let place = Place::new("tail-mutants");
    let headers = [
        [].as_slice(),
        &about("user.registered", "2.0.0"),
        &about("note.taken", "1.0.0"),
    ];
    let mut count = 0;
    for topic in ["user.registered.v2", "note.taken.v1", "door.opened.v1"] {
        let records = mutants.iter().flat_map(|body| {
            headers.iter().map(move |headers| Record {
                headers: (*headers).into(),
                ..Record::new(topic, body)
            })
        });
        let records: Vec<Record<'_>> = records.collect();
        count += records.len();
        place.send(&records);
        let shown = place.run(&["tail", topic, "--format", "json"]).fine();
        assert_eq!(shown.lines().count(), records.len());
        for line in shown.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect(line);
            let harmful = line.chars().any(|c| c.is_control() || c == '\u{202e}');
            // What is known to be somewhere in it is nowhere to be seen, whatever was done to the rest.
            assert!(!harmful && !line.contains("example"), "{line}");
        }
    }
    assert!(count > 5_000, "{count}");
}

#[test]
fn who_follows_waits_for_the_topic() {
    let place = Place::new("tail-waits");
    let bus = place.bus();
    let mut child = started(&mut place.command(&["tail", "numbers", "--follow", "--count", "1"]));
    let mut said = std::io::BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it is text");
    assert_eq!(line, "waiting: the bus has no topic `numbers`\n");
    bus.send(&Record::new("numbers", b"{\"n\":1}"))
        .wait()
        .expect("there is room");
    let ended = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("{\"n\":1}"));
}

#[test]
fn who_leaves_ends_it() {
    let place = Place::new("tail-left");
    place.send(&[Record::new("numbers", b"{}")]);
    let (reader, writer) = std::io::pipe().expect("pipes are there");
    drop(reader);
    let mut command = place.command(&["tail", "numbers", "--follow"]);
    let status = command.stdout(writer).status().expect("the tool starts");
    assert_eq!(status.code(), Some(0));
}
