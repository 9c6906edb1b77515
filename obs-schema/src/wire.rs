//! What generated codecs lean on: bounded readers, growing writers, small errors.
//!
//! This is the hot path. Readers take hostile bytes: they are bounded by [`Limits`], never panic and never
//! reserve more memory than the input justifies. Writers keep their first refusal and go on, so that generated
//! code has no `?` on the way out.

pub mod avro;
pub mod error;
pub mod json;

pub use error::{
    DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Limits, Segment, Within,
};

/// Numbers for tests that want many inputs and the same ones every time.
#[cfg(test)]
pub(crate) fn xorshift(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}
