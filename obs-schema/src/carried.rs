//! Marks in built binaries: which events a program carries, in which version, with which schema.
//!
//! Generated code places one mark for each event; the command line finds them by looking through the file.
//! A mark ends with a check sum, so that bytes that only look like one are passed over.

use crate::avro::fingerprint::rabin;

/// What every mark begins with.
const MAGIC: [u8; 16] = *b"\xf5obs-event\xf5\r\n\x1a\n\x01";

/// Everything around the two texts: magic, two lengths, two fingerprints, check sum.
const FIXED: usize = MAGIC.len() + 2 + 2 + 8 + 32 + 8;

/// One event that a binary carries.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Record {
    /// Dotted lower case: `user.registered`.
    pub event_type: String,
    /// `major.minor.patch`
    pub version: String,
    /// CRC-64-AVRO of the schema.
    pub rabin: u64,
    /// SHA-256 of the schema.
    pub sha256: [u8; 32],
}

/// How long the mark of an event is.
#[must_use]
pub const fn length(event_type: &str, version: &str) -> usize {
    FIXED + event_type.len() + version.len()
}

/// The mark of an event; `N` is its [`length`].
///
/// # Panics
///
/// While compiling, when `N` is not the mark's length.
#[must_use]
pub const fn mark<const N: usize>(
    event_type: &str,
    version: &str,
    fingerprint: u64,
    sha256: &[u8; 32],
) -> [u8; N] {
    assert!(
        N == length(event_type, version),
        "the length of a mark follows from its texts"
    );
    let mut out = [0; N];
    let mut at = put(&mut out, 0, &MAGIC);
    at = put(&mut out, at, &(event_type.len() as u16).to_le_bytes());
    at = put(&mut out, at, &(version.len() as u16).to_le_bytes());
    at = put(&mut out, at, event_type.as_bytes());
    at = put(&mut out, at, version.as_bytes());
    at = put(&mut out, at, &fingerprint.to_le_bytes());
    at = put(&mut out, at, sha256);
    let sum = rabin(out.split_at(at).0);
    put(&mut out, at, &sum.to_le_bytes());
    out
}

/// The mark of an event as bytes, for those who write it into generated code as a literal: worked out while that code
/// compiles, it would cost every build milliseconds an event.
#[must_use]
pub fn bytes(event_type: &str, version: &str, fingerprint: u64, sha256: &[u8; 32]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&(event_type.len() as u16).to_le_bytes());
    out.extend_from_slice(&(version.len() as u16).to_le_bytes());
    out.extend_from_slice(event_type.as_bytes());
    out.extend_from_slice(version.as_bytes());
    out.extend_from_slice(&fingerprint.to_le_bytes());
    out.extend_from_slice(sha256);
    let sum = rabin(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

const fn put(out: &mut [u8], start: usize, bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        out[start + at] = bytes[at];
        at += 1;
    }
    start + at
}

/// Every event whose mark stands in a binary, in the order of the file.
///
/// ```
/// use obs_schema::carried::{find_records, length, mark};
///
/// static MARK: [u8; length("user.registered", "2.0.0")] = mark("user.registered", "2.0.0", 7, &[0; 32]);
/// let binary = [&[0; 100][..], &MARK, b"and so on"].concat();
/// let found: Vec<_> = find_records(&binary).collect();
/// assert_eq!((found[0].event_type.as_str(), found[0].rabin), ("user.registered", 7));
/// ```
pub fn find_records(binary: &[u8]) -> impl Iterator<Item = Record> {
    let mut rest = binary;
    std::iter::from_fn(move || {
        while let Some(start) = rest.iter().position(|byte| *byte == MAGIC[0]) {
            let here = &rest[start..];
            match read(here) {
                Some((record, after)) => {
                    rest = after;
                    return Some(record);
                }
                None => rest = &here[1..],
            }
        }
        None
    })
}

/// The mark at the beginning of some bytes, and what follows it.
fn read(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (lengths, _) = rest.split_first_chunk::<4>()?;
    let event_type = usize::from(u16::from_le_bytes([lengths[0], lengths[1]]));
    let version = usize::from(u16::from_le_bytes([lengths[2], lengths[3]]));
    let (mark, after) = bytes.split_at_checked(FIXED + event_type + version)?;
    let (summed, sum) = mark.split_last_chunk::<8>()?;
    if rabin(summed) != u64::from_le_bytes(*sum) {
        return None;
    }
    let (rest, sha256) = summed.split_last_chunk::<32>()?;
    let (rest, fingerprint) = rest.split_last_chunk::<8>()?;
    let (event_type, version) = rest.get(MAGIC.len() + 4..)?.split_at_checked(event_type)?;
    let record = Record {
        event_type: std::str::from_utf8(event_type).ok()?.to_owned(),
        version: std::str::from_utf8(version).ok()?.to_owned(),
        rabin: u64::from_le_bytes(*fingerprint),
        sha256: *sha256,
    };
    Some((record, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: [u8; 32] = [9; 32];
    static ONE: [u8; length("a.b", "1.0.0")] = mark("a.b", "1.0.0", 1, &SHA);
    static TWO: [u8; length("", "")] = mark("", "", u64::MAX, &SHA);

    #[test]
    fn marks_are_found_wherever_they_stand() {
        let binary = [&MAGIC[..], &ONE, &MAGIC[..5], &TWO, &ONE[..20], &ONE].concat();
        let found: Vec<Record> = find_records(&binary).collect();
        let names: Vec<&str> = found
            .iter()
            .map(|record| record.event_type.as_str())
            .collect();
        assert_eq!(names, ["a.b", "", "a.b"]);
        assert_eq!((found[1].rabin, found[1].sha256), (u64::MAX, SHA));
    }

    #[test]
    fn a_mark_is_the_same_whenever_it_is_made() {
        assert_eq!(bytes("a.b", "1.0.0", 1, &SHA), ONE);
        assert_eq!(bytes("", "", u64::MAX, &SHA), TWO);
    }

    #[test]
    fn damaged_marks_are_passed_over() {
        for at in 0..ONE.len() {
            let mut damaged = ONE.to_vec();
            damaged[at] ^= 1;
            assert_eq!(find_records(&damaged).count(), 0, "{at}");
            assert_eq!(find_records(&ONE[..at]).count(), 0, "{at}");
        }
    }
}
