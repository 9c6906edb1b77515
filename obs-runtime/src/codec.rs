//! Values that turn into bytes and back. Generated code implements these traits; so can anybody by hand.
//!
//! Nothing here goes through serde or a tree of values: a type writes itself piece by piece.

pub(crate) mod avro;
pub(crate) mod branch;
pub(crate) mod fields;
pub(crate) mod json;

pub(crate) mod owned;
#[cfg(test)]
mod tests;

use obs_schema::wire;
use obs_schema::wire::{DecodeError, EncodeError, Limits};

/// A value with an Avro encoding.
///
/// ```
/// use obs_runtime::AvroCodec;
///
/// let mut out = Vec::new();
/// vec![Some("a".to_owned()), None].encode_avro(&mut out)?;
/// assert_eq!(out, [4, 2, 2, b'a', 0, 0]);
/// assert_eq!(Vec::<Option<String>>::decode_avro(&out)?, [Some("a".to_owned()), None]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Avro encoding",
    label = "this type cannot be a field of an Avro event",
    note = "fields are booleans, numbers up to `i64`, `String`, `Vec<u8>`, the types of `obs_runtime::types`, \
            `Vec`, `Option` and maps with `String` keys of these, and types with `#[derive(Event)]`"
)]
pub trait AvroCodec: Sized {
    /// Appends the value. What cannot be written is refused at the writer, which remembers it.
    fn write_avro(&self, w: &mut wire::avro::Writer);

    /// Reads one value.
    fn read_avro(r: &mut wire::avro::Reader<'_>) -> Result<Self, DecodeError>;

    /// Appends the value to a buffer, which stays as it was when the value is refused.
    fn encode_avro(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = wire::avro::Writer::on(std::mem::take(out));
        self.write_avro(&mut writer);
        writer.finish_into(out)
    }

    /// Reads a value that fills the input.
    fn decode_avro(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_avro_within(bytes, Limits::DEFAULT)
    }

    /// Reads a value that fills the input, within limits.
    fn decode_avro_within(bytes: &[u8], limits: Limits) -> Result<Self, DecodeError> {
        let mut reader = wire::avro::Reader::with_limits(bytes, limits);
        let value = Self::read_avro(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// A value with a JSON encoding.
///
/// ```
/// use obs_runtime::JsonCodec;
///
/// let mut out = Vec::new();
/// vec![Some("a\n".to_owned()), None].encode_json(&mut out)?;
/// assert_eq!(out, br#"["a\n",null]"#);
/// assert_eq!(Vec::<Option<String>>::decode_json(&out)?, [Some("a\n".to_owned()), None]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON encoding",
    label = "this type cannot be a field of an event",
    note = "fields are booleans, numbers up to `u64`, `String`, `Vec<u8>`, `obs_runtime::Json`, the types of \
            `obs_runtime::types`, `Vec`, `Option` and maps with `String` keys of these, and types with \
            `#[derive(Event)]`"
)]
pub trait JsonCodec: Sized {
    /// Appends the value. What cannot be written is refused at the writer, which remembers it.
    fn write_json(&self, w: &mut wire::json::Writer);

    /// Reads one value.
    fn read_json(r: &mut wire::json::Reader<'_>) -> Result<Self, DecodeError>;

    /// Appends the value to a buffer, which stays as it was when the value is refused.
    fn encode_json(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = wire::json::Writer::on(std::mem::take(out));
        self.write_json(&mut writer);
        writer.finish_into(out)
    }

    /// Reads a value that fills the input.
    fn decode_json(text: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_json_within(text, Limits::DEFAULT)
    }

    /// Reads a value that fills the input, within limits.
    fn decode_json_within(text: &[u8], limits: Limits) -> Result<Self, DecodeError> {
        let mut reader = wire::json::Reader::with_limits(text, limits);
        let value = Self::read_json(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// Text that is no symbol of an enum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UnknownSymbol;

impl std::fmt::Display for UnknownSymbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the enum has no such symbol")
    }
}

impl std::error::Error for UnknownSymbol {}
