//! Patterns and schemas that generated code refers to: text in a static, compiled at the first use.

use std::sync::OnceLock;

use obs_schema::json::Json;
use obs_schema::json_schema::{self, ValidatorOptions, Violation, pattern};

/// A regular expression of a schema, compiled when it is first needed.
///
/// ```
/// use obs_runtime::Pattern;
///
/// static SKU: Pattern = Pattern::new("^[A-Z]-[0-9]+$");
/// assert!(SKU.is_match("A-17") && !SKU.is_match("17"));
/// ```
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<pattern::Pattern>>,
}

impl Pattern {
    /// A pattern in the syntax of ECMA-262. The compiler of the spec has seen that it is one.
    #[must_use]
    pub const fn new(text: &'static str) -> Pattern {
        Pattern {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// Whether the pattern is found somewhere in the text. Nothing is found by one that is not well formed.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let compiled = self
            .compiled
            .get_or_init(|| pattern::Pattern::new(self.text).ok());
        compiled
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(text))
    }
}

/// A schema that is interpreted, compiled when it is first needed.
///
/// ```
/// use obs_runtime::{Checker, SchemaDoc};
///
/// static NOT_BOTH: SchemaDoc = SchemaDoc::new(r#"{"not": {"required": ["card", "cash"]}}"#);
///
/// let mut cx = Checker::new();
/// cx.encoded(&NOT_BOTH, |w| w.raw(r#"{"card": 1, "cash": 2}"#));
/// assert_eq!(cx.finish().unwrap_err().to_string(), "the payload breaks `not`");
/// ```
#[derive(Debug)]
pub struct SchemaDoc(json_schema::SchemaDoc);

impl SchemaDoc {
    /// A JSON Schema in one document. The compiler of the spec has seen that it is one.
    #[must_use]
    pub const fn new(text: &'static str) -> SchemaDoc {
        SchemaDoc::with_formats(text, true)
    }

    /// The same, where `format` is asserted or only a note.
    #[must_use]
    pub const fn with_formats(text: &'static str, asserted: bool) -> SchemaDoc {
        SchemaDoc(json_schema::SchemaDoc::new(
            text,
            ValidatorOptions {
                formats: asserted,
                ref_siblings: false,
            },
        ))
    }

    /// Everything that does not hold of a value. A schema that is none lets nothing pass.
    pub(super) fn check(&self, value: &Json) -> Vec<Violation> {
        self.0.validate(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_compiled_once_and_report_places() {
        static SCHEMA: SchemaDoc = SchemaDoc::new(
            r#"{"properties": {"a": {"items": {"maximum": 3}}, "at": {"format": "date"}}, "required": ["b"]}"#,
        );
        static LOOSE: SchemaDoc = SchemaDoc::with_formats(r#"{"format": "date"}"#, false);
        static BROKEN: SchemaDoc = SchemaDoc::new("{");
        let value = Json::parse(br#"{"a": [1, 7], "at": "today"}"#).unwrap();
        let found: Vec<String> = SCHEMA
            .check(&value)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.contains(&"/a/1: maximum".to_owned()), "{found:?}");
        assert!(LOOSE.check(&Json::from("today")).is_empty());
        assert!(!BROKEN.check(&value).is_empty());
    }
}
