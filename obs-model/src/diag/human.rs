//! Snippets: the line, a caret under the offending key, the other places that matter, and what to do.
//!
//! ```text
//! error[sensitive-label]: `email` is `pii` and cannot be a metric label
//!    ┌ specs/user-registered.v2.0.0.avsc:14:64
//! 14 │     { "name": "email", "x-obs": { "pii": "hash", "label": true } },
//!    │                                   -----          ^^^^^^^^^^^^^ asked to be a label here
//!    │                                   marked sensitive here
//! help: remove `label`, or label by a closed field such as `plan`
//!       `cargo obs-codegen explain sensitive-label` tells more
//! ```

use super::text::{push_visible, visible, width};
use super::{Diagnostic, Label, Severity};
use obs_schema::source::{FileId, SourceFile, SourceMap};
use obs_schema::table;

/// How a snippet looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// With a line that says where to read more.
    pub explain: bool,
}

/// Columns of a source line that are shown at most; longer lines are clipped around the caret.
const MOST_COLUMNS: usize = 110;

/// Columns kept to the left of the first mark of a clipped line.
const CONTEXT: usize = 30;

/// The whole snippet, each line with its end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let paint = Paint(style.colour);
    let level = match diagnostic.severity {
        Severity::Error => paint.red("error"),
        Severity::Warning => paint.yellow("warning"),
    };
    let message = paint.bold(&visible(&diagnostic.message));
    format!("{level}[{}]: {message}\n", diagnostic.code) + &body(diagnostic, sources, style)
}

/// Everything below the first line.
pub(super) fn body(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let paint = Paint(style.colour);
    let mut out = String::new();
    let marks = marks(diagnostic, sources);
    let gutter = marks
        .iter()
        .map(|mark| mark.line.to_string().len())
        .max()
        .unwrap_or(1);
    let mut files: Vec<FileId> = Vec::new();
    for mark in &marks {
        if !files.contains(&mark.file) {
            files.push(mark.file);
        }
    }
    for (at, id) in files.into_iter().enumerate() {
        let Some(file) = sources.get(id) else {
            continue;
        };
        let here: Vec<&Mark> = marks.iter().filter(|mark| mark.file == id).collect();
        let Some(first) = here.iter().find(|mark| mark.primary).or(here.first()) else {
            continue;
        };
        let corner = if at == 0 { "┌" } else { "├" };
        let place = format!("{}:{}:{}", visible(&file.path), first.line, first.column);
        out += &format!("{:gutter$} {} {place}\n", "", paint.blue(corner));
        excerpt(&mut out, file, &here, gutter, paint);
    }
    if let Some(help) = &diagnostic.help {
        let help = help
            .lines()
            .map(visible)
            .collect::<Vec<_>>()
            .join("\n      ");
        out += &format!("{} {help}\n", paint.green("help:"));
    }
    if style.explain {
        let code = diagnostic.code;
        let lead = if diagnostic.help.is_some() {
            "     "
        } else {
            "note:"
        };
        out += &format!("{lead} `cargo obs-codegen explain {code}` tells more\n");
    }
    out
}

/// A label on one line of a file. What covers several lines is marked to the end of the first.
struct Mark<'a> {
    file: FileId,
    line: usize,
    /// From one, in characters, as places are told.
    column: usize,
    /// Bytes from the start of the line.
    start: usize,
    end: usize,
    primary: bool,
    text: &'a str,
}

/// All places of a diagnostic that are in files, by line and column, the file of the primary one first.
fn marks<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Vec<Mark<'a>> {
    let mark = |label: &'a Label, primary| {
        let file = sources.get(label.loc.file)?;
        let position = file.position(label.loc.start as usize);
        let line = file.line(position.line);
        let start = line
            .char_indices()
            .nth(position.column - 1)
            .map_or(line.len(), |(at, _)| at);
        let length = (label.loc.end.saturating_sub(label.loc.start)) as usize;
        let mut end = (start + length).min(line.trim_end().len()).max(start);
        while !line.is_char_boundary(end) {
            end += 1;
        }
        let (line, column) = (position.line, position.column);
        Some(Mark {
            file: label.loc.file,
            line,
            column,
            start,
            end,
            primary,
            text: &label.text,
        })
    };
    let mut marks: Vec<Mark> = mark(&diagnostic.primary, true).into_iter().collect();
    marks.extend(
        diagnostic
            .others
            .iter()
            .filter_map(|label| mark(label, false)),
    );
    let main = diagnostic.primary.loc.file;
    let place = |mark: &Mark| {
        (
            mark.file != main,
            mark.file,
            mark.line,
            mark.start,
            !mark.primary,
        )
    };
    table::sort(&mut marks, |a, b| place(a).cmp(&place(b)));
    marks
}

/// The marked lines of one file.
fn excerpt(out: &mut String, file: &SourceFile, marks: &[&Mark<'_>], gutter: usize, paint: Paint) {
    let mut last = 0;
    for group in marks.chunk_by(|a, b| a.line == b.line) {
        let number = group[0].line;
        if last != 0 && number > last + 1 {
            *out += &format!("{:gutter$} {}\n", "", paint.blue("·"));
        }
        last = number;
        let clip = Clip::of(file.line(number), group);
        let bar = paint.blue("│");
        *out += format!(
            "{} {bar} {}",
            paint.blue(&format!("{number:>gutter$}")),
            clip.shown
        )
        .trim_end();
        out.push('\n');
        for row in rows(&clip, group, paint) {
            *out += format!("{:gutter$} {bar} {row}", "").trim_end();
            out.push('\n');
        }
    }
}

/// A line as far as it is shown.
struct Clip<'a> {
    line: &'a str,
    /// What is printed.
    shown: String,
    /// The first byte shown, and one past the last.
    from: usize,
    to: usize,
    /// Columns that the sign for left-out text takes.
    lead: usize,
}

