//! Coverage of our own crates alone.
//!
//! cargo-fuzz asks for coverage of everything that is built. The edges of a parser of Rust or YAML are not what we look
//! for: they slow every run down, and a target would go on for as long as it finds new ones there. So `cargo xtask` puts
//! itself before rustc and takes the flags away for whatever is not ours.

use std::process::{Command, ExitCode};

/// Is this a call that cargo makes of the compiler, through us?
pub(crate) fn is_rustc(program: &str) -> bool {
    std::env::var_os("RUSTC_WRAPPER").is_some()
        && std::path::Path::new(program)
            .file_stem()
            .is_some_and(|name| name == "rustc")
}

pub(crate) fn rustc(program: &str, arguments: &[&str]) -> ExitCode {
    let name = arguments
        .windows(2)
        .find_map(|pair| (pair[0] == "--crate-name").then_some(pair[1]));
    let ours = name.is_none_or(|name| name.starts_with("obs_") || name == "fuzz_targets");
    let asks = |argument: &str| {
        argument.contains("sancov-module") || argument.contains("-sanitizer-coverage")
    };
    let kept = arguments.iter().filter(|argument| ours || !asks(argument));
    match Command::new(program).args(kept).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run {program}: {error}");
            ExitCode::FAILURE
        }
    }
}
