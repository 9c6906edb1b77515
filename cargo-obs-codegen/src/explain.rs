//! `explain`: the page behind a code.

use crate::cli::Explain;
use crate::package::{Failure, instead};
use crate::report;
use obs_model::check;

/// `explain`
pub(crate) fn run(arguments: &Explain) -> Result<bool, Failure> {
    let codes = check::codes();
    let Some(code) = &arguments.code else {
        for code in codes {
            let page = check::explain(code).unwrap_or_default();
            let title = page.lines().next().and_then(|line| line.split_once(": "));
            report::say(format!(
                "{code:28} {}\n",
                title.map_or("", |(_, title)| title)
            ))?;
        }
        return Ok(true);
    };
    match check::explain(code) {
        Some(page) => {
            report::say(page)?;
            Ok(true)
        }
        None => {
            let help = instead(code, codes, "`cargo obs-codegen explain` lists them");
            Err(format!("there is no diagnostic `{code}`\nhelp: {help}").into())
        }
    }
}
