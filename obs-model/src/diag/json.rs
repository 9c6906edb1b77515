//! One JSON object a line, with the members rustc's diagnostics have, so that the tools for those read ours.

use super::{Diagnostic, Label, human};
use obs_schema::json::{Json, Number};
use obs_schema::source::SourceMap;

/// The object as one line without its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let style = human::Style {
        colour: false,
        explain: true,
    };
    let mut spans = vec![span(&diagnostic.primary, true, sources)];
    spans.extend(
        diagnostic
            .others
            .iter()
            .map(|label| span(label, false, sources)),
    );
    let children = diagnostic.help.iter().map(|help| {
        object(vec![
            ("message", text(help)),
            ("code", Json::Null),
            ("level", text("help")),
            ("spans", Json::Array(Vec::new())),
            ("children", Json::Array(Vec::new())),
            ("rendered", Json::Null),
        ])
    });
    let code = object(vec![
        ("code", text(diagnostic.code)),
        ("explanation", Json::Null),
    ]);
    let whole = object(vec![
        ("$message_type", text("diagnostic")),
        ("message", text(&diagnostic.message)),
        ("code", code),
        ("level", text(diagnostic.severity.as_str())),
        ("spans", Json::Array(spans.into_iter().flatten().collect())),
        ("children", Json::Array(children.collect())),
        ("rendered", text(&human::render(diagnostic, sources, style))),
    ]);
    whole.to_string()
}

fn span(label: &Label, primary: bool, sources: &SourceMap) -> Option<Json> {
    let file = sources.get(label.loc.file)?;
    let (start, end) = (label.loc.start as usize, label.loc.end as usize);
    let (first, last) = (file.position(start), file.position(end));
    let lines = (first.line..=last.line).map(|line| {
        let content = file.line(line);
        let begins = if line == first.line { first.column } else { 1 };
        let ends = if line == last.line {
            last.column
        } else {
            content.chars().count() + 1
        };
        object(vec![
            ("text", text(content)),
            ("highlight_start", number(begins)),
            ("highlight_end", number(ends)),
        ])
    });
    let words = if label.text.is_empty() {
        Json::Null
    } else {
        text(&label.text)
    };
    Some(object(vec![
        ("file_name", text(&file.path)),
        ("byte_start", number(start)),
        ("byte_end", number(end)),
        ("line_start", number(first.line)),
        ("line_end", number(last.line)),
        ("column_start", number(first.column)),
        ("column_end", number(last.column)),
        ("is_primary", Json::Bool(primary)),
        // A minified file is one line: the excerpt is for people, and the places say everything.
        ("text", Json::Array(lines.take(MOST_LINES).collect())),
        ("label", words),
        ("suggested_replacement", Json::Null),
        ("suggestion_applicability", Json::Null),
        ("expansion", Json::Null),
    ]))
}

/// Lines of an excerpt at most; a place may cover a whole schema.
const MOST_LINES: usize = 6;

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn number(value: usize) -> Json {
    Json::Number(Number::UInt(value as u64))
}
