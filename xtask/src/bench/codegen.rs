//! Codegen: schemas a second, the times of a build script, and what an event costs to compile.

use super::{processor_seconds, program, scratch};
use crate::run::{cargo, go, root};
use std::path::Path;
use std::process::Command;

/// Events in a crate, enough to stand out from the noise.
const EVENTS: usize = 200;

/// How often each is checked.
const ROUNDS: usize = 3;

/// Switched-on parts; the settings' names joined by `+`.
const PARTS: [(&str, &str); 7] = [
    ("Avro codec alone", "avro"),
    ("JSON codec alone", "json"),
    ("both codecs", "avro+json"),
    ("both codecs, setters (default)", "avro+json+setters"),
    ("default and borrowed twins", "avro+json+setters+borrowed"),
    ("default and serde", "avro+json+setters+serde"),
    ("JSON Schema, default", "avro+json+setters+json-schema"),
];

pub(super) fn run(short: bool) -> Result<(), String> {
    let folder = scratch("codegen")?;
    let debug = program("obs-bench-codegen", false)?;
    println!("as a build script, unoptimised:");
    go(Command::new(&debug).arg("build-script").arg(&folder))?;
    if short {
        return Ok(());
    }
    parts(&debug)?;
    let release = program("obs-bench-codegen", true)?;
    println!("in one process, optimised:");
    go(Command::new(&release).arg("speed").arg(&folder))
}

/// Lines, bytes and processor time of `cargo check` for one event of ten fields.
fn parts(generator: &Path) -> Result<(), String> {
    let folder = scratch("parts")?;
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.join("src"))
            .and_then(|()| std::fs::write(folder.join(name), text))
            .map_err(|error| format!("cannot write {name}: {error}"))
    };
    let runtime = root().join("obs-runtime");
    write(
        "Cargo.toml",
        &format!(
            "[workspace]\n\n[package]\nname = \"parts\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nobs-runtime = {{ path = {runtime:?}, features = [\"serde\"] }}\nserde = {{ version = \"1.0.229\", features = [\"derive\"] }}\n",
        ),
    )?;
    let check = || {
        // The best of several, for the machine may be busy.
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let text = std::fs::read_to_string(folder.join("src/lib.rs"))
                .map_err(|error| error.to_string())?;
            write("src/lib.rs", &text)?;
            let mut command = cargo();
            command
                .current_dir(&folder)
                .args(["check", "--quiet", "--target-dir", "target"])
                .env("CARGO_INCREMENTAL", "0");
            best = best.min(processor_seconds(&mut command)?);
        }
        Ok::<f64, String>(best)
    };
    write("src/lib.rs", "//! Nothing.\n")?;
    let nothing = check()?;
    println!("| parts | lines | bytes | `cargo check`, ms |\n|---|---|---|---|");
    for (what, parts) in PARTS {
        let size = crate::run::output(
            Command::new(generator)
                .arg("crate")
                .arg(&folder)
                .args([&EVENTS.to_string(), parts]),
        )?;
        let (lines, bytes) = size.trim().split_once(' ').unwrap_or_default();
        write(
            "src/lib.rs",
            "//! Events.\n\n#[path = \"events/mod.rs\"]\npub mod events;\n",
        )?;
        let each = (check()? - nothing) * 1e3 / EVENTS as f64;
        println!("| {what} | {lines} | {bytes} | {each:.1} |");
    }
    Ok(())
}
