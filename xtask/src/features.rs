//! Every feature of every crate by itself, and none at all: additive features must not lean on each other.

use crate::run::{cargo, go, output};
use crate::tools::works;
use obs_schema::json::Json;
use std::process::Command;

/// Its features build a library in C anew, for a minute each, and are nothing but passed on: one build for all.
const KAFKA: &str = "obs-kafka";

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

/// Checks each combination. Gives back what this machine could not check.
pub(crate) fn check() -> Result<Option<String>, String> {
    let openssl = works(Command::new("pkg-config").args(["--exists", "openssl"]));
    for (name, package) in packages()? {
        if name == KAFKA {
            let features = if openssl {
                "gzip,zstd,tls"
            } else {
                "gzip,zstd"
            };
            go(cargo().args(["check", "--quiet", "-p", KAFKA, "--features", features]))?;
            continue;
        }
        let features = package
            .get("features")
            .and_then(Json::as_object)
            .unwrap_or_default();
        if features.is_empty() {
            continue;
        }
        let check = |features: &[&str]| {
            let alone = ["check", "--quiet", "-p", &name, "--no-default-features"];
            go(cargo().args(alone).args(features))
        };
        check(&[])?;
        for (feature, _) in features.iter().filter(|(feature, _)| feature != "default") {
            check(&["--features", feature])?;
        }
    }
    let left_out = format!("`tls` of {KAFKA}, for there are no headers of OpenSSL");
    Ok((!openssl).then_some(left_out))
}
