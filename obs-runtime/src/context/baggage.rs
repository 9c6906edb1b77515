//! `baggage`, as the W3C has it: read within limits, written only by permission.

use std::sync::Arc;

/// Bytes of the header, at most.
const BYTES: usize = 8_192;

/// Members, at most.
const MEMBERS: usize = 64;

/// Names and values, in order.
pub(crate) type Members = Vec<(Arc<str>, Arc<str>)>;

/// Reads a header into what is there already; of two members of one name the last counts.
///
/// What is beyond the limits is left out, and so is a member that is not well formed. Properties are left out.
pub(crate) fn parse(text: &str, members: &mut Members) {
    // A member that the limit cuts through is none.
    let text = match text.get(..BYTES) {
        _ if text.len() <= BYTES => text,
        Some(kept) => kept.rsplit_once(',').map_or("", |(kept, _)| kept),
        // Cut through a character: the header is not ASCII anyway.
        None => return,
    };
    for member in text.split(',') {
        let said = member.split_once(';').map_or(member, |(said, _)| said);
        let Some((name, value)) = said.split_once('=') else {
            continue;
        };
        let (name, value) = (blank(name), blank(value));
        let Some(value) = decode(value).filter(|_| is_name(name)) else {
            continue;
        };
        if let Some(known) = members.iter_mut().find(|(known, _)| **known == *name) {
            known.1 = value.into();
        } else if members.len() < MEMBERS {
            members.push((name.into(), value.into()));
        }
    }
}

/// Writes the members whose names are allowed, behind what is there. Members beyond the limits are left out.
pub(crate) fn write(
    members: &[(Arc<str>, Arc<str>)],
    allowed: &[impl AsRef<str>],
    out: &mut String,
) {
    let before = out.len();
    let mut written = 0;
    for (name, value) in members {
        let passes = allowed.iter().any(|one| *one.as_ref() == **name);
        if !passes || !is_name(name) || written == MEMBERS {
            continue;
        }
        let mark = out.len();
        if written > 0 {
            out.push(',');
        }
        out.push_str(name);
        out.push('=');
        encode(value, out);
        if out.len() - before > BYTES {
            out.truncate(mark);
        } else {
            written += 1;
        }
    }
}

fn blank(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// A token of HTTP.
fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(known)
}

/// What may stand in a value as it is. A percent sign would begin an escape.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !b"\",;\\%".contains(&byte)
}

fn encode(value: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// A value without its escapes. Bytes that are no UTF-8 become the sign for that, as the recommendation has it.
fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let escaped = match after {
            [high, low, behind @ ..] if *byte == b'%' => digit(*high)
                .zip(digit(*low))
                .map(|(high, low)| (high << 4 | low, behind)),
            _ => None,
        };
        match escaped {
            Some((escaped, behind)) => {
                bytes.push(escaped);
                rest = behind;
            }
            // A percent sign that begins no escape means itself.
            None if is_plain(*byte) || *byte == b'%' => bytes.push(*byte),
            None => return None,
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::random;

    fn read(text: &str) -> Vec<(String, String)> {
        let mut members = Members::new();
        parse(text, &mut members);
        members
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    }

    #[test]
    fn members_are_read_within_reason() {
        for (text, expected) in [
            ("", &[][..]),
            ("a=1", &[("a", "1")]),
            (" a = 1 ;p=q;r , b=%20x%C3%A4 ", &[("a", "1"), ("b", " xä")]),
            ("a=1,a=2", &[("a", "2")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=", &[("a", "")]),
            ("a=50%", &[("a", "50%")]),
            ("a=%ff", &[("a", "\u{fffd}")]),
            ("a,=1,b c=1,d=\"x\",e=ä,f=2", &[("f", "2")]),
        ] {
            let found = read(text);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(name, value)| (&**name, &**value))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_beyond_the_limits_is_left_out() {
        let many: Vec<String> = (0..70).map(|index| format!("k{index}=v")).collect();
        let found = read(&many.join(","));
        assert_eq!((found.len(), found[63].0.as_str()), (64, "k63"));
        let long = format!("a=1,b={}", "x".repeat(BYTES));
        assert_eq!(read(&long), [("a".to_owned(), "1".to_owned())]);
        assert_eq!(
            read(&format!("a={}", "x".repeat(BYTES - 2)))[0].1.len(),
            BYTES - 2
        );
        assert_eq!(read(&"ä".repeat(BYTES)), []);

        let members: Members = (0..70)
            .map(|index| (format!("k{index}").into(), "v".into()))
            .collect();
        let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        let mut out = String::new();
        write(&members, &names, &mut out);
        assert_eq!(out.split(',').count(), 64);
        let members: Members = vec![
            ("a".into(), "x".repeat(BYTES).into()),
            ("b".into(), "1".into()),
        ];
        out.clear();
        write(&members, &["a", "b"], &mut out);
        assert_eq!(out, "b=1");
    }

    #[test]
    fn only_what_is_allowed_is_written_and_read_back() {
        let members: Members = vec![
            ("tier".into(), "gold, or \"so\"; 50% ä\n".into()),
            ("user".into(), "ada".into()),
        ];
        let mut out = String::new();
        write(&members, &[""; 0], &mut out);
        assert_eq!(out, "");
        write(&members, &["tier"], &mut out);
        assert_eq!(out, "tier=gold%2C%20or%20%22so%22%3B%2050%25%20%C3%A4%0A");
        assert_eq!(read(&out), [("tier".to_owned(), members[0].1.to_string())]);
    }

    #[test]
    fn any_value_survives_and_any_text_is_read() {
        for _ in 0..2_000 {
            let text: String = (0..random() % 40)
                .filter_map(|_| char::from_u32(u32::try_from(random() % 0x180).unwrap()))
                .collect();
            let members: Members = vec![("a".into(), text.as_str().into())];
            let mut out = String::new();
            write(&members, &["a"], &mut out);
            assert!(
                out.bytes().all(|byte| byte == b'%' || is_plain(byte)),
                "{out}"
            );
            assert_eq!(read(&out), [("a".to_owned(), text.clone())]);
            // As a header of its own it is read somehow.
            assert!(read(&text).len() <= text.len());
        }
    }
}
