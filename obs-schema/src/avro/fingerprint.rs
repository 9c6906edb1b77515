//! Fingerprints of a canonical form: CRC-64-AVRO and SHA-256.

/// The fingerprint of nothing, and the polynomial.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (EMPTY & (value & 1).wrapping_neg());
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// CRC-64-AVRO, which the specification also calls the Rabin fingerprint.
///
/// Single-object encoding and Java's `fingerprint("CRC-64-AVRO", …)` write it with the lowest byte first.
#[must_use]
pub const fn rabin(bytes: &[u8]) -> u64 {
    let mut value = EMPTY;
    let mut at = 0;
    while at < bytes.len() {
        value = (value >> 8) ^ TABLE[((value ^ bytes[at] as u64) & 0xff) as usize];
        at += 1;
    }
    value
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const ROUNDS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// SHA-256 (FIPS 180-4). A derive whose parts only the compiler knows has it worked out while compiling.
#[must_use]
pub const fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut state: [u32; 8] = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];
    let (mut blocks, rest) = bytes.as_chunks::<64>();
    while let [block, others @ ..] = blocks {
        compress(&mut state, block);
        blocks = others;
    }
    // The end: what is left, one bit, zeros, and the length in bits.
    let mut tail = [0; 128];
    tail.split_at_mut(rest.len()).0.copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let length = if rest.len() < 56 { 64 } else { 128 };
    let bits = (bytes.len() as u64).wrapping_mul(8).to_be_bytes();
    tail.split_at_mut(length - 8)
        .1
        .split_at_mut(8)
        .0
        .copy_from_slice(&bits);
    let (mut blocks, _) = tail.split_at(length).0.as_chunks::<64>();
    while let [block, others @ ..] = blocks {
        compress(&mut state, block);
        blocks = others;
    }
    let mut out = [0; 32];
    let mut at = 0;
    while at < 8 {
        out.split_at_mut(at * 4)
            .1
            .split_at_mut(4)
            .0
            .copy_from_slice(&state[at].to_be_bytes());
        at += 1;
    }
    out
}

const fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut words = [0u32; 64];
    let mut at = 0;
    while at < 16 {
        let [a, b, c, d] = block.as_chunks::<4>().0[at];
        words[at] = u32::from_be_bytes([a, b, c, d]);
        at += 1;
    }
    while at < 64 {
        let (a, b) = (words[at - 15], words[at - 2]);
        let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        words[at] = words[at - 16]
            .wrapping_add(s0)
            .wrapping_add(words[at - 7])
            .wrapping_add(s1);
        at += 1;
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    at = 0;
    while at < 64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let first = h
            .wrapping_add(s1)
            .wrapping_add(choice)
            .wrapping_add(ROUNDS[at])
            .wrapping_add(words[at]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let second = s0.wrapping_add(majority);
        h = g;
        g = f;
        f = e;
        e = d.wrapping_add(first);
        d = c;
        c = b;
        b = a;
        a = first.wrapping_add(second);
        at += 1;
    }
    let sums = [a, b, c, d, e, f, g, h];
    at = 0;
    while at < 8 {
        state[at] = state[at].wrapping_add(sums[at]);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rabin_of_the_specification() {
        for (form, expected) in [
            ("\"null\"", 7_195_948_357_588_979_594),
            ("\"boolean\"", -6_970_731_678_124_411_036),
            ("[\"int\",\"boolean\"]", 5_392_556_393_470_105_090),
        ] {
            assert_eq!(rabin(form.as_bytes()).cast_signed(), expected, "{form}");
        }
        assert_eq!(rabin(b""), EMPTY);
    }

    #[test]
    fn sha256_of_the_standard() {
        let million = vec![b'a'; 1_000_000];
        let vectors: [(&[u8], &str); 5] = [
            (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            ),
            (&million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ];
        for (bytes, expected) in vectors {
            let hex: String = sha256(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(hex, expected);
        }
    }

    #[test]
    fn every_length_of_tail_ends_in_one_block_or_two() {
        // Each length once around the edges; two lengths never agree.
        let all: std::collections::BTreeSet<_> =
            (0..130).map(|length| sha256(&vec![0; length])).collect();
        assert_eq!(all.len(), 130);
    }
}
