//! URIs of RFC 3986, IRIs of RFC 3987 and the templates of RFC 6570.

use super::net;

/// Has a scheme.
pub(super) fn absolute(text: &str, international: bool) -> bool {
    split_scheme(text).is_some_and(|rest| hierarchy(rest, international))
}

/// May lack one.
pub(super) fn reference(text: &str, international: bool) -> bool {
    if absolute(text, international) {
        return true;
    }
    // Without a scheme, a colon in the first segment would look like one.
    let first = text.split(['/', '?', '#']).next().unwrap_or("");
    !first.contains(':') && hierarchy(text, international)
}

/// What follows the scheme and its colon.
fn split_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    well_formed.then_some(rest)
}

fn hierarchy(text: &str, international: bool) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let (authority, path) = match text.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        None => (None, text),
    };
    authority.is_none_or(|authority| host(authority, international))
        && characters(path, ":@/", international, false)
        && characters(query, ":@/?", international, true)
        && characters(fragment, ":@/?", international, false)
}

fn host(authority: &str, international: bool) -> bool {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host.strip_prefix('[') {
        Some(literal) => {
            let Some((literal, port)) = literal.split_once(']') else {
                return false;
            };
            if !(net::ipv6(literal) || future(literal)) {
                return false;
            }
            (
                "",
                port.strip_prefix(':').or((port.is_empty()).then_some("")),
            )
        }
        None => host
            .split_once(':')
            .map_or((host, Some("")), |(host, port)| (host, Some(port))),
    };
    port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
        && characters(user, ":", international, false)
        && characters(host, "", international, false)
}

/// `[v1.fe80::a]`: addresses nobody has invented yet.
fn future(literal: &str) -> bool {
    let Some((version, address)) = literal
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_hexdigit())
        && !address.is_empty()
        && !address.contains('%')
        && characters(address, ":", false, false)
}

/// Unreserved characters, sub-delimiters, escapes, and what else is allowed here.
fn characters(text: &str, more: &str, international: bool, private: bool) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '%' {
            if !triplet(rest) {
                return false;
            }
            rest = &rest[3..];
            continue;
        }
        let fine = c.is_ascii_alphanumeric()
            || "-._~!$&'()*+,;=".contains(c)
            || more.contains(c)
            || international && (beyond_ascii(c) || private && is_private(c));
        if !fine {
            return false;
        }
        rest = &rest[c.len_utf8()..];
    }
    true
}

/// `%` and two hexadecimal digits.
fn triplet(text: &str) -> bool {
    text.as_bytes()
        .get(1..3)
        .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// `ucschar` of RFC 3987.
fn beyond_ascii(c: char) -> bool {
    let code = u32::from(c);
    match code {
        0xa0..=0xd7ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef => true,
        0x1_0000..=0xe_ffff => code & 0xffff <= 0xfffd && !(0xe_0000..0xe_1000).contains(&code),
        _ => false,
    }
}

/// `iprivate` of RFC 3987.
fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xe000..=0xf8ff | 0xf_0000..=0xf_fffd | 0x10_0000..=0x10_fffd)
}

pub(super) fn template(text: &str) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '{' => {
                let Some((expression, after)) = rest[1..].split_once('}') else {
                    return false;
                };
                if !expression_holds(expression) {
                    return false;
                }
                rest = after;
                continue;
            }
            '%' if !triplet(rest) => return false,
            '%' => {}
            '\0'..=' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '}' | '\x7f' => return false,
            _ if !c.is_ascii() && !beyond_ascii(c) && !is_private(c) => return false,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    true
}

fn expression_holds(expression: &str) -> bool {
    let variables =
        expression.strip_prefix(['+', '#', '.', '/', ';', '?', '&', '=', ',', '!', '@', '|']);
    variables.unwrap_or(expression).split(',').all(|variable| {
        let name = variable.strip_suffix('*').unwrap_or(variable);
        let (name, length_holds) = match name.split_once(':') {
            Some(_) if name.len() < variable.len() => return false,
            Some((name, length)) => {
                let digits = length.bytes().all(|b| b.is_ascii_digit());
                (
                    name,
                    (1..=4).contains(&length.len()) && digits && !length.starts_with('0'),
                )
            }
            None => (name, true),
        };
        length_holds && name.split('.').all(variable_name)
    })
}

fn variable_name(name: &str) -> bool {
    let mut rest = name;
    while let Some(byte) = rest.bytes().next() {
        let width = match byte {
            b'%' if triplet(rest) => 3,
            b'_' => 1,
            _ if byte.is_ascii_alphanumeric() => 1,
            _ => return false,
        };
        rest = &rest[width..];
    }
    !name.is_empty()
}
