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
        Document::Alerts => include_str!("../schemas/alerts.json"),
        Document::Dashboards => include_str!("../schemas/dashboards.json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use obs_schema::json::Json;
    use obs_schema::json_schema::{Validator, ValidatorOptions};
    use std::path::Path;

    /// What sound specs say is what editors are told they may say.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test reads files")]
    fn sound_specs_pass() {
        let schema = text(Document::XObsEvent);
        let validator = Validator::from_text(schema, ValidatorOptions::default()).unwrap();
        let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/specs/ok");
        let mut seen = 0;
        for folder in std::fs::read_dir(specs).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "avsc") {
                    continue;
                }
                let spec = Json::parse(&std::fs::read(&path).unwrap()).unwrap();
                let Some(said) = spec.get("x-obs") else {
                    continue;
                };
                let found = validator.validate(said);
                assert!(found.is_empty(), "{}: {found:?}", path.display());
                seen += 1;
            }
        }
        assert!(seen > 5, "{seen}");
        for wrong in [
            r#"{"metrics": [{"name": "a", "type": "gauge", "entities": {"enter": true}}]}"#,
            r#"{"metrics": [{"name": "a", "type": "gauge", "age": {"key": "a", "max": 0}}]}"#,
            r#"{"metrics": [{"name": "a", "type": "counter", "value": {"difference": ["a"]}}]}"#,
        ] {
            let wrong = Json::parse(wrong.as_bytes()).unwrap();
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }
}
