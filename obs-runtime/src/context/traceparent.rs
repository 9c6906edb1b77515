//! `traceparent` and `tracestate`, as the W3C has them.

use crate::context::SpanContext;
use crate::ids::{self, SpanId, TraceId};

/// The text of a span: version 00, and no flag but the one for sampled.
///
/// ```
/// use obs_runtime::context::traceparent;
///
/// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let span = traceparent::parse(text.as_bytes()).expect("this is one");
/// assert_eq!(traceparent::write(&span), *text.as_bytes().first_chunk().expect("55 bytes"));
/// ```
#[inline]
#[must_use]
pub fn write(span: &SpanContext) -> [u8; 55] {
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    let mut ids = [0; 24];
    ids[..16].copy_from_slice(&span.trace.get().to_be_bytes());
    ids[16..].copy_from_slice(&span.span.get().to_be_bytes());
    let digits: [u8; 48] = ids::hex(&ids);
    text[3..35].copy_from_slice(&digits[..32]);
    text[36..52].copy_from_slice(&digits[32..]);
    text[54] += u8::from(span.sampled);
    text
}

/// Reads the span of another program.
///
/// Flags that are not known are left out. Version `ff` is refused; of versions to come, what version 00 has is read.
#[must_use]
pub fn parse(text: &[u8]) -> Option<SpanContext> {
    let (known, rest) = text.split_first_chunk::<55>()?;
    let usual = rest.is_empty() && known[..3] == *b"00-";
    if !usual && !is_to_come(known, rest) || [known[35], known[52]] != [b'-'; 2] {
        return None;
    }
    let mut digits = [0; 48];
    digits[..32].copy_from_slice(&known[3..35]);
    digits[32..].copy_from_slice(&known[36..52]);
    let ids = unhex(&digits)?;
    let (trace, span) = (ids.first_chunk()?, ids.last_chunk()?);
    Some(SpanContext {
        trace: TraceId::new(u128::from_be_bytes(*trace))?,
        span: SpanId::new(u64::from_be_bytes(*span))?,
        sampled: byte([known[53], known[54]])? & 1 == 1,
        remote: true,
    })
}

/// Whether this may be of a version that does not exist yet.
#[cold]
fn is_to_come(known: &[u8; 55], rest: &[u8]) -> bool {
    match byte([known[0], known[1]]) {
        None | Some(0 | 0xff) => false,
        // More may follow, behind a dash.
        Some(_) => known[2] == b'-' && rest.first().is_none_or(|byte| *byte == b'-'),
    }
}

/// Two lower-case digits.
#[inline]
fn byte(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => u8::MAX,
    });
    (high < 16 && low < 16).then_some(high << 4 | low)
}

/// The bytes of lower-case digits. No table: the same few operations for each digit are done for sixteen of them at
/// once.
#[inline(never)]
fn unhex(digits: &[u8; 48]) -> Option<[u8; 24]> {
    let mut values = [0; 48];
    let mut wrong = 0;
    for (value, digit) in values.iter_mut().zip(digits) {
        // Letters have a bit that ciphers have not.
        let letter = digit >> 6 & 1;
        *value = (digit & 0x0f) + letter * 8 + letter;
        let back = *value + b'0' + if *value > 9 { 39 } else { 0 };
        // What is no digit does not come back from its value, or has none below 16.
        wrong |= back ^ digit | *value & 0xf0;
    }
    let mut bytes = [0; 24];
    for (byte, pair) in bytes.iter_mut().zip(values.as_chunks::<2>().0) {
        *byte = pair[0] << 4 | pair[1];
    }
    (wrong == 0).then_some(bytes)
}

/// Members of a `tracestate`.
const MEMBERS: usize = 32;

