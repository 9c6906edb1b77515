//! Against a broker that `cargo xtask test` brings, and against none.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests touch the world"
)]

mod broker;
mod receive;
mod send;
