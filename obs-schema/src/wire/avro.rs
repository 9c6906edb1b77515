//! Avro's binary encoding: the writer and the reader that generated code calls.
//!
//! Small values are the rule in events, so every leaf has its fast path inline (a one-byte integer, a short
//! text) and leaves the rest to a function out of line.

mod reader;
mod writer;

pub use reader::{Reader, Symbol};
pub use writer::Writer;

/// Room for an integer of any size.
const MAX_VARINT: usize = 10;

/// Small numbers of either sign become small positive ones.
#[inline]
const fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

#[inline]
const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the low byte is what is asked for"
)]
const fn low_byte(value: u64) -> u8 {
    value as u8
}

/// Eight groups of seven bits, each moved into a byte of its own.
const fn spread(value: u64) -> u64 {
    let halves = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
    let quarters = (halves & 0x0000_3fff_0000_3fff) | ((halves & 0x0fff_c000_0fff_c000) << 2);
    (quarters & 0x007f_007f_007f_007f) | ((quarters & 0x3f80_3f80_3f80_3f80) << 1)
}

/// The inverse of [`spread`]; the continuation bits must be clear.
const fn gather(word: u64) -> u64 {
    let quarters = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let halves = (quarters & 0x0000_3fff_0000_3fff) | ((quarters & 0x3fff_0000_3fff_0000) >> 2);
    (halves & 0x0fff_ffff) | ((halves & 0x0fff_ffff_0000_0000) >> 4)
}

#[cfg(test)]
mod tests;
