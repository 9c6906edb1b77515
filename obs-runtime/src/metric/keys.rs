//! What is remembered by a key from one event to the next: entities in a state, the last event of each key, and times
//! that another event asks for.
//!
//! Keys are remembered as the first half of a hash, never as they are: they cost the same whatever their length, and a
//! file that holds them says nothing about anybody. All of it is bounded, and what had no room is counted.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use obs_schema::avro::fingerprint::sha256;

use super::family::{Family, Refusal};
use super::snapshot;
use crate::clock::SECOND;
use crate::event::Key;
use crate::lane::lock;

/// Whose numbers a gauge shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tracked {
    /// Those it was given.
    #[default]
    Nothing,
    /// How many entities are in a state. So many are remembered.
    Entities {
        /// The most that are remembered.
        max: usize,
    },
    /// How long ago the last event was, of the key that has been quiet for longest.
    Ages {
        /// The most that are remembered.
        max: usize,
        /// It is worked out anew no oftener than this, in nanoseconds.
        every: u64,
    },
}

impl Tracked {
    /// The most keys that are remembered.
    pub(crate) const fn max(self) -> usize {
        match self {
            Tracked::Nothing => 0,
            Tracked::Entities { max } | Tracked::Ages { max, .. } => max,
        }
    }
}

/// A key as it is remembered; nothing when an event has none.
pub(crate) fn hash(key: &Key<'_>) -> Option<u64> {
    let hash = sha256(key.bytes()?);
    let (first, _) = hash.split_first_chunk()?;
    Some(u64::from_be_bytes(*first))
}

/// What is remembered of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    /// In which series it counts.
    pub(crate) series: usize,
    /// When it was last heard of, in nanoseconds since 1970.
    pub(crate) at: u64,
}

/// Keys, at most so many.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    max: usize,
    known: HashMap<u64, Known>,
}

impl Keys {
    pub(crate) fn new(max: usize) -> Keys {
        Keys {
            max,
            known: HashMap::new(),
        }
    }

    /// Remembers a key, and says what was known of it; `Err` when there is no room for one more.
    pub(crate) fn put(&mut self, key: u64, known: Known) -> Result<Option<Known>, ()> {
        if let Some(before) = self.known.get_mut(&key) {
            return Ok(Some(std::mem::replace(before, known)));
        }
        if self.known.len() >= self.max {
            return Err(());
        }
        self.known.insert(key, known);
        Ok(None)
    }

    pub(crate) fn get(&self, key: u64) -> Option<Known> {
        self.known.get(&key).copied()
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<Known> {
        self.known.remove(&key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Known)> {
        self.known.iter().map(|(key, known)| (*key, *known))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.known.len() >= self.max
    }
}

/// Times that are remembered at most.
const MOST_TIMES: usize = 100_000;

/// When an event was last published, by one of its fields: what another event's durations are counted from.
///
/// Nobody says when a key is done with. So there are two halves: when the young one is full it becomes the old one, and
/// what was in the old one is forgotten. Forgotten keys nobody had asked for are counted.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) about: TimesInfo,
    halves: Mutex<[Keys; 2]>,
}

/// The times of which event, and by which of its fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimesInfo {
    /// The event.
    pub event: &'static str,
    /// The field, as its path on the wire.
    pub key: &'static str,
}

/// In the series of a time: nobody has asked for it yet, or somebody has.
const WAITS: usize = 0;
const ASKED: usize = 1;

impl Times {
    pub(crate) fn new(about: TimesInfo) -> Times {
        Times::with(about, MOST_TIMES)
    }

    fn with(about: TimesInfo, max: usize) -> Times {
        Times {
            about,
            halves: Mutex::new([Keys::new(max / 2), Keys::new(max / 2)]),
        }
    }

    /// It happened at this time.
    pub(crate) fn mark(&self, key: u64, at: u64) {
        self.keep(key, Known { series: WAITS, at });
    }

