//! How much a span may hold.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How much a span may hold: the limits of the OpenTelemetry specification, with its defaults.
///
/// What is over a limit is left out and counted on the span; a text that is too long is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanLimits {
    /// Attributes of a span.
    pub attributes: u32,
    /// Characters of an attribute's text.
    pub value_length: u32,
    /// Events of a span.
    pub events: u32,
    /// Links of a span.
    pub links: u32,
    /// Attributes of an event.
    pub event_attributes: u32,
    /// Attributes of a link.
    pub link_attributes: u32,
}

impl Default for SpanLimits {
    fn default() -> SpanLimits {
        SpanLimits {
            attributes: 128,
            value_length: u32::MAX,
            events: 128,
            links: 128,
            event_attributes: 128,
            link_attributes: 128,
        }
    }
}

impl SpanLimits {
    /// The limits that the variables of the specification ask for, the special ones before the general ones:
    /// whoever builds the settings brings the environment. What is empty or no number is ignored.
    ///
    /// ```
    /// use obs_runtime::span::SpanLimits;
    ///
    /// let limits = SpanLimits::from_names(|name| {
    ///     (name == "OTEL_SPAN_EVENT_COUNT_LIMIT").then(|| "16".to_owned())
    /// });
    /// assert_eq!((limits.events, limits.links), (16, 128));
    /// ```
    #[must_use]
    pub fn from_names(lookup: impl Fn(&str) -> Option<String>) -> SpanLimits {
        let number = |name: &str| lookup(name)?.trim().parse::<u32>().ok();
        let plain = SpanLimits::default();
        let attributes = number("OTEL_ATTRIBUTE_COUNT_LIMIT").unwrap_or(plain.attributes);
        SpanLimits {
            attributes: number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT").unwrap_or(attributes),
            value_length: number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
                .or_else(|| number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"))
                .unwrap_or(plain.value_length),
            events: number("OTEL_SPAN_EVENT_COUNT_LIMIT").unwrap_or(plain.events),
            links: number("OTEL_SPAN_LINK_COUNT_LIMIT").unwrap_or(plain.links),
            event_attributes: number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT").unwrap_or(attributes),
            link_attributes: number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT").unwrap_or(attributes),
        }
    }

    /// Makes them the ones of the program.
    pub(crate) fn install(self) {
        LIMITS.attributes.store(self.attributes, Relaxed);
        LIMITS.value_length.store(self.value_length, Relaxed);
        LIMITS.events.store(self.events, Relaxed);
        LIMITS.links.store(self.links, Relaxed);
        LIMITS
            .event_attributes
            .store(self.event_attributes, Relaxed);
        LIMITS.link_attributes.store(self.link_attributes, Relaxed);
    }

    /// The ones of the program.
    #[inline]
    pub(super) fn installed() -> SpanLimits {
        SpanLimits {
            attributes: LIMITS.attributes.load(Relaxed),
            value_length: LIMITS.value_length.load(Relaxed),
            events: LIMITS.events.load(Relaxed),
            links: LIMITS.links.load(Relaxed),
            event_attributes: LIMITS.event_attributes.load(Relaxed),
            link_attributes: LIMITS.link_attributes.load(Relaxed),
        }
    }
}

/// Of these, what every span that is written asks for.
#[inline]
pub(super) fn most_attributes() -> u32 {
    LIMITS.attributes.load(Relaxed)
}

#[inline]
pub(super) fn longest_value() -> u32 {
    LIMITS.value_length.load(Relaxed)
}

struct Installed {
    attributes: AtomicU32,
    value_length: AtomicU32,
    events: AtomicU32,
    links: AtomicU32,
    event_attributes: AtomicU32,
    link_attributes: AtomicU32,
}

static LIMITS: Installed = Installed {
    attributes: AtomicU32::new(128),
    value_length: AtomicU32::new(u32::MAX),
    events: AtomicU32::new(128),
    links: AtomicU32::new(128),
    event_attributes: AtomicU32::new(128),
    link_attributes: AtomicU32::new(128),
};

/// The text, cut to so many characters.
#[inline]
pub(super) fn cut(text: &str, length: u32) -> &str {
    let length = length as usize;
    // A character is a byte or more.
    if text.len() <= length {
        return text;
    }
    match text.char_indices().nth(length) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_names_go_before_general_ones() {
        let of = |pairs: &[(&str, &str)]| {
            SpanLimits::from_names(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name)?;
                Some(found.1.to_owned())
            })
        };
        assert_eq!(of(&[]), SpanLimits::default());
        let general = of(&[
            ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"),
            ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9"),
        ]);
        assert_eq!((general.attributes, general.value_length), (7, 9));
        assert_eq!((general.event_attributes, general.link_attributes), (7, 7));
        assert_eq!((general.events, general.links), (128, 128));
        let special = of(&[
            ("OTEL_ATTRIBUTE_COUNT_LIMIT", "7"),
            ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "8"),
            ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9"),
            ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"),
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", "11"),
            ("OTEL_SPAN_LINK_COUNT_LIMIT", "12"),
            ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "13"),
            ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "14"),
        ]);
        let expected = SpanLimits {
            attributes: 8,
            value_length: 10,
            events: 11,
            links: 12,
            event_attributes: 13,
            link_attributes: 14,
        };
        assert_eq!(special, expected);
        let odd = of(&[
            ("OTEL_SPAN_EVENT_COUNT_LIMIT", ""),
            ("OTEL_SPAN_LINK_COUNT_LIMIT", "-1"),
        ]);
        assert_eq!(odd, SpanLimits::default());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, length, expected) in [
            ("", 0, ""),
            ("ab", 0, ""),
            ("ab", 2, "ab"),
            ("abc", 2, "ab"),
            ("äöü", 3, "äöü"),
            ("äöü", 2, "äö"),
        ] {
            assert_eq!(cut(text, length), expected, "{text}");
        }
    }
}
