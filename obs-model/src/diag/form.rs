//! Lists of diagnostics in one of the forms, and how many they are.

use super::{Diagnostic, Severity, github, human, json, short};
use obs_schema::source::SourceMap;
use obs_schema::table::Table;

/// The forms a list of diagnostics can take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// Snippets with carets.
    #[default]
    Human,
    /// One line each: `path:line:col: error[code]: message`.
    Short,
    /// One JSON object a line, with the members rustc's have.
    Json,
    /// Workflow commands that GitHub shows beside the changed lines.
    GitHub,
}

impl Format {
    /// The words of `--message-format`.
    pub const WORDS: &'static [(&'static str, Format)] = &[
        ("human", Format::Human),
        ("short", Format::Short),
        ("json", Format::Json),
        ("github", Format::GitHub),
    ];
}

/// A whole list in one form, ready to be printed. Colour only where the form is for people.
#[must_use]
pub fn render(all: &[Diagnostic], sources: &SourceMap, format: Format, colour: bool) -> String {
    let mut out = String::new();
    let mut explained: Table<&str, ()> = Table::default();
    for diagnostic in all {
        match format {
            Format::Human => {
                // Where to read more is worth a line once, not under each of a hundred findings.
                let explain = explained.insert(diagnostic.code, ()).is_none();
                out += &human::render(diagnostic, sources, human::Style { colour, explain });
            }
            Format::Short => out += &short::render(diagnostic, sources),
            Format::Json => out += &json::render(diagnostic, sources),
            Format::GitHub => out += &github::render(diagnostic, sources),
        }
        out.push('\n');
    }
    out
}

/// `2 errors, 1 warning`; nothing when there is nothing to say.
#[must_use]
pub fn summary(all: &[Diagnostic]) -> Option<String> {
    let count = |severity| {
        all.iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let words = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let parts = [
        words(count(Severity::Error), "error"),
        words(count(Severity::Warning), "warning"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
