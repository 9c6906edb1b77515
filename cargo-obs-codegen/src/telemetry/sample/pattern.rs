//! A text that fits a pattern, for the patterns that people write: letters, classes and counts, one after the other.

use std::iter::Peekable;
use std::str::Chars;

/// How often something may stand there at most, so that a pattern cannot ask for a book.
const MOST: usize = 100;

/// A text that fits; nothing where the pattern says more than this knows.
pub(super) fn fitting(pattern: &str) -> Option<String> {
    let mut chars = pattern.chars().peekable();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        let one = match c {
            '^' | '$' => continue,
            '[' => of_class(&mut chars)?,
            '\\' => escaped(chars.next()?)?,
            '.' => 'a',
            '(' | ')' | '|' | '*' | '+' | '?' | '{' => return None,
            c => c,
        };
        let count = count(&mut chars)?;
        if count > MOST {
            return None;
        }
        out.extend(std::iter::repeat_n(one, count));
    }
    Some(out)
}

fn escaped(c: char) -> Option<char> {
    match c {
        'd' => Some('1'),
        'w' => Some('a'),
        's' => Some(' '),
        c if c.is_alphanumeric() => None,
        c => Some(c),
    }
}

/// The first character of a class.
fn of_class(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = match chars.next()? {
        '^' | ']' => return None,
        '\\' => escaped(chars.next()?)?,
        c => c,
    };
    loop {
        match chars.next()? {
            ']' => return Some(first),
            '\\' => drop(chars.next()?),
            _ => {}
        }
    }
}

/// How often what was before stands there, at least.
fn count(chars: &mut Peekable<Chars<'_>>) -> Option<usize> {
    match chars.peek() {
        Some('?' | '*') => {
            chars.next();
            Some(0)
        }
        Some('+') => {
            chars.next();
            Some(1)
        }
        Some('{') => {
            chars.next();
            let bounds: String = chars.take_while(|c| *c != '}').collect();
            bounds.split(',').next()?.parse().ok()
        }
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn patterns_that_people_write() {
        for (pattern, text) in [
            ("^ord_[0-9a-z]{6}$", Some("ord_000000")),
            ("^[A-Z]{2}\\d+$", Some("AA1")),
            ("a\\.b?c*d{2,3}", Some("a.dd")),
            ("^(a|b)$", None),
            ("[^a]", None),
            ("a{1000}", None),
            ("[a", None),
        ] {
            assert_eq!(fitting(pattern).as_deref(), text, "{pattern}");
        }
    }
}
