//! JSON values as IDL writes them, with the numbers and escapes of Java.

use super::lexer::TokenKind;
use super::{Parser, member, text};
use crate::json::Number;
use crate::node::{Member, Node, Value};

impl Parser<'_, '_> {
    /// A value of an annotation, or a default.
    pub(super) fn value(&mut self) -> Option<Node> {
        self.nested(Self::any_value)
    }

    fn any_value(&mut self) -> Option<Node> {
        let token = self.peek();
        let value = match (token.kind, self.slice(token)) {
            (TokenKind::Symbol, "{") => {
                self.next();
                Value::Object(self.members()?)
            }
            (TokenKind::Symbol, "[") => {
                self.next();
                let mut items = Vec::new();
                self.list("]", |parser| {
                    items.push(parser.value()?);
                    Some(())
                })?;
                Value::Array(items)
            }
            (TokenKind::Text, _) => Value::String(self.quoted()?),
            (TokenKind::Word, "true") => self.one(Value::Bool(true)),
            (TokenKind::Word, "false") => self.one(Value::Bool(false)),
            (TokenKind::Word, "null") => self.one(Value::Null),
            (TokenKind::Word | TokenKind::Number, written) => match number(written) {
                Some(value) => self.one(value),
                None if token.kind == TokenKind::Number => {
                    let loc = self.loc(token);
                    self.complain(
                        loc,
                        format!("`{written}` is no number, or one beyond 64 bits"),
                        "write a number",
                    );
                    self.one(Value::Null)
                }
                None => {
                    self.unexpected("a value");
                    return None;
                }
            },
            _ => {
                self.unexpected("a value");
                return None;
            }
        };
        Some(Node {
            loc: self.since(token),
            value,
        })
    }

    fn one(&mut self, value: Value) -> Value {
        self.next();
        value
    }

    fn members(&mut self) -> Option<Vec<Member>> {
        let mut members: Vec<Member> = Vec::new();
        self.list("}", |parser| {
            let token = parser.peek();
            if token.kind != TokenKind::Text {
                parser.unexpected("a key in double quotes");
                return None;
            }
            let name = parser.quoted()?;
            let name_loc = parser.loc(token);
            parser.expect(":", "after the key")?;
            let value = parser.value()?;
            if members.iter().any(|member| member.name == name) {
                parser.complain(
                    name_loc,
                    format!("key `{name}` is written twice"),
                    "remove one of the two",
                );
            }
            members.push(Member {
                name,
                name_loc,
                value,
            });
            Some(())
        })?;
        Some(members)
    }

    /// Things between commas, up to a closing bracket that is read too.
    pub(super) fn list(
        &mut self,
        close: &str,
        mut one: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        if self.eat(close) {
            return Some(());
        }
        loop {
            one(self)?;
            if self.eat(close) {
                return Some(());
            }
            let comma = self.peek();
            if !self.eat(",") {
                self.unexpected(&format!("`,` or `{close}`"));
                return None;
            }
            if self.is(close) {
                let loc = self.loc(comma);
                self.complain(loc, "a comma follows the last element", "remove the comma");
                self.next();
                return Some(());
            }
        }
    }

    /// Text in double quotes.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let token = self.peek();
        if token.kind != TokenKind::Text {
            self.unexpected("text in double quotes");
            return None;
        }
        self.next();
        Some(unescape(self.slice(token)))
    }

    /// A whole number as a member: the size of a fixed, the precision of a decimal.
    pub(super) fn whole(&mut self, name: &str) -> Option<Member> {
        let token = self.peek();
        let value = match (token.kind, number(self.slice(token))) {
            (TokenKind::Number, Some(Value::Number(Number::Int(value)))) => {
                Value::Number(Number::Int(value))
            }
            _ => {
                self.unexpected("a whole number");
                return None;
            }
        };
        self.next();
        Some(member(
            name,
            Node {
                loc: self.loc(token),
                value,
            },
        ))
    }

    /// A keyword as text.
    pub(super) fn keyword(&mut self) -> Node {
        let token = self.next();
        text(self.slice(token), self.loc(token))
    }
}

