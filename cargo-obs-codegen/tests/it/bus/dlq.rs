//! Dead letters, looked at and sent again.

use super::{Place, masked};
use obs_runtime::bus::Header;
use obs_runtime::{OwnedRecord, Record};

/// What a consumer of users has put aside: two that failed, one that came from elsewhere, and one without its body.
fn fill(place: &Place) {
    for (user, email) in [("user-1", "ada@example.com"), ("user-2", "bob@example.com")] {
        let data = format!(r#"{{"userId":"{user}","email":"{email}"}}"#);
        place
            .run(&["emit", "user.registered", "--data", &data])
            .fine();
    }
    let users = place.records("user.registered.v2");
    let reading = Record::new("reading.taken.v1", b"\x06m-1\xd0\x0f").owned();
    let letters = [
        letter(
            &users[0],
            "handler",
            "mails",
            "2026-11-20T10:00:00.000000Z",
            None,
        ),
        letter(
            &users[1],
            "decode",
            "mails",
            "2026-11-21T10:00:00.000000Z",
            None,
        ),
        letter(
            &reading,
            "timeout",
            "meters",
            "2026-11-21T11:00:00.000000Z",
            None,
        ),
        letter(
            &users[1],
            "handler",
            "audit",
            "2026-11-21T12:00:00.000000Z",
            Some("reference"),
        ),
    ];
    place.send(
        &letters
            .iter()
            .map(OwnedRecord::as_record)
            .collect::<Vec<_>>(),
    );
}

pub(super) fn letter(
    record: &OwnedRecord,
    reason: &str,
    consumer: &str,
    time: &str,
    kept: Option<&str>,
) -> OwnedRecord {
    let topic = format!("{}.dlq", record.topic());
    let mut headers: Vec<Header<'_>> = record.headers().iter().collect();
    for (name, value) in [
        ("dlq-reason", reason),
        ("dlq-topic", record.topic()),
        ("dlq-offset", "7"),
        ("dlq-consumer", consumer),
        ("dlq-attempts", "4"),
        ("dlq-time", time),
    ] {
        headers.push(Header::new(name, value));
    }
    headers.extend(kept.map(|kept| Header::new("dlq-body", kept)));
    let letter = Record {
        topic: &topic,
        headers: headers.as_slice().into(),
        body: if kept.is_some() {
            Some(b"")
        } else {
            record.body()
        },
        ..record.as_record()
    };
    letter.owned()
}

const USERS: &str = "user.registered.v2.dlq";

#[test]
fn letters_are_found_by_what_is_said_of_them() {
    let place = Place::new("dlq-list");
    fill(&place);
    let all = place.run(&["dlq", "list"]);
    assert!(all.err.contains("4 dead letters"), "{}", all.err);
    for (arguments, offsets) in [
        (&["--reason", "handler"][..], &[2, 5][..]),
        (&["--consumer", "meters"], &[4]),
        (&["--type", "user.registered"], &[2, 3, 5]),
        (&["--topic", "reading.taken.v1"], &[4]),
        (&["--since", "2026-11-21"], &[4, 3, 5]),
        (&["--until", "2026-11-21T11:00:00Z"], &[2, 3]),
        (
            &[
                "--since",
                "2026-11-21",
                "--until",
                "2026-11-21T12:00:00+01:00",
            ],
            &[3],
        ),
        (&["--id", "user.registered.v2.dlq/3"], &[3]),
        (&["--suffix", ".dead"], &[]),
    ] {
        let shown = place
            .run(&[&["dlq", "list", "--format", "json"], arguments].concat())
            .fine();
        let found: Vec<u64> = shown
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).expect(line);
                line["offset"].as_u64().expect("a number")
            })
            .collect();
        assert_eq!(found, offsets, "{arguments:?}");
    }
    let one = place
        .run(&["dlq", "show", "user.registered.v2.dlq/2"])
        .fine();
    insta::assert_snapshot!(masked(&format!("{}\n{one}", all.out)));
    assert!(!format!("{}{one}", all.out).contains("example.com"));
    // By the id of its event: two consumers have put it aside.
    let id = place.records(USERS)[1]
        .headers()
        .text("event-id")
        .map(str::to_owned);
    let both = place.run(&["dlq", "show", &id.expect("an id")]).fine();
    assert_eq!(both.matches("dead letter: ").count(), 2, "{both}");
}

