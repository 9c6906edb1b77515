//! Checksums: of frames in files, and to tell keys apart.

use super::cursor::KeyTag;

/// CRC-32C, the polynomial reflected, sixteen bytes at a time: the first table is for the last byte.
const TABLES: [[u32; 256]; 16] = {
    let mut tables = [[0; 256]; 16];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = rest >> 1 ^ if rest & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = rest;
        byte += 1;
    }
    let mut table = 1;
    while table < 16 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
};

/// A checksum that is being worked out.
#[derive(Clone, Copy)]
pub(super) struct Crc(u32);

impl Crc {
    pub(super) const START: Crc = Crc(!0);

    #[must_use]
    pub(super) fn and(self, bytes: &[u8]) -> Crc {
        let (chunks, rest) = bytes.as_chunks::<16>();
        let mut crc = self.0;
        for chunk in chunks {
            let mut mixed = *chunk;
            let before = crc.to_le_bytes();
            for (at, byte) in before.iter().enumerate() {
                mixed[at] ^= byte;
            }
            crc = 0;
            for (at, byte) in mixed.iter().enumerate() {
                crc ^= TABLES[15 - at][usize::from(*byte)];
            }
        }
        for byte in rest {
            let [low, ..] = crc.to_le_bytes();
            crc = crc >> 8 ^ TABLES[0][usize::from(low ^ byte)];
        }
        Crc(crc)
    }

    pub(super) fn end(self) -> u32 {
        !self.0
    }
}

/// What tells this key from others: what a [`Cursor`](super::Cursor) keeps of it.
#[must_use]
pub fn key_tag(key: &[u8]) -> KeyTag {
    KeyTag::new(Crc::START.and(key).end()).unwrap_or(KeyTag::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        let crc = |bytes: &[u8]| Crc::START.and(bytes).end();
        assert_eq!(crc(b"123456789"), 0xe306_9283);
        assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
        let long: Vec<u8> = (0..=255).collect();
        for cut in 0..long.len() {
            let (one, other) = long.split_at(cut);
            assert_eq!(Crc::START.and(one).and(other).end(), crc(&long));
        }
    }
}
