//! Real schemas through the whole compiler.
//!
//! `corpora FOLDER OUT PYTHON [SOURCE…]`: every schema below FOLDER is compiled; what comes out is built as one crate
//! and fed with values that other implementations made and judged. Prints a table: a line for each source, and what
//! fell short by name.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for people"
)]
#![expect(clippy::disallowed_methods, reason = "a report touches the world")]

mod compiled;
mod harness;
mod report;
mod sources;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, python, only @ ..] = arguments.as_slice() else {
        eprintln!("usage: corpora FOLDER OUT PYTHON [SOURCE…]");
        return ExitCode::from(2);
    };
    match run(Path::new(folder), Path::new(out), Path::new(python), only) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// True when every goal is met.
fn run(folder: &Path, out: &Path, python: &Path, only: &[String]) -> Result<bool, String> {
    std::fs::create_dir_all(out)
        .map_err(|error| format!("cannot make {}: {error}", out.display()))?;
    let mut cases = Vec::new();
    for source in sources::SOURCES
        .iter()
        .filter(|source| only.is_empty() || only.contains(&source.name.to_owned()))
    {
        let root = folder.join(source.name);
        if root.is_dir() {
            let samples = sources::samples(source, &root, out, python)?;
            cases.extend(compiled::compile(source, &root, samples)?);
        }
    }
    harness::build_and_run(&mut cases, out)?;
    let text = report::table(&cases);
    println!("{text}");
    Ok(report::goals_met(&cases))
}
