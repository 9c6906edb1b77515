//! The keywords we know: what kind of thing each is, and in which dialects it means anything.

use super::tree::Dialect;
use crate::diag;

/// What a keyword does, for vocabularies and for the weight of a mistake in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Group {
    /// Identifiers and references.
    Core,
    /// Applies subschemas.
    Applicator,
    /// Asserts something of the instance itself.
    Validation,
    /// Says something for people or tools.
    Annotation,
}

/// A known keyword.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) word: Word,
    pub(super) group: Group,
    dialects: u8,
}

impl Known {
    /// Whether the keyword means anything in a dialect.
    pub(super) fn is_in(&self, dialect: Dialect) -> bool {
        self.dialects & bit(dialect) != 0
    }
}

const fn bit(dialect: Dialect) -> u8 {
    match dialect {
        Dialect::Draft4 => 1,
        Dialect::Draft7 => 2,
        Dialect::Draft201909 => 4,
        Dialect::Draft202012 => 8,
    }
}

const ALL: u8 = 15;
const SINCE_6: u8 = 14;
const SINCE_19: u8 = 12;

macro_rules! words {
    ($($word:ident $name:literal $group:ident $dialects:expr;)*) => {
        /// The keywords, one each.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Word { $($word),* }

        /// Sorted by name, so that a keyword is found by halving.
        static WORDS: &[Known] = &[
            $(Known { name: $name, word: Word::$word, group: Group::$group, dialects: $dialects }),*
        ];
    };
}

words! {
    Anchor "$anchor" Core SINCE_19;
    Comment "$comment" Annotation ALL;
    Defs "$defs" Core ALL;
    DynamicAnchor "$dynamicAnchor" Core 8;
    DynamicRef "$dynamicRef" Core 8;
    Id "$id" Core ALL;
    RecursiveAnchor "$recursiveAnchor" Core 4;
    RecursiveRef "$recursiveRef" Core 4;
    Ref "$ref" Core ALL;
    Schema "$schema" Core ALL;
    Vocabulary "$vocabulary" Core ALL;
    AdditionalItems "additionalItems" Applicator 7;
    AdditionalProperties "additionalProperties" Applicator ALL;
    AllOf "allOf" Applicator ALL;
    AnyOf "anyOf" Applicator ALL;
    Const "const" Validation SINCE_6;
    Contains "contains" Applicator SINCE_6;
    Default "default" Annotation ALL;
    Definitions "definitions" Core ALL;
    Dependencies "dependencies" Applicator ALL;
    DependentRequired "dependentRequired" Validation SINCE_19;
    DependentSchemas "dependentSchemas" Applicator SINCE_19;
    Deprecated "deprecated" Annotation ALL;
    Description "description" Annotation ALL;
    Else "else" Applicator SINCE_6;
    Enum "enum" Validation ALL;
    ExclusiveMaximum "exclusiveMaximum" Validation ALL;
    ExclusiveMinimum "exclusiveMinimum" Validation ALL;
    Format "format" Annotation ALL;
    LegacyId "id" Core 1;
    If "if" Applicator SINCE_6;
    Items "items" Applicator ALL;
    MaxContains "maxContains" Validation SINCE_19;
    MaxItems "maxItems" Validation ALL;
    MaxLength "maxLength" Validation ALL;
    MaxProperties "maxProperties" Validation ALL;
    Maximum "maximum" Validation ALL;
    MinContains "minContains" Validation SINCE_19;
    MinItems "minItems" Validation ALL;
    MinLength "minLength" Validation ALL;
    MinProperties "minProperties" Validation ALL;
    Minimum "minimum" Validation ALL;
    MultipleOf "multipleOf" Validation ALL;
    Not "not" Applicator ALL;
    Nullable "nullable" Annotation ALL;
    OneOf "oneOf" Applicator ALL;
    Pattern "pattern" Validation ALL;
    PatternProperties "patternProperties" Applicator ALL;
    PrefixItems "prefixItems" Applicator 8;
    Properties "properties" Applicator ALL;
    PropertyNames "propertyNames" Applicator SINCE_6;
    ReadOnly "readOnly" Annotation ALL;
    Required "required" Validation ALL;
    Then "then" Applicator SINCE_6;
    Title "title" Annotation ALL;
    Type "type" Validation ALL;
    UnevaluatedItems "unevaluatedItems" Applicator SINCE_19;
    UnevaluatedProperties "unevaluatedProperties" Applicator SINCE_19;
    UniqueItems "uniqueItems" Validation ALL;
    WriteOnly "writeOnly" Annotation ALL;
}

/// The keyword of this name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    let at = WORDS.binary_search_by(|known| known.name.cmp(name)).ok()?;
    WORDS.get(at)
}

/// The keyword somebody meant by a name that is none. Deliberately shy: unknown keywords are legal and common.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    const FRIENDS: [&str; 7] = [
        "contentSchema",
        "discriminator",
        "example",
        "examples",
        "items",
        "self",
        "xml",
    ];
    if name.len() < 5 || name.starts_with("x-") || FRIENDS.contains(&name) {
        return None;
    }
    let near = |known: &&Known| {
        known.name.len().abs_diff(name.len()) <= 1 && known.name.as_bytes()[0] == name.as_bytes()[0]
    };
    let word = diag::nearest(name, WORDS.iter().filter(near).map(|known| known.name))?;
    let (word_bytes, name_bytes) = (word.as_bytes(), name.as_bytes());
    let shorter = word.len().min(name.len());
    let mut same = 0;
    while same < shorter && word_bytes[same] == name_bytes[same] {
        same += 1;
    }
    let mut same_end = 0;
    while same_end < shorter
        && word_bytes[word.len() - 1 - same_end] == name_bytes[name.len() - 1 - same_end]
    {
        same_end += 1;
    }
    // One slip of the pen: what is left between the common beginning and the common end is tiny.
    (same + same_end + 2 >= word.len().max(name.len())).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(WORDS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert_eq!(
            find("prefixItems").map(|known| known.word),
            Some(Word::PrefixItems)
        );
        assert!(find("prefixitems").is_none());
    }

    #[test]
    fn slips_are_recognised_and_custom_keywords_left_alone() {
        for (name, expected) in [
            ("additonalProperties", Some("additionalProperties")),
            ("requierd", Some("required")),
            ("minlength", Some("minLength")),
            ("propertys", Some("properties")),
            ("x-obs", None),
            ("examples", None),
            ("self", None),
            ("javaType", None),
            ("minimums", Some("minimum")),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
