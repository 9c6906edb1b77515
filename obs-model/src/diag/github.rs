//! Workflow commands: GitHub shows them beside the lines of a pull request.

use super::{Diagnostic, Severity};
use obs_schema::source::SourceMap;

/// The command, on one line without its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let loc = diagnostic.primary.loc;
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = format!("::{command} ");
    if let Some(file) = sources.get(loc.file) {
        let start = file.position(loc.start as usize);
        let end = file.position(loc.end as usize);
        out += &format!("file={},line={}", property(&file.path), start.line);
        out += &format!(",endLine={},col={}", end.line, start.column);
        // An end column means nothing to GitHub unless both lines are one.
        if start.line == end.line && start.column < end.column {
            out += &format!(",endColumn={}", end.column);
        }
        out.push(',');
    }
    out += &format!("title={}::", property(diagnostic.code));
    out += &data(&diagnostic.message);
    if let Some(help) = &diagnostic.help {
        out += &data(&format!("\nhelp: {help}"));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
