//! Quantiles of what was observed lately, with a stated error.
//!
//! Values are counted in buckets that grow with them: the exponent of the number and the first six bits behind it, so
//! that a bucket is at most a sixty-fourth wider at its end than at its start, and finding it costs one shift.
//! The answer stands in the middle of a bucket, hence at most [`ERROR`] away from a value that was seen.
//! Sketches of the same kind are merged by adding their counts.
//!
//! A sketch forgets in steps: it is a ring of slices, and whoever reads moves the ring on when its time has come.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// The largest error of a quantile, relative to its value: half of a bucket's width, 1/129.
#[cfg(test)]
pub(crate) const ERROR: f64 = 1.0 / 129.0;

/// Bits behind the exponent that tell buckets apart.
const BITS: u32 = 6;
/// Buckets between a power of two and the next.
const CHUNK: usize = 1 << BITS;
/// From 2^-32, which is a quarter of a nanosecond in seconds, to 2^64.
const LOWEST: u64 = 1023 - 32;
const CHUNKS: usize = 96;
/// Slices of the ring.
pub(crate) const SLICES: usize = 5;

type Chunk = [AtomicU32; CHUNK];

/// The counts of a part of the window. Chunks are made when something falls into them.
#[derive(Debug)]
struct Slice {
    /// Too small to tell from zero.
    zero: AtomicU32,
    above: [OnceLock<Box<Chunk>>; CHUNKS],
    below: OnceLock<Box<[OnceLock<Box<Chunk>>; CHUNKS]>>,
}

impl Slice {
    fn new() -> Slice {
        Slice {
            zero: AtomicU32::new(0),
            above: [const { OnceLock::new() }; CHUNKS],
            below: OnceLock::new(),
        }
    }

    #[inline]
    fn count(&self, value: f64) {
        let Some(bucket) = bucket(value.abs()) else {
            self.zero.fetch_add(1, Relaxed);
            return;
        };
        let side = if value > 0.0 {
            &self.above
        } else {
            &**self
                .below
                .get_or_init(|| Box::new([const { OnceLock::new() }; CHUNKS]))
        };
        let chunk =
            side[bucket / CHUNK].get_or_init(|| Box::new([const { AtomicU32::new(0) }; CHUNK]));
        chunk[bucket % CHUNK].fetch_add(1, Relaxed);
    }

    fn clear(&self) {
        self.zero.store(0, Relaxed);
        clear(&self.above);
        if let Some(below) = self.below.get() {
            clear(&**below);
        }
    }
}

fn clear(side: &[OnceLock<Box<Chunk>>]) {
    for chunk in side {
        if let Some(chunk) = chunk.get() {
            for count in chunk.iter() {
                count.store(0, Relaxed);
            }
        }
    }
}

/// The bucket of a positive number; none when it is too small.
#[inline]
fn bucket(value: f64) -> Option<usize> {
    let at = (value.to_bits() >> (52 - BITS)).checked_sub(LOWEST << BITS)?;
    usize::try_from(at)
        .ok()
        .map(|at| at.min(CHUNKS * CHUNK - 1))
}

/// The number that stands for a bucket: no value of the bucket is further away than [`ERROR`] of itself.
fn middle(bucket: usize) -> f64 {
    let start = |bucket: usize| f64::from_bits((bucket as u64 + (LOWEST << BITS)) << (52 - BITS));
    let (low, high) = (start(bucket), start(bucket + 1));
    2.0 * low * (high / (low + high))
}

/// What was observed lately in one series.
#[derive(Debug)]
pub(crate) struct Sketch {
    now: AtomicUsize,
    slices: [OnceLock<Box<Slice>>; SLICES],
}

impl Sketch {
    pub(crate) fn new() -> Sketch {
        Sketch {
            now: AtomicUsize::new(0),
            slices: [const { OnceLock::new() }; SLICES],
        }
    }

    /// Counts a finite number.
    #[inline]
    pub(crate) fn count(&self, value: f64) {
        self.slices[self.now.load(Relaxed) % SLICES]
            .get_or_init(|| Box::new(Slice::new()))
            .count(value);
    }

    /// Moves the ring on by so many slices, and forgets what was in them. Only one thread at a time does it.
    pub(crate) fn turn(&self, slices: usize) {
        for _ in 0..slices.min(SLICES) {
            let next = (self.now.load(Relaxed) + 1) % SLICES;
            if let Some(slice) = self.slices[next].get() {
                slice.clear();
            }
            self.now.store(next, Relaxed);
        }
    }