    pub(crate) fn keep(&self, key: u64, known: Known) {
        let mut halves = lock(&self.halves);
        let [young, old] = &mut *halves;
        old.remove(key);
        if young.is_full() && young.get(key).is_none() {
            let fresh = Keys::new(young.max);
            let gone = std::mem::replace(old, std::mem::replace(young, fresh));
            let unasked = gone.iter().filter(|(_, known)| known.series == WAITS);
            Refusal::Forgotten.add(unasked.count() as u64);
        }
        // There is room now.
        let _ = young.put(key, known);
    }

    /// When it last happened.
    pub(crate) fn last(&self, key: u64) -> Option<u64> {
        let mut halves = lock(&self.halves);
        for half in &mut *halves {
            if let Some(known) = half.known.get_mut(&key) {
                known.series = ASKED;
                return Some(known.at);
            }
        }
        None
    }

    /// All that is remembered, the oldest half first.
    pub(crate) fn all(&self) -> Vec<(u64, Known)> {
        let halves = lock(&self.halves);
        let [young, old] = &*halves;
        old.iter().chain(young.iter()).collect()
    }
}

/// All times that are remembered.
static TIMES: Mutex<Vec<&'static Times>> = Mutex::new(Vec::new());

/// The times that are described so. To be asked for once: they stay for as long as the program runs.
pub(crate) fn times(about: &TimesInfo) -> &'static Times {
    let mut all = lock(&TIMES);
    if let Some(known) = all.iter().find(|known| known.about == *about) {
        return known;
    }
    let new: &'static Times = Box::leak(Box::new(Times::new(*about)));
    snapshot::adopt_times(new);
    all.push(new);
    new
}

/// All that are remembered.
pub(crate) fn all_times() -> Vec<&'static Times> {
    lock(&TIMES).clone()
}

/// The keys of a gauge that counts entities or shows ages.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    keys: Mutex<Keys>,
    /// When ages were last worked out, in nanoseconds since 1970.
    aged: AtomicU64,
}

impl Remembered {
    pub(crate) fn new(tracked: Tracked) -> Remembered {
        Remembered {
            keys: Mutex::new(Keys::new(tracked.max())),
            aged: AtomicU64::new(0),
        }
    }

    /// All keys.
    pub(crate) fn all(&self) -> Vec<(u64, Known)> {
        lock(&self.keys).iter().collect()
    }
}

impl Family {
    /// An entity comes into the state that is counted, or something happens to it in that state.
    pub(crate) fn enter(&self, key: u64, known: Known) {
        // The numbers change under the lock, so that whoever restores them sees all of a change or nothing.
        let mut keys = lock(&self.remembered.keys);
        match keys.put(key, known) {
            Ok(before) => {
                if let Some(before) = before {
                    self.shift(before.series, -1.0);
                }
                self.shift(known.series, 1.0);
            }
            Err(()) => {
                self.overflows.fetch_add(1, Relaxed);
            }
        }
    }

    /// An entity leaves it. One that never came changes nothing.
    pub(crate) fn leave(&self, key: u64) {
        let mut keys = lock(&self.remembered.keys);
        if let Some(before) = keys.remove(key) {
            self.shift(before.series, -1.0);
        }
    }

    /// An event of a key.
    pub(crate) fn hear(&self, key: u64, known: Known) {
        if lock(&self.remembered.keys).put(key, known).is_err() {
            self.overflows.fetch_add(1, Relaxed);
        }
    }

    fn shift(&self, series: usize, by: f64) {
        if let Some(number) = self.gauge(series) {
            // Whoever changes it holds the lock.
            let before = f64::from_bits(number.load(Relaxed));
            number.store((before + by).to_bits(), Relaxed);
        }
    }

