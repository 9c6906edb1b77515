//! What is exposed, as values, for the registries of others.
//!
//! It is read back from the text we write, so that there is one list of what there is. Whoever scrapes through another
//! registry waits for its copies of every label anyway.

use super::{Format, exposition};

/// A family with its samples, in their order.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Gathered {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

/// A line of a family.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sample {
    /// The name of the family, perhaps with an ending.
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

#[cfg(any(test, feature = "prometheus"))]
impl Sample {
    /// The sample without one of its labels, and the number that was in it.
    pub(crate) fn without(&self, label: &str) -> (Vec<(String, String)>, Option<f64>) {
        let (of, rest): (Vec<_>, Vec<_>) = self
            .labels
            .iter()
            .cloned()
            .partition(|(name, _)| name == label);
        let number = of.first().and_then(|(_, text)| number(text));
        (rest, number)
    }
}

/// Everything that is exposed.
pub(crate) fn gather() -> Vec<Gathered> {
    read(&exposition(Format::Text))
}

fn read(text: &[u8]) -> Vec<Gathered> {
    let mut families: Vec<Gathered> = Vec::new();
    for line in String::from_utf8_lossy(text).lines() {
        if let Some((name, help)) = about(line, "# HELP ") {
            families.push(Gathered {
                name: name.to_owned(),
                help: plain(help),
                kind: String::new(),
                samples: Vec::new(),
            });
        } else if let Some(family) = families.last_mut() {
            match about(line, "# TYPE ") {
                Some((_, kind)) => kind.clone_into(&mut family.kind),
                None => family.samples.extend(sample(line)),
            }
        }
    }
    families
}

fn about<'a>(line: &'a str, what: &str) -> Option<(&'a str, &'a str)> {
    line.strip_prefix(what)?.split_once(' ')
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, mut rest) = series.split_once('{').unwrap_or((series, ""));
    let mut labels = Vec::new();
    while let Some((label, text)) = rest.split_once("=\"") {
        let mut escaped = false;
        let end = text.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        labels.push((
            label.trim_start_matches(',').to_owned(),
            plain(&text[..end]),
        ));
        rest = &text[end + 1..];
    }
    Some(Sample {
        name: name.to_owned(),
        labels,
        value: number(value)?,
    })
}

fn number(text: &str) -> Option<f64> {
    // Rust reads `+Inf`, `-Inf` and `NaN` too.
    text.parse().ok()
}

/// A text without escapes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c) => out.push(c),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back() {
        let (label, value) = (
            ("a".to_owned(), "x\"},b=\\\n".to_owned()),
            ("le".to_owned(), "+Inf".to_owned()),
        );
        let read = sample("m_bucket{a=\"x\\\"},b=\\\\\\n\",le=\"+Inf\"} 2.5").unwrap();
        assert_eq!((read.name.as_str(), read.value), ("m_bucket", 2.5));
        assert_eq!(read.labels, [label.clone(), value]);
        assert_eq!(read.without("le"), (vec![label], Some(f64::INFINITY)));
        assert!(sample("m NaN").unwrap().value.is_nan());
    }

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn everything_that_is_exposed_is_gathered() {
        // Once: a family of a bus goes away with its bus, and other tests have some.
        let text = exposition(Format::Text);
        let families = read(&text);
        let lines = text.split(|byte| *byte == b'\n');
        let samples = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        let gathered: usize = families.iter().map(|family| family.samples.len()).sum();
        assert!(gathered > 0);
        assert_eq!(gathered, samples.count());
        assert!(families.iter().all(|family| !family.kind.is_empty()));
    }
}
