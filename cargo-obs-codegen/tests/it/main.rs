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

use std::path::Path;
use std::process::{Command, Output};

/// What the tool says where the sample is.
fn in_sample(arguments: &[&str]) -> Output {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/telemetry");
    Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
        .current_dir(sample)
        .args(arguments)
        .output()
        .expect("the tool starts")
}
