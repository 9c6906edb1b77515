//! What may leave of sensitive data beside the payload, and in which form.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, RwLock};

use obs_schema::avro::fingerprint::sha256;

use crate::event::Redaction;
use crate::ids;
use crate::tell::Said;

/// The key of the keyed hash.
static KEY: LazyLock<RwLock<Arc<[u8]>>> = LazyLock::new(|| {
    // Nobody set one: what is hashed cannot be looked up in a table, and does not outlive the program.
    let mut dice: Vec<u8> = Vec::new();
    for _ in 0..4 {
        dice.extend_from_slice(&ids::random().to_be_bytes());
    }
    RwLock::new(dice.into())
});

/// Sets the key under which sensitive data is hashed, from now on: call it again to rotate the key.
///
/// All programs that share a topic need the same key, or their events of one message key fall apart; and a rotation
/// does that on purpose. Until it is called, the key is thrown with dice at the start of the program, so that hashes
/// of different runs have nothing to do with each other.
pub fn set_hash_key(key: impl Into<Vec<u8>>) {
    // A poisoned key is still a key: it is replaced as a whole.
    *KEY.write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = key.into().into();
}

/// HMAC-SHA-256 under the program's key, as 32 hexadecimal digits: half of the hash is enough to tell apart.
pub(crate) fn hash(value: &[u8]) -> String {
    let key = Arc::clone(
        &KEY.read()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
    let code = hmac(&key, value);
    let mut text = String::with_capacity(32);
    for byte in &code[..16] {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// How many characters of a text are left when it is cut, at most, and never more than a third of them.
const LEFT: usize = 4;

/// What stands for a value that is hidden, and behind one that is cut.
pub(crate) const STARS: &str = "***";

/// Passes a value on in the form that is allowed; a sensitive one for which none is said does not pass.
pub(crate) fn told(
    said: Said<'_>,
    sensitive: bool,
    redaction: Option<Redaction>,
    pass: &mut dyn FnMut(Said<'_>),
) {
    match redaction {
        None if sensitive => {}
        None => pass(said),
        Some(Redaction::Drop) => {}
        Some(Redaction::Mask) => pass(Said::Text(STARS)),
        Some(how @ (Redaction::Hash | Redaction::Truncate)) => {
            if let Said::List(items) = said {
                let mut texts: Vec<String> = Vec::with_capacity(items.len());
                for item in items {
                    texts.push(redacted(*item, how));
                }
                let mut items: Vec<Said<'_>> = Vec::with_capacity(texts.len());
                for text in &texts {
                    items.push(Said::Text(text));
                }
                pass(Said::List(&items));
            } else {
                pass(Said::Text(&redacted(said, how)));
            }
        }
    }
}

fn redacted(said: Said<'_>, how: Redaction) -> String {
    let text = said.text();
    if how == Redaction::Hash {
        return hash(text.as_bytes());
    }
    let left = LEFT.min(text.chars().count() / 3);
    let mut cut = String::new();
    for c in text.chars().take(left) {
        cut.push(c);
    }
    cut.push_str(STARS);
    cut
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
        let mut text = block.to_vec();
        for byte in &mut text {
            *byte ^= mask;
        }
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
        assert_ne!(hash(b"ada@example.com"), hash(b"bob@example.com"));
        assert_eq!(hash(b"").len(), 32);
    }

    fn passed(said: Said<'_>, sensitive: bool, redaction: Option<Redaction>) -> Option<String> {
        let mut seen = None;
        told(said, sensitive, redaction, &mut |said| {
            seen = Some(said.text().into_owned());
        });
        seen
    }

    #[test]
    fn a_value_passes_in_the_form_that_is_allowed() {
        let ada = Said::Text("ada@example.com");
        assert_eq!(passed(ada, false, None).as_deref(), Some("ada@example.com"));
        assert_eq!(passed(ada, true, None), None);
        assert_eq!(passed(ada, true, Some(Redaction::Drop)), None);
        assert_eq!(
            passed(ada, false, Some(Redaction::Mask)).as_deref(),
            Some("***")
        );
        assert_eq!(
            passed(ada, true, Some(Redaction::Truncate)).as_deref(),
            Some("ada@***")
        );
        assert_eq!(
            passed(Said::Text("ab"), true, Some(Redaction::Truncate)).as_deref(),
            Some("***")
        );
        let hashed = passed(Said::Int(7), true, Some(Redaction::Hash)).unwrap();
        assert_eq!(hashed.len(), 32);
        let list = [Said::Int(7), Said::Int(7)];
        assert_eq!(
            passed(Said::List(&list), true, Some(Redaction::Hash)).unwrap(),
            format!("{hashed},{hashed}")
        );
    }
}
