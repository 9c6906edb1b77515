//! Records: objects whose members stand in a table.
//!
//! Generated code says what becomes of each member, by its place in the table, and nothing else: each body and each
//! `?` of it is paid for by everybody who compiles an event.

use std::borrow::Cow;

use super::reader::short;
use super::{Reader, scan};
use crate::wire::error::DecodeError;

type Result<T> = std::result::Result<T, DecodeError>;

impl<'a> Reader<'a> {
    /// Reads an object into a record, which begins as what it is when members are absent.
    ///
    /// For each member the callback is told its place in `names` (their number, for a name that is not there) and
    /// its name, and reads the value. `required` has a bit for each name, lowest first: the members that must be there.
    ///
    /// ```
    /// use obs_schema::wire::json::{Reader, put};
    ///
    /// let read = |text: &str| {
    ///     Reader::new(text.as_bytes()).record(&["id", "note"], [0b01], (0, None), |it, r, at, name| match at {
    ///         0 => put(&mut it.0, r.i64()),
    ///         1 => put(&mut it.1, r.string().map(Some)),
    ///         _ => Err(r.unknown_member(name)),
    ///     })
    /// };
    /// assert_eq!(read(r#"{"note":"a","id":7}"#).unwrap(), (7, Some("a".to_owned())));
    /// assert_eq!(read(r#"{"note":"a"}"#).unwrap_err().to_string(), "member `id` is missing (at byte 12)");
    /// ```
    #[inline]
    pub fn record<T, const WORDS: usize>(
        &mut self,
        names: &'static [&'static str],
        required: [u64; WORDS],
        mut record: T,
        member: impl Fn(&mut T, &mut Reader<'a>, usize, &str) -> Result<()>,
    ) -> Result<T> {
        let mut missing = required;
        let mut next = 0;
        self.open(b'{', "an object")?;
        if !self.close_at_once(b'}') {
            loop {
                self.spend()?;
                self.expect_name()?;
                // Most writers keep to the order of the schema.
                let (at, name) = match names.get(next) {
                    Some(expected) if self.takes_name(expected) => (next, Cow::Borrowed(*expected)),
                    _ => {
                        let name = self.quoted()?;
                        (find(names, next, &name), name)
                    }
                };
                self.colon()?;
                if let Some(word) = missing.get_mut(at / 64) {
                    *word &= !(1 << (at % 64));
                }
                next = at + 1;
                if let Err(error) = member(&mut record, self, at, &name) {
                    return Err(error.within_named(short(&name)));
                }
                if !self.another(b'}', "a comma or `}` should follow the member")? {
                    break;
                }
            }
        }
        self.depth += 1;
        match missing.iter().position(|word| *word != 0) {
            None => Ok(record),
            Some(word) => {
                let at = word * 64 + missing[word].trailing_zeros() as usize;
                Err(self.missing(names.get(at).copied().unwrap_or_default()))
            }
        }
    }
}

impl Reader<'_> {
    /// Reads over the name at whose opening quote we stand, when it is this one and stands there without escapes.
    #[inline]
    fn takes_name(&mut self, expected: &str) -> bool {
        let expected = expected.as_bytes();
        let rest = &self.text.as_bytes()[self.at + 1..];
        let taken = rest.starts_with(expected)
            && rest.get(expected.len()) == Some(&b'"')
            && scan::plain(expected) == expected.len();
        if taken {
            self.at += expected.len() + 2;
        }
        taken
    }
}

/// The place of a name; members that are left out make the next one stand not far behind.
#[inline(never)]
fn find(names: &[&str], next: usize, name: &str) -> usize {
    let (before, behind) = names.split_at(next.min(names.len()));
    let place = |names: &[&str]| names.iter().position(|known| *known == name);
    match place(behind) {
        Some(at) => before.len() + at,
        None => place(before).unwrap_or(names.len()),
    }
}

/// Puts what was read where it belongs.
#[inline]
pub fn put<T>(place: &mut T, value: Result<T>) -> Result<()> {
    *place = value?;
    Ok(())
}

/// As [`put`], for a member that may be absent.
#[inline]
pub fn put_some<T>(place: &mut Option<T>, value: Result<T>) -> Result<()> {
    *place = Some(value?);
    Ok(())
}

/// Puts a member that the schema does not name among the others of its kind.
#[inline]
pub fn keep<M: Extend<(String, T)>, T>(kept: &mut M, name: &str, value: Result<T>) -> Result<()> {
    kept.extend([(name.to_owned(), value?)]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 70] = {
        let mut names = ["?"; 70];
        (names[0], names[1], names[63], names[64], names[69]) = ("a", "b", "c", "d", "e");
        names
    };

    /// Which places were read, in the order of the text.
    fn places(text: &str) -> std::result::Result<Vec<(usize, i64)>, String> {
        Reader::new(text.as_bytes())
            .record(
                &NAMES,
                [1 | 1 << 63, 1 << 5],
                Vec::new(),
                |it, r, at, name| match at {
                    70 => Err(r.unknown_member(name)),
                    _ => r.i64().map(|value| it.push((at, value))),
                },
            )
            .map_err(|error| error.to_string())
    }

    #[test]
    fn members_are_found_in_any_order() {
        assert_eq!(
            places(r#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#),
            Ok(vec![(0, 1), (1, 2), (63, 3), (64, 4), (69, 5)])
        );
        assert_eq!(
            places(r#"{"e":1,"c":2,"a":3,"\u0065":4}"#),
            Ok(vec![(69, 1), (63, 2), (0, 3), (69, 4)])
        );
    }

    #[test]
    fn names_that_need_escapes_are_read_with_them() {
        for (text, found) in [
            (r#"{"a\"b":1,"a\\b":2}"#, true),
            (r#"{"a"b":1,"a\\b":2}"#, false),
            (r#"{"a\"b":1,"a\b":2}"#, false),
        ] {
            let read = Reader::new(text.as_bytes()).record(
                &["a\"b", "a\\b"],
                [0b11],
                (),
                |_, r, at, name| match at {
                    0 | 1 => r.i32().map(drop),
                    _ => Err(r.unknown_member(name)),
                },
            );
            assert_eq!(read.is_ok(), found, "{text}");
        }
    }

    #[test]
    fn the_first_of_the_missing_is_named() {
        for (text, error) in [
            ("{}", "member `a` is missing (at byte 2)"),
            (r#"{"a":1}"#, "member `c` is missing (at byte 7)"),
            (r#"{"a":1,"c":1}"#, "member `e` is missing (at byte 13)"),
            (
                r#"{"e":1,"f":1}"#,
                "`/f`: there is no member `f` (at byte 11)",
            ),
            (
                r#"{"e":1,"c":"1"}"#,
                "`/c`: expected an integer, found a string (at byte 11)",
            ),
        ] {
            assert_eq!(places(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn values_go_where_they_belong() {
        let (mut value, mut maybe) = (1, None);
        let mut kept = std::collections::BTreeMap::new();
        let error = || DecodeError::refused("no", 0);
        assert_eq!(put(&mut value, Ok(2)), Ok(()));
        assert_eq!(put(&mut value, Err(error())), Err(error()));
        assert_eq!(put_some(&mut maybe, Ok(Some(3))), Ok(()));
        assert_eq!(put_some(&mut maybe, Err(error())), Err(error()));
        assert_eq!(keep(&mut kept, "a", Ok(4)), Ok(()));
        assert_eq!(keep(&mut kept, "b", Err(error())), Err(error()));
        assert_eq!((value, maybe), (2, Some(Some(3))));
        assert_eq!(kept, [("a".to_owned(), 4)].into());
    }
}
