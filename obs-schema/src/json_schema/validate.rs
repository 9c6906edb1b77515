//! Whether a value is what a schema describes, exactly: every keyword, all violations.
//!
//! A [`Validator`] is compiled from one root of a [`Set`]: only what the root reaches, with expressions
//! compiled and names sorted. It owns what it needs and can be kept.

mod compile;
mod evaluate;
mod in_place;
mod scope;
mod seen;

use super::read::{Input, read_set};
use super::tree::{SchemaId, Set};
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::json::Json;
use crate::node::parse_json;
use crate::source::SourceMap;
use compile::Compiled;
use std::sync::OnceLock;

/// How strict to be where the specification leaves a choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValidatorOptions {
    /// `format` is asserted. A schema whose vocabulary asserts it is not asked.
    pub formats: bool,
    /// Keywords beside `$ref` count in draft-07 and before too. The specification ignores them; authors rarely do.
    pub ref_siblings: bool,
}

impl ValidatorOptions {
    /// The usual: formats count, siblings of `$ref` as the specification has it.
    pub const DEFAULT: ValidatorOptions = ValidatorOptions {
        formats: true,
        ref_siblings: false,
    };
}

impl Default for ValidatorOptions {
    fn default() -> ValidatorOptions {
        ValidatorOptions::DEFAULT
    }
}

/// Something that does not hold. It tells the place and the rule, never the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Violation {
    /// JSON pointer into the instance. For `required` it names the member that is missing.
    pub pointer: String,
    /// The keyword that does not hold.
    pub rule: &'static str,
    /// JSON pointer to the keyword in the file of its schema.
    pub schema: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() {
            "the root"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {}", self.rule)
    }
}

/// A schema, ready to be asked about values.
#[derive(Clone, Debug)]
pub struct Validator {
    /// What the root reaches; the root is the first.
    schemas: Vec<Compiled>,
    /// Schemas by the root of their resource and their dynamic anchor, sorted.
    dynamic: Vec<((SchemaId, String), usize)>,
}

impl Validator {
    /// Compiles what a root reaches.
    #[must_use]
    pub fn new(set: &Set, root: SchemaId, options: ValidatorOptions) -> Validator {
        compile::compile(set, root, options)
    }

    /// Reads and compiles a text that needs no other file, such as a bundle.
    ///
    /// # Errors
    ///
    /// The text has mistakes; the findings say which.
    pub fn from_text(text: &str, options: ValidatorOptions) -> Result<Validator, Vec<Diagnostic>> {
        let mut cx = Diagnostics::default();
        let mut sources = SourceMap::default();
        let file = sources.add("schema.json", text);
        let text = sources.get(file).map_or("", |file| &file.text);
        let node = parse_json(&mut cx, file, text);
        let input = node.as_ref().map(|node| Input {
            file,
            path: "schema.json",
            node,
        });
        let set = read_set(&mut cx, input.as_slice());
        match set.documents.first() {
            Some(document) if !cx.has_errors() => Ok(Validator::new(&set, document.root, options)),
            _ => {
                let mut all = cx.into_sorted();
                all.retain(|diagnostic| diagnostic.severity == Severity::Error);
                Err(all)
            }
        }
    }

    /// A validator that nothing satisfies, for a schema that cannot be read.
    fn refusing() -> Validator {
        let nothing = Compiled {
            pointer: String::new(),
            resource: SchemaId(0),
            recursive: false,
            body: compile::CompiledBody::Bool(false),
        };
        Validator {
            schemas: vec![nothing],
            dynamic: Vec::new(),
        }
    }

    /// Everything that does not hold of a value, in the order of the schema.
    #[must_use]
    pub fn validate(&self, instance: &Json) -> Vec<Violation> {
        evaluate::all_violations(self, instance)
    }

    /// Whether everything holds. Stops at the first thing that does not.
    #[must_use]
    pub fn is_valid(&self, instance: &Json) -> bool {
        evaluate::holds(self, instance)
    }
}

/// A schema text that is read when it is first needed, for statics of generated code.
#[derive(Debug)]
pub struct SchemaDoc {
    text: &'static str,
    options: ValidatorOptions,
    validator: OnceLock<Validator>,
}

impl SchemaDoc {
    /// Holds a self-contained text, such as a bundle.
    #[must_use]
    pub const fn new(text: &'static str, options: ValidatorOptions) -> SchemaDoc {
        SchemaDoc {
            text,
            options,
            validator: OnceLock::new(),
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The validator, made on first use. A text that cannot be read is satisfied by nothing: a check that
    /// cannot be made must not look like one that passed.
    pub fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            Validator::from_text(self.text, self.options).unwrap_or_else(|_| Validator::refusing())
        })
    }

    /// Everything that does not hold of a value.
    #[must_use]
    pub fn validate(&self, instance: &Json) -> Vec<Violation> {
        self.validator().validate(instance)
    }
}
