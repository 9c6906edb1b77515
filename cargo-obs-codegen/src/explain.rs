//! `explain`: the page behind a code.

use crate::cli::Explain;
use crate::lint::pages;
use crate::package::{Failure, instead};
use crate::report;
use obs_model::check;

/// `explain`
pub(crate) fn run(arguments: &Explain) -> Result<bool, Failure> {
    let mut codes = check::codes();
    codes.extend(pages::codes());
    codes.sort_unstable();
    let page = |code: &str| {
        let query = pages::explain(code).map(|page| format!("{page}\n"));
        query.or_else(|| check::explain(code))
    };
    let Some(code) = &arguments.code else {
        for code in codes {
            let text = page(code).unwrap_or_default();
            let title = text.lines().next().and_then(|line| line.split_once(": "));
            report::say(format!(
                "{code:28} {}\n",
                title.map_or("", |(_, title)| title)
            ))?;
        }
        return Ok(true);
    };
    match page(code) {
        Some(text) => {
            report::say(text)?;
            Ok(true)
        }
        None => {
            let help = instead(code, codes, "`cargo obs-codegen explain` lists them");
            Err(format!("there is no diagnostic `{code}`\nhelp: {help}").into())
        }
    }
}
