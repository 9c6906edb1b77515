//! Every feature of every crate by itself, and none at all: additive features must not lean on each other.

use crate::run::{cargo, go, output};
use obs_schema::json::Json;

/// Checks each combination.
pub(crate) fn check() -> Result<(), String> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata = Json::parse(text.as_bytes())
        .map_err(|error| format!("cargo metadata printed no JSON: {error}"))?;
    let packages = metadata
        .get("packages")
        .and_then(Json::as_array)
        .unwrap_or_default();
    for package in packages {
        let name = package
            .get("name")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let features = package
            .get("features")
            .and_then(Json::as_object)
            .unwrap_or_default();
        if features.is_empty() {
            continue;
        }
        go(cargo().args(["check", "--quiet", "-p", name, "--no-default-features"]))?;
        for (feature, _) in features.iter().filter(|(feature, _)| feature != "default") {
            go(cargo().args([
                "check",
                "--quiet",
                "-p",
                name,
                "--no-default-features",
                "--features",
                feature,
            ]))?;
        }
    }
    Ok(())
}
