//! Records: objects whose members stand in a table.
//!
//! Generated code goes through its fields in order, one call each, as often as members are left: once, where a writer
//! keeps to the order of the schema. A call whose member is not due is one comparison. There is no closure and no `?`
//! in it, for each is paid for by everybody who compiles an event.

use std::borrow::Cow;

use super::Reader;
use super::reader::short;
use crate::wire::error::DecodeError;

type Result<T> = std::result::Result<T, DecodeError>;

/// The place of no member at all: the object has ended, or something failed.
const NONE: usize = usize::MAX;

/// The members of an object, on their way into a record.
///
/// ```
/// use obs_schema::wire::json::Reader;
///
/// let read = |text: &str| {
///     let mut reader = Reader::new(text.as_bytes());
///     // A bit for each member that must be there, the first one lowest.
///     let mut m = reader.record(&["id", "note"], [0b01]);
///     let mut it = (0, String::new());
///     while m.more() {
///         m.i64(&mut it.0);
///         m.string(&mut it.1);
///     }
///     m.end(it)
/// };
/// assert_eq!(read(r#"{"note":"a","id":7}"#).unwrap(), (7, "a".to_owned()));
/// assert_eq!(read(r#"{"note":"a"}"#).unwrap_err().to_string(), "member `id` is missing (at byte 12)");
/// ```
pub struct Members<'r, 'a, const WORDS: usize> {
    /// The field that is asked for next; none, before the first.
    field: usize,
    object: Object<'r, 'a, WORDS>,
}

/// All but the counter of fields, which thus stays in a register.
struct Object<'r, 'a, const WORDS: usize> {
    reader: &'r mut Reader<'a>,
    names: &'static [&'static str],
    /// No name has anything that JSON escapes, so the next one can be looked for as it is.
    plain: bool,
    /// The field whose value stands next: the number of fields, for a member that is none of them.
    due: usize,
    missing: [u64; WORDS],
    /// The name of a member that is no field.
    other: Cow<'a, str>,
    error: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    /// Begins an object that becomes a record. No name may hold anything that JSON escapes.
    #[inline]
    pub fn record<'r, const WORDS: usize>(
        &'r mut self,
        names: &'static [&'static str],
        required: [u64; WORDS],
    ) -> Members<'r, 'a, WORDS> {
        self.members_of(names, required, true)
    }

    /// The same for names with quotes, backslashes or control characters.
    pub fn record_escaped<'r, const WORDS: usize>(
        &'r mut self,
        names: &'static [&'static str],
        required: [u64; WORDS],
    ) -> Members<'r, 'a, WORDS> {
        self.members_of(names, required, false)
    }

    #[inline]
    fn members_of<'r, const WORDS: usize>(
        &'r mut self,
        names: &'static [&'static str],
        required: [u64; WORDS],
        plain: bool,
    ) -> Members<'r, 'a, WORDS> {
        let mut object = Object {
            reader: self,
            names,
            plain,
            due: NONE,
            missing: required,
            other: Cow::Borrowed(""),
            error: None,
        };
        object.begin();
        Members {
            field: NONE,
            object,
        }
    }
}

macro_rules! words {
    ($($word:ident: $ty:ty),* $(,)?) => {$(
        /// A member that is always there, or stays what it is.
        #[inline]
        pub fn $word(&mut self, place: &mut $ty) {
            if self.due() {
                let value = self.object.reader.$word();
                self.put(place, value);
            }
        }
    )*};
}

