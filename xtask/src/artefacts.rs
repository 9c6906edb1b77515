//! What `telemetry` renders, before the tools of those who will read it: Grafana's types, AsyncAPI's parser, linters.

use crate::run::{go, root};
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is committed.
const RENDERED: [&str; 2] = [
    "cargo-obs-codegen/tests/telemetry/out",
    "examples/quickstart/deploy/observability",
];

/// Lines are as long as queries and tables are, and schemas stand in them as they are.
const YAML: &str = "{extends: default, rules: {line-length: disable, document-start: disable, comments: disable, commas: disable, colons: disable}}";

/// Columns of tables that nobody writes by hand need no padding.
const MARKDOWN: &str = "{\"config\": {\"MD013\": false, \"MD060\": false}}\n";

/// Reads each document that is named, and fails at the first fault.
const ASYNCAPI: &str = "import { Parser } from '@asyncapi/parser';
import { AvroSchemaParser } from '@asyncapi/avro-schema-parser';
import fs from 'fs';
const parser = new Parser();
parser.registerSchemaParser(AvroSchemaParser());
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(fs.readFileSync(file, 'utf8'));
  const faults = diagnostics.filter((found) => found.severity === 0);
  faults.forEach((found) => console.error(`${file}: ${found.path.join('/')}: ${found.message}`));
  if (!document || faults.length > 0) process.exit(1);
}
";

/// Holds definition files against what OpenTelemetry Weaver takes.
const WEAVER: &str = include_str!("weaver.py");

/// Shows all of it to all of them.
pub(crate) fn check() -> Result<(), String> {
    let tools = tools::install()?;
    let node = tools::node()?;
    let program = |name: &str| Command::new(node.join("node_modules/.bin").join(name));
    let folders = RENDERED.map(|folder| root().join(folder));
    write(&node.join("lint.markdownlint-cli2.jsonc"), MARKDOWN)?;
    write(&node.join("asyncapi.mjs"), ASYNCAPI)?;
    for folder in &folders {
        go(Command::new(&tools.python)
            .args(["-m", "yamllint", "--strict", "-d", YAML])
            .arg(folder))?;
        let amlint = tools.python.with_file_name("amlint");
        go(Command::new(amlint)
            .arg("check")
            .arg(folder.join("alertmanager/alertmanager.yml")))?;
        go(program("markdownlint-cli2")
            .current_dir(folder)
            .arg("--config")
            .arg(node.join("lint.markdownlint-cli2.jsonc"))
            .arg("**/*.md"))?;
    }
    go(Command::new(&tools.python)
        .args(["-c", WEAVER])
        .args(folders.each_ref().map(|folder| folder.join("weaver"))))?;
    let documents = folders
        .each_ref()
        .map(|folder| folder.join("docs/asyncapi.yaml"));
    go(Command::new("node")
        .arg(node.join("asyncapi.mjs"))
        .args(documents))?;
    write(&node.join("dashboards.ts"), &dashboards(&folders)?)?;
    go(program("tsc").current_dir(&node).args([
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--moduleResolution",
        "nodenext",
        "dashboards.ts",
    ]))
}

/// All dashboards as literals of Grafana's own type.
fn dashboards(folders: &[PathBuf]) -> Result<String, String> {
    let mut out =
        String::from("import { ThresholdsMode, type Dashboard } from '@grafana/schema';\n");
    let mut count = 0;
    for folder in folders {
        let folder = folder.join("grafana/dashboards");
        let told = |error| format!("cannot read {}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(told)? {
            let path = entry.map_err(told)?.path();
            let text = fs::read_to_string(&path).map_err(told)?;
            // A word that an enum of TypeScript has is not yet of that enum.
            let text = text.replace(
                "\"mode\": \"absolute\"",
                "\"mode\": ThresholdsMode.Absolute",
            );
            count += 1;
            out += &format!("export const dashboard{count}: Dashboard = {text};\n");
        }
    }
    if count == 0 {
        return Err("there are no dashboards to look at".to_owned());
    }
    Ok(out)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
