//! `schema`: the JSON Schemas of the documents we read, so that editors complete them.

use crate::cli::{Document, Schema};
use crate::package::Failure;
use crate::report;

/// `schema`
pub(crate) fn run(arguments: &Schema) -> Result<bool, Failure> {
    report::say(text(arguments.document))?;
    Ok(true)
}

fn text(document: Document) -> &'static str {
    match document {
        Document::XObsEvent => include_str!("../schemas/x-obs-event.json"),
        Document::XObsField => include_str!("../schemas/x-obs-field.json"),
        Document::ObsToml => include_str!("../schemas/obs-toml.json"),
        Document::Metrics => include_str!("../schemas/metrics.json"),
    }
}
