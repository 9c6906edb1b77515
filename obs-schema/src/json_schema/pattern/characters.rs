//! Reading what stands for characters: escapes, and sets in brackets.

use super::Invalid;
use super::class::{Class, DIGITS, SPACE, WORD};
use super::parse::{Assertion, Ast, Parser};
use super::unicode::Property;

impl Parser<'_> {
    /// An escape outside of brackets, behind the backslash.
    pub(super) fn escape(&mut self) -> Result<Ast, Invalid> {
        let Some(c) = self.peek() else {
            return self.fail("the expression ends in a backslash");
        };
        match c {
            'b' | 'B' => {
                self.at += 1;
                return Ok(Ast::Assert(if c == 'b' {
                    Assertion::Boundary
                } else {
                    Assertion::NoBoundary
                }));
            }
            'A' | 'Z' | 'z' if self.lenient => {
                self.at += 1;
                self.foreign = true;
                return Ok(Ast::Assert(if c == 'A' {
                    Assertion::Start
                } else {
                    Assertion::End
                }));
            }
            '1'..='9' => return self.numbered_reference(),
            'k' if !self.lenient || !self.names.is_empty() => {
                self.at += 1;
                if !self.eat("<") {
                    return self.fail("a name in angle brackets should follow");
                }
                let name = self.group_name()?;
                return self.named_reference(&name);
            }
            _ => {}
        }
        let mut class = Class::default();
        if !self.shorthand(&mut class)? {
            let c = self.character(false)?;
            class.add(c, c);
        }
        let class = class.finish(false, self.flags.ignore_case);
        Ok(self.push(class))
    }

    fn numbered_reference(&mut self) -> Result<Ast, Invalid> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest()[..digits].parse::<u32>().unwrap_or(u32::MAX);
        if number > self.total {
            return self.fail("there is no group of this number");
        }
        self.at += digits;
        self.back_references = true;
        Ok(Ast::Back(number))
    }

    /// `\d`, `\p{…}` and their like, behind the backslash.
    fn shorthand(&mut self, class: &mut Class) -> Result<bool, Invalid> {
        let Some(c) = self.peek() else {
            return Ok(false);
        };
        let ranges = match c.to_ascii_lowercase() {
            'd' => DIGITS,
            'w' => WORD,
            's' => SPACE,
            'p' => {
                self.at += 1;
                let inside = self
                    .rest()
                    .strip_prefix('{')
                    .and_then(|rest| rest.split_once('}'));
                let Some((name, _)) = inside else {
                    return self.fail("a property in braces should follow");
                };
                let Some(property) = Property::named(name) else {
                    return self.fail("no such property of characters is known");
                };
                self.at += name.len() + 2;
                class.add_property(property, c == 'P');
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.at += 1;
        class.add_ranges(ranges, c.is_ascii_uppercase());
        Ok(true)
    }

    /// An escape that stands for one character, behind the backslash.
    fn character(&mut self, in_class: bool) -> Result<char, Invalid> {
        let start = self.at;
        let Some(c) = self.next() else {
            return self.fail("the expression ends in a backslash");
        };
        Ok(match c {
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'b' if in_class => '\u{8}',
            '0' if !self.rest().starts_with(|c: char| c.is_ascii_digit()) => '\0',
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    char::from(letter as u8 % 32)
                }
                _ => return self.fail("a letter should follow `\\c`"),
            },
            'x' => match self.hex(2) {
                Some(code) => char::from_u32(code).unwrap_or('\0'),
                None => return self.fail("two hexadecimal digits should follow `\\x`"),
            },
            'u' => match self.unicode() {
                Some(c) => c,
                None => return self.fail("`\\u` should be followed by the code of a character"),
            },
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|'
            | '/' => c,
            '-' if in_class => c,
            // A letter or digit that escapes nothing is a mistake in every dialect but one.
            _ if self.lenient && !c.is_ascii_alphanumeric() => c,
            _ => {
                self.at = start;
                return self.fail("this escapes nothing");
            }
        })
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self
            .rest()
            .get(..digits)
            .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let code = u32::from_str_radix(text, 16).ok()?;
        self.at += digits;
        Some(code)
    }

    /// `\u0041`, `\u{1F600}`, or a pair of surrogates, behind the `u`.
    fn unicode(&mut self) -> Option<char> {
        if self.eat("{") {
            let digits = self.rest().find('}').filter(|digits| *digits > 0)?;
            let text = self.rest()[..digits].to_owned();
            if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            self.at += digits + 1;
            return u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
        }
        let first = self.hex(4)?;
        if (0xd800..0xdc00).contains(&first) {
            if !self.eat("\\u") {
                return None;
            }
            let second = self
                .hex(4)?
                .checked_sub(0xdc00)
                .filter(|low| *low < 0x400)?;
            return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second);
        }
        char::from_u32(first)
    }

    /// A set in brackets, behind the first of them.
    pub(super) fn class(&mut self) -> Result<Ast, Invalid> {
        let open = self.at - 1;
        let negated = self.eat("^");
        let mut class = Class::default();
        loop {
            match self.peek() {
                None => {
                    self.at = open;
                    return self.fail("this bracket is never closed");
                }
                Some(']') => {
                    self.at += 1;
                    break;
                }
                Some(_) => self.class_range(&mut class)?,
            }
        }
        let class = class.finish(negated, self.flags.ignore_case);
        Ok(self.push(class))
    }

    /// One member of a set, or a range of them.
    fn class_range(&mut self, class: &mut Class) -> Result<(), Invalid> {
        let start = self.at;
        let from = self.class_atom(class)?;
        let ranged =
            self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1;
        if !ranged {
            if let Some(c) = from {
                class.add(c, c);
            }
            return Ok(());
        }
        self.at += 1;
        let to = self.class_atom(class)?;
        match (from, to) {
            (Some(from), Some(to)) if from <= to => class.add(from, to),
            (Some(_), Some(_)) => {
                self.at = start;
                return self.fail("this range is backwards");
            }
            // `[\w-.]`: a hyphen beside a shorthand is a hyphen, if one is lenient.
            _ if self.lenient => {
                class.add('-', '-');
                for c in from.into_iter().chain(to) {
                    class.add(c, c);
                }
            }
            _ => {
                self.at = start;
                return self.fail("a shorthand cannot begin or end a range");
            }
        }
        Ok(())
    }

    /// A character of a set; a shorthand adds itself and answers nothing.
    fn class_atom(&mut self, class: &mut Class) -> Result<Option<char>, Invalid> {
        match self.next() {
            Some('\\') => {
                if self.shorthand(class)? {
                    return Ok(None);
                }
                self.character(true).map(Some)
            }
            other => Ok(other),
        }
    }
}
