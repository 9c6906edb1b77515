//! Versions in keys and in file names: `user-registered.v2.0.0`, `order_v1`, `v3/order`.

use crate::model::Version;

/// Reads `2`, `2.1` or `2.1.3`.
#[must_use]
pub fn parse(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| {
        let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok()).flatten()
    });
    let version = Version {
        major: parts.next()??,
        minor: parts.next().unwrap_or(Some(0))?,
        patch: parts.next().unwrap_or(Some(0))?,
    };
    parts.next().is_none().then_some(version)
}

/// The version a path names, if it does: the last `v` with numbers that stands at the start of a word.
#[must_use]
pub fn in_path(path: &str) -> Option<Version> {
    let numbers = numbers_in(path);
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    (!numbers.is_empty()).then(|| Version {
        major: at(0),
        minor: at(1),
        patch: at(2),
    })
}

/// The numbers of that version, at most three.
#[must_use]
pub fn numbers_in(path: &str) -> Vec<u32> {
    find(path).map_or_else(Vec::new, |(start, end)| {
        path[start + 1..end]
            .split(['.', '_', '-'])
            .filter_map(|part| part.parse().ok())
            .collect()
    })
}

/// A name without its version: `user-registered.v2.0.0` is `user-registered`.
#[must_use]
pub fn without(name: &str) -> String {
    match find(name) {
        Some((start, end)) => {
            let (before, after) = (
                name[..start].trim_end_matches(['.', '_', '-']),
                &name[end..],
            );
            format!("{before}{after}")
                .trim_start_matches(['.', '_', '-'])
                .to_owned()
        }
        None => name.to_owned(),
    }
}

/// Where the last version of a text stands: from its `v` to after its numbers.
fn find(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let starts = (0..bytes.len()).rev().filter(|at| {
        matches!(bytes[*at], b'v' | b'V')
            && (*at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    });
    for start in starts {
        let mut end = start + 1;
        let mut parts = 0;
        while parts < 3 {
            let digits = bytes[end..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
            if digits == 0 || digits > 9 {
                break;
            }
            end += digits;
            parts += 1;
            let more = matches!(bytes.get(end), Some(b'.' | b'_' | b'-'))
                && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            if parts == 3 || !more {
                break;
            }
            end += 1;
        }
        if parts > 0 && !bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
            return Some((start, end));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_names() {
        let check = |path: &str, version: &str, rest: &str| {
            assert_eq!(
                in_path(path).map(|v| v.to_string()).unwrap_or_default(),
                version,
                "{path}"
            );
            assert_eq!(without(path), rest, "{path}");
        };
        check("user-registered.v2.0.0", "2.0.0", "user-registered");
        check("order_v1", "1.0.0", "order");
        check("v3/order", "3.0.0", "/order");
        check("order-v1_4", "1.4.0", "order");
        check("envoy2", "", "envoy2");
        check("v1beta", "", "v1beta");
        check("a.v1.2.3.4", "1.2.3", "a.4");
        assert_eq!(
            parse("2.1").map(|v| v.to_string()).as_deref(),
            Some("2.1.0")
        );
        assert!(parse("2.x").is_none() && parse("").is_none() && parse("1.2.3.4").is_none());
    }
}
