//! What stands in generated code in place of an event whose spec is broken.

use super::{Diagnostic, human};
use obs_schema::source::SourceMap;

/// The text of a `compile_error!` in generated code: the message and the snippet, so that `cargo build` shows the spec.
#[must_use]
pub fn text(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let style = human::Style {
        colour: false,
        explain: true,
    };
    under(diagnostic, &human::body(diagnostic, sources, style))
}

/// `::core::compile_error! { "…" }` around that text.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let literal = literal(&text(diagnostic, sources));
    format!("::core::compile_error! {{ {literal} }}\n")
}

/// The message of a derive's `compile_error!`, whose place is the span it carries.
#[must_use]
pub fn message(diagnostic: &Diagnostic) -> String {
    let mut body = String::new();
    if let Some(help) = &diagnostic.help {
        body = format!("help: {help}\n");
    }
    under(diagnostic, &body)
}

/// The first line, with the code at its end because rustc has said `error:` already, and the rest below it.
fn under(diagnostic: &Diagnostic, body: &str) -> String {
    let mut out = format!("{} [{}]", diagnostic.message, diagnostic.code);
    if !body.is_empty() {
        out.push('\n');
        out += body.trim_end();
    }
    out
}

/// A Rust string literal.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            c if c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c) =>
            {
                out += &format!("\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
