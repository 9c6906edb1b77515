//! The one room that looks at the clock, and the one that throws dice.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;

use crate::types::{TimestampMicros, Uuid};

/// The time, as envelopes have it.
#[expect(clippy::disallowed_methods, reason = "this is the room for it")]
pub(crate) fn now() -> TimestampMicros {
    // A clock that is off by 290,000 years has no better answer.
    TimestampMicros::try_from(SystemTime::now()).unwrap_or_default()
}

/// An id for an event of this time, in the order of time.
pub(crate) fn event_id(time: TimestampMicros) -> Uuid {
    let millis = u64::try_from(time.0 / 1_000).unwrap_or_default();
    Uuid::v7(millis, u128::from(random()) << 64 | u128::from(random()))
}

/// Random bits that are good for telling apart, and not for secrets.
fn random() -> u64 {
    thread_local! {
        /// Seeded from the system's randomness, which is where the hasher's keys come from.
        static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish());
    }
    STATE.with(|state| {
        // wyrand: one addition and one multiplication.
        let next = state.get().wrapping_add(0xa076_1d64_78bd_642f);
        state.set(next);
        let product = u128::from(next) * u128::from(next ^ 0xe703_7ed1_a0b4_28db);
        let [high, low] = [product >> 64, product & u128::from(u64::MAX)]
            .map(|half| u64::try_from(half).unwrap_or_default());
        high ^ low
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_differ() {
        let time = now();
        let ids: std::collections::BTreeSet<Uuid> = (0..1_000).map(|_| event_id(time)).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            assert_eq!((id.0[6] >> 4, id.0[8] >> 6), (7, 2));
            assert_eq!(
                u64::from_be_bytes([0, 0, id.0[0], id.0[1], id.0[2], id.0[3], id.0[4], id.0[5]]),
                time.0.unsigned_abs() / 1_000
            );
        }
    }
}
