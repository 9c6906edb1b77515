//! Whoever looks at a bus sees what is there, and nobody notices.

use std::collections::BTreeSet;
use std::time::Duration;

use obs_runtime::bus::{BusErrorKind, Look, Sight, View};
use obs_runtime::{Bus, Record};

use crate::rig::rigs;

/// Buses that nobody can look at.
const BLIND: &[&str] = &["memory", "http"];

const PATIENCE: Duration = Duration::from_millis(200);

/// The bodies that a view shows until its end, or so many.
fn seen(view: &mut dyn View, most: usize) -> BTreeSet<String> {
    let mut bodies = BTreeSet::new();
    while bodies.len() < most {
        match view.next(PATIENCE).unwrap() {
            Sight::Record(record, receipt) => {
                assert!(receipt.offset.is_some());
                let body = String::from_utf8(record.body().unwrap().to_vec()).unwrap();
                assert!(bodies.insert(body), "it is seen once");
            }
            Sight::End => break,
            Sight::Nothing => {}
            other => panic!("{other:?}"),
        }
    }
    bodies
}

fn send(bus: &Bus, topic: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let (key, body) = (number.to_string(), number.to_string());
        let record = Record {
            key: Some(key.as_bytes()),
            ..Record::new(topic, body.as_bytes())
        };
        bus.send_confirmed(&record).wait().unwrap();
    }
}

fn numbers(of: std::ops::Range<u32>) -> BTreeSet<String> {
    of.map(|number| number.to_string()).collect()
}

#[test]
fn who_looks_sees_all_and_takes_nothing() {
    let all = usize::MAX;
    for rig in rigs() {
        let bus = rig.bus(&["seen", "unseen"]);
        let look = |last, follow| bus.look("seen", Look { last, follow });
        if BLIND.contains(&rig.system) {
            let refused = look(None, false).unwrap_err();
            assert_eq!(refused.kind(), BusErrorKind::Unsupported, "{}", rig.system);
            continue;
        }
        send(&bus, "seen", 0..30);
        send(&bus, "unseen", 30..33);
        let topics = bus.topics().unwrap();
        assert!(
            ["seen", "unseen"]
                .iter()
                .all(|topic| topics.contains(&(*topic).to_owned()))
        );
        assert_eq!(seen(&mut *look(None, false).unwrap(), all), numbers(0..30));
        assert_eq!(
            seen(&mut *look(Some(0), false).unwrap(), all),
            BTreeSet::new()
        );
        let last = seen(&mut *look(Some(2), false).unwrap(), all);
        assert!(
            last.contains("29") && (2..=6).contains(&last.len()),
            "{last:?}"
        );
        let mut follows = look(None, true).unwrap();
        assert_eq!(seen(&mut *follows, 30), numbers(0..30));
        send(&bus, "seen", 33..40);
        assert_eq!(seen(&mut *follows, 7), numbers(33..40));
        // A group that comes now gets everything.
        let mut member = bus.subscribe(&["seen"], "g").unwrap();
        for _ in 0..37 {
            member.next_blocking(crate::broker::LONG).unwrap().ack();
        }
    }
}

#[test]
fn brokers_that_are_not_there_are_not_waited_for() {
    let bus = crate::rig::open("kafka://127.0.0.1:9");
    let kind = bus.topics().unwrap_err().kind();
    assert!(
        matches!(kind, BusErrorKind::Unavailable | BusErrorKind::Timeout),
        "{kind:?}"
    );
}