impl<'a> Clip<'a> {
    fn of(line: &'a str, marks: &[&Mark<'_>]) -> Clip<'a> {
        let total: usize = line.chars().map(width).sum();
        let (mut from, mut to) = (0, line.len());
        if total > MOST_COLUMNS {
            // Around the primary mark; another mark draws the window to the left when both fit.
            let centre = marks.iter().find(|mark| mark.primary).unwrap_or(&marks[0]);
            let reach = |mark: &&&Mark<'_>| {
                mark.start <= centre.start
                    && columns(line, mark.start, centre.start) + CONTEXT < MOST_COLUMNS / 2
            };
            let left = marks
                .iter()
                .filter(reach)
                .map(|mark| mark.start)
                .min()
                .unwrap_or(centre.start);
            from = back(line, left, CONTEXT);
            to = forward(line, from, MOST_COLUMNS);
        }
        let mut shown = String::new();
        if from > 0 {
            shown.push('…');
        }
        line[from..to]
            .chars()
            .for_each(|c| push_visible(&mut shown, c));
        if to < line.len() {
            shown.push('…');
        }
        Clip {
            line,
            shown,
            from,
            to,
            lead: usize::from(from > 0),
        }
    }

    /// The columns a mark takes; `None` when it lies where the line is not shown.
    fn place(&self, mark: &Mark<'_>) -> Option<(usize, usize)> {
        if mark.start < self.from || mark.start > self.to {
            return None;
        }
        let start = self.lead + columns(self.line, self.from, mark.start);
        let length = columns(self.line, mark.start, mark.end.min(self.to)).max(1);
        Some((start, start + length))
    }
}

fn columns(line: &str, from: usize, to: usize) -> usize {
    line.get(from..to)
        .map_or(0, |text| text.chars().map(width).sum())
}

/// The byte so many columns before another.
fn back(line: &str, from: usize, by: usize) -> usize {
    let mut taken = 0;
    for (at, c) in line[..from].char_indices().rev() {
        taken += width(c);
        if taken >= by {
            return at;
        }
    }
    0
}

/// The byte so many columns after another.
fn forward(line: &str, from: usize, by: usize) -> usize {
    let mut taken = 0;
    for (at, c) in line[from..].char_indices() {
        taken += width(c);
        if taken > by {
            return from + at;
        }
    }
    line.len()
}

/// The rows below a line: the marks with the words of the last one, then the words of the others, each under its mark.
fn rows(clip: &Clip<'_>, marks: &[&Mark<'_>], paint: Paint) -> Vec<String> {
    let mut placed: Vec<(usize, usize, &Mark<'_>)> = Vec::new();
    let mut unseen = Vec::new();
    for mark in marks {
        match clip.place(mark) {
            Some((start, end)) => placed.push((start, end, mark)),
            None => unseen.push(*mark),
        }
    }
    let mut first = Row::default();
    // The primary mark is drawn last, so that an overlap shows it.
    table::sort(&mut placed, |a, b| {
        (a.2.primary, a.0).cmp(&(b.2.primary, b.0))
    });
    for (start, end, mark) in &placed {
        first.draw(*start, *end, if mark.primary { '^' } else { '-' });
    }
    table::sort(&mut placed, |a, b| a.0.cmp(&b.0));
    let right = placed.iter().map(|(_, end, _)| *end).max().unwrap_or(0);
    let mut texts: Vec<&(usize, usize, &Mark<'_>)> = placed
        .iter()
        .filter(|(_, _, mark)| !mark.text.is_empty())
        .collect();
    let mut tail = String::new();
    if texts.last().is_some_and(|(_, end, _)| *end == right)
        && let Some((_, _, mark)) = texts.pop()
    {
        tail = paint.mark(mark.primary, &visible(mark.text));
    }
    let mut rows = vec![
        format!("{} {tail}", first.paint(paint))
            .trim_end()
            .to_owned(),
    ];
    while let Some((start, _, mark)) = texts.pop() {
        let mut row = Row::default();
        for (start, _, _) in &texts {
            row.draw(*start, *start + 1, '│');
        }
        row.reach(*start);
        rows.push(row.paint(paint) + &paint.mark(mark.primary, &visible(mark.text)));
    }
    for mark in unseen {
        let words = if mark.text.is_empty() {
            "see here"
        } else {
            mark.text
        };
        rows.push(format!("{}:{}: {}", mark.line, mark.column, visible(words)));
    }
    rows.retain(|row| !row.is_empty());
    rows
}

/// Signs at columns.
#[derive(Default)]
struct Row(Vec<char>);

impl Row {
    fn reach(&mut self, to: usize) {
        if self.0.len() < to {
            self.0.resize(to, ' ');
        }
    }

    fn draw(&mut self, from: usize, to: usize, sign: char) {
        self.reach(to);
        self.0[from..to].fill(sign);
    }

    fn paint(&self, paint: Paint) -> String {
        let mut out = String::new();
        for run in self.0.chunk_by(|a, b| a == b) {
            let text: String = run.iter().collect();
            match run[0] {
                '^' => out += &paint.red(&text),
                '-' | '│' => out += &paint.blue(&text),
                _ => out += &text,
            }
        }
        out
    }
}

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn yellow(self, text: &str) -> String {
        self.with("1;33", text)
    }

    fn blue(self, text: &str) -> String {
        self.with("34", text)
    }

    fn green(self, text: &str) -> String {
        self.with("1;32", text)
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn mark(self, primary: bool, text: &str) -> String {
        if primary {
            self.red(text)
        } else {
            self.blue(text)
        }
    }
}