    /// Works ages out anew, as of this time.
    pub(crate) fn age(&self, now: u64) {
        let Tracked::Ages { every, .. } = self.about.tracked else {
            return;
        };
        let aged = &self.remembered.aged;
        if now.saturating_sub(aged.load(Relaxed)) < every {
            return;
        }
        aged.store(now, Relaxed);
        let mut oldest = vec![now; self.series];
        for (_, known) in lock(&self.remembered.keys).iter() {
            if let Some(oldest) = oldest.get_mut(known.series) {
                *oldest = known.at.min(*oldest);
            }
        }
        for (series, at) in oldest.into_iter().enumerate() {
            if let Some(number) = self.gauge(series) {
                let age = (now - at) as f64 / SECOND as f64;
                number.store(age.to_bits(), Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::family::{FamilyInfo, Kind};

    const OPEN: FamilyInfo = FamilyInfo {
        name: "keys_tested",
        kind: Kind::FloatGauge,
        labels: &[crate::event::LabelInfo {
            name: "plan",
            values: &["free", "team"],
            ..crate::event::LabelInfo::BLANK
        }],
        tracked: Tracked::Entities { max: 2 },
        ..FamilyInfo::BLANK
    };

    fn numbers(family: &Family) -> [f64; 2] {
        [0, 1].map(|at| f64::from_bits(family.gauge(at).unwrap().load(Relaxed)))
    }

    fn at(series: usize, seconds: u64) -> Known {
        Known {
            series,
            at: seconds * SECOND,
        }
    }

    #[test]
    fn entities_are_counted_where_they_are() {
        let family = Family::new(OPEN);
        for (key, series, expected) in [
            (1, Some(0), [1.0, 0.0]),
            // Again, and in another series: it is counted once.
            (1, Some(0), [1.0, 0.0]),
            (1, Some(1), [0.0, 1.0]),
            (2, Some(1), [0.0, 2.0]),
            // A third has no room, and its leaving changes nothing.
            (3, Some(0), [0.0, 2.0]),
            (3, None, [0.0, 2.0]),
            (1, None, [0.0, 1.0]),
            (1, None, [0.0, 1.0]),
            (3, Some(0), [1.0, 1.0]),
        ] {
            match series {
                Some(series) => family.enter(key, at(series, 0)),
                None => family.leave(key),
            }
            assert_eq!(numbers(&family), expected, "{key} {series:?}");
        }
        assert_eq!(family.overflows.load(Relaxed), 1);
        assert!(family.is_clamped());
    }

    #[test]
    fn the_age_is_that_of_the_quietest_key() {
        let family = Family::new(FamilyInfo {
            tracked: Tracked::Ages {
                max: 2,
                every: 10 * SECOND,
            },
            ..OPEN
        });
        family.age(100 * SECOND);
        assert_eq!(numbers(&family), [0.0, 0.0]);
        family.hear(1, at(0, 100));
        family.hear(2, at(0, 105));
        family.hear(3, at(0, 50));
        assert_eq!(family.overflows.load(Relaxed), 1);
        // Too early to look again.
        family.age(109 * SECOND);
        assert_eq!(numbers(&family), [0.0, 0.0]);
        family.age(110 * SECOND);
        assert_eq!(numbers(&family), [10.0, 0.0]);
        family.hear(1, at(1, 119));
        family.age(120 * SECOND);
        assert_eq!(numbers(&family), [15.0, 1.0]);
    }

    #[test]
    fn times_are_forgotten_by_halves_and_told_when_nobody_had_asked() {
        let about = TimesInfo {
            event: "order.placed",
            key: "orderId",
        };
        let times = Times::with(about, 4);
        let before = Refusal::Forgotten.counted();
        for key in 0..4 {
            times.mark(key, 10 + key);
        }
        assert_eq!((times.last(0), times.last(3)), (Some(10), Some(13)));
        times.mark(0, 20);
        assert_eq!(times.last(0), Some(20));
        // The old half held 1, which nobody asked for; 0 had moved on.
        assert_eq!(Refusal::Forgotten.counted() - before, 1);
        assert_eq!((times.last(1), times.last(2)), (None, Some(12)));
    }

    #[test]
    fn keys_are_remembered_as_hashes() {
        let text = Key::from("order-1");
        assert_eq!(hash(&text), hash(&Key::from(&b"order-1".to_vec())));
        assert_ne!(hash(&text), hash(&Key::from("order-2")));
        assert_eq!(hash(&Key::None), None);
    }
}
