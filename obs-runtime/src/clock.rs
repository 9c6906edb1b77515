//! The one room that looks at the clock.
//!
//! A publish looks twice: at its start and at its end. Everything else, from the id of the event to the time of the
//! log line, is worked out of those two moments.
//!
//! Moments come from the clock that never steps back, so that no duration is negative. The time of day is the moment
//! plus an anchor which is set anew about once a second: a clock that steps is followed within that second, and a
//! clock that steps back makes time stamps repeat, never durations shrink.

use std::hash::{Hash, Hasher};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// A second, in nanoseconds.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// A moment in the life of this program, in nanoseconds since its first look at the clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Moment(pub(crate) u64);

/// Where the moments are counted from.
static START: LazyLock<Start> = LazyLock::new(Start::now);

/// The first look at the clock.
struct Start {
    at: Instant,
    /// The same as a number, if looks can be taken apart.
    number: Option<u64>,
}

impl Start {
    #[expect(clippy::disallowed_methods, reason = "this is the room for it")]
    fn now() -> Start {
        let at = Instant::now();
        let first = Number::of(at);
        // What is told of a look is nobody's promise, so it is held against the subtraction.
        let holds = [1, SECOND - 1, SECOND, 86_400 * SECOND + 7]
            .into_iter()
            .all(|more| {
                let later = at.checked_add(Duration::from_nanos(more));
                later.is_some_and(|later| Number::of(later).wrapping_sub(first) == more)
            });
        Start {
            at,
            number: holds.then_some(first),
        }
    }
}

/// A look at the clock as a number of nanoseconds. The library only subtracts looks, which takes longer than all that a
/// call does with them; but it tells their parts to whoever hashes them.
#[derive(Default)]
struct Number {
    seconds: u64,
    nanos: u32,
}

impl Number {
    #[inline]
    fn of(look: Instant) -> u64 {
        let mut number = Number::default();
        look.hash(&mut number);
        number.finish()
    }
}

impl Hasher for Number {
    /// Nothing that is known.
    fn write(&mut self, _: &[u8]) {}

    #[inline]
    fn write_u32(&mut self, nanos: u32) {
        self.nanos = nanos;
    }

    #[inline]
    fn write_u64(&mut self, seconds: u64) {
        self.seconds = seconds;
    }

    #[inline]
    fn write_i64(&mut self, seconds: i64) {
        self.seconds = seconds.cast_unsigned();
    }

    #[inline]
    fn finish(&self) -> u64 {
        let whole = self.seconds.wrapping_mul(SECOND);
        whole.wrapping_add(u64::from(self.nanos))
    }
}

/// The time of day at the start, in nanoseconds since 1970, as last anchored.
static ANCHOR: AtomicU64 = AtomicU64::new(0);

/// The moment from which on the anchor is too old.
static STALE: AtomicU64 = AtomicU64::new(0);

/// A look at the clock of which nothing has been worked out yet, since that takes as long as the look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look(Instant);

/// Looks at the clock, and works out the moment.
#[inline]
pub(crate) fn now() -> Moment {
    look().just_now()
}

/// Looks at the clock.
#[inline]
#[expect(clippy::disallowed_methods, reason = "this is the room for it")]
pub(crate) fn look() -> Look {
    Look(Instant::now())
}

impl Look {
    /// The moment of a look that may be long ago.
    #[inline]
    pub(crate) fn moment(self) -> Moment {
        let start = &*START;
        Moment(match start.number {
            Some(first) => since(first, self.0),
            None => nanos(self.0.duration_since(start.at)),
        })
    }

    /// The moment of the look that this thread has just taken: from here on its time of day is known.
    #[inline]
    pub(crate) fn just_now(self) -> Moment {
        let now = self.moment();
        if now.0 >= STALE.load(Relaxed) {
            anchor(now);
        }
        now
    }

    /// How many nanoseconds later than another look this is.
    #[inline]
    pub(crate) fn nanos_since(self, earlier: Look) -> u64 {
        match START.number {
            Some(_) => since(Number::of(earlier.0), self.0),
            None => nanos(self.0.duration_since(earlier.0)),
        }
    }
}

/// How many nanoseconds a look is later than another one, which is a number; zero when it is earlier.
#[inline]
fn since(earlier: u64, look: Instant) -> u64 {
    let more = Number::of(look).wrapping_sub(earlier);
    // Half of what there is lies behind.
    if more.cast_signed() < 0 { 0 } else { more }
}

/// A moment at most a second before the last look at the clock, without looking at it.
#[inline]
pub(crate) fn lately() -> Moment {
    Moment(STALE.load(Relaxed).saturating_sub(SECOND))
}

/// Looks at the time of day. Two threads that do it at once come to the same anchor, or nearly.
#[cold]
fn anchor(now: Moment) {
    // A clock before 1970 has no better answer than 1970.
    let day = SystemTime::UNIX_EPOCH.elapsed().map_or(0, nanos);
    ANCHOR.store(day.saturating_sub(now.0), Relaxed);
    STALE.store(now.0.saturating_add(SECOND), Relaxed);
}

/// Half a millennium fits.
#[inline]
fn nanos(duration: Duration) -> u64 {
    let whole = duration.as_secs().saturating_mul(SECOND);
    whole.saturating_add(u64::from(duration.subsec_nanos()))
}

impl Moment {
    /// The time of day, in nanoseconds since 1970.
    #[inline]
    pub(crate) fn unix_nanos(self) -> u64 {
        ANCHOR.load(Relaxed).saturating_add(self.0)
    }

    /// The time of day, in milliseconds since 1970.
    #[inline]
    pub(crate) fn unix_millis(self) -> u64 {
        self.unix_nanos() / 1_000_000
    }

    /// The moment that much later.
    pub(crate) fn after(self, pause: Duration) -> Moment {
        Moment(self.0.saturating_add(nanos(pause)))
    }

    /// How many nanoseconds later than another moment this is; zero when it is earlier.
    #[inline]
    pub(crate) fn nanos_since(self, earlier: Moment) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_each_other_and_have_a_time_of_day() {
        let first = now();
        let second = now();
        assert!(second >= first);
        assert_eq!(first.nanos_since(second), 0);
        // Elsewhere looks may be of another kind, and are subtracted.
        assert!(START.number.is_some() || !cfg!(target_os = "linux"));
        // The year 2020, which is behind every machine that builds this.
        assert!(first.unix_millis() > 1_577_836_800_000);
        assert_eq!(first.unix_nanos() / 1_000_000, first.unix_millis());
    }
}
