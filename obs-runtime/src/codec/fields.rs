//! The fields of an Avro record, one after the other.
//!
//! Generated code has no `?` behind each of them: the first failure is remembered, and what comes after it is blank.
//! To the compiler a `?` is a branch, a conversion and a way out, and everybody who compiles an event pays for it.

use obs_schema::wire::DecodeError;
use obs_schema::wire::avro::Reader;

use super::AvroCodec;

type Result<T> = std::result::Result<T, DecodeError>;

/// A reader that remembers its first failure, with the field that failed.
pub struct Fields<'r, 'a> {
    reader: &'r mut Reader<'a>,
    error: Option<DecodeError>,
}

/// Begins a record.
#[inline]
pub fn fields<'r, 'a>(reader: &'r mut Reader<'a>) -> Fields<'r, 'a> {
    Fields {
        reader,
        error: None,
    }
}

macro_rules! words {
    ($($word:ident: $ty:ty),* $(,)?) => {$(
        /// A field that is one word of Avro.
        #[inline]
        pub fn $word(&mut self, name: &'static str) -> $ty {
            self.blank(name, Reader::$word)
        }
    )*};
}

impl<'a> Fields<'_, 'a> {
    words! {
        bool: bool,
        int: i32,
        long: i64,
        float: f32,
        double: f64,
        bytes: Vec<u8>,
        string: String,
    }

    /// A field of a type with a value to stand in after a failure.
    #[inline]
    pub fn value<T: AvroCodec + Default>(&mut self, name: &'static str) -> T {
        self.blank(name, T::read_avro)
    }

    /// A field of any other type.
    #[inline]
    pub fn part<T: AvroCodec>(&mut self, name: &'static str) -> Result<T> {
        self.read(name, T::read_avro)
    }

    /// A field that is read in a way of its own.
    #[inline]
    pub fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<T> {
        match read(self.reader) {
            Ok(value) => Ok(value),
            Err(error) => Err(first(&mut self.error, error, name)),
        }
    }

    /// The record, when all of its fields were there.
    #[inline]
    pub fn end<T>(self, record: T) -> Result<T> {
        match self.error {
            None => Ok(record),
            Some(error) => Err(error),
        }
    }

    #[inline]
    fn blank<T: Default>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> T {
        match read(self.reader) {
            Ok(value) => value,
            Err(error) => {
                self.error = Some(first(&mut self.error, error, name));
                self.reader.give_up();
                T::default()
            }
        }
    }
}

/// The failure that counts. Nothing asks whether there was one before the next field is read: nothing is left to read
/// then, and what fails for that reason comes second.
#[cold]
#[inline(never)]
fn first(before: &mut Option<DecodeError>, error: DecodeError, name: &'static str) -> DecodeError {
    before.take().unwrap_or_else(|| error.within(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> std::result::Result<(i32, String, Option<bool>, bool), String> {
        let mut reader = Reader::new(bytes);
        let mut r = fields(&mut reader);
        let read = |r: &mut Fields<'_, '_>| {
            Ok((
                r.int("a"),
                r.string("b"),
                r.part("c")?,
                r.read("d", |r| r.bool())?,
            ))
        };
        read(&mut r)
            .and_then(|record| r.end(record))
            .map_err(|error: DecodeError| error.to_string())
    }

    #[test]
    fn the_first_failure_counts() {
        assert_eq!(
            read(&[2, 2, b'x', 2, 1, 1]),
            Ok((1, "x".to_owned(), Some(true), true))
        );
        for (bytes, error) in [
            (&[][..], "`/a`: the input ends inside a value (at byte 0)"),
            (&[2, 1, 0], "`/b`: a length is negative (at byte 2)"),
            (
                &[2, 0, 4, 0],
                "`/c`: the index is beyond the 2 that the schema has (at byte 3)",
            ),
            (
                &[2, 0, 0, 9],
                "`/d`: a boolean is neither 0 nor 1 (at byte 3)",
            ),
        ] {
            assert_eq!(read(bytes), Err(error.to_owned()));
        }
        let mut reader = Reader::new(&[9]);
        let mut r = fields(&mut reader);
        let record = (r.bool("a"), r.value::<Option<i64>>("b"));
        assert_eq!(record, (false, None));
        assert_eq!(
            r.end(record).unwrap_err().to_string(),
            "`/a`: a boolean is neither 0 nor 1 (at byte 0)"
        );
    }
}
