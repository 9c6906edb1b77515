//! The tree itself. Plain data: reading fills it; the shape compiler, the validator and compatibility read it.

use crate::json::{Json, Number};
use crate::node::{Member, Node};
use crate::source::{FileId, Loc};
#[cfg(feature = "full")]
use std::collections::{BTreeMap, BTreeSet};

/// All JSON Schema documents of a run, with their references resolved.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Every schema and subschema, also those that only a reference reaches.
    pub schemas: Vec<Schema>,
    /// The documents, in the order their files were added.
    pub documents: Vec<Document>,
    /// `$dynamicAnchor`s by the root of their resource and their name (`""` stands for `$recursiveAnchor: true`), sorted.
    pub dynamic_anchors: Vec<((SchemaId, String), SchemaId)>,
    /// The URI of each resource by its root, for those who write references anew.
    #[cfg(feature = "full")]
    pub(super) uris: BTreeMap<SchemaId, String>,
    /// Schemas with a reference that was found by the path of a file, not by an `$id`.
    #[cfg(feature = "full")]
    pub(super) by_path: BTreeSet<SchemaId>,
}

/// The index of a schema in its [`Set`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SchemaId(pub u32);

impl crate::table::Numbered for SchemaId {
    fn number(self) -> u128 {
        self.0.number()
    }
}

impl Set {
    /// The schema behind an id.
    #[must_use]
    pub fn get(&self, id: SchemaId) -> &Schema {
        &self.schemas[id.0 as usize]
    }

    /// Notes a reference that only the path of a file leads to, for those who write references anew.
    pub(super) fn found_by_path(&mut self, id: SchemaId) {
        #[cfg(feature = "full")]
        self.by_path.insert(id);
        #[cfg(not(feature = "full"))]
        let _ = id;
    }

    /// The document of a file.
    #[must_use]
    pub fn document(&self, file: FileId) -> Option<&Document> {
        self.documents.iter().find(|document| document.file == file)
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it came from.
    pub file: FileId,
    /// Its root schema.
    pub root: SchemaId,
    /// The dialect it declares, or the newest.
    pub dialect: Dialect,
    /// Its `$id`, when that is absolute.
    pub id: Option<String>,
}

/// Which rules a document follows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// draft-04: read as found in the wild; `id`, boolean `exclusiveMinimum`.
    Draft4,
    /// draft-06 and draft-07.
    Draft7,
    /// 2019-09
    Draft201909,
    /// 2020-12
    Draft202012,
}

impl Dialect {
    /// The name people use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Draft4 => "draft-04",
            Dialect::Draft7 => "draft-07",
            Dialect::Draft201909 => "2019-09",
            Dialect::Draft202012 => "2020-12",
        }
    }

    /// The value of `$schema`.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Dialect::Draft4 => "http://json-schema.org/draft-04/schema#",
            Dialect::Draft7 => "http://json-schema.org/draft-07/schema#",
            Dialect::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
            Dialect::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }
}

/// One schema.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Where it is written.
    pub loc: Loc,
    /// The file and the JSON pointer in it.
    pub file: FileId,
    /// JSON pointer from the root of the file, `""` for the root itself.
    pub pointer: String,
    /// The dialect in force here.
    pub dialect: Dialect,
    /// The root of the resource it belongs to: the nearest schema above with an `$id`, or the file's root.
    pub resource: SchemaId,
    /// What it says.
    pub body: Body,
}

/// What a schema says.
#[derive(Clone, Debug)]
pub enum Body {
    /// `true` or `false`.
    Bool(bool),
    /// Keywords.
    Keywords(Box<Keywords>),
}

/// A named subschema with the place of its name.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The property name or the pattern.
    pub name: String,
    /// The place of the name.
    pub name_loc: Loc,
    /// The schema.
    pub schema: SchemaId,
}

/// The kinds of instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InstanceType {
    /// `null`
    Null,
    /// `boolean`
    Boolean,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `string`
    String,
    /// `array`
    Array,
    /// `object`
    Object,
}

