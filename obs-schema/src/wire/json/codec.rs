//! What generated codecs ask for beyond JSON itself: required members, nulls, Avro's named branches, tuples.

use super::reader::short;
use super::{Kind, Mark, Reader, Writer};
use crate::wire::error::{DecodeError, DecodeErrorKind};

type Result<T> = std::result::Result<T, DecodeError>;

impl Writer {
    /// `null`, or the value.
    #[inline]
    pub fn option<T>(&mut self, value: &Option<T>, write: impl FnOnce(&mut Writer, &T)) {
        match value {
            None => self.null(),
            Some(value) => write(self, value),
        }
    }
}

impl<'a> Reader<'a> {
    /// The member that an object must have, once all members are read.
    #[inline]
    pub fn required<T>(&self, value: Option<T>, name: &'static str) -> Result<T> {
        match value {
            Some(value) => Ok(value),
            None => Err(self.missing(name)),
        }
    }

    /// Reads `null` or a value, as [`Reader::plain`] reads it.
    #[inline]
    pub fn nullable<T>(
        &mut self,
        branch: &str,
        read: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.peek_kind()? {
            Kind::Null => self.null().map(|()| None),
            _ => self.plain(branch, read).map(Some),
        }
    }

    /// Reads a value which may also stand under the name of its branch: `"a"` or `{"string": "a"}`.
    ///
    /// Avro's own JSON form has the second; we write the first and take both.
    pub fn plain<T>(
        &mut self,
        branch: &str,
        mut read: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        if self.peek_kind()? == Kind::Object {
            let mark = self.mark();
            self.open(b'{', "an object")?;
            if !self.close_at_once(b'}') && self.member_name()? == branch {
                let value = read(self)?;
                self.close(b'}', "a branch stands alone in its object")?;
                return Ok(value);
            }
            self.reset(mark);
        }
        read(self)
    }

    /// Reads a value of Avro's unions, `{"branch": value}`: the callback is told the branch and reads the value.
    pub fn tagged<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>, &str) -> Result<T>,
    ) -> Result<T> {
        self.open(b'{', "an object that names the branch")?;
        if self.close_at_once(b'}') {
            return Err(self.fail(DecodeErrorKind::NoBranch));
        }
        let branch = self.member_name()?;
        let value = read(self, &branch).map_err(|error| error.within_named(short(&branch)))?;
        self.close(b'}', "a branch stands alone in its object")?;
        Ok(value)
    }

    /// Reads a list of a fixed length: the callback calls [`Reader::item`] for each element.
    pub fn tuple<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<T> {
        self.open(b'[', "an array")?;
        let value = read(self)?;
        self.close(b']', "the list should end here")?;
        Ok(value)
    }

    /// Reads the element at this place of a [`Reader::tuple`].
    pub fn item<T>(
        &mut self,
        index: usize,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        if index > 0 && !self.another(b']', "a comma should follow the element")? {
            return Err(self.fail(DecodeErrorKind::WrongKind {
                expected: "a longer list",
                found: "its end",
            }));
        }
        read(self).map_err(|error| error.within_item(index))
    }

    /// Reads one level deeper: for unions that can lead back to themselves without an object in between.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<T> {
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                let value = read(self)?;
                self.depth += 1;
                Ok(value)
            }
            None => Err(self.fail(DecodeErrorKind::TooDeep)),
        }
    }

    /// Reads from a place that may have been read before. Each attempt is on the bill, so that branches of
    /// branches cannot multiply without end.
    pub fn attempt<T>(
        &mut self,
        from: Mark,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        self.reset(from);
        self.spend()?;
        read(self)
    }

    /// Ends what [`Reader::open`] began.
    fn close(&mut self, bracket: u8, otherwise: &'static str) -> Result<()> {
        if self.another(bracket, otherwise)? {
            return Err(self.fail(DecodeErrorKind::Syntax(otherwise)));
        }
        self.depth += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::error::Limits;

    #[test]
    fn nullable_values_are_plain_or_named() {
        let read = |text: &str| {
            let mut reader = Reader::new(text.as_bytes());
            let value = reader.nullable("string", |r| r.string())?;
            reader.finish().map(|()| value)
        };
        assert_eq!(read("null"), Ok(None));
        assert_eq!(read(" \"a\""), Ok(Some("a".to_owned())));
        assert_eq!(read("{ \"string\" : \"a\" }"), Ok(Some("a".to_owned())));
        for bad in [
            "{}",
            "{\"int\":1}",
            "{\"string\":1}",
            "{\"string\":\"a\",\"b\":1}",
            "1",
            "{\"string\":\"a\"",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn branches_stand_alone() {
        let read = |text: &str| {
            let mut reader = Reader::new(text.as_bytes());
            let value = reader.tagged(|r, branch| match branch {
                "int" => r.i32(),
                _ => Err(r.fail(DecodeErrorKind::NoBranch)),
            })?;
            reader.finish().map(|()| value)
        };
        assert_eq!(read("{\"int\":7}"), Ok(7));
        for bad in [
            "7",
            "{}",
            "{\"long\":7}",
            "{\"int\":7,\"int\":7}",
            "{\"int\":7",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn attempts_end() {
        // Twice itself, for ever: only the bounds stop it.
        fn read(r: &mut Reader<'_>) -> Result<()> {
            r.nested(|r| {
                let mark = r.mark();
                r.attempt(mark, read).or_else(|_| r.attempt(mark, read))
            })
        }
        let limits = Limits {
            max_elements: 1000,
            ..Limits::DEFAULT
        };
        assert!(read(&mut Reader::with_limits(b"1", limits)).is_err());
    }

    #[test]
    fn tuples_have_their_length() {
        let read = |text: &str| {
            let mut reader = Reader::new(text.as_bytes());
            let value =
                reader.tuple(|r| Ok((r.item(0, |r| r.i32())?, r.item(1, |r| r.string())?)))?;
            reader.finish().map(|()| value)
        };
        assert_eq!(read("[1,\"a\"]"), Ok((1, "a".to_owned())));
        for bad in [
            "[]",
            "[1]",
            "[1,\"a\",2]",
            "[1 \"a\"]",
            "[1,\"a\"",
            "{}",
            "[,1]",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(read("[1,2]").unwrap_err().pointer(), "/1");
    }
}
