//! The choices of shape, by name, so that a snapshot can list them and a report can count them.

use obs_schema::source::{FileId, Loc};
use std::fmt;

/// A choice of shape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Decision {
    /// Anything goes, because the schema says so.
    Any,
    /// A scalar: `bool`, `i64`, `u64`, `f64`, `String`.
    Scalar,
    /// Null alone.
    Null,
    /// Null beside something else: `Option`.
    Nullable,
    /// One constant string, as an enum of one symbol; other constants are a scalar with an assertion.
    Const,
    /// An enum of symbols.
    EnumOfStrings,
    /// Too many symbols for an enum: a string with an assertion.
    EnumTooLong,
    /// Constants that are no strings: a type for each kind, and an assertion.
    EnumOfValues,
    /// A struct that refuses unknown members.
    Record,
    /// A struct that lets unknown members pass.
    OpenRecord,
    /// A map: an object without members of its own.
    Map,
    /// The schema never says that it means objects, but speaks of properties.
    ImpliedObject,
    /// The schema never says that it means arrays, but speaks of items.
    ImpliedArray,
    /// The schema never says that it means strings or numbers, but speaks of their lengths or sizes.
    ImpliedScalar,
    /// A list.
    Array,
    /// A list of a fixed length with a type for each place.
    Tuple,
    /// A list whose places have different types and whose length is open.
    ArrayOfAny,
    /// Branches that differ in kind: an enum.
    UnionByKind,
    /// Object branches told apart by a member with a constant value.
    UnionByTag,
    /// Branches of one kind, tried in turn.
    UnionTried,
    /// A type where it fits, any value where it does not: nothing in the schema forbids the others.
    TypedOrOther,
    /// Branches that say the same.
    MergedBranches,
    /// Several scalars of one kind became the plain scalar.
    MergedScalars,
    /// `allOf`, or `$ref` with siblings: one struct with everything.
    MergedAllOf,
    /// Branches that only add conditions, or that one struct with optional members covers.
    MergedOneOfIntoBase,
    /// `if`, `then`, `else` and `dependentSchemas` that add members: one struct with optional members covers them.
    MergedConditions,
    /// A member the schema names and forbids.
    ImpossibleProperty,
    /// A member the schema asks for and does not describe.
    UndescribedProperty,
    /// No value can be valid.
    Never,
    /// A type that is its own part and neither struct nor enum: it gets a name.
    NamedForRecursion,
    /// There is more to it than a type could say.
    DegradedToJson,
}

impl Decision {
    /// Its stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Any => "any",
            Decision::Scalar => "scalar",
            Decision::Null => "null",
            Decision::Nullable => "nullable",
            Decision::Const => "const",
            Decision::EnumOfStrings => "enum-of-strings",
            Decision::EnumTooLong => "enum-too-long",
            Decision::EnumOfValues => "enum-of-values",
            Decision::Record => "record",
            Decision::OpenRecord => "open-record",
            Decision::Map => "map",
            Decision::ImpliedObject => "implied-object",
            Decision::ImpliedArray => "implied-array",
            Decision::ImpliedScalar => "implied-scalar",
            Decision::Array => "array",
            Decision::Tuple => "tuple",
            Decision::ArrayOfAny => "array-of-any",
            Decision::UnionByKind => "union-by-kind",
            Decision::UnionByTag => "union-by-tag",
            Decision::UnionTried => "union-tried",
            Decision::TypedOrOther => "typed-or-other",
            Decision::MergedBranches => "merged-branches",
            Decision::MergedScalars => "merged-scalars",
            Decision::MergedAllOf => "merged-all-of",
            Decision::MergedOneOfIntoBase => "merged-one-of-into-base",
            Decision::MergedConditions => "merged-conditions",
            Decision::ImpossibleProperty => "impossible-property",
            Decision::UndescribedProperty => "undescribed-property",
            Decision::Never => "never",
            Decision::NamedForRecursion => "named-for-recursion",
            Decision::DegradedToJson => "degraded-to-json",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A decision and the node it was made for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Choice {
    /// The file of the node.
    pub file: FileId,
    /// The JSON pointer of the node in its file.
    pub pointer: String,
    /// Where the node is.
    pub loc: Loc,
    /// What was decided.
    pub decision: Decision,
}
