//! JSON text to the located tree. The reader recovers: a missing or trailing comma, a bare word and single quotes are
//! reported, and reading goes on.

use super::{MAX_DEPTH, Member, Members, Node, Value};
use crate::diag::{Diagnostic, Diagnostics};
use crate::json::Number;
use crate::source::{FileId, Loc};

/// Reads JSON text. Complains to `cx`; gives back what it understood, or nothing when there is no value at all.
pub fn parse_json(cx: &mut Diagnostics, file: FileId, text: &str) -> Option<Node> {
    read(cx, file, text, false)
}

/// Reads JSON text that may hold `//` and `/* */` comments, as Avro's own reader allows in its files.
pub fn parse_json_with_comments(cx: &mut Diagnostics, file: FileId, text: &str) -> Option<Node> {
    read(cx, file, text, true)
}

fn read(cx: &mut Diagnostics, file: FileId, text: &str, comments: bool) -> Option<Node> {
    let mut reader = Reader {
        cx,
        file,
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        comments,
        given_up: false,
    };
    reader.space();
    if reader.at == reader.bytes.len() {
        reader.complain(
            "json-syntax",
            reader.at,
            "the file is empty",
            "write a schema, or remove the file",
        );
        return None;
    }
    let node = reader.value()?;
    reader.space();
    if reader.at < reader.bytes.len() && !reader.given_up {
        let at = reader.at;
        reader.complain(
            "json-syntax",
            at,
            "text follows the end of the value",
            "remove it, or put it in a file of its own",
        );
    }
    Some(node)
}

struct Reader<'a> {
    cx: &'a mut Diagnostics,
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    comments: bool,
    given_up: bool,
}

