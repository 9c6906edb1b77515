//! The numbers themselves: for each lane a row of cells that nobody else writes to.
//!
//! Rows are made when a lane first counts something, and whole cache lines long, so that two threads that count in
//! the same series do not fight for its line. A reader sums the rows.
//!
//! A row begins with counts; floating-point numbers, where there are any, come behind them on lines of their own.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::lane::{self, LANES, Lane};

/// Cells of a cache line. Processors fetch lines in pairs, which `align` keeps together.
pub(super) const LINE: usize = 16;

#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line([AtomicU64; LINE]);

impl Line {
    /// Counts where nobody else writes.
    #[inline]
    pub(super) fn add(&self, at: usize, by: u64) {
        if let Some(cell) = self.0.get(at) {
            cell.store(cell.load(Relaxed).wrapping_add(by), Relaxed);
        }
    }
}

/// So many cells for each lane.
#[derive(Debug)]
pub(crate) struct Bank {
    lines: usize,
    /// The first line of floating-point numbers.
    floats: usize,
    rows: [OnceLock<Box<[Line]>>; LANES],
}

impl Bank {
    /// So many counts and no floating-point numbers.
    pub(crate) fn new(counts: usize) -> Bank {
        Bank::with_floats(counts, 0)
    }

    pub(crate) fn with_floats(counts: usize, floats: usize) -> Bank {
        let counts = counts.div_ceil(LINE);
        Bank {
            lines: counts + floats.div_ceil(LINE),
            floats: counts,
            rows: [const { OnceLock::new() }; LANES],
        }
    }

    /// The cells of this thread.
    #[inline]
    pub(crate) fn mine(&self) -> Row<'_> {
        let lane = lane::mine();
        let row = match self.rows[lane.index()].get() {
            Some(row) => row,
            None => self.first(lane),
        };
        Row {
            lines: row,
            floats: self.floats,
            alone: lane != Lane::Shared,
        }
    }

    /// One of the lines of this thread, if nobody else writes there.
    #[inline]
    pub(crate) fn own(&self, line: usize) -> Option<&Line> {
        let lane = lane::mine();
        let Lane::Own(index) = lane else {
            return None;
        };
        let row = match self.rows.get(index)?.get() {
            Some(row) => row,
            None => self.first(lane),
        };
        row.get(line)
    }

    #[cold]
    fn first(&self, lane: Lane) -> &[Line] {
        self.rows[lane.index()].get_or_init(|| {
            let mut lines = Vec::with_capacity(self.lines);
            for _ in 0..self.lines {
                lines.push(Line::default());
            }
            lines.into()
        })
    }

    /// What all lanes have counted.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.sum(0..self.floats, 0, u64::wrapping_add)
    }

    /// The floating-point numbers of all lanes together.
    pub(crate) fn floats(&self) -> Vec<f64> {
        self.sum(self.floats..self.lines, 0.0, |sum, bits| {
            sum + f64::from_bits(bits)
        })
    }

    fn sum<T: Copy>(&self, lines: Range<usize>, zero: T, add: impl Fn(T, u64) -> T) -> Vec<T> {
        let mut sums = vec![zero; lines.len() * LINE];
        for row in &self.rows {
            let Some(row) = row.get() else {
                continue;
            };
            for (at, line) in row[lines.clone()].iter().enumerate() {
                let sums = &mut sums[at * LINE..][..LINE];
                for (cell, sum) in line.0.iter().zip(sums) {
                    *sum = add(*sum, cell.load(Relaxed));
                }
            }
        }
        sums
    }

    /// What one cell holds, over all lanes.
    #[cfg(test)]
    pub(crate) fn get(&self, at: usize) -> u64 {
        self.counts()[at]
    }
}

/// The cells of one thread, for as long as it writes.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    lines: &'a [Line],
    floats: usize,
    /// Nobody else writes here.
    alone: bool,
}

impl Row<'_> {
    /// Counts. Cells beyond the last one there is are nobody's, and nothing happens.
    #[inline]
    pub(crate) fn add(self, at: usize, by: u64) {
        let Some(line) = self.lines.get(at / LINE) else {
            return;
        };
        let cell = &line.0[at % LINE];
        if self.alone {
            cell.store(cell.load(Relaxed).wrapping_add(by), Relaxed);
        } else {
            cell.fetch_add(by, Relaxed);
        }
    }

    /// Adds to a floating-point number. They are counted from zero.
    #[inline]
    pub(crate) fn add_float(self, at: usize, by: f64) {
        let Some(line) = self.lines.get(self.floats + at / LINE) else {
            return;
        };
        let cell = &line.0[at % LINE];
        let more = |bits| (f64::from_bits(bits) + by).to_bits();
        if self.alone {
            cell.store(more(cell.load(Relaxed)), Relaxed);
        } else {
            // It always gives a new value, so it ends when nobody comes in between.
            let _ = cell.fetch_update(Relaxed, Relaxed, |bits| Some(more(bits)));
        }
    }
}

/// Which bucket a value falls into: the number of bounds below it.
#[inline]
pub(crate) fn bucket<const N: usize>(bounds: &[u64; N], value: u64) -> usize {
    // Most of what is measured is short, and then this is guessed.
    if bounds.first().is_some_and(|first| value <= *first) {
        return 0;
    }
    // A count without a branch: the processor cannot guess wrong, and N is small and constant.
    bounds.iter().map(|bound| usize::from(value > *bound)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_schema::names::DURATION_BOUNDS_NS;

    #[test]
    fn every_thread_counts_and_nothing_is_lost() {
        let bank = Bank::with_floats(3, 2);
        // More threads than lanes, so that some share.
        std::thread::scope(|scope| {
            for _ in 0..LANES + 4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        bank.mine().add(0, 1);
                        bank.mine().add(2, 3);
                        bank.mine().add_float(1, 0.5);
                    }
                });
            }
        });
        let threads = LANES as u64 + 4;
        assert_eq!(bank.get(0), threads * 1_000);
        assert_eq!((bank.get(1), bank.get(2)), (0, threads * 3_000));
        assert_eq!(bank.floats()[..2], [0.0, threads as f64 * 500.0]);
        bank.mine().add(10_000, 1);
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        for (at, bound) in DURATION_BOUNDS_NS.iter().enumerate() {
            assert_eq!(bucket(&DURATION_BOUNDS_NS, *bound), at);
            assert_eq!(bucket(&DURATION_BOUNDS_NS, *bound + 1), at + 1);
        }
        assert_eq!(bucket(&DURATION_BOUNDS_NS, 0), 0);
        assert_eq!(bucket(&DURATION_BOUNDS_NS, u64::MAX), 13);
    }
}
