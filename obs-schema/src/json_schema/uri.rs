//! URI references and JSON pointers, as far as `$id` and `$ref` need them.
//!
//! Files have no URI of their own, so each gets `file:///` and its path. Such a path may climb above the
//! first folder (`../shared/a.json`), which RFC 3986 forbids and spec folders need.

use crate::node::{Node, Value};
use crate::table::joined;

/// The URI of a file of the run. What came from elsewhere may have a URI for a path.
pub(super) fn of_file(path: &str) -> String {
    if path.contains("://") {
        return path.to_owned();
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    format!("file:///{}", path.trim_start_matches('/'))
}

/// A reference without its fragment, and the fragment.
pub(super) fn split_fragment(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// Whether a reference begins with a scheme.
pub(super) fn is_absolute(reference: &str) -> bool {
    scheme_len(reference).is_some()
}

/// How long the scheme is that a text begins with, less its colon.
pub(super) fn scheme_len(text: &str) -> Option<usize> {
    let colon = text.find(':')?;
    let scheme = &text[..colon];
    let mut well_formed = scheme.bytes().next()?.is_ascii_alphabetic();
    for byte in scheme.bytes() {
        well_formed &= byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    }
    well_formed.then_some(colon)
}

/// Resolves a reference (without fragment) against an absolute base.
pub(super) fn join(base: &str, reference: &str) -> String {
    let (base, _) = split_fragment(base);
    if reference.is_empty() {
        return base.to_owned();
    }
    if is_absolute(reference) {
        return tidy(reference);
    }
    let Some(colon) = scheme_len(base) else {
        return reference.to_owned();
    };
    let (scheme, rest) = base.split_at(colon + 1);
    if let Some(network) = reference.strip_prefix("//") {
        return tidy(&format!("{scheme}//{network}"));
    }
    let Some(rest) = rest.strip_prefix("//") else {
        // `urn:…` and the like have no hierarchy to climb in.
        return format!("{scheme}{reference}");
    };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let path = path.split('?').next().unwrap_or("");
    let joined = if reference.starts_with('/') {
        reference.to_owned()
    } else if reference.starts_with('?') {
        format!("{path}{reference}")
    } else {
        let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
        format!("{folder}{reference}")
    };
    tidy(&format!("{scheme}//{authority}{joined}"))
}

/// Takes `.` and `..` out of the path of an absolute URI.
fn tidy(uri: &str) -> String {
    if !uri.contains("/.") {
        return uri.to_owned();
    }
    let Some(colon) = scheme_len(uri) else {
        return uri.to_owned();
    };
    let (scheme, rest) = uri.split_at(colon + 1);
    let Some(rest) = rest.strip_prefix("//") else {
        return uri.to_owned();
    };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    let (path, query) = tail.find('?').map_or((tail, ""), |at| tail.split_at(at));
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        segments.push(segment);
    }
    if !segments.contains(&".") && !segments.contains(&"..") {
        return uri.to_owned();
    }
    let climbs = scheme == "file:";
    let mut kept: Vec<&str> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let last = at + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => match kept.last() {
                Some(&"..") | None if climbs => kept.push(".."),
                Some(_) => {
                    kept.pop();
                }
                None => {}
            },
            other => {
                kept.push(other);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("{scheme}//{authority}/{}{query}", joined(&kept, "/"))
}

/// What two spellings of one URI have in common: the key of every table of URIs.
pub(super) fn key(uri: &str) -> String {
    let (uri, _) = split_fragment(uri);
    percent_decode(uri)
}

/// Replaces `%XX`; what is no escape stays.
pub(super) fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (hex(bytes.get(at + 1)), hex(bytes.get(at + 2)))
        {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            at += 3;
            continue;
        }
        out.push(bytes[at]);
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a segment to a JSON pointer.
pub(super) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    if segment.contains('~') || segment.contains('/') {
        pointer.push_str(&segment.replace("~", "~0").replace("/", "~1"));
    } else {
        pointer.push_str(segment);
    }
}

/// The segments of a JSON pointer, unescaped.
pub(super) fn segments(pointer: &str) -> Vec<String> {
    let mut segments = Vec::new();
    if let Some(rest) = pointer.strip_prefix('/') {
        for segment in rest.split('/') {
            segments.push(segment.replace("~1", "/").replace("~0", "~"));
        }
    }
    segments
}

/// A JSON pointer as the fragment of a URI reference.
#[cfg(feature = "full")]
pub(super) fn pointer_fragment(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// One step of a JSON pointer.
pub(super) fn step<'n>(node: &'n Node, segment: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Object(_) => node.get(segment),
        Value::Array(items) => {
            let plain = segment == "0" || !segment.starts_with('0');
            let digits = plain && segment.bytes().all(|b| b.is_ascii_digit());
            items.get(digits.then(|| segment.parse::<usize>().ok()).flatten()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined() {
        for (base, reference, expected) in [
            ("http://a/b/c/d?q", "g", "http://a/b/c/g"),
            ("http://a/b/c/d", "./g", "http://a/b/c/g"),
            ("http://a/b/c/d", "../g", "http://a/b/g"),
            ("http://a/b/c/d", "../../../g", "http://a/g"),
            ("http://a/b/c/d", "..", "http://a/b/"),
            ("http://a/b/c/d", "/g", "http://a/g"),
            ("http://a/b/c/d", "//g", "http://g"),
            ("http://a/b/c/d", "?y", "http://a/b/c/d?y"),
            ("http://a/b/c/d", "", "http://a/b/c/d"),
            ("http://a", "b", "http://a/b"),
            ("http://a/b", "urn:x:y", "urn:x:y"),
            ("urn:x:y", "", "urn:x:y"),
            (
                "file:///events/a.json",
                "../common/b.json",
                "file:///common/b.json",
            ),
            ("file:///a.json", "../b.json", "file:///../b.json"),
            (
                "file:///../x/a.json",
                "../../b.json",
                "file:///../../b.json",
            ),
            ("file:///a b.json", "c%20d.json", "file:///c%20d.json"),
        ] {
            assert_eq!(join(base, reference), expected, "{base} + {reference}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(percent_decode("a%20b%c3%A9%zz%"), "a bé%zz%");
        assert_eq!(segments("/a~1b/~01/"), ["a/b", "~1", ""]);
        assert!(segments("").is_empty());
        let mut pointer = String::new();
        push_segment(&mut pointer, "a/b~c");
        assert_eq!(pointer, "/a~1b~0c");
        assert_eq!(pointer_fragment("/a b/é\"%"), "/a%20b/%C3%A9%22%25");
    }
}
