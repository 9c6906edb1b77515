//! Universally unique ids.

use std::fmt;
use std::str::FromStr;

use obs_schema::wire::{DecodeError, avro, json};

use super::ParseError;
use crate::codec::{AvroCodec, JsonCodec};
use crate::ids::hex;
use crate::validate::anything;

/// A universally unique id. In Avro it is text, or a fixed of 16 bytes where the schema says so.
///
/// ```
/// use obs_runtime::types::Uuid;
///
/// let id: Uuid = "01936f5c-8e4a-7c3b-9d2e-1f0a5b6c7d8e".parse()?;
/// assert_eq!(id.0[..2], [0x01, 0x93]);
/// assert_eq!(id.to_string(), "01936f5c-8e4a-7c3b-9d2e-1f0a5b6c7d8e");
/// # Ok::<(), obs_runtime::types::ParseError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(
    /// The bytes in the order they are written.
    pub [u8; 16],
);

impl Uuid {
    /// An id of version 7: the time in milliseconds, and random bits below it.
    ///
    /// Whoever calls has looked at the clock already and brings the random bits.
    #[must_use]
    pub const fn v7(unix_millis: u64, random: u128) -> Uuid {
        let time = (unix_millis as u128 & 0xffff_ffff_ffff) << 80;
        let version = 0x7 << 76;
        let variant = 0b10 << 62;
        let high = random & (0xfff << 64);
        let low = random & 0x3fff_ffff_ffff_ffff;
        Uuid((time | version | high | variant | low).to_be_bytes())
    }

    /// The usual 36 characters, lower case.
    #[must_use]
    pub fn encode(&self) -> [u8; 36] {
        let digits: [u8; 32] = hex(&self.0);
        let mut text = [b'-'; 36];
        text[..8].copy_from_slice(&digits[..8]);
        text[9..13].copy_from_slice(&digits[8..12]);
        text[14..18].copy_from_slice(&digits[12..16]);
        text[19..23].copy_from_slice(&digits[16..20]);
        text[24..].copy_from_slice(&digits[20..]);
        text
    }

    /// Writes the id as Avro text.
    #[inline]
    pub fn write_text(&self, w: &mut avro::Writer) {
        w.bytes(&self.encode());
    }

    /// Reads the id from Avro text.
    #[inline]
    pub fn read_text(r: &mut avro::Reader<'_>) -> Result<Uuid, DecodeError> {
        let at = r.position();
        r.str_ref()?
            .parse()
            .map_err(|error: ParseError| DecodeError::refused(error, at))
    }
}

/// The characters of an id: digits and hyphens, which are ASCII.
fn characters(text: &[u8; 36]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(characters(&self.encode()))
    }
}

/// The usual form.
impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

/// With hyphens in their places or with none at all, in either case.
impl FromStr for Uuid {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Uuid, ParseError> {
        parse(text.as_bytes()).ok_or(ParseError::new(
            "a UUID such as `01936f5c-8e4a-7c3b-9d2e-1f0a5b6c7d8e`",
        ))
    }
}

fn parse(text: &[u8]) -> Option<Uuid> {
    let hyphens = match text.len() {
        32 => false,
        36 => true,
        _ => return None,
    };
    let mut bytes = [0; 16];
    let mut at = 0;
    for byte in &mut bytes {
        if hyphens && matches!(at, 8 | 13 | 18 | 23) {
            if text[at] != b'-' {
                return None;
            }
            at += 1;
        }
        *byte = nibble(text[at])? << 4 | nibble(text[at + 1])?;
        at += 2;
    }
    Some(Uuid(bytes))
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Uuid {
        Uuid(bytes)
    }
}

impl From<Uuid> for [u8; 16] {
    fn from(id: Uuid) -> [u8; 16] {
        id.0
    }
}

/// As text.
impl AvroCodec for Uuid {
    #[inline]
    fn write_avro(&self, w: &mut avro::Writer) {
        self.write_text(w);
    }

    #[inline]
    fn read_avro(r: &mut avro::Reader<'_>) -> Result<Uuid, DecodeError> {
        Uuid::read_text(r)
    }
}

/// As text.
impl JsonCodec for Uuid {
    fn write_json(&self, w: &mut json::Writer) {
        w.string(characters(&self.encode()));
    }

    fn read_json(r: &mut json::Reader<'_>) -> Result<Uuid, DecodeError> {
        let at = r.position();
        r.str()?
            .parse()
            .map_err(|error: ParseError| DecodeError::refused(error, at))
    }
}

anything!(Uuid);
