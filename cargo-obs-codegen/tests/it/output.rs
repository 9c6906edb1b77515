//! Output that cannot be written: the tool ends with an exit code, and never with a panic.

use std::fs::File;
use std::process::{Command, Output, Stdio};

/// Exit code and standard error of a run in this package, which has no specs.
fn run(arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
        .args(arguments)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .expect("the tool starts");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

fn full() -> Stdio {
    let device = File::options().write(true).open("/dev/full");
    device.expect("every Linux has one").into()
}

/// The writing end of a pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("pipes are there");
    drop(reader);
    writer.into()
}

#[test]
fn a_full_device_is_said() {
    for arguments in [
        &["explain"][..],
        &["explain", "deep-nesting"],
        &["schema", "metrics"],
    ] {
        let (code, stderr) = run(arguments, full());
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(
            stderr.starts_with("error: cannot write to standard output: "),
            "{arguments:?}: {stderr}"
        );
    }
}

#[test]
fn a_reader_who_left_is_no_failure() {
    for arguments in [
        &["explain"][..],
        &["explain", "deep-nesting"],
        &["schema", "metrics"],
    ] {
        assert_eq!(
            run(arguments, closed()),
            (Some(0), String::new()),
            "{arguments:?}"
        );
    }
}

#[test]
fn standard_error_may_be_gone_too() {
    for stderr in [full(), closed()] {
        let status = Command::new(env!("CARGO_BIN_EXE_cargo-obs-codegen"))
            .args(["explain", "no-such-code"])
            .stderr(stderr)
            .status()
            .expect("the tool starts");
        assert_eq!(status.code(), Some(2));
    }
}
