//! `obs.lock`: the frozen Model, committed beside the specs, one fact a line, made to be read in a diff.
//!
//! Every line stands alone, so that a diff of two locks needs no context to be understood:
//!
//! ```text
//! event user.registered 2.0.0 topic = user.registered.v2
//! type acme.user.UserRegistered field email = pii string
//! ```
//!
//! Places, documentation and what only concerns the generated Rust are left out: they change nothing that was
//! agreed with anybody. Models are compared through this text, so a spec and a derive that say the same thing
//! have the same lock.

mod facts;

use crate::model::Model;
use std::collections::BTreeMap;
use std::fmt;

/// The version of the format, and the first line of the file.
const HEADER: &str = "obs.lock 1";

const NOTE: &str =
    "# What the specs say, one fact a line. Made by obs-codegen; commit it and read its diffs.";

/// A lock: facts by the words that name them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lock {
    facts: BTreeMap<Vec<String>, String>,
}

impl Lock {
    /// The facts of a Model.
    #[must_use]
    pub fn of(model: &Model) -> Lock {
        Lock {
            facts: facts::of(model),
        }
    }

    /// Every fact: the words before the ` = `, and the text behind it.
    pub fn facts(&self) -> impl Iterator<Item = (&[String], &str)> {
        self.facts
            .iter()
            .map(|(words, value)| (words.as_slice(), value.as_str()))
    }

    /// One fact.
    #[must_use]
    pub fn get(&self, words: &[&str]) -> Option<&str> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        self.facts.get(&words).map(String::as_str)
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\n{NOTE}")?;
        let mut subject: &[String] = &[];
        for (words, value) in &self.facts {
            let own = &words[..subject_len(words)];
            if own != subject {
                writeln!(f)?;
                subject = own;
            }
            writeln!(f, "{}", line(words, value))?;
        }
        Ok(())
    }
}

/// How many words name what a fact is about: the rest names the fact.
fn subject_len(words: &[String]) -> usize {
    let len = if words.first().is_some_and(|word| word == "event") {
        3
    } else {
        2
    };
    len.min(words.len())
}

fn line(words: &[String], value: &str) -> String {
    let mut out = String::new();
    for word in words {
        push_word(&mut out, word);
        out.push(' ');
    }
    out.push_str("= ");
    out.push_str(value);
    out
}

/// What a merge leaves at the start of lines.
const MARKS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// A word as it is, or as a JSON string where it would be taken for something else.
fn push_word(out: &mut String, word: &str) {
    let strange = |c: char| c.is_whitespace() || c.is_control() || c == '"';
    let begins = |mark: &&str| word.starts_with(*mark);
    // A line that begins so would be passed over, or refused.
    let starts_badly = out.is_empty() && MARKS.iter().chain(&["#"]).any(begins);
    let plain = !word.is_empty() && word != "=" && !word.contains(strange) && !starts_badly;
    if plain {
        out.push_str(word);
    } else {
        obs_schema::json::write_string(out, word);
    }
}

/// The lock of a Model as text.
#[must_use]
pub fn text(model: &Model) -> String {
    Lock::of(model).to_string()
}

/// Why a text is no lock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockError {
    /// The line, from one.
    pub line: usize,
    /// A lower-case clause.
    pub message: String,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "obs.lock:{}: {}", self.line, self.message)
    }
}

impl std::error::Error for LockError {}

/// Reads the text of a lock.
///
/// # Errors
///
/// The text is not of this format, of another version of it, or not as it was written.
pub fn parse(text: &str) -> Result<Lock, LockError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The last line may end where an editor or a merge cut it, in the middle of CRLF.
    let mut lines = (1..).zip(text.lines().map(|line| line.trim_end_matches('\r')));
    let fail = |line, message: &str| {
        Err(LockError {
            line,
            message: message.to_owned(),
        })
    };
    match lines.next() {
        Some((_, first)) if first.trim_end() == HEADER => {}
        Some((_, first)) if first.starts_with("obs.lock ") => {
            return fail(
                1,
                &format!(
                    "this is `{}`, and `{HEADER}` is what this version reads",
                    first.trim_end()
                ),
            );
        }
        _ => return fail(1, &format!("the first line should be `{HEADER}`")),
    }
    let mut facts = BTreeMap::new();
    for (number, line) in lines {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if MARKS.iter().any(|mark| line.starts_with(mark)) {
            return fail(
                number,
                "a merge left its marks; write the lock anew from the specs",
            );
        }
        let Some((words, value)) = split(line) else {
            return fail(number, "a fact is some words, ` = ` and a value");
        };
        if facts.insert(words, value.to_owned()).is_some() {
            return fail(number, "this fact is stated twice");
        }
    }
    Ok(Lock { facts })
}

/// The words and the value of a line.
fn split(line: &str) -> Option<(Vec<String>, &str)> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        if let Some(value) = rest
            .strip_prefix("= ")
            .or(if rest == "=" { Some("") } else { None })
        {
            return (!words.is_empty()).then_some((words, value));
        }
        let (word, after) = if rest.starts_with('"') {
            let end = end_of_string(rest)?;
            let (quoted, after) = rest.split_at(end);
            (unquote(quoted)?, after)
        } else {
            let end = rest.find(' ').filter(|end| *end > 0)?;
            (rest[..end].to_owned(), &rest[end..])
        };
        words.push(word);
        rest = after.strip_prefix(' ')?;
    }
}

/// Where a JSON string at the start of a text ends.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn unquote(quoted: &str) -> Option<String> {
    let mut cx = obs_schema::diag::Diagnostics::default();
    let mut sources = obs_schema::source::SourceMap::default();
    let file = sources.add("obs.lock", quoted);
    let node = obs_schema::node::parse_json(&mut cx, file, quoted)?;
    if cx.has_errors() {
        None
    } else {
        node.as_str().map(str::to_owned)
    }
}

/// One fact in which two locks differ.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// The words that name the fact.
    pub words: Vec<String>,
    /// Its value in the committed lock.
    pub committed: Option<String>,
    /// Its value in the specs.
    pub now: Option<String>,
}

/// As a diff shows it: the committed line with `-`, the line it should be with `+`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.committed, &self.now) {
            (Some(old), Some(new)) => write!(
                f,
                "-{}\n+{}",
                line(&self.words, old),
                line(&self.words, new)
            ),
            (Some(old), None) => write!(f, "-{}", line(&self.words, old)),
            (None, Some(new)) => write!(f, "+{}", line(&self.words, new)),
            (None, None) => Ok(()),
        }
    }
}

/// The facts in which two locks differ, in the order of their lines.
#[must_use]
pub fn differences(committed: &Lock, now: &Lock) -> Vec<Difference> {
    let mut out = Vec::new();
    for (words, old) in &committed.facts {
        let new = now.facts.get(words);
        if new != Some(old) {
            out.push(Difference {
                words: words.clone(),
                committed: Some(old.clone()),
                now: new.cloned(),
            });
        }
    }
    for (words, new) in &now.facts {
        if !committed.facts.contains_key(words) {
            out.push(Difference {
                words: words.clone(),
                committed: None,
                now: Some(new.clone()),
            });
        }
    }
    out.sort();
    out
}

/// What a committed lock says otherwise than the Model: empty when it is up to date.
///
/// # Errors
///
/// The text is no lock.
pub fn stale(committed: &str, model: &Model) -> Result<Vec<Difference>, LockError> {
    Ok(differences(&parse(committed)?, &Lock::of(model)))
}

#[cfg(test)]
mod tests;
