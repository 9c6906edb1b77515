//! `lint-queries`: PromQL in rules, dashboards and runbooks, held against what the services expose.

pub(crate) mod document;
pub(crate) mod pages;
pub(crate) mod query;

use crate::cli::{Cli, LintQueries};
use crate::package::{self, Failure};
use crate::report;
use crate::telemetry::Catalogue;
use document::Document;
use obs_codegen::{fs, load};
use obs_schema::diag::{Diagnostics, Severity};
use obs_schema::source::SourceMap;

/// Files that may hold queries.
const ENDINGS: [&str; 4] = [".yml", ".yaml", ".json", ".md"];

/// `lint-queries`
pub(crate) fn run(cli: &Cli, arguments: &LintQueries) -> Result<bool, Failure> {
    let mut catalogue = Catalogue::default();
    for package in package::all(cli)? {
        report::findings(cli, &package.outcome.diagnostics, &package.sources)?;
        if package.outcome.has_errors() {
            return Ok(false);
        }
        let own = crate::telemetry::catalogue_of(&package);
        catalogue.families.extend(own.families);
    }
    let mut sources = SourceMap::default();
    let mut cx = Diagnostics::default();
    let mut documents = Vec::new();
    let here = fs::current_folder()?;
    for path in &arguments.paths {
        let listing = fs::list(&here.join(path))?;
        for path in listing.files {
            let name = fs::relative(&here, &path);
            if !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                continue;
            }
            let file = load::add(&mut cx, &mut sources, &name, fs::read(&path)?);
            documents.extend(file.map(|file| (file, name)));
        }
    }
    let documents: Vec<Document> = documents
        .iter()
        .filter_map(|(file, name)| document::read(&mut cx, &sources, *file, name))
        .collect();
    // What one file records, another may ask for.
    for name in documents.iter().flat_map(|document| &document.records) {
        catalogue.recorded(name);
    }
    let mut queries = 0;
    for document in &documents {
        for query in &document.queries {
            queries += 1;
            query::check(
                &mut cx,
                &catalogue,
                &arguments.target_label,
                &sources,
                query,
            );
        }
    }
    let found = cx.into_sorted();
    report::findings(cli, &found, &sources)?;
    report::note(
        cli,
        &format!("queries: {queries}, files: {}", documents.len()),
    );
    Ok(found
        .iter()
        .all(|finding| finding.severity != Severity::Error))
}
