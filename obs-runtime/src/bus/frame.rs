//! How records stand in a file, one behind another.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the packed record, little-endian |
//! | 4 | CRC-32C of that length and the packed record, little-endian |
//! | as many as it says | the packed record |
//!
//! No packed record is empty, so zeros that a crash left behind are no frame.

use super::OwnedRecord;

/// Length and checksum.
const HEAD: usize = 8;

/// CRC-32C, the polynomial reflected, one byte at a time.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = rest >> 1 ^ if rest & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
};

/// The checksum of all parts as if they were one.
fn crc32c(parts: [&[u8]; 2]) -> u32 {
    let bytes = parts.into_iter().flatten();
    !bytes.fold(!0, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        crc >> 8 ^ TABLE[usize::from(low ^ byte)]
    })
}

/// Appends a frame around a packed record; `false`, and nothing, if its length does not fit.
pub(super) fn put(packed: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(len) = u32::try_from(packed.len()) else {
        return false;
    };
    let len = len.to_le_bytes();
    out.extend_from_slice(&len);
    out.extend_from_slice(&crc32c([&len, packed]).to_le_bytes());
    out.extend_from_slice(packed);
    true
}

/// The record at the start of these bytes, and how long its frame is; `None` if there is no whole one.
pub(super) fn take(bytes: &[u8]) -> Option<(OwnedRecord, usize)> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let packed = rest.get(..size)?;
    if crc32c([len, packed]) != u32::from_le_bytes(*crc) {
        return None;
    }
    Some((OwnedRecord::unpack(packed)?, HEAD + size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Record;

    fn framed(bodies: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for body in bodies {
            assert!(put(Record::new("t", body).owned().packed(), &mut out));
        }
        out
    }

    /// The bodies of whole frames, and how many bytes they take.
    fn scan(mut bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let (mut bodies, mut used) = (Vec::new(), 0);
        while let Some((record, size)) = take(bytes) {
            bodies.push(record.body().unwrap().to_vec());
            used += size;
            bytes = &bytes[size..];
        }
        (bodies, used)
    }

    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(crc32c([b"1234", b"56789"]), 0xe306_9283);
        assert_eq!(crc32c([&[0; 32], b""]), 0x8a91_36aa);
    }

    #[test]
    fn a_cut_costs_the_frame_it_is_in_and_no_other() {
        let ends: Vec<usize> = (0..=3)
            .map(|count| framed(&[&b"one"[..], b"", b"three"][..count]).len())
            .collect();
        let bytes = framed(&[b"one", b"", b"three"]);
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(
                (scan(&bytes[..cut]).0.len(), scan(&bytes[..cut]).1),
                (whole, ends[whole])
            );
            // What was not written may be zeros as well.
            let torn = [&bytes[..cut], &vec![0; bytes.len() - cut][..]].concat();
            assert!(scan(&torn).0.len() >= whole && scan(&torn).1 <= bytes.len());
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = framed(&[b"some bytes"]);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(take(&wrong).is_none(), "bit {bit}");
        }
    }
}
