//! The writer.

use super::{low_byte, spread, zigzag};
use crate::wire::error::{EncodeError, EncodeErrorKind};

/// Writes values one after the other.
///
/// The first refusal sticks; what is written after it is thrown away by [`Writer::finish`].
///
/// ```
/// use obs_schema::wire::avro::Writer;
///
/// let mut writer = Writer::new();
/// writer.string("A-1");
/// writer.array(&[1, 2], |writer, item| writer.int(*item));
/// assert_eq!(writer.finish().unwrap(), b"\x06A-1\x04\x02\x04\x00");
/// ```
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Where this writer began to append.
    start: usize,
    error: Option<EncodeError>,
}

impl Writer {
    /// A writer with a buffer of its own.
    #[must_use]
    pub fn new() -> Writer {
        Writer::default()
    }

    /// A writer that appends: hot paths hand in the buffer of the message before.
    #[must_use]
    pub fn on(out: Vec<u8>) -> Writer {
        Writer {
            start: out.len(),
            out,
            error: None,
        }
    }

    /// The bytes, or the first refusal.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.error {
            None => Ok(self.out),
            Some(error) => Err(error),
        }
    }

    /// Gives the buffer back to where it came from; after a refusal as it was before.
    ///
    /// With [`Writer::on`] and [`std::mem::take`] this appends to a buffer that somebody else owns.
    pub fn finish_into(mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.error.is_some() {
            self.out.truncate(self.start);
        }
        *out = self.out;
        self.error.map_or(Ok(()), Err)
    }

    /// Makes room for so many more bytes; generated code knows a lower bound.
    #[inline]
    pub fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Refuses the value: `field` names the member, or is empty where only an outer [`Writer::at`] knows it.
    #[cold]
    #[inline(never)]
    pub fn refuse(&mut self, kind: EncodeErrorKind, field: &'static str) {
        if self.error.is_none() {
            let error = EncodeError::new(kind);
            self.error = Some(if field.is_empty() {
                error
            } else {
                error.within(field)
            });
        }
    }

    /// Writes a member whose value may be refused, so that the refusal names it.
    #[inline]
    pub fn at(&mut self, field: &'static str, write: impl FnOnce(&mut Writer)) {
        let fresh = self.error.is_none();
        write(self);
        if fresh && self.error.is_some() {
            self.place(|error| error.within(field));
        }
    }

    #[cold]
    fn place(&mut self, place: impl FnOnce(EncodeError) -> EncodeError) {
        self.error = self.error.take().map(place);
    }

    /// Writes null, which takes no bytes.
    #[inline]
    pub fn null(&mut self) {}

    /// Writes a boolean.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.out.push(u8::from(value));
    }

    /// Writes an `int`.
    #[inline]
    pub fn int(&mut self, value: i32) {
        self.long(i64::from(value));
    }

    /// Writes a `long`.
    #[inline]
    pub fn long(&mut self, value: i64) {
        let zigzag = zigzag(value);
        if zigzag < 0x80 {
            self.out.push(low_byte(zigzag));
        } else {
            self.varint(zigzag);
        }
    }

    /// Two bytes and more: the groups of seven bits are spread over a word and stored at once, save for the few of
    /// most numbers.
    fn varint(&mut self, value: u64) {
        let group = |at: u32| low_byte(value >> (7 * at)) | 0x80;
        if value < 1 << 14 {
            self.out
                .extend_from_slice(&[group(0), low_byte(value >> 7)]);
        } else if value < 1 << 21 {
            let last = low_byte(value >> 14);
            self.out.extend_from_slice(&[group(0), group(1), last]);
        } else if value < 1 << 56 {
            let groups = (63 - (value | 1).leading_zeros()) / 7 + 1;
            let continued = (0x8080_8080_8080_8080_u64) & ((1 << (8 * (groups - 1))) - 1);
            let word = spread(value) | continued;
            let len = self.out.len();
            self.out.extend_from_slice(&word.to_le_bytes());
            self.out.truncate(len + groups as usize);
        } else {
            let mut rest = value;
            while rest >= 0x80 {
                self.out.push(low_byte(rest) | 0x80);
                rest >>= 7;
            }
            self.out.push(low_byte(rest));
        }
    }

    /// Writes a `float`.
    #[inline]
    pub fn float(&mut self, value: f32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a `double`.
    #[inline]
    pub fn double(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes `bytes`.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.out.extend_from_slice(value);
    }

    /// Writes a `string`.
    #[inline]
    pub fn string(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// Writes a `fixed`; the caller answers for its size.
    #[inline]
    pub fn fixed(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    /// Writes the index of a union branch or an enum symbol.
    #[inline]
    pub fn index(&mut self, index: usize) {
        self.length(index);
    }

    /// Writes a union of null and one other type.
    #[inline]
    pub fn option<T>(
        &mut self,
        null_index: usize,
        value: &Option<T>,
        write: impl FnOnce(&mut Writer, &T),
    ) {
        match value {
            None => self.index(null_index),
            Some(value) => {
                self.index(usize::from(null_index == 0));
                write(self, value);
            }
        }
    }

    /// Writes a union of null and several other types; `write` writes the index of the branch and its value.
    #[inline]
    pub fn nullable<T>(
        &mut self,
        null_index: usize,
        value: &Option<T>,
        write: impl FnOnce(&mut Writer, &T),
    ) {
        match value {
            None => self.index(null_index),
            Some(value) => write(self, value),
        }
    }

    /// Writes an array as one block.
    #[inline]
    pub fn array<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        if !items.is_empty() {
            self.length(items.len());
            let fresh = self.error.is_none();
            for (index, item) in items.iter().enumerate() {
                write(self, item);
                if fresh && self.error.is_some() {
                    self.place(|error| error.within_item(index));
                    return;
                }
            }
        }
        self.out.push(0);
    }

    /// Writes a map as one block, in the order of the iterator.
    #[inline]
    pub fn map<'m, K, V>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (&'m K, &'m V)>,
        mut write: impl FnMut(&mut Writer, &V),
    ) where
        K: AsRef<str> + ?Sized + 'm,
        V: 'm,
    {
        if entries.len() > 0 {
            self.length(entries.len());
            let fresh = self.error.is_none();
            for (index, (key, value)) in entries.enumerate() {
                self.string(key.as_ref());
                write(self, value);
                if fresh && self.error.is_some() {
                    self.place(|error| error.within_item(index));
                    return;
                }
            }
        }
        self.out.push(0);
    }

    /// Starts an array or map block of so many elements, for callers with a loop of their own.
    /// [`Writer::end_blocks`] ends the array or map; an empty one has no block at all.
    #[inline]
    pub fn begin_block(&mut self, elements: usize) {
        if elements > 0 {
            self.length(elements);
        }
    }

    /// Ends an array or map.
    #[inline]
    pub fn end_blocks(&mut self) {
        self.out.push(0);
    }

    /// Where the writer stands, to come back to with [`Writer::rewind`].
    pub(crate) fn mark(&self) -> usize {
        self.out.len()
    }

    /// Forgets what was written since a mark.
    pub(crate) fn rewind(&mut self, mark: usize) {
        self.out.truncate(mark.max(self.start));
    }

    /// What was written in a range between two marks.
    pub(crate) fn written(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.out.get(range).unwrap_or(&[])
    }

    /// The buffer, refused or not.
    pub(crate) fn into_inner(self) -> Vec<u8> {
        self.out
    }

    #[inline]
    fn length(&mut self, length: usize) {
        // Nothing in memory is longer than `isize::MAX`, so doubling does not overflow.
        let zigzag = (length as u64) << 1;
        if zigzag < 0x80 {
            self.out.push(low_byte(zigzag));
        } else {
            self.varint(zigzag);
        }
    }
}