/// Everything the three dialects can say, in one spelling (draft-04 to 2019-09 forms are lowered to it).
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// `$ref`, resolved. In draft-07 and before, its siblings are kept but the validator ignores them.
    pub ref_: Option<SchemaId>,
    /// `$dynamicRef` or `$recursiveRef`: the static target, and the anchor to look for in the dynamic scope.
    pub dynamic_ref: Option<(SchemaId, String)>,
    /// `$dynamicAnchor` (`""` stands for `$recursiveAnchor: true`).
    pub dynamic_anchor: Option<String>,
    /// `type`, one or several; empty when absent.
    pub types: Vec<InstanceType>,
    /// `enum`
    pub enum_: Option<Vec<Json>>,
    /// `const`
    pub const_: Option<Json>,
    /// `allOf`
    pub all_of: Vec<SchemaId>,
    /// `anyOf`
    pub any_of: Vec<SchemaId>,
    /// `oneOf`
    pub one_of: Vec<SchemaId>,
    /// `not`
    pub not: Option<SchemaId>,
    /// `if`
    pub if_: Option<SchemaId>,
    /// `then`
    pub then: Option<SchemaId>,
    /// `else`
    pub else_: Option<SchemaId>,
    /// `dependentSchemas`, and the schema half of draft-07 `dependencies`.
    pub dependent_schemas: Vec<Entry>,
    /// `dependentRequired`, and the array half of draft-07 `dependencies`.
    pub dependent_required: Vec<(String, Vec<String>)>,
    /// `properties`
    pub properties: Vec<Entry>,
    /// `patternProperties`
    pub pattern_properties: Vec<Entry>,
    /// `additionalProperties`
    pub additional_properties: Option<SchemaId>,
    /// `unevaluatedProperties`
    pub unevaluated_properties: Option<SchemaId>,
    /// `propertyNames`
    pub property_names: Option<SchemaId>,
    /// `required`
    pub required: Vec<String>,
    /// `minProperties`
    pub min_properties: Option<u64>,
    /// `maxProperties`
    pub max_properties: Option<u64>,
    /// `prefixItems`, and draft-07 `items` when it is an array.
    pub prefix_items: Vec<SchemaId>,
    /// `items` after the prefix, and draft-07 `additionalItems`.
    pub items: Option<SchemaId>,
    /// `unevaluatedItems`
    pub unevaluated_items: Option<SchemaId>,
    /// `contains`
    pub contains: Option<SchemaId>,
    /// `minContains`
    pub min_contains: Option<u64>,
    /// `maxContains`
    pub max_contains: Option<u64>,
    /// `minItems`
    pub min_items: Option<u64>,
    /// `maxItems`
    pub max_items: Option<u64>,
    /// `uniqueItems`
    pub unique_items: bool,
    /// `minLength`
    pub min_length: Option<u64>,
    /// `maxLength`
    pub max_length: Option<u64>,
    /// `pattern`
    pub pattern: Option<String>,
    /// `format`
    pub format: Option<String>,
    /// `minimum`
    pub minimum: Option<Number>,
    /// `maximum`
    pub maximum: Option<Number>,
    /// `exclusiveMinimum` as a number.
    pub exclusive_minimum: Option<Number>,
    /// `exclusiveMaximum` as a number.
    pub exclusive_maximum: Option<Number>,
    /// `multipleOf`
    pub multiple_of: Option<Number>,
    /// `title`
    pub title: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `default`
    pub default: Option<Node>,
    /// `deprecated`
    pub deprecated: bool,
    /// `readOnly`
    pub read_only: bool,
    /// `writeOnly`
    pub write_only: bool,
    /// OpenAPI's `nullable: true`.
    pub nullable: bool,
    /// `$defs` and `definitions`.
    pub defs: Vec<Entry>,
    /// Keywords we do not know, `x-obs` among them.
    pub other: Vec<Member>,
    /// The schema's vocabulary says that `format` is asserted, whatever the settings.
    pub format_asserted: bool,
    /// Where each known keyword is written.
    pub places: Vec<(&'static str, Loc)>,
}

impl Keywords {
    /// Where a keyword is written, for a caret on the key.
    #[must_use]
    pub fn place(&self, keyword: &str) -> Option<Loc> {
        self.places
            .iter()
            .find(|(name, _)| *name == keyword)
            .map(|(_, loc)| *loc)
    }
}
