//! What is wrong, where, why, and what to do: one value for every door and every renderer.
//!
//! Parsers and checks do not return early. They complain to a [`Diagnostics`] and give back what they understood.

use crate::source::{FileId, Loc};
use crate::table::{self, Numbered, Table};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Nothing is generated for the item.
    Error,
    /// Generated, but somebody should look.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A place with a few words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub loc: Loc,
    /// A short clause, or nothing.
    pub text: String,
}

/// One finding.
///
/// The message is a lower-case clause without a full stop, names in backticks, what is before what should be;
/// it makes sense when nothing else is shown. Help begins with a verb.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable and kebab-case; `explain CODE` prints its page.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The first line.
    pub message: String,
    /// The offending key or value.
    pub primary: Label,
    /// Other places that matter.
    pub others: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, loc: Loc, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Label {
                loc,
                text: String::new(),
            },
            others: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, loc: Loc, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, loc, message)
        }
    }

    /// Words beside the caret.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Another place that matters.
    #[must_use]
    pub fn other(mut self, loc: Loc, text: impl Into<String>) -> Diagnostic {
        self.others.push(Label {
            loc,
            text: text.into(),
        });
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
}

/// The collector. By convention it is the first parameter and is called `cx`.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
    cut_short: Vec<FileId>,
}

impl Diagnostics {
    /// Takes a complaint.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.all.push(diagnostic);
    }

    /// Notes that a file could not be read to its end: what is missing in it (`missing-…`) may stand in the rest, and
    /// is not told until that can be read.
    pub fn cut_short(&mut self, file: FileId) {
        self.cut_short.push(file);
    }

    /// Whether any complaint is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity == Severity::Error)
    }

    /// Everything so far, as collected.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.all
    }

    /// Everything, sorted by place, without repetitions and without what a file that was cut short only echoes.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let Diagnostics { mut all, cut_short } = self;
        table::sort(&mut all, |a, b| {
            (a.primary.loc, a.severity, a.code, &a.message).cmp(&(
                b.primary.loc,
                b.severity,
                b.code,
                &b.message,
            ))
        });
        let mut told: Vec<Diagnostic> = Vec::with_capacity(all.len());
        for found in all {
            let echo =
                found.code.starts_with("missing-") && cut_short.contains(&found.primary.loc.file);
            if !echo && told.last() != Some(&found) {
                told.push(found);
            }
        }
        told
    }

    /// Takes over what another collector holds.
    pub fn append(&mut self, other: Diagnostics) {
        self.all.extend(other.all);
        self.cut_short.extend_from_slice(&other.cut_short);
    }
}

/// Where complaints stand, for those who are not to add an echo.
#[derive(Debug, Default)]
pub struct Places(Table<u128, Vec<u32>>);

impl Places {
    /// The places of errors.
    #[must_use]
    pub fn of_errors(cx: &Diagnostics) -> Places {
        Places::of(cx, |found| found.severity == Severity::Error)
    }

    /// The places of some complaints.
    #[must_use]
    pub fn of(cx: &Diagnostics, which: impl Fn(&Diagnostic) -> bool) -> Places {
        let mut places: Table<u128, Vec<u32>> = Table::default();
        for found in cx.as_slice() {
            if which(found) {
                let loc = found.primary.loc;
                places.get_or(loc.file.number(), Vec::new).push(loc.start);
            }
        }
        for starts in places.values_mut() {
            table::sort(starts, Ord::cmp);
        }
        Places(places)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one stands in a file.
    #[must_use]
    pub fn in_file(&self, file: FileId) -> bool {
        self.0.contains(&file.number())
    }

    /// Whether one stands within a place.
    #[must_use]
    pub fn within(&self, loc: Loc) -> bool {
        self.0.get(&loc.file.number()).is_some_and(|starts| {
            let at = starts.partition_point(|start| *start < loc.start);
            starts.get(at).is_some_and(|start| *start < loc.end)
        })
    }
}

/// The nearest of some known words, for "did you mean": at most a third of the letters may differ.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut known = known.into_iter();
    nearest_of(word, &mut || known.next())
}

fn nearest_of<'a>(word: &str, next: &mut dyn FnMut() -> Option<&'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    while let Some(candidate) = next() {
        let found = (distance(word, candidate), candidate);
        let allowed = (candidate.len().max(word.len()) / 3).max(1);
        if found.0 <= allowed && best.is_none_or(|best| found < best) {
            best = Some(found);
        }
    }
    Some(best?.1)
}

/// The letters of a word, lower-case.
fn letters(word: &str) -> Vec<char> {
    let mut letters = Vec::new();
    for c in word.chars() {
        for lower in c.to_lowercase() {
            letters.push(lower);
        }
    }
    letters
}

/// Edits between two words; a swap of neighbours counts as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (letters(a), letters(b));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut best = (last[j] + 1)
                .min(row[j - 1] + 1)
                .min(last[j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_a_third() {
        let known = ["label", "log", "pii", "secret"];
        assert_eq!(nearest("lable", known), Some("label"));
        assert_eq!(nearest("Secrets", known), Some("secret"));
        assert_eq!(nearest("colour", known), None);
    }
}
