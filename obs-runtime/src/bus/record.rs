//! Messages, borrowed while they are handed over.

use std::fmt;

use super::owned::{OwnedRecord, take_part};
#[cfg(feature = "tokio")]
use crate::envelope::Word;

/// A message, as it is handed to a bus. Everything in it is borrowed.
///
/// ```
/// use obs_runtime::bus::{Header, Record};
///
/// let headers = [Header { name: "content-type", value: b"application/json" }];
/// let record = Record {
///     key: Some(b"user-123"),
///     headers: (&headers).into(),
///     ..Record::new("user.registered.v2", b"{}")
/// };
/// assert_eq!(record.header("content-type"), Some(&b"application/json"[..]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Record<'a> {
    /// Where it goes.
    pub topic: &'a str,
    /// Records of one key stay in order.
    pub key: Option<&'a [u8]>,
    /// Names and values, in order.
    pub headers: Headers<'a>,
    /// The message itself. A record without one says that what its key stands for is gone.
    pub body: Option<&'a [u8]>,
}

/// A name and a value beside the message.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Header<'a> {
    /// Its name. Several headers may have the same.
    pub name: &'a str,
    /// Its value, which is text more often than not.
    pub value: &'a [u8],
}

/// The headers of a record: a borrowed slice of them, or those of an [`OwnedRecord`].
#[derive(Clone, Copy, Default)]
pub struct Headers<'a>(pub(super) Form<'a>);

#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    Listed(&'a [Header<'a>]),
    Packed { count: usize, bytes: &'a [u8] },
}

impl Default for Form<'_> {
    fn default() -> Self {
        Form::Listed(&[])
    }
}

impl<'a> Record<'a> {
    /// A record without key and headers.
    #[must_use]
    pub const fn new(topic: &'a str, body: &'a [u8]) -> Record<'a> {
        Record {
            topic,
            key: None,
            headers: Headers(Form::Listed(&[])),
            body: Some(body),
        }
    }

    /// A record that says that what the key stands for is gone.
    #[must_use]
    pub const fn tombstone(topic: &'a str, key: &'a [u8]) -> Record<'a> {
        Record {
            topic,
            key: Some(key),
            headers: Headers(Form::Listed(&[])),
            body: None,
        }
    }

    /// The value of a header; of several the last.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.get(name)
    }

    /// The bytes that are the message: key, headers and body, without what a bus adds to tell them apart.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers
            .map(|header| header.name.len() + header.value.len())
            .sum();
        self.key.map_or(0, <[u8]>::len) + headers + self.body.map_or(0, <[u8]>::len)
    }

    /// The same record, for keeping: one allocation.
    #[must_use]
    pub fn owned(&self) -> OwnedRecord {
        OwnedRecord::from(self)
    }
}

/// Where it goes and how large its parts are: what it says is for its readers alone.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("topic", &self.topic)
            .field("key_bytes", &self.key.map(<[u8]>::len))
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.map(<[u8]>::len))
            .finish()
    }
}

impl<'a> Header<'a> {
    /// A header whose value is text.
    #[must_use]
    pub const fn new(name: &'a str, value: &'a str) -> Header<'a> {
        Header {
            name,
            value: value.as_bytes(),
        }
    }

    /// The value, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.value).ok()
    }
}

/// Its name, and how large its value is.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.value.len())
    }
}

/// The value of a header that is looked at.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) bytes: &'a [u8],
    /// It is known to be text.
    plain: bool,
}

#[cfg(feature = "tokio")]
impl<'a> Value<'a> {
    /// The value, if it is text and not an empty one.
    #[inline]
    pub(crate) fn said(self) -> Option<Word<'a>> {
        Word::said(self.bytes, self.plain)
    }

    /// The value, if it is text.
    pub(crate) fn text(self) -> Option<&'a str> {
        str::from_utf8(self.bytes).ok()
    }
}

/// Headers as bytes, one after another.
#[cfg(feature = "tokio")]
pub(crate) struct Raw<'a> {
    form: Form<'a>,
    plain: bool,
}

#[cfg(feature = "tokio")]
impl<'a> Iterator for Raw<'a> {
    type Item = (&'a [u8], Value<'a>);

    #[inline(always)]
    fn next(&mut self) -> Option<(&'a [u8], Value<'a>)> {
        let (name, bytes) = match &mut self.form {
            Form::Packed { bytes, .. } => (take_part(bytes)?, take_part(bytes)?),
            Form::Listed(list) => {
                let header = list.split_off_first()?;
                (header.name.as_bytes(), header.value)
            }
        };
        let plain = self.plain;
        Some((name, Value { bytes, plain }))
    }
}

/// Whether these are all ASCII. Eight at a time, which are again done several at once.
#[cfg(feature = "tokio")]
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut all = 0;
    for word in words {
        all |= u64::from_ne_bytes(*word);
    }
    let rest = rest.iter().fold(0, |all, byte| all | byte);
    (all | u64::from(rest)) & 0x8080_8080_8080_8080 == 0
}

impl<'a> Headers<'a> {
    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Form::Listed(headers) => headers.len(),
            Form::Packed { count, .. } => count,
        }
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in order.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> HeadersIter<'a> {
        HeadersIter(self.0)
    }

    /// All of them, in order, without a word about whether their names are text.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn raw(self) -> Raw<'a> {
        let plain = match self.0 {
            Form::Listed(_) => false,
            // One look at all of them costs less than one at each. Lengths in between are mostly below 128 too.
            Form::Packed { bytes, .. } => is_plain(bytes),
        };
        Raw {
            form: self.0,
            plain,
        }
    }

    /// The value of a header; of several the last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.iter().filter(|header| header.name == name);
        found.last().map(|header| header.value)
    }

    /// The value of a header, if it is text; of several the last.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }
}

impl<'a> From<&'a [Header<'a>]> for Headers<'a> {
    #[inline]
    fn from(headers: &'a [Header<'a>]) -> Headers<'a> {
        Headers(Form::Listed(headers))
    }
}

impl<'a, const N: usize> From<&'a [Header<'a>; N]> for Headers<'a> {
    #[inline]
    fn from(headers: &'a [Header<'a>; N]) -> Headers<'a> {
        Headers(Form::Listed(headers))
    }
}

impl<'a> IntoIterator for Headers<'a> {
    type Item = Header<'a>;
    type IntoIter = HeadersIter<'a>;

    #[inline]
    fn into_iter(self) -> HeadersIter<'a> {
        self.iter()
    }
}

impl PartialEq for Headers<'_> {
    fn eq(&self, other: &Headers<'_>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers<'_> {}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The headers of a record, one after another.
#[derive(Clone)]
pub struct HeadersIter<'a>(pub(super) Form<'a>);

impl<'a> Iterator for HeadersIter<'a> {
    type Item = Header<'a>;

    #[inline]
    fn next(&mut self) -> Option<Header<'a>> {
        match &mut self.0 {
            Form::Listed(headers) => headers.split_off_first().copied(),
            Form::Packed { count, bytes } => {
                *count = count.checked_sub(1)?;
                let name = std::str::from_utf8(take_part(bytes)?).ok()?;
                let value = take_part(bytes)?;
                Some(Header { name, value })
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = Headers(self.0).len();
        (0, Some(left))
    }
}

impl fmt::Debug for HeadersIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Headers(self.0).fmt(f)
    }
}
