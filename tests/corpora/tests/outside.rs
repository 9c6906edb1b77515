//! Checks against other people's implementations. They need tools that `cargo xtask test` installs;
//! without them, this says what was left out instead of passing in silence.

#![expect(clippy::print_stdout, reason = "a test without a harness")]
#![expect(clippy::disallowed_methods, reason = "tests touch the world")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Sources that build in a minute. The rest is `cargo xtask corpora`.
const SHORT: &[&str] = &[
    "avsc-kafka-streams-examples",
    "cloudevents",
    "jsonschema-openlineage",
];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let Ok(python) = std::env::var("OBS_PYTHON") else {
        println!("left out, because OBS_PYTHON is not set (`cargo xtask test` sets it):");
        println!("  the specs of tests/specs/ok against fastavro and jsonschema");
        println!("  the schemas of OBS_CORPORA against fastavro and jsonschema");
        return ExitCode::SUCCESS;
    };
    let mut passed = compare(&root.join("tests/specs/ok"), &out.join("own"), &python, &[]);
    match std::env::var("OBS_CORPORA") {
        Ok(corpora) => {
            passed &= compare(Path::new(&corpora), &out.join("corpora"), &python, SHORT);
            println!("all sources: cargo xtask corpora");
        }
        Err(_) => println!(
            "left out, because OBS_CORPORA is not set: real schemas against fastavro and jsonschema"
        ),
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn compare(folder: &Path, out: &Path, python: &str, only: &[&str]) -> bool {
    println!("\n{}", folder.display());
    let status = Command::new(env!("CARGO_BIN_EXE_corpora"))
        .args([folder, out])
        .arg(python)
        .args(only)
        .status();
    status.is_ok_and(|status| status.success())
}
