//! What stands before a body to say which schema wrote it.
//!
//! | framing | prefix |
//! |---|---|
//! | Confluent, version 0 | `00`, schema id in four bytes, big-endian |
//! | Confluent, version 1 | `01`, schema GUID in sixteen bytes |
//! | AWS Glue | `03`, compression (`00` none, `05` zlib), schema version id in sixteen bytes |
//! | Avro single-object | `C3 01`, the schema's CRC-64-AVRO fingerprint in eight bytes, little-endian |
//! | header-borne | none; a message header holds one of the two Confluent prefixes |
//!
//! Nothing is looked up and nothing is decompressed here: a prefix becomes a value, a value becomes a prefix.

use std::fmt;

/// How bodies of a topic are framed, as configured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Mode {
    /// The body is the payload.
    #[default]
    None,
    /// A Confluent prefix of either version.
    Confluent,
    /// A Glue prefix.
    Glue,
    /// An Avro single-object prefix.
    SingleObject,
    /// A Confluent prefix in a message header; the body is the payload.
    Header,
    /// Whatever the first bytes look like, see [`Framing::detect`].
    Detect,
}

/// A prefix, read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Framing {
    /// None.
    None,
    /// The id a Confluent registry gave the schema.
    ConfluentId(u32),
    /// The GUID a Confluent registry gave the schema.
    ConfluentGuid([u8; 16]),
    /// A schema version of AWS Glue.
    Glue {
        /// Its id.
        version: [u8; 16],
        /// What was done to the payload.
        compression: Compression,
    },
    /// The CRC-64-AVRO fingerprint of the schema's canonical form.
    SingleObject(u64),
}

/// What a Glue prefix says about the payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Compression {
    /// It is as it was.
    #[default]
    None,
    /// It went through zlib.
    Zlib,
}

/// Why a body does not have the framing it should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FramingError {
    /// There are fewer bytes than the prefix takes.
    TooShort {
        /// The framing that was expected.
        framing: &'static str,
        /// How many bytes its prefix takes.
        needs: usize,
        /// How many there are.
        has: usize,
    },
    /// The first bytes are of some other framing, or of none.
    WrongMagic {
        /// The framing that was expected.
        framing: &'static str,
        /// What the body begins with.
        found: u8,
    },
    /// Glue knows `00` and `05`.
    UnknownCompression(u8),
    /// A header holds the prefix alone, and here is more.
    HeaderTooLong {
        /// How many bytes follow the prefix.
        extra: usize,
    },
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FramingError::TooShort {
                framing,
                needs,
                has,
            } => {
                write!(
                    f,
                    "the {framing} prefix takes {needs} bytes, the body has {has}"
                )
            }
            FramingError::WrongMagic { framing, found } => {
                write!(
                    f,
                    "byte {found:#04x} stands where a {framing} prefix has its mark"
                )
            }
            FramingError::UnknownCompression(found) => {
                write!(
                    f,
                    "the Glue prefix names compression {found:#04x}; known are 0x00 and 0x05"
                )
            }
            FramingError::HeaderTooLong { extra } => {
                write!(
                    f,
                    "the schema id in the header is followed by more ({extra} bytes)"
                )
            }
        }
    }
}

impl std::error::Error for FramingError {}

/// The prefix of [`Framing::ConfluentId`], for those who keep it as a constant.
#[must_use]
pub const fn confluent_prefix(id: u32) -> [u8; 5] {
    let [a, b, c, d] = id.to_be_bytes();
    [0, a, b, c, d]
}

/// The prefix of [`Framing::SingleObject`], for those who keep it as a constant.
#[must_use]
pub const fn single_object_prefix(fingerprint: u64) -> [u8; 10] {
    let [a, b, c, d, e, f, g, h] = fingerprint.to_le_bytes();
    [0xc3, 0x01, a, b, c, d, e, f, g, h]
}

