//! The reader.

use std::collections::TryReserveError;

use super::{MAX_VARINT, gather, unzigzag};
use crate::wire::error::{DecodeError, DecodeErrorKind, Limits};

/// An enum's symbol as read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Symbol {
    /// One of the reader's symbols.
    Index(usize),
    /// A symbol of a newer writer, where the reader's enum has no default.
    Unrecognised(String),
}

/// Reads values one after the other from bytes that nobody vouches for.
///
/// Time and memory are bounded by the length of the input and [`Limits`]; nothing panics.
///
/// ```
/// use obs_schema::wire::avro::Reader;
///
/// let mut reader = Reader::new(b"\x06A-1\x04\x02\x04\x00");
/// assert_eq!(reader.string().unwrap(), "A-1");
/// assert_eq!(reader.array(|reader| reader.int()).unwrap(), [1, 2]);
/// assert!(reader.finish().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The length of the whole input: offsets are counted from its start.
    total: usize,
    /// Levels that are left.
    depth: u32,
    /// Elements that are left.
    elements: usize,
    /// The bytes come from a resolution plan.
    resolved: bool,
    /// The input was longer than the limit and is not looked at.
    too_long: bool,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl<'a> Reader<'a> {
    /// A reader with the default limits.
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader::with_limits(bytes, Limits::DEFAULT)
    }

    /// A reader with limits of the caller's.
    #[must_use]
    #[inline]
    pub fn with_limits(bytes: &'a [u8], limits: Limits) -> Reader<'a> {
        let too_long = bytes.len() > limits.max_bytes;
        Reader {
            rest: if too_long { &[] } else { bytes },
            total: if too_long { 0 } else { bytes.len() },
            depth: limits.max_depth,
            elements: limits.max_elements,
            resolved: false,
            too_long,
        }
    }

    /// The same reader for bytes that a resolution plan made: there an enum may hold a symbol the schema does
    /// not have, written as index -1 and the symbol's text.
    #[must_use]
    pub fn resolved(mut self) -> Reader<'a> {
        self.resolved = true;
        self
    }

    /// The end: bytes that are left over are an error.
    #[inline]
    pub fn finish(&self) -> Result<()> {
        if self.rest.is_empty() && !self.too_long {
            Ok(())
        } else {
            Err(self.left_over())
        }
    }

    #[cold]
    fn left_over(&self) -> DecodeError {
        if self.too_long {
            self.fail(DecodeErrorKind::TooManyBytes)
        } else {
            self.fail(DecodeErrorKind::TrailingBytes)
        }
    }

    /// How many bytes have been read.
    #[must_use]
    #[inline]
    pub fn position(&self) -> usize {
        self.total - self.rest.len()
    }

    /// The bytes that have not been read.
    #[must_use]
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads over everything that is left: after a failure there is nothing more to read.
    #[inline]
    pub fn give_up(&mut self) {
        self.rest = &[];
    }

    /// An error at the present place.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.position())
    }

    #[cold]
    #[inline(never)]
    fn end(&self) -> DecodeError {
        self.fail(if self.too_long {
            DecodeErrorKind::TooManyBytes
        } else {
            DecodeErrorKind::UnexpectedEnd
        })
    }

    /// Reads null, which takes no bytes.
    #[inline]
    pub fn null(&mut self) -> Result<()> {
        Ok(())
    }

    /// Reads a boolean.
    #[inline]
    pub fn bool(&mut self) -> Result<bool> {
        match self.rest {
            [0, rest @ ..] => {
                self.rest = rest;
                Ok(false)
            }
            [1, rest @ ..] => {
                self.rest = rest;
                Ok(true)
            }
            [] => Err(self.end()),
            _ => Err(self.fail(DecodeErrorKind::InvalidBool)),
        }
    }

    /// Reads an `int`.
    #[inline]
    pub fn int(&mut self) -> Result<i32> {
        let value = self.long()?;
        i32::try_from(value).map_err(|_| self.fail(DecodeErrorKind::OutOfRange("int")))
    }

    /// Reads a `long`.
    #[inline]
    pub fn long(&mut self) -> Result<i64> {
        Ok(unzigzag(self.varint()?))
    }

    #[inline]
    fn varint(&mut self) -> Result<u64> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    /// Two bytes and more. Up to eight are taken in one step where a whole word is left to load.
    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64> {
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let last = !word & 0x8080_8080_8080_8080;
            if last != 0 {
                // `last ^ (last - 1)` covers everything up to the first byte without a continuation bit.
                let mask = last ^ (last - 1);
                let bytes = (last.trailing_zeros() / 8 + 1) as usize;
                self.rest = self.rest.get(bytes..).unwrap_or(&[]);
                return Ok(gather(word & mask & 0x7f7f_7f7f_7f7f_7f7f));
            }
        }
        let mut value = 0;
        for (at, byte) in self.rest.iter().enumerate().take(MAX_VARINT) {
            let group = u64::from(byte & 0x7f);
            if at == MAX_VARINT - 1 && *byte > 1 {
                return Err(self.fail(DecodeErrorKind::VarintOverflow));
            }
            value |= group << (7 * at);
            if *byte < 0x80 {
                self.rest = self.rest.get(at + 1..).unwrap_or(&[]);
                return Ok(value);
            }
        }
        Err(self.end())
    }

    /// Reads a `float`.
    #[inline]
    pub fn float(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.fixed()?))
    }

    /// Reads a `double`.
    #[inline]
    pub fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.fixed()?))
    }

    /// Reads `bytes` into memory of their own.
    #[inline]
    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        Ok(self.bytes_ref()?.to_vec())
    }

    /// Reads `bytes` where they stand.
    #[inline]
    pub fn bytes_ref(&mut self) -> Result<&'a [u8]> {
        let length = self.varint()?;
        if length & 1 == 1 {
            return Err(self.fail(DecodeErrorKind::NegativeLength));
        }
        match usize::try_from(length >> 1)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
        {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.end()),
        }
    }

    /// Reads a `string` into memory of its own.
    #[inline]
    pub fn string(&mut self) -> Result<String> {
        if let [length @ 0..=0x20, rest @ ..] = self.rest
            && length & 1 == 0
            && let Some(window) = rest.first_chunk::<16>()
        {
            let length = usize::from(length >> 1);
            return self.short_text(rest, length, Vec::with_capacity(16), window);
        }
        self.long_text()
    }

    /// Checking UTF-8 is a quarter of the time that decoding an event takes, because the standard library looks
    /// at short texts byte by byte. So a short one is copied in whole words with NUL behind it and checked in
    /// its new place: aligned, it takes one step for sixteen bytes.
    #[inline]
    fn short_text(
        &mut self,
        rest: &'a [u8],
        length: usize,
        mut padded: Vec<u8>,
        window: &[u8; 16],
    ) -> Result<String> {
        let spare = 8 * (padded.len() + 16 - length);
        let mask = u32::try_from(spare)
            .ok()
            .and_then(|spare| u128::MAX.checked_shr(spare));
        let word = u128::from_le_bytes(*window) & mask.unwrap_or(0);
        padded.extend_from_slice(&word.to_le_bytes());
        match String::from_utf8(padded) {
            Ok(mut text) => {
                // A character boundary: NUL stands behind it, or nothing.
                text.truncate(length);
                self.rest = rest.get(length..).unwrap_or(&[]);
                Ok(text)
            }
            Err(_) => Err(self.fail(DecodeErrorKind::InvalidUtf8)),
        }
    }

    /// Up to 63 bytes as [`Reader::short_text`] does it, whatever is longer or stands near the end as usual.
    #[inline(never)]
    fn long_text(&mut self) -> Result<String> {
        if let [length @ 0x22..0x80, rest @ ..] = self.rest
            && length & 1 == 0
        {
            let length = usize::from(length >> 1);
            let whole = (length - 1) & !15;
            if let Some((head, tail)) = rest.split_at_checked(whole)
                && let Some(window) = tail.first_chunk::<16>()
            {
                let mut padded = Vec::with_capacity(whole + 16);
                padded.extend_from_slice(head);
                return self.short_text(rest, length, padded, window);
            }
        }
        Ok(self.str_ref()?.to_owned())
    }

    /// Reads a `string` where it stands.
    #[inline]
    pub fn str_ref(&mut self) -> Result<&'a str> {
        let bytes = self.bytes_ref()?;
        str::from_utf8(bytes).map_err(|_| self.fail(DecodeErrorKind::InvalidUtf8))
    }

    /// Reads a `fixed` of a size known to the compiler.
    #[inline]
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(self.end()),
        }
    }

    /// Reads a `fixed` where it stands.
    #[inline]
    pub fn fixed_ref(&mut self, size: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(size) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.end()),
        }
    }

    /// Reads the index of a union branch, or of a symbol where only known ones can stand.
    #[inline]
    pub fn index(&mut self, count: usize) -> Result<usize> {
        // An odd number is a negative index; both kinds of nonsense are one comparison.
        let raw = self.varint()?;
        let index = (raw >> 1) as usize;
        if raw & 1 == 0 && raw >> 1 < count as u64 {
            Ok(index)
        } else {
            Err(self.fail(DecodeErrorKind::IndexOutOfRange { count }))
        }
    }

    /// Reads an enum's symbol.
    #[inline]
    pub fn symbol(&mut self, count: usize) -> Result<Symbol> {
        if self.resolved && self.rest.first() == Some(&1) {
            return self.unrecognised();
        }
        self.index(count).map(Symbol::Index)
    }

    #[cold]
    fn unrecognised(&mut self) -> Result<Symbol> {
        self.long()?;
        self.string().map(Symbol::Unrecognised)
    }

    /// Reads a union of null and one other type.
    #[inline]
    pub fn option<T>(
        &mut self,
        null_index: usize,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.index(2)? == null_index {
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// Reads a union of null and several other types, `count` in all; `read` is given the index of the branch.
    #[inline]
    pub fn nullable<T>(
        &mut self,
        null_index: usize,
        count: usize,
        read: impl FnOnce(&mut Reader<'a>, usize) -> Result<T>,
    ) -> Result<Option<T>> {
        let index = self.index(count)?;
        if index == null_index {
            return Ok(None);
        }
        read(self, index).map(Some)
    }

    /// Reads an array.
    #[inline]
    pub fn array<T>(
        &mut self,
        mut item: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut out = Vec::new();
        loop {
            let count = self.block()?;
            if count == 0 {
                return Ok(out);
            }
            self.make_room(&mut out, count)
                .map_err(|_| self.fail(DecodeErrorKind::TooManyElements))?;
            for _ in 0..count {
                match item(self) {
                    Ok(value) => out.push(value),
                    Err(error) => return Err(error.within_item(out.len())),
                }
            }
        }
    }

    /// Reads a map into any kind of map; of repeated keys the last one wins.
    #[inline]
    pub fn map<M, T>(&mut self, mut value: impl FnMut(&mut Reader<'a>) -> Result<T>) -> Result<M>
    where
        M: Default + Extend<(String, T)>,
    {
        let mut out = M::default();
        let mut index = 0;
        loop {
            let count = self.block()?;
            if count == 0 {
                return Ok(out);
            }
            for _ in 0..count {
                let key = self.string()?;
                match value(self) {
                    Ok(value) => out.extend(Some((key, value))),
                    Err(error) => return Err(error.within_item(index)),
                }
                index += 1;
            }
        }
    }

    /// Starts a block of an array or map: how many elements follow, zero at the end.
    ///
    /// For callers with a loop of their own; the elements are taken off the budget here.
    #[inline]
    pub fn block(&mut self) -> Result<usize> {
        let raw = self.varint()?;
        let count = if raw & 1 == 0 {
            raw >> 1
        } else {
            self.sized_block(raw)?
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.charge(count)?;
        Ok(count)
    }

    /// Takes so many elements off the budget: for values that grow without taking bytes.
    #[inline]
    pub fn charge(&mut self, elements: usize) -> Result<()> {
        match self.elements.checked_sub(elements) {
            Some(left) => {
                self.elements = left;
                Ok(())
            }
            None => Err(self.fail(DecodeErrorKind::TooManyElements)),
        }
    }

    /// A negative count says that the size of the block in bytes follows, for those who skip it.
    #[cold]
    fn sized_block(&mut self, raw: u64) -> Result<u64> {
        let size = self.long()?;
        if size < 0 {
            return Err(self.fail(DecodeErrorKind::NegativeLength));
        }
        if size.cast_unsigned() > self.rest.len() as u64 {
            return Err(self.end());
        }
        Ok(unzigzag(raw).unsigned_abs())
    }

    /// Reads one level deeper. Every record does; types can only refer to themselves through records.
    #[inline]
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<T> {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                let value = read(self);
                self.depth = left + 1;
                value
            }
            None => Err(self.fail(DecodeErrorKind::TooDeep)),
        }
    }

    /// Makes room for announced elements, but never for more than the rest of the input can be: a claim of a
    /// million elements with ten bytes to follow reserves next to nothing.
    #[inline]
    fn make_room<T>(
        &self,
        out: &mut Vec<T>,
        count: usize,
    ) -> std::result::Result<(), TryReserveError> {
        let justified = 4 + self.rest.len().saturating_mul(4) / size_of::<T>().max(1);
        out.try_reserve(count.min(justified))
    }
}
