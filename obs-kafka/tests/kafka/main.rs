//! Against a broker that `cargo xtask test` brings, and against none.

mod broker;
mod send;
