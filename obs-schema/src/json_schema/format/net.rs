//! Host names, addresses and mail addresses.

use super::idn;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

pub(super) fn ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// Labels of letters, digits and hyphens (RFC 1123).
pub(super) fn hostname(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(label)
}

fn label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
        && (!label
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
            || idn::ascii_label_holds(label))
}

/// A mailbox of RFC 5321, or of RFC 6531 with letters of all scripts.
pub(super) fn email(text: &str, international: bool) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    if local.len() > 64 && !international {
        return false;
    }
    local_part(local, international) && email_domain(domain, international)
}

fn local_part(local: &str, international: bool) -> bool {
    let beyond = |c: char| international && !c.is_ascii();
    if let Some(quoted) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        let mut chars = quoted.chars();
        while let Some(c) = chars.next() {
            let fine = match c {
                '"' => false,
                '\\' => chars.next().is_some_and(|c| (' '..='~').contains(&c)),
                _ => (' '..='~').contains(&c) || beyond(c),
            };
            if !fine {
                return false;
            }
        }
        return true;
    }
    let atom =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || beyond(c);
    local
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(atom))
}

fn email_domain(domain: &str, international: bool) -> bool {
    if let Some(literal) = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return match literal.get(..5) {
            Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => ipv6(&literal[5..]),
            _ => ipv4(literal),
        };
    }
    if international {
        idn::hostname(domain)
    } else {
        hostname(domain)
    }
}
