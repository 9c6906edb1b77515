//! The values of literal tokens.

use super::tokens::Literal;
use obs_schema::json::Number;

/// What a literal says.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// A number without a suffix, or with one.
    Number(Number),
    /// Bytes, a character, a C string: nothing an attribute takes.
    Other,
}

/// Reads a literal token.
pub(super) fn value(literal: &Literal) -> Value {
    let text = literal.to_string();
    if let Some(text) = string(&text) {
        return Value::Text(text);
    }
    number(&text).map_or(Value::Other, Value::Number)
}

/// The text of a string literal, plain or raw. rustc has seen it before, so it is well formed.
fn string(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw.get(hashes..raw.len().checked_sub(hashes)?)?;
        return Some(inner.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&digits, 16).ok()?));
            }
            'u' => {
                let digits: String = rest
                    .by_ref()
                    .skip(1)
                    .take_while(|c| *c != '}')
                    .filter(|c| *c != '_')
                    .collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            // A backslash at the end of a line swallows the space that follows.
            '\n' => {
                let left = rest.as_str().trim_start_matches([' ', '\t', '\n', '\r']);
                rest = left.chars();
            }
            other => out.push(other),
        }
    }
    Some(out)
}

/// The number of an integer or float literal.
fn number(text: &str) -> Option<Number> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            let end = digits
                .find(|c: char| !c.is_digit(radix))
                .unwrap_or(digits.len());
            return i64::from_str_radix(&digits[..end], radix)
                .ok()
                .map(Number::Int);
        }
    }
    let suffixes = [
        "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64",
    ];
    let bare = suffixes
        .iter()
        .find_map(|suffix| plain.strip_suffix(suffix))
        .unwrap_or(&plain);
    // `1.` is a float in Rust and nothing in JSON.
    let whole = bare.strip_suffix('.').map(|whole| format!("{whole}.0"));
    let bare = whole.as_deref().unwrap_or(bare);
    let digits = bare.trim_start_matches('0');
    let start = if digits.starts_with(|c: char| c.is_ascii_digit()) {
        digits
    } else {
        &bare[bare.len() - digits.len().min(bare.len())..]
    };
    let padded = if start.starts_with(|c: char| c.is_ascii_digit()) {
        start.to_owned()
    } else {
        format!("0{start}")
    };
    Number::parse(&padded)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::TokenTree;
    use super::*;

    fn check(source: &str, expected: Value) {
        let tokens: super::super::tokens::TokenStream = source.parse().expect("tokens");
        let Some(TokenTree::Literal(literal)) = tokens.into_iter().next() else {
            panic!("{source} is no literal")
        };
        assert_eq!(value(&literal), expected, "{source}");
    }

    #[test]
    fn texts() {
        let text = |text: &str| Value::Text(text.to_owned());
        check(r#""a\n\t\"\\\x41\u{e9}\u{1_F600}""#, text("a\n\t\"\\Aé😀"));
        check("\"a\\\n      b\"", text("ab"));
        check(r##"r#"a\"b"#"##, text("a\\\"b"));
        check(r#"r"a\b""#, text("a\\b"));
        check("b\"bytes\"", Value::Other);
        check("'c'", Value::Other);
    }

    #[test]
    fn numbers() {
        let number = |text: &str| Value::Number(Number::parse(text).expect("a number"));
        check("1_000", number("1000"));
        check("99.90", number("99.90"));
        check("1e3", number("1e3"));
        check("5u64", number("5"));
        check("1.5f32", number("1.5"));
        check("0x1F", number("31"));
        check("0", number("0"));
        check("007", number("7"));
        check("0.5", number("0.5"));
        check("2.", number("2.0"));
        check("1_f64", number("1"));
    }
}
