//! What the names of `format` mean, each as a function of the text.
//!
//! The grammars are those of the RFCs that JSON Schema names, taken strictly.

mod idn;
mod net;
mod time;
mod uri;

use super::pattern::Pattern;

/// The formats we know.
pub const NAMES: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Whether a text has a format. `None` when we do not know the format, which then asserts nothing.
#[must_use]
pub fn check(name: &str, text: &str) -> Option<bool> {
    Some(match name {
        "date-time" => time::date_time(text),
        "date" => time::date(text),
        "time" => time::time(text),
        "duration" => time::duration(text),
        "email" => net::email(text, false),
        "idn-email" => net::email(text, true),
        "hostname" => net::hostname(text),
        "idn-hostname" => idn::hostname(text),
        "ipv4" => net::ipv4(text),
        "ipv6" => net::ipv6(text),
        "uri" => uri::absolute(text, false),
        "uri-reference" => uri::reference(text, false),
        "iri" => uri::absolute(text, true),
        "iri-reference" => uri::reference(text, true),
        "uri-template" => uri::template(text),
        "uuid" => uuid(text),
        "json-pointer" => json_pointer(text),
        "relative-json-pointer" => relative_json_pointer(text),
        "regex" => Pattern::new(text).is_ok_and(|pattern| pattern.is_strict()),
        _ => return None,
    })
}

/// Whether [`check`] knows a format.
#[must_use]
pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

fn uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn json_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/'))
        && text
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']))
}

/// `1`, `1#`, `0-1/a`: how many steps up, a shift among siblings, then a pointer or the name.
fn relative_json_pointer(text: &str) -> bool {
    let Some(mut rest) = whole_number(text) else {
        return false;
    };
    if let Some(shift) = rest.strip_prefix(['+', '-']) {
        match whole_number(shift) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest == "#" || json_pointer(rest)
}

/// What follows a whole number without needless zeros.
fn whole_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    (digits == 1 || digits > 1 && !text.starts_with('0')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(name, text), Some(true), "{name} {text}");
        }
        for text in bad {
            assert_eq!(check(name, text), Some(false), "{name} {text}");
        }
    }

    #[test]
    fn small_formats() {
        table(
            "uuid",
            &["2eb8aa08-AA98-11ea-b4aa-73b441d16380"],
            &[
                "",
                "2eb8aa08aa9811eab4aa73b441d16380",
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
            ],
        );
        table(
            "json-pointer",
            &["", "/", "/a~0b~1/0", "/é"],
            &["a", "/~", "/~2", "#/a"],
        );
        table(
            "relative-json-pointer",
            &["0", "1/a", "120#", "0+1/a"],
            &["", "01", "-1", "+1", "1a", "0##"],
        );
        table("regex", &["^a+$", "(?<n>a)\\k<n>"], &["a(", "[z-a]"]);
        assert_eq!(check("colour", "red"), None);
        assert!(NAMES.iter().all(|name| check(name, "").is_some()));
    }

    #[test]
    fn times() {
        table(
            "date-time",
            &[
                "1985-04-12T23:20:50.52Z",
                "1996-12-19t16:39:57-08:00",
                "1990-12-31T23:59:60Z",
                "2024-02-29T00:00:00+00:00",
            ],
            &[
                "1985-04-12 23:20:50Z",
                "2023-02-29T00:00:00Z",
                "1985-04-12T24:00:00Z",
                "1990-12-31T22:59:60Z",
                "1985-04-12T23:20:50",
                "1985-04-12T23:20:50.Z",
            ],
        );
        table(
            "date",
            &["2000-02-29", "0000-01-01"],
            &["1900-02-29", "2020-13-01", "2020-1-01", "2020-01-00"],
        );
        table(
            "duration",
            &["P1Y2M3DT4H5M6S", "P2W", "PT0S"],
            &["P", "PT", "P1YT", "P1Y2W", "PT0.5S", "P1Y1D"],
        );
    }

    #[test]
    fn names_and_addresses() {
        table(
            "ipv4",
            &["127.0.0.1"],
            &["127.0.0", "256.1.1.1", "01.1.1.1", "1.1.1.1 "],
        );
        table(
            "ipv6",
            &["::", "::1", "1::d6:192.168.0.1"],
            &["", "1:2", "::1%eth0", "1::2::3", "[::1]"],
        );
        table(
            "hostname",
            &["localhost", "a-b.example.com"],
            &["", "a_b", "-a", "a.", &"a".repeat(64)],
        );
        table(
            "email",
            &[
                "joe@example.com",
                "\"a b\"@x",
                "a@[127.0.0.1]",
                "a@[IPv6:::1]",
            ],
            &["joe", "@x", "a@", ".a@x", "a..b@x", "a@b c"],
        );
        table("idn-email", &["실례@실례.테스트"], &["실례", "@실례"]);
        table(
            "idn-hostname",
            &["실례.테스트", "a。b"],
            &["", "a..b", "-a"],
        );
    }

    #[test]
    fn uris() {
        table(
            "uri",
            &[
                "http://a/b?c#d",
                "urn:a:b",
                "mailto:a@b",
                "file:///a",
                "http://[::1]:80/",
                "http://u:p@h",
            ],
            &[
                "",
                "/a",
                "a",
                "http://a b",
                "http://a/%zz",
                "1http://a",
                "http://a:b",
                "http://[::1",
                "http://é",
            ],
        );
        table(
            "uri-reference",
            &["", "/a", "a/b", "#x", "//h/p", "?q"],
            &["a\\b", "#a#b", "1:a", "é"],
        );
        table("iri", &["http://é/ü?ö#ä"], &["é", "http://a b"]);
        table(
            "uri-template",
            &["", "a/{b}/{?c,d*}", "{+e:30}"],
            &["{", "}", "{}", "{a b}", "{a:0}", "a b"],
        );
    }
}
