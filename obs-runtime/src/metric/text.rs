//! Pieces of the exposition: the lines of a series up to its number, and numbers.

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
    pub(crate) fn push(&mut self, name: &str, labels: &[(&str, &str)]) {
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

    /// The lines of another one, behind its own.
    pub(crate) fn append(&mut self, more: &Lines) {
        let before = self.text.len();
        self.text.push_str(&more.text);
        for end in &more.ends {
            self.ends.push(before + end);
        }
    }

    pub(crate) fn iter(&self) -> LinesIter<'_> {
        LinesIter { lines: self, at: 0 }
    }
}

/// Lines one by one.
pub(crate) struct LinesIter<'a> {
    lines: &'a Lines,
    at: usize,
}

impl<'a> Iterator for LinesIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let ends = &self.lines.ends;
        let from = match self.at {
            0 => 0,
            at => *ends.get(at - 1)?,
        };
        let to = *ends.get(self.at)?;
        self.at += 1;
        self.lines.text.as_bytes().get(from..to)
    }
}

/// How the 64 bits of a cell are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Number {
    /// A count.
    Whole,
    /// A whole number of either sign.
    Signed,
    /// A floating-point number.
    Float,
    /// Nanoseconds, which are written as seconds.
    Seconds,
}

impl Number {
    #[inline]
    pub(crate) fn write(self, out: &mut Vec<u8>, bits: u64) {
        match self {
            Number::Whole => whole(out, bits),
            Number::Signed => {
                let number = bits.cast_signed();
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Number::Float => float(out, f64::from_bits(bits)),
            Number::Seconds => seconds(out, bits),
        }
    }
}

/// Digits of a whole number.
#[inline]
fn whole(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn float(out: &mut Vec<u8>, number: f64) {
    let text = match number {
        f64::INFINITY => "+Inf",
        f64::NEG_INFINITY => "-Inf",
        number if number.is_nan() => "NaN",
        number => {
            return out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
    };
    out.extend_from_slice(text.as_bytes());
}

/// Nanoseconds as seconds, exactly and without zeros that say nothing.
fn seconds(out: &mut Vec<u8>, nanos: u64) {
    whole(out, nanos / SECOND);
    let rest = nanos % SECOND;
    if rest == 0 {
        return;
    }
    // The one in front keeps the zeros behind the point, and the point takes its place.
    let mut digits = itoa::Buffer::new();
    let digits = digits
        .format(SECOND + rest)
        .trim_end_matches('0')
        .as_bytes();
    out.push(b'.');
    out.extend_from_slice(&digits[1..]);
}

const TEMPLATE: &[u8; 76] =
    b" # {trace_id=\"00000000000000000000000000000000\",span_id=\"0000000000000000\"} ";
/// Where the trace stands in it.
const TRACE: usize = 14;
/// Where the span stands in it.
const SPAN: usize = 57;

/// ` # {trace_id="…",span_id="…"} 0.0015 1700000000.123456789`
pub(crate) fn exemplar(out: &mut Vec<u8>, one: &Exemplar, how: Number) {
    // The template is copied at once and its ids are patched in: one look at the room in `out` instead of five.
    let mut text = *TEMPLATE;
    text[TRACE..TRACE + 32].copy_from_slice(&one.trace.hex());
    text[SPAN..SPAN + 16].copy_from_slice(&one.span.hex());
    out.extend_from_slice(&text);
    how.write(out, one.value);
    let at = one.at.unix_nanos();
    let mut text = *b" 0000000000.000000000";
    let (second, rest) = (at / SECOND, SECOND + at % SECOND);
    if (SECOND..10 * SECOND).contains(&second) {
        text[1..11].copy_from_slice(itoa::Buffer::new().format(second).as_bytes());
        text[11..].copy_from_slice(itoa::Buffer::new().format(rest).as_bytes());
        text[11] = b'.';
        out.extend_from_slice(&text);
    } else {
        // Before 2001, or after 2286.
        out.push(b' ');
        seconds(out, at);
    }
}

/// A bound as OpenMetrics writes it, where whole numbers keep their point. What is very large or small has an exponent.
pub(crate) fn bound(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
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
            (SECOND - 1, "0.999999999"),
        ] {
            let mut out = Vec::new();
            seconds(&mut out, nanos);
            assert_eq!(out, text.as_bytes());
        }
        for (number, text) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (12.5, "12.5"),
        ] {
            let mut out = Vec::new();
            Number::Float.write(&mut out, number.to_bits());
            assert_eq!(out, text.as_bytes());
        }
        let mut out = Vec::new();
        Number::Signed.write(&mut out, u64::MAX);
        assert_eq!(out, b"-1");
    }

    #[test]
    fn bounds_are_written_as_openmetrics_has_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (0.0025, "0.0025"),
            (-1.5, "-1.5"),
            (1.0, "1.0"),
            (64.0, "64.0"),
            (262_144.0, "262144.0"),
            (1_048_576.0, "1.048576e+06"),
            (10_000_000.0, "1e+07"),
            (2.5e-5, "2.5e-05"),
        ] {
            assert_eq!(bound(value), text);
        }
    }

    #[test]
    fn label_values_are_escaped() {
        let mut lines = Lines::default();
        lines.push("a", &[]);
        lines.push("b_total", &[("x", "1\"\\\n"), ("y", "ü")]);
        let lines: Vec<&[u8]> = lines.iter().collect();
        assert_eq!(lines[0], b"a ");
        assert_eq!(lines[1], "b_total{x=\"1\\\"\\\\\\n\",y=\"ü\"} ".as_bytes());
    }
}
