//! What dead letters hold, by policy.

use super::{Keep, PLAIN, Step, on_tokio, step};
use crate::Record;
use crate::bus::Header;
use crate::consume::{DeadBody, DeadLetters};
use crate::testing::Trial;

/// A letter about an event that failed for good, or of a body that is none: its key, `dlq-body`, and its own body.
fn letter(body: DeadBody, number: i64) -> (Option<Vec<u8>>, Option<String>, String) {
    let trial = Trial::new();
    let consumer = trial.consumer("steps").handle::<Step<PLAIN>>(Keep {
        failures: 9,
        ..Keep::default()
    });
    trial
        .start(consumer.with_dead_letters(DeadLetters::default().with_body(body)))
        .expect("it has groups");
    on_tokio(async {
        if number < 0 {
            let headers = [Header::new("event-type", "step.plain")];
            let sending = trial.bus().send(&Record {
                headers: (&headers).into(),
                ..Record::new("step.plain.v2", b"-1")
            });
            sending.await.expect("there is room");
        } else {
            let sent = trial.publish(&step::<PLAIN>(number)).await;
            sent.expect("there is room");
        }
        assert_eq!(trial.idle().await, Ok(()));
    });
    let letter = trial.bus().take().expect("one was put aside");
    assert_eq!(letter.topic(), "step.plain.v2.dlq");
    let body = letter.body().expect("a body");
    (
        letter.key().map(<[u8]>::to_vec),
        letter.headers().text("dlq-body").map(str::to_owned),
        String::from_utf8(body.to_vec()).expect("text"),
    )
}

#[test]
fn a_letter_holds_what_its_policy_says() {
    let word = |word: &str| Some(word.to_owned());
    for (body, number, expected) in [
        (DeadBody::Whole, 66, (Some(b"6".to_vec()), None, "66")),
        (
            DeadBody::Redacted,
            66,
            (None, word("redacted"), r#"{"number":66,"who":"***"}"#),
        ),
        // Nobody could tell what may be said of it.
        (DeadBody::Redacted, -1, (None, word("redacted"), "")),
        (DeadBody::Reference, 66, (None, word("reference"), "")),
    ] {
        let (key, kept, text) = letter(body, number);
        assert_eq!((key, kept, text.as_str()), expected, "{body:?} {number}");
    }
}
