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
    let version = byte([known[0], known[1]])?;
    let fits = match version {
        0 => rest.is_empty(),
        0xff => false,
        // More may follow, behind a dash.
        _ => rest.first().is_none_or(|byte| *byte == b'-'),
    };
    if !fits || [known[2], known[35], known[52]] != [b'-'; 3] {
        return None;
    }
    let part = |from: usize| number(known[from..].first_chunk()?);
    let high = u128::from(part(3)?) << 64;
    Some(SpanContext {
        trace: TraceId::new(high | u128::from(part(19)?))?,
        span: SpanId::new(part(36)?)?,
        sampled: byte([known[53], known[54]])? & 1 == 1,
        remote: true,
    })
}

/// Two lower-case digits.
fn byte(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => u8::MAX,
    });
    (high < 16 && low < 16).then_some(high << 4 | low)
}

/// Sixteen lower-case digits.
fn number(digits: &[u8; 16]) -> Option<u64> {
    let (high, low) = (digits.first_chunk()?, digits.last_chunk()?);
    Some(u64::from(half(*high)?) << 32 | u64::from(half(*low)?))
}

/// Eight of them, all at once: each byte is a digit by itself, then neighbours close up.
fn half(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(digits);
    // Letters have a bit that ciphers have not.
    let values = (text & (0x0f * ONES)) + (text >> 6 & ONES) * 9;
    let letters = (values + 0x06 * ONES) >> 4 & ONES;
    // What is no digit does not come back from its value.
    if values & (0xf0 * ONES) != 0 || values + 0x30 * ONES + letters * 39 != text {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    u32::try_from((fours | fours >> 16) & 0xffff_ffff).ok()
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