/// A number in Java's spelling. What JSON has no numbers for becomes the text Avro's tools use.
fn number(written: &str) -> Option<Value> {
    let (negative, bare) = match written.strip_prefix('-') {
        Some(bare) => (true, bare),
        None => (false, written.strip_prefix('+').unwrap_or(written)),
    };
    match bare {
        "NaN" => return Some(Value::String("NaN".to_owned())),
        "Infinity" => {
            return Some(Value::String(
                if negative { "-Infinity" } else { "Infinity" }.to_owned(),
            ));
        }
        _ if !bare.starts_with(|c: char| c.is_ascii_digit() || c == '.') => return None,
        _ => {}
    }
    let hex = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X"));
    let digits = bare.strip_suffix(['l', 'L']).unwrap_or(bare);
    let whole = match hex {
        Some(_) => i128::from_str_radix(&digits[2..], 16).ok(),
        None if digits.len() > 1
            && digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            i128::from_str_radix(digits, 8).ok()
        }
        None if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        None => None,
    };
    if let Some(value) = whole {
        let value = i64::try_from(if negative { -value } else { value }).ok()?;
        return Some(Value::Number(Number::Int(value)));
    }
    let value = match hex {
        Some(hex) => hex_float(
            hex.strip_suffix(['f', 'F', 'd', 'D'])
                .filter(|rest| rest.contains(['p', 'P']))
                .unwrap_or(hex),
        )?,
        None => {
            let decimal = bare.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(bare);
            let fits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
            let marked = decimal.len() < bare.len() || decimal.contains(['.', 'e', 'E']);
            (marked && decimal.chars().all(fits))
                .then(|| decimal.parse::<f64>().ok())
                .flatten()?
        }
    };
    let value = if negative { -value } else { value };
    // Java reads what is too large as infinity, and has to be told so.
    Some(if value.is_infinite() {
        Value::String(if negative { "-Infinity" } else { "Infinity" }.to_owned())
    } else {
        Value::Number(Number::Float(value))
    })
}

/// `1.8p3` is one and a half, times eight.
fn hex_float(written: &str) -> Option<f64> {
    let (mantissa, exponent) = written.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(places)?;
    Some(value * 2f64.powi(exponent))
}

/// What stands between the quotes, with Java's escapes undone; one that means nothing stays as it is.
pub(super) fn unescape(written: &str) -> String {
    let body = written.strip_prefix('"').unwrap_or(written);
    let body = body.strip_suffix('"').unwrap_or(body);
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let octal = rest
            .bytes()
            .take(3)
            .take_while(|b| (b'0'..=b'7').contains(b))
            .count();
        let (c, length) = match rest.bytes().next() {
            Some(b'n') => (Some('\n'), 1),
            Some(b'r') => (Some('\r'), 1),
            Some(b't') => (Some('\t'), 1),
            Some(b'b') => (Some('\u{8}'), 1),
            Some(b'f') => (Some('\u{c}'), 1),
            Some(b'\\') => (Some('\\'), 1),
            Some(b'"') => (Some('"'), 1),
            Some(b'\'') => (Some('\''), 1),
            Some(b'/') => (Some('/'), 1),
            Some(b'u') => unicode(rest),
            Some(first @ b'0'..=b'7') => {
                // Three digits only up to \377.
                let octal = if first > b'3' { octal.min(2) } else { octal };
                (
                    u32::from_str_radix(&rest[..octal], 8)
                        .ok()
                        .and_then(char::from_u32),
                    octal,
                )
            }
            _ => (None, 0),
        };
        match c {
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
        rest = &rest[if c.is_some() { length } else { 0 }..];
    }
    out.push_str(rest);
    out
}

/// The character of `uXXXX`, or of two halves of one, and how much text it takes.
fn unicode(rest: &str) -> (Option<char>, usize) {
    let unit = |at: usize| {
        let digits = rest
            .get(at..at + 4)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(1) else {
        return (None, 0);
    };
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first), 5);
    }
    let low = rest
        .get(5..7)
        .filter(|next| *next == "\\u")
        .and_then(|_| unit(7));
    let c = low
        .filter(|low| (0xdc00..0xe000).contains(low))
        .and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)));
    (c, 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_java() {
        for (written, expected) in [
            ("12", "12"),
            ("-12L", "-12"),
            ("0x10", "16"),
            ("-0XfFl", "-255"),
            ("017", "15"),
            ("0", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1.5", "1.5"),
            ("1.", "1.0"),
            (".5e1", "5.0"),
            ("2f", "2.0"),
            ("1e3D", "1000.0"),
            ("0x1.8p3", "12.0"),
            ("0x.8p1f", "1.0"),
            ("NaN", "\"NaN\""),
            ("-Infinity", "\"-Infinity\""),
            ("+Infinity", "\"Infinity\""),
            ("1e999", "\"Infinity\""),
        ] {
            let value = number(written).unwrap_or_else(|| panic!("{written}"));
            let loc = crate::source::Loc::token(0);
            assert_eq!(
                Node { loc, value }.to_json().to_string(),
                expected,
                "{written}"
            );
        }
        for bad in [
            "",
            "-",
            "9223372036854775808",
            "08",
            "0x",
            "1x",
            "1e",
            "0xp1",
            "x",
            "--1",
            "1.2.3",
            "0x1.8",
        ] {
            assert!(number(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn escapes_of_java() {
        for (written, expected) in [
            ("\"a\\n\\t\\\\\\\"\\'\"", "a\n\t\\\"'"),
            ("\"\\u00e9\\ud83d\\ude00\"", "é😀"),
            ("\"\\7\\101\\777\"", "\u{7}A?7"),
            ("\"\\q \\u12 \\ud800x\"", "\\q \\u12 \\ud800x"),
            ("\"\\é\"", "\\é"),
        ] {
            assert_eq!(unescape(written), expected, "{written}");
        }
    }
}