impl Framing {
    /// Splits a body into its prefix and the payload.
    pub fn parse(mode: Mode, body: &[u8]) -> Result<(Framing, &[u8]), FramingError> {
        match mode {
            Mode::None | Mode::Header => Ok((Framing::None, body)),
            Mode::Confluent => Framing::confluent(body),
            Mode::Glue => Framing::glue(body),
            Mode::SingleObject => Framing::single_object(body),
            Mode::Detect => Ok(Framing::detect(body)),
        }
    }

    /// Splits a body by what it looks like; a body that looks like nothing is all payload.
    ///
    /// This is a guess, for tools that look at topics nobody described: an unframed Avro body may well begin
    /// with a zero. Whoever knows the framing says so with [`Framing::parse`].
    #[must_use]
    pub fn detect(body: &[u8]) -> (Framing, &[u8]) {
        let seen = match body {
            [0xc3, 0x01, ..] => Framing::single_object(body),
            [0x03, 0x00 | 0x05, ..] => Framing::glue(body),
            [0x00 | 0x01, ..] => Framing::confluent(body),
            _ => Ok((Framing::None, body)),
        };
        seen.unwrap_or((Framing::None, body))
    }

    /// Reads the header of [`Mode::Header`]: a Confluent prefix and nothing else.
    pub fn from_header(value: &[u8]) -> Result<Framing, FramingError> {
        match Framing::confluent(value)? {
            (framing, []) => Ok(framing),
            (_, rest) => Err(FramingError::HeaderTooLong { extra: rest.len() }),
        }
    }