#[test]
fn a_letter_without_its_body_says_so() {
    let place = Place::new("dlq-kept");
    let told = br#"{"userId":"user-1","email":"ada@example.com","text":"ada@example.com"}"#;
    let headers = super::about("user.registered", "2.0.0");
    let user = Record {
        headers: headers.as_slice().into(),
        ..Record::new("user.registered.v2", told)
    };
    let time = "2026-11-21T12:00:00.000000Z";
    let redacted = letter(&user.owned(), "handler", "mails", time, Some("redacted"));
    let redacted = Record {
        body: Some(told),
        ..redacted.as_record()
    };
    let reference = letter(&user.owned(), "handler", "mails", time, Some("reference"));
    place.send(&[redacted, reference.as_record()]);
    for (id, said) in [
        (
            0,
            r#"of its body (redacted): {"userId":"user-1","email":"***","text":"***"}"#,
        ),
        (1, "its body was not kept (reference)"),
    ] {
        let shown = place.run(&["dlq", "show", &format!("{USERS}/{id}")]).fine();
        assert!(shown.contains(said), "{shown}");
    }
    let ended = place.run(&["dlq", "replay"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out.matches("stays").count(), 2, "{}", ended.out);
}

#[test]
fn letters_go_back_once_as_they_were() {
    let place = Place::new("dlq-replay");
    fill(&place);
    let before = place.records("user.registered.v2");
    let dry = place.run(&["dlq", "replay", "--dry-run"]);
    assert_eq!(dry.code, Some(1));
    assert_eq!(dry.out.matches("would go to").count(), 3, "{}", dry.out);
    assert!(
        dry.out
            .contains("user.registered.v2.dlq/5  stays: its body was not kept (reference)")
    );
    assert_eq!(place.records("user.registered.v2"), before);

    let first = place
        .run(&["dlq", "replay", "--reason", "decode", "--limit", "1"])
        .fine();
    assert!(
        first.starts_with("user.registered.v2.dlq/3  went to user.registered.v2/"),
        "{first}"
    );
    let again = place
        .records("user.registered.v2")
        .pop()
        .expect("it is there");
    let was = &before[1];
    assert_eq!((again.key(), again.body()), (was.key(), was.body()));
    let mut headers: Vec<Header<'_>> = was.headers().iter().collect();
    headers.push(Header::new("replay-count", "1"));
    assert_eq!(again.headers().iter().collect::<Vec<_>>(), headers);

    // What went does not go again, whichever way it is meant.
    for arguments in [
        &["--reason", "decode"][..],
        &["--id", "user.registered.v2.dlq/3"],
    ] {
        let ended = place.run(&[&["dlq", "replay"], arguments].concat());
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (Some(0), ""),
            "{}",
            ended.err
        );
    }
    let rest = place.run(&["dlq", "replay", "--rate", "1000/s"]);
    assert_eq!(rest.code, Some(1));
    assert_eq!(rest.out.matches("went to").count(), 2, "{}", rest.out);
    assert_eq!(place.records("user.registered.v2").len(), 4);
    assert_eq!(place.records("reading.taken.v1").len(), 1);
    let waiting = place.run(&["dlq", "list"]).fine();
    assert_eq!(waiting.lines().count(), 1, "{waiting}");
    let all = place.run(&["dlq", "list", "--all"]).fine();
    assert_eq!(all.matches("  replayed\n").count(), 3, "{all}");

    // It fails once more: who looks sees that it goes round.
    let failed = letter(
        &again,
        "decode",
        "mails",
        "2026-11-22T10:00:00.000000Z",
        None,
    );
    place.send(&[failed.as_record()]);
    let waiting = place.run(&["dlq", "list", "--reason", "decode"]).fine();
    assert!(waiting.contains("after replay 1"), "{waiting}");
    place.run(&["dlq", "replay", "--reason", "decode"]).fine();
    let third = place
        .records("user.registered.v2")
        .pop()
        .expect("it is there");
    assert_eq!(third.headers().text("replay-count"), Some("2"));
    let tail = place.run(&["tail", USERS]).fine();
    assert!(tail.contains("3 was replayed"), "{tail}");
}