impl Reader<'_> {
    fn complain(&mut self, code: &'static str, at: usize, message: &str, help: &str) {
        if !self.given_up {
            let end = self.text[at.min(self.text.len())..]
                .chars()
                .next()
                .map_or(at, |c| at + c.len_utf8());
            let loc = Loc::new(self.file, at, end);
            self.cx
                .push(Diagnostic::error(code, loc, message).help(help));
        }
    }

    /// Complains and stops: nothing sensible can be read after this.
    fn give_up(&mut self, at: usize, message: &str, help: &str) {
        self.complain("json-syntax", at, message, help);
        self.stop();
    }

    fn stop(&mut self) {
        self.given_up = true;
        self.cx.cut_short(self.file);
        self.at = self.bytes.len();
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.at += 1;
            }
            if !self.comments || self.peek() != Some(b'/') || !self.comment() {
                return;
            }
        }
    }

    /// Steps over a comment, if one stands here.
    fn comment(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(body) = rest.strip_prefix("/*") {
            match body.find("*/") {
                Some(at) => at + 4,
                None => {
                    self.give_up(
                        self.at,
                        "this comment is never closed",
                        "add the missing `*/`",
                    );
                    return false;
                }
            }
        } else {
            return false;
        };
        self.at += length;
        true
    }

    fn value(&mut self) -> Option<Node> {
        self.space();
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(start, Self::object)?,
            Some(b'[') => self.nested(start, Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't' | b'f' | b'n') => self.word()?,
            Some(b'/') => {
                self.give_up(
                    start,
                    "a comment stands where a value should be",
                    "remove the comment; JSON has none",
                );
                return None;
            }
            Some(_) => match self.unquoted("value") {
                Some(text) => Value::String(text),
                None => {
                    self.give_up(
                        start,
                        "expected a value",
                        "write an object, array, string, number, `true`, `false` or `null`",
                    );
                    return None;
                }
            },
            None => {
                self.give_up(
                    start,
                    "the file ends where a value should be",
                    "complete the value",
                );
                return None;
            }
        };
        Some(Node {
            loc: Loc::new(self.file, start, self.at),
            value,
        })
    }

    fn nested(&mut self, start: usize, read: fn(&mut Self) -> Value) -> Option<Value> {
        if self.depth == MAX_DEPTH {
            let message = format!("values nest more than {MAX_DEPTH} deep");
            self.complain("deep-nesting", start, &message, "flatten the document");
            self.stop();
            return None;
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        Some(value)
    }

    fn object(&mut self) -> Value {
        let open = self.at - 1;
        let mut members = Members::default();
        loop {
            self.space();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(first) => {
                    let start = self.at;
                    let name = if first == b'"' {
                        self.string()
                    } else {
                        self.unquoted("key")
                    };
                    let Some(name) = name else {
                        self.give_up(
                            start,
                            "expected a key in double quotes",
                            "quote the key, or remove what stands here",
                        );
                        break;
                    };
                    let name_loc = Loc::new(self.file, start, self.at);
                    self.space();
                    if self.peek() == Some(b':') {
                        self.at += 1;
                    } else {
                        self.give_up(
                            self.at,
                            "expected `:` after a key",
                            "write the key, a colon and the value",
                        );
                        break;
                    }
                    let Some(value) = self.value() else { break };
                    let member = Member {
                        name,
                        name_loc,
                        value,
                    };
                    members.push(self.cx, member);
                    if !self.comma(b'}') {
                        break;
                    }
                }
                None => {
                    self.give_up(open, "this object is never closed", "add the missing `}`");
                    break;
                }
            }
        }
        members.value()
    }

    fn array(&mut self) -> Value {
        let open = self.at - 1;
        let mut items = Vec::new();
        loop {
            self.space();
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                None => {
                    self.give_up(open, "this array is never closed", "add the missing `]`");
                    break;
                }
                Some(_) => {
                    let Some(item) = self.value() else { break };
                    items.push(item);
                    if !self.comma(b']') {
                        break;
                    }
                }
            }
        }
        Value::Array(items)
    }

    /// After an element: true to go on. A missing or trailing comma is reported and forgiven.
    fn comma(&mut self, close: u8) -> bool {
        let end = self.at;
        self.space();
        match self.peek() {
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.space();
                if self.peek() == Some(close) {
                    self.complain(
                        "json-syntax",
                        comma,
                        "a comma follows the last element",
                        "remove the comma",
                    );
                }
                true
            }
            Some(byte) if byte == close => true,
            Some(b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                self.complain(
                    "json-syntax",
                    self.text[..end]
                        .char_indices()
                        .next_back()
                        .map_or(0, |(at, _)| at),
                    "a comma is missing after this",
                    "add a comma",
                );
                true
            }
            Some(_) => {
                self.give_up(
                    self.at,
                    "expected a comma or the closing bracket",
                    "remove what stands here",
                );
                false
            }
            None => true,
        }
    }

    fn string(&mut self) -> Option<String> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut done = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    out.push_str(&self.text[done..self.at]);
                    self.at += 1;
                    return Some(out);
                }
                Some(b'\\') => {
                    out.push_str(&self.text[done..self.at]);
                    let at = self.at;
                    match self.escape() {
                        Some(c) => out.push(c),
                        None => {
                            self.complain(
                                "json-syntax",
                                at,
                                "this escape is none of JSON's",
                                "write `\\\\` for a backslash",
                            );
                            self.at = self.at.max(at + 1);
                            // Stand on a character again, whatever the escape was cut from.
                            while !self.text.is_char_boundary(self.at) {
                                self.at += 1;
                            }
                        }
                    }
                    done = self.at;
                }
                Some(byte) if byte < 0x20 => {
                    if byte == b'\n' || byte == b'\r' {
                        self.give_up(open, "this string is never closed", "add the missing `\"`");
                        return None;
                    }
                    let at = self.at;
                    self.complain(
                        "json-syntax",
                        at,
                        "a control character stands in a string",
                        "escape it",
                    );
                    self.at += 1;
                }
                Some(_) => self.at += 1,
                None => {
                    self.give_up(open, "this string is never closed", "add the missing `\"`");
                    return None;
                }
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                if (0xd800..0xdc00).contains(&first) {
                    if self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
                        return None;
                    }
                    self.at += 2;
                    let second = self.hex4()?;
                    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + low)?
                } else {
                    char::from_u32(first)?
                }
            }
            _ => return None,
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        match Number::parse(&self.text[start..self.at]) {
            Some(number) => Some(Value::Number(number)),
            None => {
                self.complain(
                    "json-syntax",
                    start,
                    "this is no JSON number",
                    "write digits, without a leading zero or plus",
                );
                Some(Value::Null)
            }
        }
    }

    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = word_len(rest);
        let value = match &rest[..length] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => return self.unquoted("value").map(Value::String),
        };
        self.at += length;
        Some(value)
    }

    /// A bare word, or text in single quotes: complained of, and taken for what it was meant to be.
    fn unquoted(&mut self, what: &str) -> Option<String> {
        let start = self.at;
        let rest = &self.text[start..];
        let (text, length, message) = match rest.strip_prefix('\'') {
            Some(quoted) => {
                let end = quoted
                    .find(['\'', '\n'])
                    .filter(|end| quoted[*end..].starts_with('\''))?;
                (
                    &quoted[..end],
                    end + 2,
                    format!("a {what} stands in single quotes"),
                )
            }
            None => {
                let end = word_len(rest);
                (
                    &rest[..end],
                    end,
                    format!("a bare word stands where a {what} should be"),
                )
            }
        };
        if length == 0 {
            return None;
        }
        self.complain("json-syntax", start, &message, "put it in double quotes");
        self.at += length;
        Some(text.to_owned())
    }
}

