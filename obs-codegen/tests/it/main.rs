//! Specs in, Rust out.

#![expect(clippy::disallowed_methods, reason = "tests read and bless files")]

mod golden;
