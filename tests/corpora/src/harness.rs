//! The generated modules as one crate: which ones rustc accepts, and what they do with the values.

use crate::compiled::{Case, Module};
use crate::sources::Dialect;
use obs_schema::json::Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;

/// Builds the crate without the modules that fail, runs it, and fills in the verdicts.
pub(crate) fn build_and_run(cases: &mut [Case], out: &Path) -> Result<(), String> {
    let folder = out.join("crate");
    let mut modules: BTreeMap<String, Rc<Module>> = BTreeMap::new();
    for case in cases.iter() {
        if let Some(module) = &case.module {
            modules.insert(module.name.clone(), module.clone());
        }
    }
    if folder.join("src").exists() {
        std::fs::remove_dir_all(folder.join("src")).map_err(|error| error.to_string())?;
    }
    for module in modules.values() {
        for (name, text) in &module.artifacts {
            put(&folder.join("src").join(&module.name).join(name), text)?;
        }
    }
    manifest(&folder)?;
    let mut failed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..8 {
        let alive: BTreeSet<&String> = modules
            .keys()
            .filter(|name| !failed.contains_key(*name))
            .collect();
        put(&folder.join("src/main.rs"), &program(cases, &alive))?;
        let found = check(&folder)?;
        if found.is_empty() {
            break;
        }
        failed.extend(found);
    }
    for case in cases.iter_mut() {
        let Some(module) = &case.module else { continue };
        match failed.get(&module.name) {
            Some(errors) => case
                .complaints
                .extend(errors.iter().take(3).map(|error| format!("rustc: {error}"))),
            None => case.compiles = true,
        }
    }
    values(cases, &folder)
}

fn put(path: &Path, text: &str) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn manifest(folder: &Path) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    let text = format!(
        "[workspace]\n[package]\nname = \"corpora-crate\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nobs-runtime = {{ path = {:?} }}\nobs-schema = {{ path = {:?} }}\n\
         [profile.dev]\ndebug = false\n",
        root.join("obs-runtime"),
        root.join("obs-schema"),
    );
    put(&folder.join("Cargo.toml"), &text)?;
    // The versions the workspace is tested with.
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))
        .map(drop)
        .map_err(|error| error.to_string())
}

fn program(cases: &[Case], alive: &BTreeSet<&String>) -> String {
    let mut out = String::from("#![recursion_limit = \"256\"]\nmod harness;\n");
    for name in alive {
        let _ = writeln!(out, "mod {name};");
    }
    out.push_str("fn main() {\n    harness::main(&[\n");
    for (at, case) in cases.iter().enumerate() {
        if let (Some(module), Some(root)) = (&case.module, &case.root)
            && alive.contains(&module.name)
        {
            let kind = match case.dialect {
                Dialect::Avro => "avro",
                Dialect::JsonSchema => "json",
            };
            let _ = writeln!(
                out,
                "        ({at}, harness::{kind}::<{}::{root}>),",
                module.name
            );
        }
    }
    out.push_str("    ]);\n}\n");
    out
}

/// Modules with errors.
fn check(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    put(
        &folder.join("src/harness.rs"),
        include_str!("harness_in_crate.rs"),
    )?;
    let output = cargo(folder, &["check", "--quiet", "--message-format=json"])?;
    let mut failed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut stray = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(json) = Json::parse(line.as_bytes()) else {
            continue;
        };
        let Some(message) = json.get("message") else {
            continue;
        };
        if message.get("level").and_then(Json::as_str) != Some("error") {
            continue;
        }
        let text = message
            .get("message")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        let spans = message
            .get("spans")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let name = spans.iter().find_map(|span| {
            let file = span.get("file_name")?.as_str()?;
            let name = file.strip_prefix("src/")?.split('/').next()?;
            (name != "main.rs" && name != "harness.rs").then(|| name.to_owned())
        });
        let at_main = spans.iter().find_map(|span| {
            let line = span
                .get("text")?
                .as_array()?
                .first()?
                .get("text")?
                .as_str()?;
            Some(line.split("::<").nth(1)?.split("::").next()?.to_owned())
        });
        match name.or(at_main) {
            Some(name) => failed.entry(name).or_default().push(text),
            None if text.starts_with("aborting") || text.starts_with("could not compile") => {}
            None => stray.push(text),
        }
    }
    if failed.is_empty() && !output.status.success() {
        return Err(format!(
            "the crate does not build: {stray:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(failed)
}

fn cargo(folder: &Path, arguments: &[&str]) -> Result<std::process::Output, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    Command::new(cargo)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("../target"))
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))
}

fn values(cases: &mut [Case], folder: &Path) -> Result<(), String> {
    let mut input = String::new();
    for (at, case) in cases.iter().enumerate().filter(|(_, case)| case.compiles) {
        for value in &case.samples.valid {
            let _ = writeln!(input, "{at}\tvalid\t{value}");
        }
        for (_, value) in &case.samples.invalid {
            let _ = writeln!(input, "{at}\tinvalid\t{value}");
        }
    }
    put(&folder.join("input.tsv"), &input)?;
    let output = cargo(folder, &["run", "--quiet", "--", "input.tsv"])?;
    if !output.status.success() {
        return Err(format!(
            "the run failed: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut parts = line.splitn(4, '\t');
        let at: usize = parts
            .next()
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| format!("odd line: {line}"))?;
        let (what, yes, why) = (
            parts.next(),
            parts.next() == Some("true"),
            parts.next().unwrap_or_default(),
        );
        let case = &mut cases[at];
        match what {
            Some("accepted") => case.accepted.push(yes),
            Some("exact") => case.exact.push(yes),
            Some("rejected") => case.rejected.push(yes),
            _ => return Err(format!("odd line: {line}")),
        }
        if !yes {
            case.complaints
                .push(format!("{}: {why}", what.unwrap_or_default()));
        }
    }
    Ok(())
}
