//! Every feature of every crate by itself, and none at all: additive features must not lean on each other.

use crate::run::{cargo, output, root};
use crate::tools;
use obs_schema::json::Json;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whatever brings it along would have its library in C built anew for each combination, a minute each. The workspace
/// has built it with all of them; here it is said to be installed, which is as good where nothing is linked.
const KAFKA: &str = "obs-kafka";

/// Features that bring it along.
const WITH_KAFKA: [[&str; 2]; 2] = [["cargo-obs-codegen", "kafka"], ["quickstart", "buses"]];

/// What is said to be installed.
const INSTALLED: [&str; 2] = ["rdkafka", "libzstd"];

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

/// What is passed to `cargo check`.
type Combination = Vec<String>;

/// Checks each combination, in a folder of its own, so that it can go on beside other steps; until it is to stop. Gives
/// back what this machine could not check.
pub(crate) fn check(stop: &AtomicBool) -> Result<Option<String>, String> {
    let openssl = tools::openssl();
    let folder = root().join("target/features");
    let installed = install(&folder)?;
    let [kafka, others] = combinations(openssl)?;
    let kafka = kafka.iter().map(|words| (words, Some(&installed)));
    for (words, installed) in kafka.chain(others.iter().map(|words| (words, None))) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut command = cargo();
        command.env("CARGO_TARGET_DIR", &folder);
        if let Some(installed) = installed {
            command.env("PKG_CONFIG_PATH", installed);
        }
        output(command.args(["check", "--quiet"]).args(words))?;
    }
    let left_out = format!("TLS of {KAFKA}, for there are no headers of OpenSSL");
    Ok((!openssl).then_some(left_out))
}

/// Says in a folder that libraries are there, and gives it back.
fn install(folder: &Path) -> Result<PathBuf, String> {
    let folder = folder.join("installed");
    let failed = |error| format!("cannot write to {}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    for name in INSTALLED {
        let text = format!("Name: {name}\nDescription: to be looked at\nVersion: 99\nLibs:\n");
        std::fs::write(folder.join(format!("{name}.pc")), text).map_err(failed)?;
    }
    Ok(folder)
}

/// All of them: with Kafka, and without. Packages for tests alone are built by their steps.
fn combinations(openssl: bool) -> Result<[Vec<Combination>; 2], String> {
    let (mut kafka, mut others) = (Vec::new(), Vec::new());
    for (name, package) in packages()? {
        let features = package
            .get("features")
            .and_then(Json::as_object)
            .unwrap_or_default();
        let manifest = package.get("manifest_path").and_then(Json::as_str);
        let tests = manifest.is_some_and(|path| Path::new(path).starts_with(root().join("tests")));
        if features.is_empty() || tests {
            continue;
        }
        let none = ["-p", &name, "--no-default-features"].map(str::to_owned);
        let features = features.iter().map(|(feature, _)| feature.as_str());
        let features = features.filter(|feature| *feature != "default");
        for feature in std::iter::once("").chain(features) {
            if name == KAFKA && feature == "tls" && !openssl {
                continue;
            }
            let mut words = none.to_vec();
            let mut wanted = match feature {
                "" => Vec::new(),
                _ => vec![format!("{name}/{feature}")],
            };
            let list = match name == KAFKA || WITH_KAFKA.contains(&[&name, feature]) {
                true => {
                    if name != KAFKA {
                        words.extend(["-p", KAFKA].map(str::to_owned));
                    }
                    wanted.push("rdkafka/dynamic-linking".to_owned());
                    if feature == "zstd" {
                        wanted.push("rdkafka/zstd-pkg-config".to_owned());
                    }
                    &mut kafka
                }
                false => &mut others,
            };
            if !wanted.is_empty() {
                words.extend(["--features".to_owned(), wanted.join(",")]);
            }
            list.push(words);
        }
    }
    Ok([kafka, others])
}
