//! `explain`: the page behind a code.

use crate::cli::Explain;
use crate::package::Failure;
use crate::report;
use obs_model::check;
use obs_schema::diag::nearest;

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
            let near = nearest(code, codes);
            let hint = near
                .map(|near| format!("\nhelp: did you mean `{near}`?"))
                .unwrap_or_default();
            Err(format!("there is no diagnostic `{code}`{hint}").into())
        }
    }
}