impl<'a, const WORDS: usize> Members<'_, 'a, WORDS> {
    words! {
        bool: bool,
        i32: i32,
        i64: i64,
        u64: u64,
        f32: f32,
        f64: f64,
        bytes: Vec<u8>,
        string: String,
    }

    /// Whether to go through the fields once more. A member that nothing took the last time is refused.
    #[inline]
    pub fn more(&mut self) -> bool {
        if self.object.due == self.object.names.len() && self.field != NONE {
            self.object.refuse();
        }
        self.field = 0;
        self.object.due != NONE
    }

    /// A member of any type.
    #[inline]
    pub fn read<T>(&mut self, place: &mut T, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) {
        if self.due() {
            let value = read(self.object.reader);
            self.put(place, value);
        }
    }

    /// A member that may be absent, or that has no value to begin with.
    #[inline]
    pub fn some<T>(
        &mut self,
        place: &mut Option<T>,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) {
        if self.due() {
            let value = read(self.object.reader).map(Some);
            self.put(place, value);
        }
    }

    /// A member that may be null; see [`Reader::nullable`].
    #[inline]
    pub fn nullable<T>(
        &mut self,
        place: &mut Option<T>,
        branch: &str,
        read: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) {
        if self.due() {
            let value = self.object.reader.nullable(branch, read);
            self.put(place, value);
        }
    }

    /// Members that are no fields are read over.
    #[inline]
    pub fn skip_others(&mut self) {
        while self.object.due == self.object.names.len() {
            let value = self.object.reader.skip();
            self.put(&mut (), value);
        }
    }

    /// Members that are no fields are kept by their names.
    pub fn keep_others<M: Extend<(String, T)>, T>(
        &mut self,
        kept: &mut M,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) {
        while self.object.due == self.object.names.len() {
            let name = std::mem::take(&mut self.object.other).into_owned();
            match read(self.object.reader) {
                Ok(value) => {
                    kept.extend([(name, value)]);
                    self.object.advance();
                }
                Err(error) => {
                    self.object.other = Cow::Owned(name);
                    self.object.fail(error);
                }
            }
        }
    }

    /// The record, when all of its members were there.
    #[inline]
    pub fn end<T>(self, record: T) -> Result<T> {
        match self.object.end() {
            None => Ok(record),
            Some(error) => Err(error),
        }
    }

    #[inline]
    fn due(&mut self) -> bool {
        let due = self.field == self.object.due;
        self.field += 1;
        due
    }

    #[inline]
    fn put<T>(&mut self, place: &mut T, value: Result<T>) {
        match value {
            Ok(value) => {
                *place = value;
                self.object.advance();
            }
            Err(error) => self.object.fail(error),
        }
    }
}

impl<const WORDS: usize> Object<'_, '_, WORDS> {
    #[inline]
    fn begin(&mut self) {
        if let Err(error) = self.reader.open(b'{', "an object") {
            self.error = Some(error);
        } else if !self.reader.close_at_once(b'}') {
            self.name(0);
        }
    }

    /// After a value: on to the next member, if there is one.
    fn advance(&mut self) {
        if let Some(word) = self.missing.get_mut(self.due / 64) {
            *word &= !(1 << (self.due % 64));
        }
        let next = self.due + 1;
        self.due = NONE;
        match self
            .reader
            .another(b'}', "a comma or `}` should follow the member")
        {
            Ok(true) => self.name(next),
            Ok(false) => {}
            Err(error) => self.error = Some(error),
        }
    }

    /// Reads a name, which is most likely that of the field behind the last one.
    #[inline]
    fn name(&mut self, next: usize) {
        match self.find(next) {
            Ok(at) => self.due = at,
            Err(error) => self.error = Some(error),
        }
    }

    #[inline]
    fn find(&mut self, next: usize) -> Result<usize> {
        self.reader.spend()?;
        self.reader.expect_name()?;
        let at = match self.names.get(next) {
            Some(expected) if self.plain && self.reader.takes_name(expected) => next,
            _ => {
                let name = self.reader.quoted()?;
                let at = find(self.names, next, &name);
                if at == self.names.len() {
                    self.other = name;
                }
                at
            }
        };
        self.reader.colon()?;
        Ok(at)
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self) {
        let error = self.reader.unknown_member(&self.other);
        self.fail(error);
    }

    /// Nothing is due after a failure.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: DecodeError) {
        let name = self.names.get(self.due).copied().unwrap_or(&self.other);
        self.error = Some(error.within_named(short(name)));
        self.due = NONE;
    }

    #[inline]
    fn end(self) -> Option<DecodeError> {
        if self.error.is_some() {
            return self.error;
        }
        self.reader.depth += 1;
        let word = self.missing.iter().position(|word| *word != 0)?;
        let at = word * 64 + self.missing[word].trailing_zeros() as usize;
        Some(
            self.reader
                .missing(self.names.get(at).copied().unwrap_or_default()),
        )
    }
}

