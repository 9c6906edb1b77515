//! What it costs to build us from scratch, in processor seconds.

use super::{processor_seconds, scratch};
use crate::run::{cargo, root};

/// A dependency as a user writes it, with its goal if it has one.
const DEPENDENCIES: [(&str, &str, Option<f64>); 7] = [
    ("obs-schema", "", None),
    ("obs-model", "", None),
    ("obs-macros", "", Some(6.0)),
    ("obs-runtime", "default-features = false", None),
    ("obs-runtime", "", Some(12.0)),
    ("obs-runtime", "features = [\"serde\"]", None),
    ("obs-codegen", "", None),
];

pub(super) fn run(short: bool) -> Result<(), String> {
    let folder = scratch("build")?;
    let io = |error: std::io::Error| error.to_string();
    println!("| dependency | features | processor seconds | goal |\n|---|---|---|---|");
    let mut missed = Vec::new();
    for (name, features, goal) in DEPENDENCIES {
        if short && goal.is_none() {
            continue;
        }
        let path = root().join(name);
        let package = folder.join("package");
        std::fs::create_dir_all(package.join("src")).map_err(io)?;
        std::fs::write(package.join("src/lib.rs"), "//! Nothing.\n").map_err(io)?;
        let comma = if features.is_empty() { "" } else { ", " };
        let text = format!(
            "[workspace]\n\n[package]\nname = \"from-scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{name} = {{ path = {path:?}{comma}{features} }}\n"
        );
        std::fs::write(package.join("Cargo.toml"), text).map_err(io)?;
        let in_package = |arguments: &[&str]| {
            let mut command = cargo();
            command.current_dir(&package).args(arguments);
            command
        };
        processor_seconds(&mut in_package(&["fetch", "--quiet"]))?;
        // The best of three, for the machine may be busy.
        let mut best = f64::INFINITY;
        for _ in 0..if short { 1 } else { 3 } {
            let target = package.join("target");
            if target.exists() {
                std::fs::remove_dir_all(&target).map_err(io)?;
            }
            let mut command = in_package(&["build", "--quiet", "--target-dir", "target"]);
            command.env("CARGO_INCREMENTAL", "0");
            best = best.min(processor_seconds(&mut command)?);
        }
        let shown = if features.is_empty() {
            "default"
        } else {
            features
        };
        let wanted = goal.map_or("–".to_owned(), |goal| format!("{goal}"));
        println!("| {name} | {shown} | {best:.1} | {wanted} |");
        if goal.is_some_and(|goal| best > goal) {
            missed.push(name);
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("over the goal: {}", missed.join(", ")))
    }
}
