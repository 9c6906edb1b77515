//! What holds for every bus that keeps records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use super::{Bus, BusErrorKind, Record, Subscription};

/// Long enough that a lost wake-up fails the test instead of hanging it.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Whether the long forms run: `cargo xtask soak bus`.
#[expect(clippy::disallowed_methods, reason = "a longer form of the tests")]
pub(super) fn long() -> bool {
    std::env::var_os("OBS_SOAK").is_some()
}

/// Many producers that wait for room, several members of two groups, records given back now and then: everything
/// arrives in each group, in order for each key, and nobody sleeps for ever.
pub(super) fn crowd(bus: &Bus, each: u32) {
    const KEYS: u32 = 4;
    let seen: [Mutex<BTreeMap<Vec<u8>, Vec<u32>>>; 2] = Default::default();
    let consume = |mut member: Subscription, group: usize| {
        let mut given_back = 0;
        while let Some(delivery) = member.next_blocking(LONG) {
            let record = delivery.record();
            let number = u32::from_le_bytes(record.body().unwrap().try_into().unwrap());
            if delivery.attempt() == 1 && number % 7 == 3 {
                given_back += 1;
                delivery.nack();
                continue;
            }
            let key = record.key().unwrap().to_vec();
            seen[group]
                .lock()
                .unwrap()
                .entry(key)
                .or_default()
                .push(number);
            delivery.ack();
        }
        given_back
    };
    let members: Vec<(Subscription, usize)> = [("x", 0), ("x", 0), ("x", 0), ("y", 1), ("y", 1)]
        .into_iter()
        .map(|(name, group)| (bus.subscribe(&["t"], name).unwrap().with_prefetch(2), group))
        .collect();
    let given_back: u32 = std::thread::scope(|scope| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(member, group)| scope.spawn(move || consume(member, group)))
            .collect();
        let producers: Vec<_> = (0..KEYS)
            .map(|key| {
                scope.spawn(move || {
                    for number in 0..each {
                        let (key, body) = (key.to_le_bytes(), number.to_le_bytes());
                        let record = Record {
                            key: Some(&key),
                            ..Record::new("t", &body)
                        };
                        while let Err(error) = bus.send(&record).wait() {
                            assert_eq!(error.kind(), BusErrorKind::Full);
                            assert!(bus.room("t").wait_for(LONG), "a wake-up was lost");
                        }
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
        bus.close();
        members
            .into_iter()
            .map(|member| member.join().unwrap())
            .sum()
    });
    for group in seen {
        let seen = group.into_inner().unwrap();
        assert_eq!(seen.keys().collect::<BTreeSet<_>>().len(), KEYS as usize);
        for numbers in seen.values() {
            assert!(numbers.iter().copied().eq(0..each), "{numbers:?}");
        }
    }
    assert_eq!(
        given_back,
        2 * KEYS * (0..each).filter(|number| number % 7 == 3).count() as u32
    );
    assert_eq!(bus.depth().unwrap().records, 0);
}