    /// The buckets that hold something, with the number each stands for, in ascending order.
    pub(crate) fn read(&self) -> Counts {
        let mut counts = Counts::default();
        let mut slices: Vec<&Slice> = Vec::with_capacity(SLICES);
        for slice in &self.slices {
            if let Some(slice) = slice.get() {
                slices.push(slice);
            }
        }
        for at in (0..CHUNKS).rev() {
            if let Some(sums) = merged(&slices, &|slice| slice.below.get().map(|side| &side[at])) {
                for bucket in (0..CHUNK).rev() {
                    counts.push(-middle(at * CHUNK + bucket), sums[bucket]);
                }
            }
        }
        let mut zero = 0;
        for slice in &slices {
            zero += u64::from(slice.zero.load(Relaxed));
        }
        counts.push(0.0, zero);
        for at in 0..CHUNKS {
            if let Some(sums) = merged(&slices, &|slice| Some(&slice.above[at])) {
                for (bucket, count) in sums.iter().enumerate() {
                    counts.push(middle(at * CHUNK + bucket), *count);
                }
            }
        }
        counts
    }
}

/// The counts of the same chunk in several slices together; none when nobody has any.
fn merged(
    slices: &[&Slice],
    chunk: &dyn Fn(&Slice) -> Option<&OnceLock<Box<Chunk>>>,
) -> Option<[u64; CHUNK]> {
    let mut sums = None;
    for slice in slices {
        if let Some(chunk) = chunk(slice).and_then(OnceLock::get) {
            let sums = sums.get_or_insert([0; CHUNK]);
            for (sum, count) in sums.iter_mut().zip(chunk.iter()) {
                *sum += u64::from(count.load(Relaxed));
            }
        }
    }
    sums
}

/// How often which numbers came.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Counts {
    buckets: Vec<(f64, u64)>,
    all: u64,
}

impl Counts {
    fn push(&mut self, value: f64, count: u64) {
        if count > 0 {
            self.buckets.push((value, count));
            self.all += count;
        }
    }

    /// The smallest number that this share of what came is not above; no number when nothing came.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count is between nothing and all of it"
        )]
        let rank = ((self.all as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for (value, count) in &self.buckets {
            below += count;
            if below >= rank {
                return *value;
            }
        }
        self.buckets.last().map_or(f64::NAN, |(value, _)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as random as tests need them.
    fn numbers(count: usize, of: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut state = 7_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..count).map(|_| of(next())).collect()
    }

    #[test]
    fn quantiles_are_as_near_as_stated() {
        for values in [
            numbers(5_000, |x| x),
            numbers(5_000, |x| (x * 20.0).exp()),
            numbers(5_000, |x| -(x * 9.0).exp()),
            numbers(5_000, |x| (x - 0.5) * 1e6),
            vec![1e-9; 3],
            vec![0.0],
        ] {
            let sketch = Sketch::new();
            values.iter().for_each(|value| sketch.count(*value));
            let (counts, mut sorted) = (sketch.read(), values);
            sorted.sort_by(f64::total_cmp);
            for share in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let rank = (sorted.len() as f64 * share).ceil().max(1.0) as usize;
                let (exact, found) = (sorted[rank - 1], counts.quantile(share));
                let error = (found - exact).abs();
                assert!(
                    error <= exact.abs() * ERROR * 1.000_001,
                    "{share}: {exact} {found}"
                );
            }
        }
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let sketch = Sketch::new();
        assert!(sketch.read().quantile(0.5).is_nan());
        for step in 0..SLICES as u32 {
            sketch.count(f64::from(1_u32 << step));
            sketch.turn(1);
        }
        // The first slice is the current one again, and was cleared.
        assert!((sketch.read().quantile(0.0) - 2.0).abs() < 0.02);
        sketch.turn(SLICES + 3);
        assert_eq!(sketch.read(), Counts::default());
    }

    #[test]
    fn what_is_out_of_range_is_counted_at_its_end() {
        let sketch = Sketch::new();
        for value in [f64::MIN_POSITIVE, -0.0, f64::MAX, f64::MIN] {
            sketch.count(value);
        }
        let counts = sketch.read();
        assert_eq!(counts.quantile(0.5), 0.0);
        assert!(counts.quantile(1.0) > 1.8e19 && counts.quantile(0.0) < -1.8e19);
    }
}