    /// Appends the prefix.
    pub fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Framing::ConfluentId(id) => out.extend_from_slice(&confluent_prefix(id)),
            Framing::SingleObject(print) => out.extend_from_slice(&single_object_prefix(print)),
            Framing::None | Framing::ConfluentGuid(_) | Framing::Glue { .. } => {
                let (bytes, len) = self.prefix();
                out.extend_from_slice(&bytes[..len]);
            }
        }
    }

    /// The prefix, and how many of the bytes it takes.
    #[must_use]
    pub fn prefix(&self) -> ([u8; 18], usize) {
        let mut bytes = [0; 18];
        let len = match self {
            Framing::None => 0,
            Framing::ConfluentId(id) => {
                bytes[..5].copy_from_slice(&confluent_prefix(*id));
                5
            }
            Framing::ConfluentGuid(guid) => {
                bytes[0] = 0x01;
                bytes[1..17].copy_from_slice(guid);
                17
            }
            Framing::Glue {
                version,
                compression,
            } => {
                let compression = match compression {
                    Compression::None => 0x00,
                    Compression::Zlib => 0x05,
                };
                bytes[..2].copy_from_slice(&[0x03, compression]);
                bytes[2..].copy_from_slice(version);
                18
            }
            Framing::SingleObject(fingerprint) => {
                bytes[..10].copy_from_slice(&single_object_prefix(*fingerprint));
                10
            }
        };
        (bytes, len)
    }

    fn confluent(body: &[u8]) -> Result<(Framing, &[u8]), FramingError> {
        let short = |framing, needs| FramingError::TooShort {
            framing,
            needs,
            has: body.len(),
        };
        match body {
            [0x00, rest @ ..] => {
                let (id, payload) = rest.split_first_chunk().ok_or(short("Confluent", 5))?;
                Ok((Framing::ConfluentId(u32::from_be_bytes(*id)), payload))
            }
            [0x01, rest @ ..] => {
                let (guid, payload) = rest.split_first_chunk().ok_or(short("Confluent", 17))?;
                Ok((Framing::ConfluentGuid(*guid), payload))
            }
            [found, ..] => Err(FramingError::WrongMagic {
                framing: "Confluent",
                found: *found,
            }),
            [] => Err(short("Confluent", 5)),
        }
    }

    fn glue(body: &[u8]) -> Result<(Framing, &[u8]), FramingError> {
        let short = || FramingError::TooShort {
            framing: "Glue",
            needs: 18,
            has: body.len(),
        };
        match body {
            [0x03, compression, rest @ ..] => {
                let compression = match compression {
                    0x00 => Compression::None,
                    0x05 => Compression::Zlib,
                    other => return Err(FramingError::UnknownCompression(*other)),
                };
                let (version, payload) = rest.split_first_chunk().ok_or_else(short)?;
                Ok((
                    Framing::Glue {
                        version: *version,
                        compression,
                    },
                    payload,
                ))
            }
            [0x03] | [] => Err(short()),
            [found, ..] => Err(FramingError::WrongMagic {
                framing: "Glue",
                found: *found,
            }),
        }
    }

    fn single_object(body: &[u8]) -> Result<(Framing, &[u8]), FramingError> {
        let framing = "single-object";
        let short = || FramingError::TooShort {
            framing,
            needs: 10,
            has: body.len(),
        };
        match body {
            [0xc3, 0x01, rest @ ..] => {
                let (fingerprint, payload) = rest.split_first_chunk().ok_or_else(short)?;
                Ok((
                    Framing::SingleObject(u64::from_le_bytes(*fingerprint)),
                    payload,
                ))
            }
            [0xc3] | [] => Err(short()),
            [0xc3, found, ..] | [found, ..] => Err(FramingError::WrongMagic {
                framing,
                found: *found,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    #[test]
    fn prefixes_come_back_as_they_went() {
        let glue = |compression| Framing::Glue {
            version: ID,
            compression,
        };
        let cases: &[(Mode, Framing, &[u8])] = &[
            (Mode::None, Framing::None, &[]),
            (Mode::Header, Framing::None, &[]),
            (
                Mode::Confluent,
                Framing::ConfluentId(0x0102_0304),
                &[0, 1, 2, 3, 4],
            ),
            (Mode::Confluent, Framing::ConfluentGuid(ID), &[1]),
            (Mode::Glue, glue(Compression::None), &[3, 0]),
            (Mode::Glue, glue(Compression::Zlib), &[3, 5]),
            (
                Mode::SingleObject,
                Framing::SingleObject(0x1122_3344_5566_7788),
                &[0xc3, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11],
            ),
        ];
        for (mode, framing, prefix) in cases {
            let mut body = Vec::new();
            framing.write(&mut body);
            assert!(body.starts_with(prefix), "{framing:?}");
            body.extend_from_slice(b"\x06abc");
            assert_eq!(
                Framing::parse(*mode, &body),
                Ok((*framing, &b"\x06abc"[..]))
            );
            assert_eq!(Framing::detect(&body), (*framing, &b"\x06abc"[..]));
        }
    }

    #[test]
    fn refusals_give_their_reason() {
        let check = |mode, body: &[u8], expected: &str| {
            assert_eq!(
                Framing::parse(mode, body).unwrap_err().to_string(),
                expected
            );
            // What is not well framed is payload to a guess.
            assert_eq!(Framing::detect(body), (Framing::None, body));
        };
        check(
            Mode::Confluent,
            &[],
            "the Confluent prefix takes 5 bytes, the body has 0",
        );
        check(
            Mode::Confluent,
            &[0, 1],
            "the Confluent prefix takes 5 bytes, the body has 2",
        );
        check(
            Mode::Confluent,
            &[1, 1],
            "the Confluent prefix takes 17 bytes, the body has 2",
        );
        check(
            Mode::Confluent,
            b"{}",
            "byte 0x7b stands where a Confluent prefix has its mark",
        );
        check(
            Mode::Glue,
            &[3],
            "the Glue prefix takes 18 bytes, the body has 1",
        );
        check(
            Mode::Glue,
            &[3, 9],
            "the Glue prefix names compression 0x09; known are 0x00 and 0x05",
        );
        check(
            Mode::SingleObject,
            &[0xc3, 2],
            "byte 0x02 stands where a single-object prefix has its mark",
        );
        check(
            Mode::SingleObject,
            &[0xc3, 1, 0],
            "the single-object prefix takes 10 bytes, the body has 3",
        );
    }

    #[test]
    fn a_header_holds_the_id_alone() {
        assert_eq!(
            Framing::from_header(&[0, 0, 0, 0, 7]),
            Ok(Framing::ConfluentId(7))
        );
        let error = Framing::from_header(&[0, 0, 0, 0, 7, 8]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the schema id in the header is followed by more (1 bytes)"
        );
    }
}