impl Reader<'_> {
    /// Reads over the name at whose opening quote we stand, when it is this one. It has nothing to escape.
    #[inline]
    fn takes_name(&mut self, expected: &str) -> bool {
        let expected = expected.as_bytes();
        let rest = &self.text.as_bytes()[self.at + 1..];
        let taken = rest.starts_with(expected) && rest.get(expected.len()) == Some(&b'"');
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const NAMES: [&str; 70] = {
        let mut names = ["?"; 70];
        (names[0], names[1], names[63], names[64], names[69]) = ("a", "b", "c", "d", "e");
        names
    };

    /// Which places were read, in the order of the text.
    fn places(text: &str) -> std::result::Result<Vec<(usize, i64)>, String> {
        let mut reader = Reader::new(text.as_bytes());
        let mut m = reader.record(&NAMES, [1 | 1 << 63, 1 << 5]);
        let mut it = Vec::new();
        while m.more() {
            for at in 0..NAMES.len() {
                let mut value = None;
                m.some(&mut value, Reader::i64);
                it.extend(value.map(|value| (at, value)));
            }
        }
        m.end(it).map_err(|error| error.to_string())
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
            let mut reader = Reader::new(text.as_bytes());
            let mut m = reader.record_escaped(&["a\"b", "a\\b"], [0b11]);
            let mut it = (0, 0);
            while m.more() {
                m.i32(&mut it.0);
                m.i32(&mut it.1);
            }
            assert_eq!(m.end(it).ok(), found.then_some((1, 2)), "{text}");
        }
    }

    #[test]
    fn the_first_failure_counts() {
        for (text, error) in [
            ("[", "expected an object, found an array (at byte 0)"),
            ("{}", "member `a` is missing (at byte 2)"),
            (r#"{"a":1}"#, "member `c` is missing (at byte 7)"),
            (r#"{"a":1,"c":1}"#, "member `e` is missing (at byte 13)"),
            (
                r#"{"e":1,"f":1}"#,
                "`/f`: there is no member `f` (at byte 11)",
            ),
            (
                r#"{"e":1,"c":"1","a":"2"}"#,
                "`/c`: expected an integer, found a string (at byte 11)",
            ),
            (
                r#"{"e":1"a":"2"}"#,
                "a comma or `}` should follow the member (at byte 6)",
            ),
        ] {
            assert_eq!(places(text), Err(error.to_owned()), "{text}");
        }
    }

    #[test]
    fn others_are_read_over_or_kept() {
        let read = |text: &str, keep: bool| {
            let mut reader = Reader::new(text.as_bytes());
            let mut m = reader.record(&["a", "n"], [0b01]);
            let mut it = (0, None, BTreeMap::new());
            while m.more() {
                m.i32(&mut it.0);
                m.nullable(&mut it.1, "string", Reader::string);
                if keep {
                    m.keep_others(&mut it.2, Reader::i32);
                } else {
                    m.skip_others();
                }
            }
            m.end(it).map_err(|error| error.to_string())
        };
        let text = r#"{"x":1,"y":2,"n":{"string":"s"},"a":3,"z":4}"#;
        let kept = [("x", 1), ("y", 2), ("z", 4)].map(|(name, value)| (name.to_owned(), value));
        assert_eq!(read(text, true), Ok((3, Some("s".to_owned()), kept.into())));
        assert_eq!(
            read(text, false),
            Ok((3, Some("s".to_owned()), BTreeMap::new()))
        );
        assert_eq!(
            read(r#"{"a":1,"x":"y"}"#, true),
            Err("`/x`: expected an integer, found a string (at byte 11)".to_owned())
        );
        assert_eq!(
            read(r#"{"a":1,"x":y}"#, false),
            Err("`/x`: a value should begin here (at byte 11)".to_owned())
        );
    }
}
