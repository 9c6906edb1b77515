//! The tool as people meet it: arguments in, exit code and words out.

#![expect(
    clippy::disallowed_methods,
    reason = "tests write the files they are about"
)]

mod bus;
mod dashboards;
mod documents;
mod files;
#[cfg(target_os = "linux")]
mod output;
mod queries;
mod telemetry;
