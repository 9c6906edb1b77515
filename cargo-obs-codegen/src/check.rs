//! `check` and `lock`: what is wrong with the specs, and whether they still say what was agreed.

use crate::cli::{Check, Cli};
use crate::package::{self, Failure, Package};
use crate::{report, telemetry, versions};
use obs_codegen::fs;
use obs_model::lock;
use obs_schema::diag::Severity;

/// The file the frozen Model is in.
const LOCK: &str = "obs.lock";

/// `check`
pub(crate) fn run(cli: &Cli, arguments: &Check) -> Result<bool, Failure> {
    let mut clean = true;
    let today = arguments.today.clone().or_else(source_date);
    for package in package::all_on(cli, today.as_deref())? {
        let mut all = package.outcome.diagnostics.clone();
        all.extend(telemetry::findings(&package));
        report::findings(cli, &all, &package.sources)?;
        let worst = if arguments.deny_warnings {
            Severity::Warning
        } else {
            Severity::Error
        };
        let findings = all
            .iter()
            .filter(|diagnostic| diagnostic.severity <= worst)
            .count();
        clean &= findings == 0;
        clean &= versions::agree(cli, &package) || !arguments.deny_warnings;
        if arguments.locked {
            clean &= locked(cli, &package)?;
        }
        let events = counted(package.outcome.model.events.len(), "event version");
        let types = counted(package.outcome.model.types.len(), "type");
        report::note(cli, &format!("{}: {events}, {types}", label(&package)));
        for (file, reason) in &package.outcome.left_alone {
            report::note(
                cli,
                &format!("  left alone: {} ({reason})", package.sources.path(*file)),
            );
        }
    }
    Ok(clean)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn label(package: &Package) -> &str {
    if package.name.is_empty() {
        "here"
    } else {
        &package.name
    }
}

/// The day of `SOURCE_DATE_EPOCH`, in seconds since 1970.
fn source_date() -> Option<String> {
    let seconds: i64 = fs::variable("SOURCE_DATE_EPOCH")?.parse().ok()?;
    // Days to civil date, counting years from March so that the leap day comes last.
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn locked(cli: &Cli, package: &Package) -> Result<bool, Failure> {
    let path = package.root.join(LOCK);
    let now = lock::text(&package.outcome.model);
    match fs::read_text(&path) {
        Some(before) if before == now => Ok(true),
        Some(before) => {
            report::complain(&format!(
                "error: {LOCK} is stale: the specs say something else now"
            ));
            report::say(crate::generate::difference(LOCK, &before, &now))?;
            report::note(
                cli,
                "help: run `cargo obs-codegen lock`, and commit the difference if it is meant",
            );
            Ok(false)
        }
        None => {
            report::complain(&format!(
                "error: there is no {LOCK} in {}",
                package.root.display()
            ));
            report::note(
                cli,
                "help: run `cargo obs-codegen lock`, and commit the file",
            );
            Ok(false)
        }
    }
}

/// `lock`
pub(crate) fn write_lock(cli: &Cli) -> Result<bool, Failure> {
    let mut clean = true;
    for package in package::all(cli)? {
        if package.outcome.has_errors() {
            report::findings(cli, &package.outcome.diagnostics, &package.sources)?;
            clean = false;
            continue;
        }
        let wrote = fs::write_if_changed(
            &package.root.join(LOCK),
            &lock::text(&package.outcome.model),
        )
        .map_err(package::unwritable)?;
        let what = if wrote { "wrote" } else { "unchanged" };
        report::note(cli, &format!("{}: {what} {LOCK}", label(&package)));
    }
    Ok(clean)
}