/// A `tracestate` that may be passed on: itself, without blanks around it. `None` when it is empty or not well formed;
/// then it is dropped as a whole, and the `traceparent` still counts.
#[must_use]
pub fn state(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t']);
    let mut members = 0;
    let mut keys: [&str; MEMBERS] = [""; MEMBERS];
    for member in text.split(',') {
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (key, value) = member.split_once('=')?;
        if members == MEMBERS || !is_key(key) || !is_value(value) || keys[..members].contains(&key)
        {
            return None;
        }
        keys[members] = key;
        members += 1;
    }
    (members > 0).then_some(text)
}

fn is_key(key: &str) -> bool {
    let known =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let begins = key
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    begins && key.len() <= 256 && key.bytes().all(known)
}

fn is_value(value: &str) -> bool {
    let known = |byte: u8| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::random;

    const TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_written_is_read() {
        for sampled in [false, true] {
            let span = SpanContext {
                trace: TraceId::random(),
                span: SpanId::random(),
                sampled,
                remote: true,
            };
            assert_eq!(parse(&write(&span)), Some(span));
        }
    }

    #[test]
    fn versions_and_flags_are_taken_as_the_recommendation_says() {
        let ids = &TEXT[2..52];
        for (version, rest, sampled) in [
            ("00", "-00", Some(false)),
            ("00", "-01", Some(true)),
            ("00", "-02", Some(false)),
            ("00", "-ff", Some(true)),
            ("cc", "-01", Some(true)),
            ("cc", "-01-what-comes", Some(true)),
            ("cc", "-01.what-comes", None),
            ("00", "-01-", None),
            ("00", "-01x", None),
            ("ff", "-01", None),
            ("0F", "-01", None),
            ("00", "-0A", None),
            ("00", "-0", None),
            ("00", "", None),
            ("0", "-01", None),
        ] {
            let text = format!("{version}{ids}{rest}");
            let found = parse(text.as_bytes());
            assert_eq!(found.map(|span| span.sampled), sampled, "{text}");
            if let Some(span) = found {
                // Written anew, with the flags that are known.
                let written = format!("00{ids}-0{}", u8::from(span.sampled));
                assert_eq!(write(&span), *written.as_bytes());
            }
        }
        for wrong in [
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    /// Whatever is accepted is 55 bytes that say the same when written, but for version and flags.
    #[test]
    fn changed_bytes_never_panic_and_never_change_ids_silently() {
        let mut accepted = 0;
        for _ in 0..20_000 {
            let mut text = TEXT.as_bytes().to_vec();
            for _ in 0..1 + random() % 3 {
                let place = usize::try_from(random() % 55).unwrap();
                let alphabet = b"0123456789abcdef-gA \xff\0";
                let byte = usize::try_from(random() % alphabet.len() as u64).unwrap();
                text[place] = alphabet[byte];
            }
            text.truncate(usize::try_from(random() % 8).unwrap() + 52);
            if let Some(span) = parse(&text) {
                accepted += 1;
                assert_eq!(write(&span)[2..52], text[2..52]);
            }
        }
        assert!(accepted > 0, "some changes are harmless");
    }

    #[test]
    fn a_state_goes_on_as_it_is_or_not_at_all() {
        let long = "v".repeat(257);
        let many: Vec<String> = (0..33).map(|index| format!("k{index}=v")).collect();
        for (text, expected) in [
            ("a=1", Some("a=1")),
            (" a=1 , b@c=x y\t", Some("a=1 , b@c=x y")),
            ("a=1,,b=2", Some("a=1,,b=2")),
            ("ot=th:c,1a=!", Some("ot=th:c,1a=!")),
            ("", None),
            (" , ", None),
            ("a", None),
            ("a=", None),
            ("=1", None),
            ("A=1", None),
            ("_a=1", None),
            ("a=1=2", None),
            ("a=1,a=2", None),
            ("a=é", None),
            (&format!("a={long}"), None),
            (
                &format!("a={}", &long[1..]),
                Some(&*format!("a={}", &long[1..])),
            ),
            (&many.join(","), None),
            (&many[1..].join(","), Some(&*many[1..].join(","))),
        ] {
            assert_eq!(state(text), expected, "{text}");
        }
    }
}
