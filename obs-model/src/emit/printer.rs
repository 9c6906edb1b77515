//! The printer: indented lines, and the one place where text becomes a Rust literal or a comment.
//!
//! Rust is written as text because a build script pays for every event on every build;
//! going through syn and a pretty-printer costs four times all the rest.

use std::fmt::{Arguments, Display, Write};

/// Lines should not be wider than this.
pub(crate) const WIDTH: usize = 100;

/// Rust text in the making.
#[derive(Default)]
pub(crate) struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Empty text.
    pub(crate) fn new() -> Code {
        Code::default()
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
    }

    /// One line that needs no formatting.
    pub(crate) fn raw(&mut self, line: &str) {
        self.indent();
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// One line: `code.line(format_args!("w.long(self.{ident});"))`.
    pub(crate) fn line(&mut self, line: Arguments<'_>) {
        self.indent();
        // Writing to a `String` cannot fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    /// An empty line between items; never two, and none at the start.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
    }

    /// `head {`, and one step to the right.
    pub(crate) fn open(&mut self, head: Arguments<'_>) {
        self.indent();
        let _ = self.text.write_fmt(head);
        self.text.push_str(" {\n");
        self.depth += 1;
    }

    /// A line that ends in its own opening bracket (`w.array(&self.items, |w, v| {`), and one step to the right.
    pub(crate) fn enter(&mut self, line: Arguments<'_>) {
        self.line(line);
        self.depth += 1;
    }

    /// `}`, one step to the left.
    pub(crate) fn close(&mut self) {
        self.leave("}");
    }

    /// A closing line of its own (`});`), one step to the left.
    pub(crate) fn leave(&mut self, tail: &str) {
        self.depth = self.depth.saturating_sub(1);
        // Nothing came between the brackets: they close up.
        if tail.starts_with('}') && self.text.ends_with("{\n") {
            self.text.pop();
            self.text.push_str(tail);
            self.text.push('\n');
            return;
        }
        self.raw(tail);
    }

    /// Text that another [`Code`] finished, indented as far as we are.
    pub(crate) fn paste(&mut self, text: &str) {
        for line in text.lines() {
            if line.is_empty() {
                self.text.push('\n');
            } else {
                self.raw(line);
            }
        }
    }

    /// Whatever is written, one step to the right.
    pub(crate) fn indented(&mut self, write: impl FnOnce(&mut Code)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// `head`, the items separated by commas, `tail`: on one line where that fits, else one item a line.
    pub(crate) fn list(&mut self, head: &str, items: &[String], tail: &str) {
        let inline = items.iter().map(|item| item.len() + 2).sum::<usize>();
        if self.depth * 4 + head.len() + inline + tail.len() <= WIDTH + 2 {
            self.line(format_args!("{head}{}{tail}", items.join(", ")));
            return;
        }
        self.enter(format_args!("{}", head.trim_end()));
        for item in items {
            self.line(format_args!("{item},"));
        }
        self.leave(tail.trim_start());
    }

    /// Items with a comma each, as many on a line as fit.
    pub(crate) fn fill(&mut self, items: &[String]) {
        let room = self.room();
        let mut line = String::new();
        for item in items {
            if !line.is_empty() && line.len() + item.len() + 2 > room {
                self.raw(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(item);
            line.push(',');
        }
        if !line.is_empty() {
            self.raw(&line);
        }
    }

    /// Columns left on a line at the present depth.
    pub(crate) fn room(&self) -> usize {
        WIDTH.saturating_sub(self.depth * 4)
    }

    /// A doc comment, as the author wrote it but harmless.
    pub(crate) fn doc(&mut self, text: &str) {
        for line in text.trim().lines() {
            let line = line.trim_end();
            self.indent();
            self.text.push_str("///");
            if !line.is_empty() {
                self.text.push(' ');
                push_doc_line(&mut self.text, line);
            }
            self.text.push('\n');
        }
    }
}

/// Documentation is the author's, not rustdoc's: nothing in it may become a control character, or a code block
/// that is compiled as a test. Code blocks begin with a fence or with four columns, also inside lists and quotes.
fn push_doc_line(out: &mut String, line: &str) {
    let mut spaces = 0;
    let mut fence = ' ';
    let mut repeated = 0;
    for c in line.chars() {
        repeated = if c == fence { repeated + 1 } else { 1 };
        fence = c;
        match c {
            ' ' | '\t' => {
                spaces += 1;
                if spaces <= 3 {
                    out.push(' ');
                }
                continue;
            }
            '`' | '~' if repeated == 3 => {
                out.push('\\');
                out.push(c);
                repeated = 0;
            }
            // A bare carriage return is a syntax error in a comment; the rest reorders text on the screen.
            c if is_hazard(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
        spaces = 0;
    }
}

/// Characters that may not stand in source text as they are: rustc refuses bidirectional overrides.
fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// A text for a comment: one line, nothing that reorders or ends it.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if is_hazard(c) { '\u{fffd}' } else { c })
        .collect()
}

/// A string literal: `"…"`, or a raw one where that reads better.
pub(crate) fn lit(text: &str) -> String {
    let raw = text.contains('"') && !text.contains("\"#") && !text.chars().any(is_hazard);
    if raw {
        return format!("r#\"{text}\"#");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hazard(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A byte string literal: `b"…"`.
pub(crate) fn byte_lit(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push_str("b\"");
    for byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

/// A float literal that reads back to the same bits; whole numbers keep their point.
pub(crate) fn float_lit(value: f64) -> String {
    format!("{value:?}")
}

/// `items` joined by a separator, without collecting them first.
pub(crate) fn join(items: impl IntoIterator<Item = impl Display>, separator: &str) -> String {
    let mut out = String::new();
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        let _ = write!(out, "{item}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_escape_what_rust_or_a_reader_would_stumble_over() {
        assert_eq!(lit("plain"), "\"plain\"");
        assert_eq!(lit("{\"a\":1}"), "r#\"{\"a\":1}\"#");
        assert_eq!(lit("a\"#\\"), "\"a\\\"#\\\\\"");
        assert_eq!(lit("\u{202e}\r\n\0"), "\"\\u{202e}\\r\\n\\u{0}\"");
        assert_eq!(byte_lit(b"a\"\\\xff"), "b\"a\\\"\\\\\\xff\"");
        assert_eq!(float_lit(1.0), "1.0");
    }

    #[test]
    fn docs_cannot_leave_their_comment_or_become_tests() {
        let mut code = Code::new();
        code.doc("one\r\n> ```\nlet x = 1;\n````\n    indented\n-      item\n*/ \u{202e}\u{7}");
        assert_eq!(
            code.finish(),
            "/// one\n/// > ``\\`\n/// let x = 1;\n/// ``\\``\n///    indented\n/// -   item\n/// */ \u{fffd}\u{fffd}\n"
        );
    }

    #[test]
    fn lists_wrap_when_they_must() {
        let mut code = Code::new();
        code.list("f(", &["a".into(), "b".into()], ");");
        let long = vec!["x".repeat(60), "y".repeat(60)];
        code.list("f(", &long, ");");
        let text = code.finish();
        assert!(text.starts_with("f(a, b);\nf(\n    xxx"), "{text}");
    }
}
