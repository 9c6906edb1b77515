//! `explain`: the page behind a code.

use crate::cli::Explain;
use crate::package::Failure;
use crate::report;
use obs_model::check::pages;
use obs_schema::diag::nearest;

/// `explain`
pub(crate) fn run(arguments: &Explain) -> Result<bool, Failure> {
    let Some(code) = &arguments.code else {
        for page in pages::all() {
            report::say(&format!("{:28} {}\n", page.code, page.summary()));
        }
        return Ok(true);
    };
    match pages::find(code) {
        Some(page) => {
            report::say(&page.text());
            Ok(true)
        }
        None => {
            let near = nearest(code, pages::all().iter().map(|page| page.code));
            let hint = near
                .map(|near| format!("\nhelp: did you mean `{near}`?"))
                .unwrap_or_default();
            Err(format!("there is no diagnostic `{code}`{hint}").into())
        }
    }
}
