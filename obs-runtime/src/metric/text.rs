//! Pieces of the exposition: the lines of a series up to its number, and numbers.

use std::fmt::Write as _;

use super::exemplar::Exemplar;
use crate::clock::SECOND;

/// Starts of lines, rendered once: `name{labels} `.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
    ends: Vec<usize>,
}

impl Lines {
    /// One more line.
    pub(crate) fn push<'a>(
        &mut self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.text.push_str(name);
        let mut sign = '{';
        for (label, value) in labels {
            self.text.push(sign);
            sign = ',';
            self.text.push_str(label);
            self.text.push_str("=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        self.text.push_str(if sign == '{' { " " } else { "} " });
        self.ends.push(self.text.len());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(from, to)| &self.text.as_bytes()[from..*to])
    }
}

/// Digits of a whole number.
pub(crate) fn whole(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Nanoseconds as seconds, exactly and without zeros that say nothing.
pub(crate) fn seconds(out: &mut Vec<u8>, nanos: u64) {
    whole(out, nanos / SECOND);
    let mut rest = nanos % SECOND;
    if rest == 0 {
        return;
    }
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    let used = digits.iter().rposition(|digit| *digit != b'0');
    out.push(b'.');
    out.extend_from_slice(&digits[..used.map_or(0, |at| at + 1)]);
}

/// ` # {trace_id="…",span_id="…"} 0.0015 1700000000.123456789`
pub(crate) fn exemplar(out: &mut Vec<u8>, one: &Exemplar, value: fn(&mut Vec<u8>, u64)) {
    out.extend_from_slice(b" # {trace_id=\"");
    out.extend_from_slice(&one.trace.hex());
    out.extend_from_slice(b"\",span_id=\"");
    out.extend_from_slice(&one.span.hex());
    out.extend_from_slice(b"\"} ");
    value(out, one.value);
    out.push(b' ');
    seconds(out, one.at.unix_nanos());
}

/// A bound as OpenMetrics writes it, where whole numbers keep their point. Six digits and more have an exponent.
pub(crate) fn bound(nanos_or_bytes: u64, unit: u64) -> String {
    let mut text = Vec::new();
    if unit == SECOND {
        seconds(&mut text, nanos_or_bytes);
    } else {
        whole(&mut text, nanos_or_bytes);
    }
    let mut text = String::from_utf8(text).unwrap_or_default();
    if text.contains('.') {
        return text;
    }
    if text.len() < 7 {
        text.push_str(".0");
        return text;
    }
    let exponent = text.len() - 1;
    let digits = text.trim_end_matches('0');
    let (first, rest) = digits.split_at(1);
    let mut out = first.to_owned();
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    // Writing to a `String` cannot fail.
    let _ = write!(out, "e+{exponent:02}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        for number in [0, 9, 10, 1_234_567_890, u64::MAX] {
            let mut out = Vec::new();
            whole(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
        for (nanos, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (1_500_000, "0.0015"),
            (20 * SECOND, "20"),
            (20 * SECOND + 100, "20.0000001"),
        ] {
            let mut out = Vec::new();
            seconds(&mut out, nanos);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn bounds_are_written_as_openmetrics_has_them() {
        for (value, unit, text) in [
            (2_500_000, SECOND, "0.0025"),
            (SECOND, SECOND, "1.0"),
            (10 * SECOND, SECOND, "10.0"),
            (64, 1, "64.0"),
            (262_144, 1, "262144.0"),
            (1_048_576, 1, "1.048576e+06"),
            (10_000_000, 1, "1e+07"),
        ] {
            assert_eq!(bound(value, unit), text);
        }
    }

    #[test]
    fn label_values_are_escaped() {
        let mut lines = Lines::default();
        lines.push("a", []);
        lines.push("b_total", [("x", "1\"\\\n"), ("y", "ü")]);
        let lines: Vec<&[u8]> = lines.iter().collect();
        assert_eq!(lines[0], b"a ");
        assert_eq!(lines[1], "b_total{x=\"1\\\"\\\\\\n\",y=\"ü\"} ".as_bytes());
    }
}
