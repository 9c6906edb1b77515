//! What holds for every bus, and for some alone. Brokers are brought by `cargo xtask test`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests touch the world"
)]

mod authority;
mod broker;
mod contract;
mod conventions;
mod gateway;
mod http;
mod kafka;
mod login;
mod look;
mod nats;
mod process;
mod program;
mod quickstart;
mod rig;
mod secure;
