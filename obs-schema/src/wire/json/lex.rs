//! The words of JSON text: what lies between the bytes and the values.

use std::borrow::Cow;

use super::reader::{End, Reader};
use super::scan;
use crate::wire::error::{DecodeError, DecodeErrorKind};

type Result<T> = std::result::Result<T, DecodeError>;

impl<'a> Reader<'a> {
    /// The next byte that is not white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                next => return next.copied(),
            }
        }
    }

    #[inline]
    pub(super) fn skip_space(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// The error for text that ends too early.
    #[cold]
    pub(super) fn ended(&self) -> DecodeError {
        self.fail(match self.end {
            End::Input => DecodeErrorKind::UnexpectedEnd,
            End::InvalidUtf8 => DecodeErrorKind::InvalidUtf8,
            End::TooLong => DecodeErrorKind::TooManyBytes,
        })
    }

    /// An error of syntax here; at the end of the text that is what is wrong.
    #[cold]
    pub(super) fn syntax(&self, clause: &'static str) -> DecodeError {
        if self.at >= self.text.len() {
            self.ended()
        } else {
            self.fail(DecodeErrorKind::Syntax(clause))
        }
    }

    pub(super) fn word(&mut self, word: &'static str) -> Result<()> {
        let rest = &self.text.as_bytes()[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else if word.as_bytes().starts_with(rest) {
            self.at = self.text.len();
            Err(self.ended())
        } else {
            Err(self.syntax("a value should begin here"))
        }
    }

    /// Takes one element from the budget.
    #[inline]
    pub(super) fn spend(&mut self) -> Result<()> {
        match self.budget.checked_sub(1) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(self.fail(DecodeErrorKind::TooManyElements)),
        }
    }

    #[inline]
    pub(super) fn open(&mut self, bracket: u8, expected: &'static str) -> Result<()> {
        if self.peek() != Some(bracket) {
            return Err(self.unexpected(expected));
        }
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.fail(DecodeErrorKind::TooDeep));
        };
        self.depth = depth;
        self.at += 1;
        Ok(())
    }

    #[inline]
    pub(super) fn close_at_once(&mut self, bracket: u8) -> bool {
        let closed = self.peek() == Some(bracket);
        self.at += usize::from(closed);
        closed
    }

    /// After a member or element: whether a comma follows, and with it another one.
    #[inline]
    pub(super) fn another(&mut self, bracket: u8, otherwise: &'static str) -> Result<bool> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == bracket => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.syntax(otherwise)),
        }
    }

    #[inline]
    pub(super) fn member_name(&mut self) -> Result<Cow<'a, str>> {
        self.spend()?;
        self.expect_name()?;
        let name = self.quoted()?;
        self.colon()?;
        Ok(name)
    }

    #[inline]
    pub(super) fn expect_name(&mut self) -> Result<()> {
        if self.peek() == Some(b'"') {
            Ok(())
        } else {
            Err(self.syntax("a member's name should begin here"))
        }
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<()> {
        if self.peek() == Some(b':') {
            self.at += 1;
            Ok(())
        } else {
            Err(self.syntax("a colon should follow the member's name"))
        }
    }

    /// Reads a number literal and checks its form.
    pub(super) fn literal(&mut self, expected: &'static str) -> Result<&'a str> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected(expected));
        }
        let start = self.at;
        self.at += usize::from(self.text.as_bytes()[start] == b'-');
        let zero = self.text.as_bytes().get(self.at) == Some(&b'0');
        if self.digits()? > 1 && zero {
            self.at = start;
            return Err(self.syntax("a number does not begin with a zero"));
        }
        if self.text.as_bytes().get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.as_bytes().get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.as_bytes().get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// Reads over at least one digit and tells how many.
    fn digits(&mut self) -> Result<usize> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while let Some(b'0'..=b'9') = bytes.get(self.at) {
            self.at += 1;
        }
        let count = self.at - start;
        if count == 0 {
            Err(self.syntax("a digit should stand here"))
        } else {
            Ok(count)
        }
    }

    /// Reads a string whose opening quote is next.
    #[inline]
    pub(super) fn quoted(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at + 1;
        self.at = start + scan::plain(&self.text.as_bytes()[start..]);
        if self.text.as_bytes().get(self.at) == Some(&b'"') {
            let plain = &self.text[start..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.unescaped(start).map(Cow::Owned)
    }

    /// The rest of a string that is more than a plain run.
    #[cold]
    #[inline(never)]
    fn unescaped(&mut self, start: usize) -> Result<String> {
        let mut out = String::with_capacity((self.at - start) * 2);
        out.push_str(&self.text[start..self.at]);
        while let Some(c) = self.escape()? {
            out.push(c);
            let run = self.at;
            self.at += scan::plain(&self.text.as_bytes()[run..]);
            out.push_str(&self.text[run..self.at]);
        }
        Ok(out)
    }

    pub(super) fn skip_string(&mut self) -> Result<()> {
        self.at += 1;
        loop {
            self.at += scan::plain(&self.text.as_bytes()[self.at..]);
            if self.escape()?.is_none() {
                return Ok(());
            }
        }
    }

    /// After a plain run: an escape, or nothing and the closing quote is read.
    fn escape(&mut self) -> Result<Option<char>> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.at) {
            Some(b'"') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b'\\') => {}
            Some(_) => return Err(self.syntax("a control character in a string must be escaped")),
            None => return Err(self.ended()),
        }
        let c = match bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.escaped_unit().map(Some),
            Some(_) => return Err(self.syntax("there is no such escape")),
            None => {
                self.at += 1;
                return Err(self.ended());
            }
        };
        self.at += 2;
        Ok(Some(c))
    }

    /// `\uXXXX`, or two of them that make one character.
    fn escaped_unit(&mut self) -> Result<char> {
        const HALF: &str = "half a surrogate pair is no character";
        let high = self.hex(self.at + 2)?;
        let (code, length) = match high {
            0xd800..0xdc00 => {
                if self.text.as_bytes().get(self.at + 6..self.at + 8) != Some(b"\\u") {
                    return Err(self.syntax(HALF));
                }
                let low = self.hex(self.at + 8)?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(self.syntax(HALF));
                }
                (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
            }
            _ => (high, 6),
        };
        let Some(c) = char::from_u32(code) else {
            return Err(self.syntax(HALF));
        };
        self.at += length;
        Ok(c)
    }

    fn hex(&self, at: usize) -> Result<u32> {
        let Some(digits) = self.text.as_bytes().get(at..at + 4) else {
            return Err(self.ended());
        };
        let mut code = 0;
        for digit in digits {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                let clause = "four hexadecimal digits should follow `\\u`";
                return Err(DecodeError::new(DecodeErrorKind::Syntax(clause), at));
            };
            code = code * 16 + digit;
        }
        Ok(code)
    }
}
