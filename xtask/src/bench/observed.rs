//! What it costs to observe a function: at each call, and whenever the crate it stands in is compiled.

use super::{processor_seconds, program, program_with, scratch};
use crate::run::{cargo, go, output, root};
use std::path::Path;
use std::process::Command;

const PACKAGE: &str = "obs-bench-observed";

/// How often a call is counted.
const TIMES: u64 = 10_000;

/// How many functions of each form a crate has.
const FUNCTIONS: usize = 150;

/// An attribute, and what it needs.
const ATTRIBUTES: [(&str, &str, &str); 4] = [
    ("nothing", "", ""),
    ("`#[observed]`", "#[obs_runtime::observed]", "obs"),
    (
        "`#[instrument]`",
        "#[tracing::instrument(skip_all, err(Debug))]",
        "tracing = \"0.1.44\"",
    ),
    (
        "`#[autometrics]`",
        "#[autometrics::autometrics]",
        "autometrics = { version = \"3.0.0\", features = [\"prometheus-client\"] }",
    ),
];

pub(super) fn run(short: bool) -> Result<(), String> {
    let program = program(PACKAGE, true)?;
    let mut race = Command::new(&program);
    if short {
        race.arg("--short");
    }
    go(&mut race)?;
    if !short {
        counts(&program, "")?;
        // Where other tracers may look, spans of ours are shown to them.
        let seen = program_with(PACKAGE, true, &["--features", "opentelemetry"])?;
        counts(&seen, "observed")?;
        compiling()?;
    }
    Ok(())
}

/// Instructions of a call and how often it asks for memory, of those whose names begin so, once everything has grown.
fn counts(program: &Path, begin: &str) -> Result<(), String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions are left out: there is no valgrind");
        return Ok(());
    }
    println!("\n| a call | instructions | allocations |\n|---|---|---|");
    let names = output(Command::new(program).arg("names"))?;
    for name in names.lines().filter(|name| name.starts_with(begin)) {
        let counted = [
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=obs_bench_observed::counted",
        ];
        let instructions = counted_by(&counted, program, name, TIMES, "Collected :")?;
        // Twice as many calls: what is asked for once is not theirs.
        let asked = |times| counted_by(&["--leak-check=no"], program, name, times, "heap usage:");
        let allocations = asked(2 * TIMES)?.saturating_sub(asked(TIMES)?);
        println!(
            "| {name} | {} | {:.1} |",
            instructions / TIMES,
            allocations as f64 / TIMES as f64
        );
    }
    Ok(())
}

/// The number that valgrind tells behind a word.
fn counted_by(
    tool: &[&str],
    program: &Path,
    name: &str,
    times: u64,
    behind: &str,
) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command
        .args(tool)
        .arg(program)
        .args(["loop", name, &times.to_string()]);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once(behind))
        .and_then(|(_, count)| {
            count
                .split_whitespace()
                .next()?
                .replace(',', "")
                .parse()
                .ok()
        })
        .ok_or_else(|| format!("valgrind counted nothing:\n{text}"))
}

/// A crate of functions under each attribute: what a function adds to its check and its build, and its lines.
fn compiling() -> Result<(), String> {
    println!("\n| attribute | check, ms | build, ms | expanded lines |\n|---|---|---|---|");
    let mut plain = None;
    for (name, attribute, needs) in ATTRIBUTES {
        let package = scratch("observed")?.join(name.trim_matches(|c: char| !c.is_alphabetic()));
        write(&package, attribute, needs)?;
        let cost = cost(&package)?;
        match plain {
            None => plain = Some(cost),
            Some(plain) => {
                let each = |at: usize| {
                    let more: f64 = cost[at] - plain[at];
                    more / (2 * FUNCTIONS) as f64
                };
                let (check, build) = (1e3 * each(0), 1e3 * each(1));
                println!("| {name} | {check:.2} | {build:.2} | {:.1} |", each(2));
            }
        }
    }
    Ok(())
}

fn write(package: &Path, attribute: &str, needs: &str) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    let needs = match needs {
        "obs" => format!(
            "obs-runtime = {{ path = {:?} }}",
            root().join("obs-runtime")
        ),
        needs => needs.to_owned(),
    };
    std::fs::create_dir_all(package.join("src")).map_err(io)?;
    let text = format!(
        "[workspace]\n\n[package]\nname = \"functions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [profile.dev]\ndebug = false\nincremental = false\n\n[dependencies]\n{needs}\n"
    );
    std::fs::write(package.join("Cargo.toml"), text).map_err(io)?;
    let mut source =
        String::from("//! Functions.\n\npub type Number = Result<u32, std::num::ParseIntError>;\n");
    for at in 0..FUNCTIONS {
        source += &format!(
            "\n{attribute}\npub fn sync{at}(text: &str) -> Number {{\n    let number: u32 = text.parse()?;\n    Ok(number + {at})\n}}\n\
             \n{attribute}\npub async fn later{at}(text: &str) -> Number {{\n    let number = sync{at}(text)?;\n    Ok(number + {at})\n}}\n"
        );
    }
    std::fs::write(package.join("src/lib.rs"), source).map_err(io)
}

/// Processor seconds of a check and of a build, the best of three each, and lines when all is expanded.
fn cost(package: &Path) -> Result<[f64; 3], String> {
    let in_package = |arguments: &[&str]| {
        let mut command = cargo();
        command
            .current_dir(package)
            .args(arguments)
            .args(["--target-dir", "target"]);
        command
    };
    let touch = || {
        let path = package.join("src/lib.rs");
        let text = std::fs::read(&path).map_err(|error| error.to_string())?;
        std::fs::write(&path, text).map_err(|error| error.to_string())
    };
    let mut cost = [f64::INFINITY; 3];
    for (cost, what) in cost.iter_mut().zip(["check", "build"]) {
        // What it depends on comes first.
        processor_seconds(&mut in_package(&[what, "--quiet"]))?;
        for _ in 0..3 {
            touch()?;
            *cost = cost.min(processor_seconds(&mut in_package(&[what, "--quiet"]))?);
        }
    }
    let mut expand = in_package(&["rustc", "--quiet", "--profile", "check", "--lib"]);
    // The compiler of a release does not say it otherwise.
    expand
        .args(["--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1");
    let lines = output(&mut expand)?.lines().count();
    cost[2] = lines as f64;
    Ok(cost)
}
