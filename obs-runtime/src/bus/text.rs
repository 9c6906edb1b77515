//! Headers and keys as text, for systems whose own headers take less than ours: bytes of any value, names in any case,
//! several of one name, all of them in order. It comes with the feature `transport`.

use super::address::decoded;
use super::{Header, Headers};

/// Appends bytes as text of letters, digits, `-`, `_`, `.`, `~`, `:` and `/`; all others become `%` and two digits.
pub fn escape(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~:/".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
    }
}

/// The bytes that such text stands for; `None` if a `%` is not followed by two digits of base 16.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    decoded(text)
}

/// All headers in one text: names and values with `=` between and `,` behind. Of those that travel beside it only the
/// name is said.
///
/// ```
/// use obs_runtime::bus::{Header, text};
///
/// let headers = [Header::new("event-id", "1"), Header { name: "bytes", value: &[0, 255] }];
/// let written = text::write_headers((&headers).into(), |header| header.name == "event-id");
/// assert_eq!(written, "event-id,bytes=%00%FF");
/// let read = text::read_headers(&written).expect("it was written so");
/// assert_eq!(read[0], ("event-id".to_owned(), None));
/// assert_eq!(read[1], ("bytes".to_owned(), Some(vec![0, 255])));
/// ```
#[must_use]
pub fn write_headers(headers: Headers<'_>, beside: impl Fn(&Header<'_>) -> bool) -> String {
    let mut text = String::new();
    for (at, header) in headers.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        escape(&mut text, header.name.as_bytes());
        if !beside(&header) {
            text.push('=');
            escape(&mut text, header.value);
        }
    }
    text
}

/// What [`write_headers`] has written: names, and the values of those that do not travel beside it. `None` if nobody
/// has written so.
#[must_use]
pub fn read_headers(text: &str) -> Option<Vec<(String, Option<Vec<u8>>)>> {
    let mut headers = Vec::new();
    for entry in text.split(',').filter(|_| !text.is_empty()) {
        let (name, value) = match entry.split_once('=') {
            Some((name, value)) => (name, Some(decoded(value)?)),
            None => (entry, None),
        };
        let name = String::from_utf8(decoded(name)?).ok()?;
        headers.push((name, value));
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were() {
        let headers = [
            Header::new("a", "1"),
            Header::new("a,b=c %", "ü"),
            Header {
                name: "bytes",
                value: &[0, 0xff, b'%'],
            },
            Header::new("empty", ""),
            Header::new("a", "2"),
        ];
        let text = write_headers((&headers).into(), |_| false);
        assert_eq!(
            text,
            "a=1,a%2Cb%3Dc%20%25=%C3%BC,bytes=%00%FF%25,empty=,a=2"
        );
        let read = read_headers(&text).unwrap();
        assert_eq!(read.len(), headers.len());
        for ((name, value), header) in read.iter().zip(headers) {
            assert_eq!(
                (&**name, value.as_deref()),
                (header.name, Some(header.value))
            );
        }
        assert_eq!(read_headers(""), Some(Vec::new()));
        for wrong in ["a=%", "%f", "%FF=1", "a=1,b=%zz"] {
            assert_eq!(read_headers(wrong), None, "{wrong}");
        }
    }
}
