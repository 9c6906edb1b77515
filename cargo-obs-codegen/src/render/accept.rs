//! The parsers that must accept what a template gave, and what each format calls for: comments and escapes.

use super::region::Comment;
use obs_codegen::load;
use obs_schema::diag::Diagnostics;
use obs_schema::node::{self, Node};
use obs_schema::source::{FileId, SourceMap};

/// A format that rendered files have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Parser {
    /// YAML
    Yaml,
    /// JSON
    Json,
    /// Markdown
    Markdown,
    /// Anything
    Text,
}

const NAMES: [(&str, Parser); 4] = [
    ("yaml", Parser::Yaml),
    ("json", Parser::Json),
    ("markdown", Parser::Markdown),
    ("text", Parser::Text),
];

impl Parser {
    /// The parser that a `target.toml` means.
    pub(crate) fn named(name: &str) -> Option<Parser> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, parser)| *parser)
    }

    /// What they are called.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// How comments are written.
    pub(crate) fn comment(self) -> Option<Comment> {
        match self {
            Parser::Yaml => Some(Comment::Hash),
            Parser::Markdown => Some(Comment::Html),
            Parser::Json | Parser::Text => None,
        }
    }

    /// A value as it stands in such a text: between double quotes for YAML and JSON, inline for Markdown.
    pub(crate) fn escape(self, value: &str) -> String {
        match self {
            Parser::Yaml | Parser::Json => quoted(value),
            Parser::Markdown => inline(value),
            Parser::Text => value.to_owned(),
        }
    }

    /// Why a text is no such thing.
    pub(crate) fn complaint(self, path: &str, text: &str) -> Option<String> {
        let read: fn(&mut Diagnostics, FileId, &SourceMap, &str) -> Option<Node> = match self {
            Parser::Yaml => |cx, file, sources, _| load::parse_yaml(cx, file, sources.get(file)?),
            Parser::Json => |cx, file, _, text| node::parse_json(cx, file, text),
            Parser::Markdown | Parser::Text => return None,
        };
        let (mut sources, mut cx) = (SourceMap::default(), Diagnostics::default());
        let file = sources.add(path, text);
        let tree = read(&mut cx, file, &sources, text);
        let found = cx.into_sorted();
        let format = obs_model::diag::Format::Human;
        (tree.is_none() || !found.is_empty())
            .then(|| obs_model::diag::render(&found, &sources, format, false))
    }
}

/// Whether a character turns the direction of text around, so that it reads as something else than it says.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A rendered text without such characters: what was escaped for its format holds none, and the rest of it has no use for them.
pub(crate) fn straight(text: String) -> String {
    if text.contains(turns) {
        text.replace(turns, "\u{fffd}")
    } else {
        text
    }
}

/// Inside double quotes JSON and YAML agree.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || turns(c)
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Words that mean themselves, on one line.
fn inline(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '`' | '#' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_mean_themselves_in_each_format() {
        for (parser, value, expected) in [
            (Parser::Yaml, "a \"b\"\n\\", "a \\\"b\\\"\\n\\\\"),
            (Parser::Json, "\u{7}\u{2028}ü", "\\u0007\\u2028ü"),
            (Parser::Yaml, "a\u{202e}b", "a\\u202eb"),
            (Parser::Markdown, "a|b <i>*x*\n", "a\\|b \\<i\\>\\*x\\* "),
            (Parser::Text, "a|\"", "a|\""),
        ] {
            assert_eq!(parser.escape(value), expected);
        }
    }

    #[test]
    fn nothing_turns_what_is_rendered_around() {
        let text = "a\u{202e}b\u{2066}c\u{200f} é".to_owned();
        assert_eq!(straight(text), "a\u{fffd}b\u{fffd}c\u{fffd} é");
    }

    #[test]
    fn what_is_no_such_thing_is_refused() {
        for (parser, text, sound) in [
            (Parser::Yaml, "a: [1, 2]\n", true),
            (Parser::Yaml, "a: [1, 2\n", false),
            (Parser::Yaml, "a: 1\na: 2\n", false),
            (Parser::Json, "{\"a\": 1}", true),
            (Parser::Json, "{\"a\": 1,}", false),
        ] {
            assert_eq!(parser.complaint("x", text).is_none(), sound, "{text}");
        }
    }
}
