//! Spans for people: a line each.

use std::fmt::{self, Write as _};
use std::io::Write;

use super::{ExportError, SpanExporter};
use crate::span::{Batch, FinishedSpan, Kind, Value};
use crate::types::TimestampMicros;

/// Writes each span as a line that people can read.
///
/// ```text
/// 2026-11-21T09:30:00.000123Z     12.400ms charge card failed: timeout amount=7 · 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331
/// ```
///
/// ```
/// use obs_runtime::export::Console;
///
/// let exporter = Console::new(std::io::stderr());
/// # let _ = exporter;
/// ```
pub struct Console<W>(W);

impl<W: Write + Send + 'static> Console<W> {
    /// An exporter that writes there.
    pub fn new(to: W) -> Console<W> {
        Console(to)
    }
}

impl<W> fmt::Debug for Console<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl<W: Write + Send + 'static> SpanExporter for Console<W> {
    fn export(&mut self, spans: Batch<'_>) -> Result<(), ExportError> {
        let mut text = String::new();
        for span in spans.iter() {
            // A string takes everything.
            let _ = line(&mut text, &span);
        }
        let written = self.0.write_all(text.as_bytes());
        let written = written.and_then(|()| self.0.flush());
        written.map_err(|error| ExportError::Failed(error.kind().to_string()))
    }
}

fn line(to: &mut String, span: &FinishedSpan<'_>) -> fmt::Result {
    let start = i64::try_from(span.start_unix_nanos() / 1_000).unwrap_or(i64::MAX);
    let start = TimestampMicros(start).to_string();
    let nanos = span.end_unix_nanos() - span.start_unix_nanos();
    let micros = nanos / 1_000;
    let length = format!("{}.{:03}ms", micros / 1_000, micros % 1_000);
    write!(to, "{start:<27} {length:>12} ")?;
    plain(to, span.name())?;
    match span.kind() {
        Kind::Internal => {}
        kind => write!(to, " ({})", format!("{kind:?}").to_lowercase())?,
    }
    if let Some((kind, text)) = span.error() {
        to.push_str(" failed: ");
        plain(to, if text.is_empty() { kind } else { text })?;
    }
    all(to, span.attributes())?;
    for event in span.events() {
        to.push_str(" [");
        plain(to, event.name())?;
        // A stack has many lines, and no place here.
        let about = event.attributes();
        all(to, about.filter(|(key, _)| *key != "exception.stacktrace"))?;
        to.push(']');
    }
    for link in span.links() {
        write!(to, " [→ {}/{}", link.to().trace, link.to().span)?;
        all(to, link.attributes())?;
        to.push(']');
    }
    write!(to, " · {}/{}", span.trace(), span.span())?;
    if let Some(parent) = span.parent() {
        write!(to, " in {parent}")?;
    }
    to.push('\n');
    Ok(())
}

fn all<'a>(
    to: &mut String,
    mut attributes: impl Iterator<Item = (&'static str, Value<'a>)>,
) -> fmt::Result {
    each(to, &mut || attributes.next())
}

fn each<'a>(
    to: &mut String,
    next: &mut dyn FnMut() -> Option<(&'static str, Value<'a>)>,
) -> fmt::Result {
    while let Some((key, value)) = next() {
        write!(to, " {key}=")?;
        match value {
            Value::Bool(value) => write!(to, "{value}")?,
            Value::Int(value) => write!(to, "{value}")?,
            Value::Float(value) => write!(to, "{value}")?,
            Value::Text(text) => plain(to, text)?,
        }
    }
    Ok(())
}

/// Text that neither breaks the line nor speaks to the terminal.
fn plain(to: &mut String, text: &str) -> fmt::Result {
    for letter in text.chars() {
        if letter.is_control() {
            write!(to, "{}", letter.escape_default())?;
        } else {
            to.push(letter);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::finished;

    #[test]
    fn a_span_is_a_line() {
        let spans = finished(2);
        let mut out = String::new();
        for span in spans.batch().iter() {
            line(&mut out, &span).unwrap();
        }
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        let ends = spans.batch().iter().map(|it| (it.trace(), it.span()));
        let expected = [
            "finished failed: too late index=0 text=0 error.type=timeout",
            "finished index=1 text=1",
        ];
        for ((line, expected), (trace, span)) in lines.iter().zip(expected).zip(ends) {
            let (time, rest) = line.split_once("Z ").unwrap();
            assert!(time.len() >= 19 && time.contains('T'), "{line}");
            let (length, rest) = rest.split_once("ms ").unwrap();
            assert!(length.trim().parse::<f64>().is_ok(), "{line}");
            assert_eq!(rest, format!("{expected} · {trace}/{span}"));
        }
    }

    #[test]
    fn text_stays_in_its_line() {
        let mut out = String::new();
        plain(&mut out, "a\nb\u{1b}[31mä\"").unwrap();
        assert_eq!(out, "a\\nb\\u{1b}[31mä\"");
    }
}
