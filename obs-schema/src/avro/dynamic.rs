//! Values by schema, without generated types: for the command line, for topics nobody has types for, for defaults.
//!
//! Avro bytes become [`Json`] and back. Generated JSON codecs follow the same rules, so one event has one JSON
//! form whichever way it was made:
//!
//! | Avro | JSON |
//! |---|---|
//! | null, boolean, int, long | the same; whole numbers may be written `1.0` |
//! | float, double | a number with the fewest digits that bring the value back; NaN and the infinities are refused |
//! | bytes, fixed | a string in which each byte is a character from U+0000 to U+00FF |
//! | string | a string |
//! | enum | the symbol |
//! | array | an array |
//! | map | an object |
//! | record | an object, members in any order |
//! | union | see [`Unions`] |
//! | logical types | as the type beneath: a date is a number of days, a decimal is bytes |
//!
//! In unions the branch name is `null`, the name of the primitive, `array`, `map`, or the full name of the record,
//! enum or fixed.
//!
//! ```
//! use obs_schema::avro::dynamic::{Options, decode, encode};
//! use obs_schema::avro::{Schema, read_text};
//!
//! let set = read_text(r#"{"type":"map","values":["null","int"]}"#).unwrap();
//! let schema = Schema::of_set(&set).unwrap();
//! let value = decode(schema, b"\x02\x02a\x02\x06\0", &Options::default()).unwrap();
//! assert_eq!(value.to_string(), r#"{"a":3}"#);
//! let mut bytes = Vec::new();
//! encode(schema, &value, &Options::default(), &mut bytes).unwrap();
//! assert_eq!(bytes, b"\x02\x02a\x02\x06\0");
//! ```

#[cfg(feature = "full")]
mod decode;
mod encode;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(in crate::avro) use encode::default_bytes;

use super::view::Schema;
use crate::json::Json;
use crate::wire::{EncodeError, Limits};

/// How values of unions are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Unions {
    /// As people write JSON, and as generated code does. Null is `null`. Where one branch besides null is all there
    /// is (in either order, or alone), its value stands plainly. Where there are more, a value is
    /// `{"branch name": value}`.
    ///
    /// On the way in, the plain kind also takes the tagged form; a value that can be read both ways is plain.
    #[default]
    Plain,
    /// As the Avro specification has it: null is `null`, every other value is `{"branch name": value}`.
    ///
    /// On the way in, this kind also takes the plain form where one branch besides null is all there is; a value
    /// that can be read both ways is tagged.
    Tagged,
    /// As defaults in schemas are written: nothing is tagged, the first branch that takes the value has it.
    ///
    /// Numbers that JSON does not have are the strings `NaN`, `Infinity` and `-Infinity`, on the way in.
    Untagged,
}

/// What the functions here do with what they meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How values of unions are written.
    pub unions: Unions,
    /// Members that are absent get the schema's default; otherwise every member must be there.
    pub fill_defaults: bool,
    /// The bytes come from a resolution plan: an enum may hold a symbol the schema does not have, which becomes its
    /// text.
    pub resolved: bool,
    /// Bounds. Elements, records and members all count as elements here.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            unions: Unions::Plain,
            fill_defaults: true,
            resolved: false,
            limits: Limits::DEFAULT,
        }
    }
}

/// Something a value breaks: where, and which rule, and never the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Violation {
    /// A JSON pointer into the value.
    pub pointer: String,
    /// The rule, as a clause.
    pub rule: Cow<'static, str>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.pointer, self.rule)
    }
}

/// Reads one value. Bytes that are left over are an error.
#[cfg(feature = "full")]
pub fn decode(
    schema: Schema<'_>,
    bytes: &[u8],
    options: &Options,
) -> Result<Json, crate::wire::DecodeError> {
    decode::run(schema, bytes, options)
}

/// Appends one value. After an error `out` is as it was.
pub fn encode(
    schema: Schema<'_>,
    value: &Json,
    options: &Options,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    encode::run(schema, value, options, out)
}

/// Everything about a value that keeps it from being encoded; empty when nothing does.
#[must_use]
pub fn validate(schema: Schema<'_>, value: &Json, options: &Options) -> Vec<Violation> {
    encode::violations(schema, value, options)
}

/// The branch that stands plainly where one besides null is all there is.
fn sole_branch(branches: &[super::Type]) -> Option<usize> {
    let mut found = None;
    for (index, branch) in branches.iter().enumerate() {
        if !matches!(branch.kind, super::Kind::Null) && found.replace(index).is_some() {
            return None;
        }
    }
    found
}
