//! Properties of characters, by the tables of Unicode 17.
//!
//! `categories.txt` and `scripts.txt` list runs from U+0000 on: a length in hexadecimal and what all of them are.
//! `Lx` stands for letters that are upper and lower case in turn. They are read when first needed.

use std::sync::OnceLock;

/// Where each run begins, and what it is.
type Runs = Vec<(u32, &'static str)>;

static CATEGORIES: OnceLock<Runs> = OnceLock::new();
static SCRIPTS: OnceLock<Runs> = OnceLock::new();

const SCRIPTS_TEXT: &str = include_str!("scripts.txt");

fn runs(text: &'static str) -> Runs {
    let mut start = 0;
    let mut out = Vec::new();
    for token in text.split_whitespace() {
        let mut length = 0;
        while let Some(b'0'..=b'9' | b'a'..=b'z') = token.as_bytes().get(length) {
            length += 1;
        }
        let (length, name) = token.split_at(length);
        out.push((start, name));
        start += u32::from_str_radix(length, 16).unwrap_or(0);
    }
    out
}

fn run(runs: &Runs, c: char) -> (u32, &'static str) {
    let code = u32::from(c);
    let after = runs.partition_point(|(start, _)| *start <= code);
    runs.get(after.saturating_sub(1))
        .map_or((0, "Cn"), |(start, name)| (code - start, *name))
}

/// The general category of a character: `Lu`, `Nd`, ….
pub(in crate::json_schema) fn category(c: char) -> &'static str {
    let runs = CATEGORIES.get_or_init(|| runs(include_str!("categories.txt")));
    match run(runs, c) {
        (offset, "Lx") => ["Lu", "Ll"][offset as usize % 2],
        (_, name) => name,
    }
}

/// The script of a character, by its four letters.
pub(in crate::json_schema) fn script(c: char) -> &'static str {
    run(
        SCRIPTS.get_or_init(|| runs(SCRIPTS_TEXT.split("\n\n").next().unwrap_or(""))),
        c,
    )
    .1
}

/// A property that `\p{…}` can name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Property {
    /// A category, or the first letter of several.
    Category(&'static str),
    /// `LC`: letters with case.
    Cased,
    /// A script.
    Script(&'static str),
    /// One that the standard library knows, or that needs no table.
    Other(fn(char) -> bool),
}

impl Property {
    pub(super) fn has(self, c: char) -> bool {
        match self {
            Property::Category(name) => category(c).starts_with(name),
            Property::Cased => matches!(category(c), "Lu" | "Ll" | "Lt"),
            Property::Script(name) => script(c) == name,
            Property::Other(has) => has(c),
        }
    }

    /// The property between the braces of `\p{…}`.
    pub(super) fn named(text: &str) -> Option<Property> {
        match text.split_once('=') {
            Some(("General_Category" | "gc", value)) => category_named(value),
            Some(("Script" | "sc", value)) => script_named(value),
            Some(_) => None,
            None => category_named(text).or_else(|| other_named(text)),
        }
    }
}

fn script_named(name: &str) -> Option<Property> {
    let names = SCRIPTS_TEXT.split("\n\n").nth(1)?;
    for line in names.split_whitespace() {
        let short = match line.split_once('=') {
            Some((short, _)) => short,
            None => line,
        };
        for known in line.split('=') {
            if known == name {
                return Some(Property::Script(short));
            }
        }
    }
    None
}

fn other_named(name: &str) -> Option<Property> {
    Some(Property::Other(match name {
        "Any" => |_| true,
        "ASCII" => |c| c.is_ascii(),
        "Assigned" => |c| category(c) != "Cn",
        "Alphabetic" | "Alpha" => char::is_alphabetic,
        "Lowercase" | "Lower" => char::is_lowercase,
        "Uppercase" | "Upper" => char::is_uppercase,
        "White_Space" | "space" => char::is_whitespace,
        "ASCII_Hex_Digit" | "AHex" => |c| c.is_ascii_hexdigit(),
        "Hex_Digit" | "Hex" => {
            |c| c.is_ascii_hexdigit() || matches!(c, '０'..='９' | 'Ａ'..='Ｆ' | 'ａ'..='ｆ')
        }
        _ => return None,
    }))
}

fn category_named(name: &str) -> Option<Property> {
    Some(Property::Category(match name {
        "LC" | "Cased_Letter" => return Some(Property::Cased),
        "L" | "Letter" => "L",
        "Lu" | "Uppercase_Letter" => "Lu",
        "Ll" | "Lowercase_Letter" => "Ll",
        "Lt" | "Titlecase_Letter" => "Lt",
        "Lm" | "Modifier_Letter" => "Lm",
        "Lo" | "Other_Letter" => "Lo",
        "M" | "Mark" | "Combining_Mark" => "M",
        "Mn" | "Nonspacing_Mark" => "Mn",
        "Mc" | "Spacing_Mark" => "Mc",
        "Me" | "Enclosing_Mark" => "Me",
        "N" | "Number" => "N",
        "Nd" | "Decimal_Number" | "digit" => "Nd",
        "Nl" | "Letter_Number" => "Nl",
        "No" | "Other_Number" => "No",
        "P" | "Punctuation" | "punct" => "P",
        "Pc" | "Connector_Punctuation" => "Pc",
        "Pd" | "Dash_Punctuation" => "Pd",
        "Ps" | "Open_Punctuation" => "Ps",
        "Pe" | "Close_Punctuation" => "Pe",
        "Pi" | "Initial_Punctuation" => "Pi",
        "Pf" | "Final_Punctuation" => "Pf",
        "Po" | "Other_Punctuation" => "Po",
        "S" | "Symbol" => "S",
        "Sm" | "Math_Symbol" => "Sm",
        "Sc" | "Currency_Symbol" => "Sc",
        "Sk" | "Modifier_Symbol" => "Sk",
        "So" | "Other_Symbol" => "So",
        "Z" | "Separator" => "Z",
        "Zs" | "Space_Separator" => "Zs",
        "Zl" | "Line_Separator" => "Zl",
        "Zp" | "Paragraph_Separator" => "Zp",
        "C" | "Other" => "C",
        "Cc" | "Control" | "cntrl" => "Cc",
        "Cf" | "Format" => "Cf",
        "Cs" | "Surrogate" => "Cs",
        "Co" | "Private_Use" => "Co",
        "Cn" | "Unassigned" => "Cn",
        _ => return None,
    }))
}
