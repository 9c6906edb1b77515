//! Small languages: framings, marks, formats, expressions, logical types.

use obs_runtime::types;
use obs_schema::carried;
use obs_schema::framing::{Framing, Mode};
use obs_schema::json_schema::format;
use obs_schema::json_schema::pattern::Pattern;

pub(crate) fn framing(data: &[u8]) {
    for mode in [
        Mode::None,
        Mode::Header,
        Mode::Confluent,
        Mode::Glue,
        Mode::SingleObject,
        Mode::Detect,
    ] {
        if let Ok((framing, body)) = Framing::parse(mode, data) {
            let mut again = Vec::new();
            framing.write(&mut again);
            again.extend_from_slice(body);
            assert_eq!(again, data, "{mode:?}");
        }
    }
    if let Ok(framing) = Framing::from_header(data) {
        let mut again = Vec::new();
        framing.write(&mut again);
        assert_eq!(again, data);
    }
}

pub(crate) fn carried(data: &[u8]) {
    for record in carried::find_records(data) {
        let length = carried::length(&record.event_type, &record.version);
        assert!(length <= data.len());
    }
}

/// Names that are known, whatever the text.
const FORMATS: [&str; 19] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

pub(crate) fn formats(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let holds = |name| format::check(name, text) == Some(true);
    for name in FORMATS {
        assert!(format::check(name, text).is_some(), "{name}");
    }
    let narrower = [
        ("uri", "uri-reference"),
        ("uri", "iri"),
        ("iri", "iri-reference"),
        ("uri-reference", "iri-reference"),
        ("email", "idn-email"),
        ("hostname", "idn-hostname"),
    ];
    for (narrow, wide) in narrower {
        assert!(
            !holds(narrow) || holds(wide),
            "{text:?} is {narrow} and not {wide}"
        );
    }
    assert!(
        !holds("ipv4") || text.parse::<std::net::Ipv4Addr>().is_ok(),
        "{text:?}"
    );
    assert_eq!(
        holds("ipv6"),
        text.parse::<std::net::Ipv6Addr>().is_ok(),
        "{text:?}"
    );
}

/// An expression and a text with a zero byte between.
///
/// Expressions are the author's, and the engine backtracks: an expression such as `(a*)*b` takes time exponential in
/// the text. So the texts are short here, and expressions that repeat a lot are only compiled.
pub(crate) fn patterns(data: &[u8]) {
    let (pattern, text) = crate::halves(data).unwrap_or((data, b"ab-0"));
    let (Ok(pattern), Ok(text)) = (std::str::from_utf8(pattern), std::str::from_utf8(text)) else {
        return;
    };
    let repeats = pattern.matches(['*', '+', '{', '?']).count();
    if let Ok(pattern) = Pattern::new(pattern)
        && repeats <= 4
    {
        let text: String = text.chars().take(12).collect();
        let _ = pattern.is_match(&text);
    }
}

fn both_ways<T>(text: &str)
where
    T: std::str::FromStr + std::fmt::Display + PartialEq + std::fmt::Debug,
{
    if let Ok(value) = text.parse::<T>() {
        let shown = value.to_string();
        let again = shown.parse::<T>();
        assert!(
            again.is_ok_and(|again| again == value),
            "{text:?} is shown as {shown:?}"
        );
    }
}

pub(crate) fn logical(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    both_ways::<types::Date>(text);
    both_ways::<types::TimeMillis>(text);
    both_ways::<types::TimeMicros>(text);
    both_ways::<types::TimestampMillis>(text);
    both_ways::<types::TimestampMicros>(text);
    both_ways::<types::TimestampNanos>(text);
    both_ways::<types::LocalTimestampMillis>(text);
    both_ways::<types::LocalTimestampMicros>(text);
    both_ways::<types::LocalTimestampNanos>(text);
    both_ways::<types::Duration>(text);
    both_ways::<types::Uuid>(text);
    both_ways::<types::Decimal>(text);
    both_ways::<types::BigDecimal>(text);
}
