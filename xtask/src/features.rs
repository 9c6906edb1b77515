//! Every feature of every crate by itself, and none at all: additive features must not lean on each other.

use crate::run::{cargo, go, output, root};
use crate::tools::works;
use obs_schema::json::Json;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Its features build a library in C anew, for a minute each, and are nothing but passed on: one build for all.
const KAFKA: &str = "obs-kafka";

/// A feature that brings it along, and is checked beside it.
const WITH_KAFKA: [&str; 2] = ["cargo-obs-codegen", "kafka"];

/// The packages of the workspace as cargo describes them, by name.
pub(crate) fn packages() -> Result<Vec<(String, Json)>, String> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata = Json::parse(text.as_bytes())
        .map_err(|error| format!("cargo metadata printed no JSON: {error}"))?;
    let packages = metadata.get("packages").and_then(Json::as_array);
    let named = packages.unwrap_or_default().iter().map(|package| {
        let name = package
            .get("name")
            .and_then(Json::as_str)
            .unwrap_or_default();
        (name.to_owned(), package.clone())
    });
    Ok(named.collect())
}

/// Checks each combination, two at a time. Gives back what this machine could not check.
pub(crate) fn check() -> Result<Option<String>, String> {
    let openssl = works(Command::new("pkg-config").args(["--exists", "openssl"]));
    let kafka: &[&str] = if openssl {
        &["gzip", "zstd", "tls"]
    } else {
        &["gzip", "zstd"]
    };
    let combinations = Mutex::new(combinations(kafka)?.into_iter());
    let next = || {
        let mut combinations = combinations.lock().unwrap_or_else(PoisonError::into_inner);
        combinations.next()
    };
    let lane = |folder: Option<PathBuf>| {
        while let Some(combination) = next() {
            let mut command = cargo();
            if let Some(folder) = &folder {
                command.env("CARGO_TARGET_DIR", folder);
            }
            go(command.args(["check", "--quiet"]).args(combination))?;
        }
        Ok(())
    };
    // Cargo lets one at a time into a folder, and much of a check keeps one processor busy.
    let beside = root().join("target/features");
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| lane(Some(beside)));
        let here = lane(None);
        let there = beside
            .join()
            .unwrap_or_else(|_| Err("the second lane panicked".to_owned()));
        here.and(there)
    })?;
    let left_out = format!("`tls` of {KAFKA}, for there are no headers of OpenSSL");
    Ok((!openssl).then_some(left_out))
}

/// What is passed to `cargo check`.
fn combinations(kafka: &[&str]) -> Result<Vec<Vec<String>>, String> {
    // What takes longest goes first.
    let mut all = Vec::new();
    let mut add = |arguments: &[&str]| {
        all.push(arguments.iter().map(|&it| it.to_owned()).collect());
    };
    let [beside, feature] = WITH_KAFKA;
    let mut features = format!("{beside}/{feature}");
    for feature in kafka {
        features.push_str(&format!(",{KAFKA}/{feature}"));
    }
    add(&["-p", KAFKA, "-p", beside, "--features", &features]);
    for (name, package) in packages()? {
        if name == KAFKA {
            continue;
        }
        let features = package
            .get("features")
            .and_then(Json::as_object)
            .unwrap_or_default();
        if features.is_empty() {
            continue;
        }
        let alone = ["-p", name.as_str(), "--no-default-features"];
        add(&alone);
        for (feature, _) in features.iter().filter(|(feature, _)| feature != "default") {
            if [name.as_str(), feature] == WITH_KAFKA {
                continue;
            }
            let [package, name, no] = alone;
            add(&[package, name, no, "--features", feature]);
        }
    }
    Ok(all)
}
