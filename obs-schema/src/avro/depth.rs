//! How deep the interpreters of a schema may go.

use crate::wire::Limits;

/// Counts levels on the way in and out.
///
/// [`Limits::max_depth`] counts records, as generated code does. Between two records a hostile schema may put any
/// number of arrays in arrays, so all levels together are bounded too: that is what keeps the stack small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth {
    records: u32,
    levels: u32,
}

impl Depth {
    pub(super) fn new(limits: Limits) -> Depth {
        // Whatever the limits say, the stack is not theirs to spend.
        let records = limits.max_depth.min(256);
        Depth {
            records,
            levels: (8 * records).min(1024),
        }
    }

    /// One level down: `None` when there is none left.
    pub(super) fn below(self, record: bool) -> Option<Depth> {
        Some(Depth {
            records: self.records.checked_sub(u32::from(record))?,
            levels: self.levels.checked_sub(1)?,
        })
    }
}
