//! Exemplars: for each counter and each bucket the trace of one that was counted lately.
//!
//! A slot is written at most once a second. Who writes claims it by moving the second on, so writers do not meet, and
//! readers notice by the version that somebody wrote while they read: a sequence lock of plain atomics.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::clock::{self, Moment, SECOND};
use crate::context::SpanContext;
use crate::ids::{SpanId, TraceId};

/// One that was counted, and where its trace is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// The number that was counted, as its family keeps it.
    pub(crate) value: u64,
    pub(crate) at: Moment,
}

/// A place for one exemplar.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Slot {
    /// From when on another one is wanted.
    due: AtomicU64,
    /// Odd while somebody writes; zero until somebody has.
    version: AtomicU64,
    trace: [AtomicU64; 2],
    span: AtomicU64,
    value: AtomicU64,
    at: AtomicU64,
}

impl Slot {
    pub(crate) fn many(count: usize) -> Box<[Slot]> {
        let mut slots = Vec::with_capacity(count);
        for _ in 0..count {
            slots.push(Slot::default());
        }
        slots.into()
    }

    /// Whether the last one is a second old, as far as can be told without looking at the clock.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        clock::lately().0 >= self.due.load(Ordering::Relaxed)
    }

    /// Keeps this one, if the last one is a second old.
    #[inline]
    pub(crate) fn offer(&self, span: SpanContext, at: Moment, value: u64) {
        let due = self.due.load(Ordering::Relaxed);
        if at.0 >= due {
            self.write(due, span, at, value);
        }
    }

    #[cold]
    fn write(&self, due: u64, span: SpanContext, at: Moment, value: u64) {
        let next = at.0.saturating_add(SECOND);
        let claimed = self
            .due
            .compare_exchange(due, next, Ordering::Acquire, Ordering::Relaxed);
        let version = self.version.load(Ordering::Relaxed);
        // Somebody was faster, or has been writing for more than a second.
        if claimed.is_err() || version % 2 == 1 {
            return;
        }
        let odd = version.wrapping_add(1);
        let claimed =
            self.version
                .compare_exchange(version, odd, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return;
        }
        fence(Ordering::Release);
        let bits = span.trace.get();
        self.trace[0].store(high(bits), Ordering::Relaxed);
        self.trace[1].store(low(bits), Ordering::Relaxed);
        self.span.store(span.span.get(), Ordering::Relaxed);
        self.value.store(value, Ordering::Relaxed);
        self.at.store(at.0, Ordering::Relaxed);
        self.version
            .store(version.wrapping_add(2), Ordering::Release);
    }

    /// What is kept. Nothing where nobody has written yet, or somebody does right now.
    #[inline]
    pub(crate) fn read(&self) -> Option<Exemplar> {
        let version = self.version.load(Ordering::Acquire);
        if version == 0 || version % 2 == 1 {
            return None;
        }
        let high = u128::from(self.trace[0].load(Ordering::Relaxed));
        let low = u128::from(self.trace[1].load(Ordering::Relaxed));
        let span = self.span.load(Ordering::Relaxed);
        let value = self.value.load(Ordering::Relaxed);
        let at = Moment(self.at.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if self.version.load(Ordering::Relaxed) != version {
            return None;
        }
        Some(Exemplar {
            trace: TraceId::new(high << 64 | low)?,
            span: SpanId::new(span)?,
            value,
            at,
        })
    }
}

fn high(bits: u128) -> u64 {
    (bits >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn low(bits: u128) -> u64 {
    bits as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(bits: u64) -> SpanContext {
        SpanContext {
            trace: TraceId::new(u128::from(bits) << 64 | u128::from(bits)).unwrap(),
            span: SpanId::new(bits).unwrap(),
            sampled: true,
            remote: false,
        }
    }

    #[test]
    fn one_a_second_is_kept() {
        let slot = Slot::default();
        assert_eq!(slot.read(), None);
        for (at, bits, kept) in [(5, 1, 1), (6, 2, 1), (SECOND + 4, 3, 1), (SECOND + 5, 4, 4)] {
            slot.offer(span(bits), Moment(at), bits);
            assert_eq!(slot.read().unwrap().value, kept);
        }
        let kept = slot.read().unwrap();
        assert_eq!(
            (kept.trace, kept.span, kept.at),
            (span(4).trace, span(4).span, Moment(SECOND + 5))
        );
    }

    #[test]
    fn readers_never_see_half_of_one_and_half_of_another() {
        let slot = Slot::default();
        std::thread::scope(|scope| {
            for writer in 0..2_u64 {
                let slot = &slot;
                scope.spawn(move || {
                    for turn in 1..20_000 {
                        let bits = turn * 2 + writer;
                        slot.offer(span(bits), Moment(turn * SECOND), bits);
                    }
                });
            }
            for _ in 0..20_000 {
                if let Some(seen) = slot.read() {
                    assert_eq!(seen.span.get(), seen.value);
                    assert_eq!(seen.trace, span(seen.value).trace);
                }
            }
        });
        assert!(slot.read().is_some());
    }
}
