//! Integers of any size, between the bytes of the wire and the digits of people.
//!
//! Both ways take time with the square of the length, so lengths are bounded: [`MOST_BYTES`].

/// No unscaled value is longer. It leaves room for 2,466 digits.
pub(super) const MOST_BYTES: usize = 1_024;

/// As many digits surely fit [`MOST_BYTES`].
pub(super) const MOST_DIGITS: usize = 2_465;

/// An integer, in as little room as it needs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Integer {
    /// One that fits.
    Small(i128),
    /// One that does not: big-endian two's complement without a byte too many.
    Large(Box<[u8]>),
}

impl Integer {
    /// From big-endian two's complement; no bytes are zero. `None` when there are too many.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Integer> {
        let bytes = minimal(bytes);
        let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
            0xff
        } else {
            0
        };
        if bytes.len() <= 16 {
            let mut wide = [sign; 16];
            wide[16 - bytes.len()..].copy_from_slice(bytes);
            Some(Integer::Small(i128::from_be_bytes(wide)))
        } else {
            (bytes.len() <= MOST_BYTES).then(|| Integer::Large(bytes.into()))
        }
    }

    /// Calls with the big-endian two's complement, without a byte too many and at least one.
    pub(super) fn with_bytes<T>(&self, call: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Integer::Small(value) => call(minimal(&value.to_be_bytes())),
            Integer::Large(bytes) => call(bytes),
        }
    }

    /// The sign, and the digits without leading zeros.
    pub(super) fn digits(&self) -> (bool, String) {
        match self {
            Integer::Small(value) => (*value < 0, value.unsigned_abs().to_string()),
            Integer::Large(bytes) => {
                let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
                (negative, magnitude_digits(bytes, negative))
            }
        }
    }

    /// From a sign and digits. `None` when there are too many.
    pub(super) fn from_digits(negative: bool, digits: &str) -> Option<Integer> {
        let digits = digits.trim_start_matches('0');
        if digits.len() > MOST_DIGITS {
            return None;
        }
        if digits.len() <= 38 {
            let value = if digits.is_empty() {
                0
            } else {
                digits.parse::<i128>().ok()?
            };
            return Some(Integer::Small(if negative { -value } else { value }));
        }
        Integer::from_bytes(&bytes_of(negative, digits))
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Integer::Small(value) => *value < 0,
            Integer::Large(bytes) => bytes.first().is_some_and(|byte| byte & 0x80 != 0),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        *self == Integer::Small(0)
    }
}

/// Without the leading bytes that only repeat the sign; at least one byte where there was one.
fn minimal(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && let Some(next) = rest.first()
        && ((*first == 0 && next & 0x80 == 0) || (*first == 0xff && next & 0x80 != 0))
    {
        bytes = rest;
    }
    bytes
}

/// Nine digits at a time fit a word of 32 bits.
const CHUNK: u64 = 1_000_000_000;

/// The digits of the magnitude of two's complement bytes.
fn magnitude_digits(bytes: &[u8], negative: bool) -> String {
    // The magnitude as words, the highest first.
    let mut words: Vec<u32> = Vec::with_capacity(bytes.len() / 4 + 1);
    let mut word = if negative { u32::MAX } else { 0 };
    for (at, byte) in bytes.iter().enumerate() {
        word = word << 8 | u32::from(*byte);
        if (bytes.len() - at) % 4 == 1 {
            words.push(word);
        }
    }
    if negative {
        let mut carry = true;
        for word in words.iter_mut().rev() {
            (*word, carry) = (!*word).overflowing_add(u32::from(carry));
        }
        if carry {
            words.insert(0, 1);
        }
    }
    let mut chunks: Vec<u64> = Vec::new();
    let mut start = 0;
    while start < words.len() {
        let mut rest = 0_u64;
        for word in &mut words[start..] {
            let value = rest << 32 | u64::from(*word);
            *word = u32::try_from(value / CHUNK).unwrap_or(u32::MAX);
            rest = value % CHUNK;
        }
        chunks.push(rest);
        while words.get(start) == Some(&0) {
            start += 1;
        }
    }
    let mut digits = String::new();
    for chunk in chunks.iter().rev() {
        digits.push_str(&format!("{chunk:09}"));
    }
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() {
        "0".to_owned()
    } else {
        trimmed.to_owned()
    }
}

/// Two's complement of digits, with one byte of sign more than may be needed.
fn bytes_of(negative: bool, digits: &str) -> Vec<u8> {
    // The magnitude as words, the lowest first.
    let mut words: Vec<u32> = Vec::new();
    for chunk in digits.as_bytes().chunks(9) {
        let (mut carry, mut scale) = (0, 1);
        for digit in chunk {
            carry = carry * 10 + u64::from(digit - b'0');
            scale *= 10;
        }
        for word in &mut words {
            let value = u64::from(*word) * scale + carry;
            *word = low(value);
            carry = value >> 32;
        }
        if carry > 0 {
            words.push(low(carry));
        }
    }
    words.push(0);
    if negative {
        let mut carry = true;
        for word in &mut words {
            (*word, carry) = (!*word).overflowing_add(u32::from(carry));
        }
    }
    let mut bytes = Vec::with_capacity(words.len() * 4);
    for word in words.iter().rev() {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is asked for"
)]
const fn low(value: u64) -> u32 {
    value as u32
}
