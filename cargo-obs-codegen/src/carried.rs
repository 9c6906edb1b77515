//! `carried`: which schemas a built binary has inside.

use crate::cli::{Carried, Cli};
use crate::package::Failure;
use crate::report;
use obs_codegen::fs;

/// `carried`
pub(crate) fn run(cli: &Cli, arguments: &Carried) -> Result<bool, Failure> {
    let path = &arguments.binary;
    let bytes = fs::read(path).map_err(|error| {
        format!("{error}\nhelp: name the program as cargo built it, such as target/debug/shop")
    })?;
    let mut lines: Vec<String> = obs_schema::carried::find_records(&bytes)
        .map(|record| {
            format!(
                "{}@{} rabin {:016x} sha-256 {}\n",
                record.event_type,
                record.version,
                record.rabin,
                crate::show::hex(&record.sha256)
            )
        })
        .collect();
    lines.sort();
    lines.dedup();
    for line in &lines {
        report::say(line)?;
    }
    if lines.is_empty() {
        report::note(
            cli,
            "no schemas found; only events the program uses are linked into it",
        );
    }
    Ok(true)
}
