//! What the limit counts, and the traces that its numbers point at.

use obs_schema::names::{DURATION_BOUNDS_NS, PAYLOAD_BOUNDS};

/// How long an exemplar stays, in nanoseconds.
const STAYS: u64 = 1_000_000_000;

/// One that was counted lately, and where its trace is.
#[derive(Clone, Copy, Default)]
pub(super) struct Exemplar {
    due: u64,
    trace: [u8; 16],
    span: [u8; 8],
    value: u64,
}

/// A number, and an exemplar of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) count: u64,
    exemplar: Exemplar,
}

/// What is counted.
#[derive(Clone, Default)]
pub(super) struct Counts {
    pub(super) published: Cell,
    pub(super) took: [Cell; DURATION_BOUNDS_NS.len() + 1],
    pub(super) took_sum: u64,
    pub(super) bytes: [Cell; PAYLOAD_BOUNDS.len() + 1],
    pub(super) bytes_sum: u64,
}

impl Counts {
    /// Counts a publish; the span is one that is exported.
    #[inline]
    pub(super) fn add(
        &mut self,
        at: u64,
        took: u64,
        bytes: u64,
        span: Option<([u8; 16], [u8; 8])>,
    ) {
        self.took_sum += took;
        self.bytes_sum += bytes;
        for (cell, value) in [
            (&mut self.published, 1),
            (&mut self.took[bucket(&DURATION_BOUNDS_NS, took)], took),
            (&mut self.bytes[bucket(&PAYLOAD_BOUNDS, bytes)], bytes),
        ] {
            cell.count += 1;
            if let Some((trace, span)) = span
                && at >= cell.exemplar.due
            {
                cell.exemplar = Exemplar {
                    due: at + STAYS,
                    trace,
                    span,
                    value,
                };
            }
        }
    }
}

impl std::fmt::Display for Exemplar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let trace = u128::from_be_bytes(self.trace);
        let span = u64::from_be_bytes(self.span);
        write!(
            f,
            "# {{trace_id=\"{trace:032x}\",span_id=\"{span:016x}\"}} {}",
            self.value
        )
    }
}

impl Cell {
    pub(super) fn exemplar(&self) -> &Exemplar {
        &self.exemplar
    }
}

/// How many of them, all in all.
pub(super) fn sum(cells: &[Cell]) -> u64 {
    cells.iter().map(|cell| cell.count).sum()
}

fn bucket<const N: usize>(bounds: &[u64; N], value: u64) -> usize {
    bounds.iter().map(|bound| usize::from(value > *bound)).sum()
}
