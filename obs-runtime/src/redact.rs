//! What may leave of sensitive data beside the payload.
//!
//! For now that is the message key; telemetry comes here too when it is there.

use std::fmt::Write as _;
use std::sync::OnceLock;

use obs_schema::avro::fingerprint::sha256;

/// The key of the keyed hash, for the life of the program.
static KEY: OnceLock<Vec<u8>> = OnceLock::new();

/// Sets the key under which sensitive data is hashed. All programs that share a topic need the same one, or their
/// events of one key fall apart. The first call counts; `false` when there was one before, or a hash was asked for.
pub fn set_hash_key(key: impl Into<Vec<u8>>) -> bool {
    KEY.set(key.into()).is_ok()
}

/// HMAC-SHA-256 under the program's key, as 32 hexadecimal digits: half of the hash is enough to tell apart.
pub(crate) fn hash(value: &[u8]) -> String {
    let code = hmac(KEY.get_or_init(Vec::new), value);
    code[..16]
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let keyed = |mask: u8, rest: &[u8]| {
        let mut text: Vec<u8> = block.iter().map(|byte| byte ^ mask).collect();
        text.extend_from_slice(rest);
        sha256(&text)
    };
    keyed(0x5c, &keyed(0x36, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The cases of RFC 4231.
    #[test]
    fn the_hash_is_hmac_sha_256() {
        assert_eq!(
            hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn like_values_have_like_hashes() {
        assert_eq!(hash(b"ada@example.com"), hash(b"ada@example.com"));
        assert_ne!(hash(b"ada@example.com"), hash(b"bob@example.com"));
        assert_eq!(hash(b"").len(), 32);
    }
}
