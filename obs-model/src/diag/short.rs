//! One line each: `path:line:col: error[code]: message`, which editors and `grep` understand.

use super::Diagnostic;
use super::text::visible;
use obs_schema::source::SourceMap;

/// The line, without its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let loc = diagnostic.primary.loc;
    let level = diagnostic.severity.as_str();
    let (code, message) = (diagnostic.code, visible(&diagnostic.message));
    let path = visible(sources.path(loc.file));
    match sources.position(loc) {
        Some(at) => format!(
            "{path}:{}:{}: {level}[{code}]: {message}",
            at.line, at.column
        ),
        None => format!("{path}: {level}[{code}]: {message}"),
    }
}