/// How long the word is that a text begins with.
fn word_len(text: &str) -> usize {
    let mut rest = text.chars();
    loop {
        let length = text.len() - rest.as_str().len();
        match rest.next() {
            Some(c) if c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$') => {}
            _ => return length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn check(text: &str, expected: &str) {
        let mut sources = SourceMap::default();
        let file = sources.add("t.json", text);
        let mut cx = Diagnostics::default();
        let node = parse_json(&mut cx, file, &sources.get(file).expect("just added").text);
        let mut got = node.map_or("nothing".to_owned(), |node| node.to_json().to_string());
        for diagnostic in cx.into_sorted() {
            let position = sources
                .position(diagnostic.primary.loc)
                .expect("a file place");
            got += &format!(
                " | {}:{} {}",
                position.line, position.column, diagnostic.message
            );
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn a_key_is_found_again_among_many() {
        let key = |at: usize| format!("\"k{at}\": {at}");
        for many in [3, 16, 17, 18, 100_000] {
            let keys: Vec<String> = (0..many).chain([1, many - 1, 1]).map(key).collect();
            let mut cx = Diagnostics::default();
            let mut sources = SourceMap::default();
            let file = sources.add("t.json", format!("{{{}}}", keys.join(",")));
            let text = &sources.get(file).expect("just added").text;
            let node = parse_json(&mut cx, file, text).expect("it can be read");
            let said: Vec<_> = cx.as_slice().iter().map(|one| &*one.message).collect();
            let twice = |at: usize| format!("key `k{at}` is written twice");
            assert_eq!(said, [twice(1), twice(many - 1), twice(1)]);
            let json = node.to_json();
            assert_eq!(json.as_object().map(<[_]>::len), Some(many));
        }
    }

    #[test]
    fn reads_and_recovers() {
        check(
            "\u{feff}{\"a\": [1, 2.5, \"x\\u00e9\\ud83d\\ude00\"],\r\n \"b\": null}",
            "{\"a\":[1,2.5,\"xé😀\"],\"b\":null}",
        );
        check(
            "{\"a\": 1 \"b\": 2,}",
            "{\"a\":1,\"b\":2} | 1:7 a comma is missing after this | 1:15 a comma follows the last element",
        );
        check(
            "{\"a\": 1,\n \"a\": 2}",
            "{\"a\":2} | 2:2 key `a` is written twice",
        );
        check(
            "{é: 'x', \"b\": wört \"c\": True}",
            "{\"é\":\"x\",\"b\":\"wört\",\"c\":\"True\"} \
             | 1:2 a bare word stands where a key should be | 1:5 a value stands in single quotes \
             | 1:15 a bare word stands where a value should be | 1:18 a comma is missing after this \
             | 1:25 a bare word stands where a value should be",
        );
        check("[1, {\"a\": }", "[1,{}] | 1:11 expected a value");
        check("{\"a\": \"x", "{} | 1:7 this string is never closed");
        check("", "nothing | 1:1 the file is empty");
        check("{} {}", "{} | 1:4 text follows the end of the value");
        check(
            "{\"a\": \"\\é\"}",
            "{\"a\":\"\"} | 1:8 this escape is none of JSON's",
        );
    }

    #[test]
    fn comments_where_allowed() {
        let mut cx = Diagnostics::default();
        let mut sources = SourceMap::default();
        let text = "// one\n{\"a\"/* two */: 1, // \u{e9}\n\"b\": /**/ 2}\n/* last */ // really";
        let file = sources.add("t.avsc", text);
        let node = parse_json_with_comments(&mut cx, file, text).expect("a value");
        assert_eq!(node.to_json().to_string(), "{\"a\":1,\"b\":2}");
        assert!(cx.as_slice().is_empty());
        parse_json_with_comments(&mut cx, file, "{\"a\": 1} /* open");
        assert_eq!(cx.as_slice().len(), 1);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(100_000);
        let mut cx = Diagnostics::default();
        let mut sources = SourceMap::default();
        let file = sources.add("t.json", deep.clone());
        parse_json(&mut cx, file, &deep);
        assert_eq!(cx.as_slice().len(), 1);
    }
}
