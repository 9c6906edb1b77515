//! Messages that somebody keeps, packed into one buffer each.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::record::{Form, Headers, Record};

/// A record that somebody keeps. Clones are cheap: all are the same buffer.
///
/// ```
/// use obs_runtime::bus::{OwnedRecord, Record};
///
/// let kept: OwnedRecord = Record::new("order.placed.v1", b"{}").owned();
/// assert_eq!(kept.as_record(), Record::new("order.placed.v1", b"{}"));
/// ```
#[derive(Clone)]
pub struct OwnedRecord {
    /// Where its parts are is found out each time: it is passed on more often than it is looked at, and so it is small.
    bytes: Arc<[u8]>,
}

/// The parts of a packed record.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'b> {
    pub(crate) topic: &'b [u8],
    key: Option<&'b [u8]>,
    pub(crate) headers: Headers<'b>,
    pub(crate) body: Option<&'b [u8]>,
}

thread_local! {
    /// Where a record is packed, so that keeping it takes one allocation of the right size.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A scratch buffer larger than this is not kept.
const SCRATCH_LIMIT: usize = 1 << 16;

impl OwnedRecord {
    /// Where it goes.
    #[must_use]
    pub fn topic(&self) -> &str {
        std::str::from_utf8(self.parts().topic).unwrap_or_default()
    }

    /// Records of one key stay in order.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.parts().key
    }

    /// Names and values, in order.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.parts().headers
    }

    /// The value of a header; of several the last.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name)
    }

    /// The message itself; none says that what the key stands for is gone.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.parts().body
    }

    /// The same record, borrowed: what a bus takes.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        self.parts().record()
    }

    /// All parts at once, without a look at whether the topic is text.
    #[inline]
    pub(crate) fn parts(&self) -> Parts<'_> {
        // It was packed here, or checked when it was unpacked.
        Parts::split(&self.bytes).unwrap_or_default().0
    }

    /// The message itself, if that is so long: it is the last part.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn body_of(&self, length: usize) -> &[u8] {
        let from = self.bytes.len().saturating_sub(length);
        self.bytes.get(from..).unwrap_or_default()
    }

    /// How much memory its buffer takes.
    #[must_use]
    pub fn packed_size(&self) -> usize {
        self.bytes.len()
    }

    /// Its packed form, for keeping it in a database until somebody sends it.
    ///
    /// ```
    /// use obs_runtime::bus::{OwnedRecord, Record};
    ///
    /// let kept = Record::new("order.placed.v1", b"{}").owned();
    /// assert_eq!(OwnedRecord::unpack(kept.packed()), Some(kept.clone()));
    /// assert_eq!(OwnedRecord::unpack(b"anything else"), None);
    /// ```
    #[must_use]
    pub fn packed(&self) -> &[u8] {
        &self.bytes
    }

    /// A record out of its packed form; `None` if the bytes are none.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<OwnedRecord> {
        Parts::of(bytes)?;
        Some(OwnedRecord {
            bytes: Arc::from(bytes),
        })
    }
}

impl From<&Record<'_>> for OwnedRecord {
    fn from(record: &Record<'_>) -> OwnedRecord {
        with_scratch(|scratch| {
            put_packed(record, scratch);
            OwnedRecord {
                bytes: Arc::from(scratch.as_slice()),
            }
        })
    }
}

/// Lends out the scratch buffer of this thread, which is empty.
pub(super) fn with_scratch<T>(use_it: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    // A thread that ends has no scratch buffer any more.
    let mut scratch = SCRATCH.try_with(RefCell::take).unwrap_or_default();
    scratch.clear();
    let result = use_it(&mut scratch);
    if scratch.capacity() <= SCRATCH_LIMIT {
        let _ = SCRATCH.try_with(|kept| kept.replace(scratch));
    }
    result
}

impl From<Record<'_>> for OwnedRecord {
    fn from(record: Record<'_>) -> OwnedRecord {
        OwnedRecord::from(&record)
    }
}

impl PartialEq for OwnedRecord {
    fn eq(&self, other: &OwnedRecord) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for OwnedRecord {}

impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_record().fmt(f)
    }
}

/// Appends the packed form of a record: parts with their lengths in front of them, in the order topic, key, number
/// and length of the headers, headers as pairs of name and value, body. Lengths are unsigned LEB128; those of key and
/// body are one more than they are, since zero says that there is none.
pub(super) fn put_packed(record: &Record<'_>, out: &mut Vec<u8>) {
    put_part(out, record.topic.as_bytes());
    put_option(out, record.key);
    let headers = record.headers;
    put_number(out, headers.len());
    put_number(out, headers_size(headers));
    match headers.0 {
        Form::Packed { bytes, .. } => out.extend_from_slice(bytes),
        Form::Listed(list) => {
            for header in list {
                put_part(out, header.name.as_bytes());
                put_part(out, header.value);
            }
        }
    }
    put_option(out, record.body);
}

/// How long the packed headers are.
fn headers_size(headers: Headers<'_>) -> usize {
    let size = |part: &[u8]| number_size(part.len()) + part.len();
    match headers.0 {
        Form::Packed { bytes, .. } => bytes.len(),
        Form::Listed(list) => list
            .iter()
            .map(|header| size(header.name.as_bytes()) + size(header.value))
            .sum(),
    }
}

/// What is packed in these bytes; `None` if they are no record.
#[cfg(feature = "file")]
pub(super) fn view(bytes: &[u8]) -> Option<Record<'_>> {
    Some(Parts::of(bytes)?.record())
}

impl<'b> Parts<'b> {
    /// The record that has these parts.
    fn record(self) -> Record<'b> {
        Record {
            topic: std::str::from_utf8(self.topic).unwrap_or_default(),
            key: self.key,
            headers: self.headers,
            body: self.body,
        }
    }

    /// The parts of a record that was packed, and what is behind them.
    #[inline(always)]
    fn split(mut bytes: &'b [u8]) -> Option<(Parts<'b>, &'b [u8])> {
        let rest = &mut bytes;
        let (topic, key) = (take_part(rest)?, take_option(rest)?);
        let count = take_number(rest)?;
        let headers = Headers(Form::Packed {
            count,
            bytes: take_part(rest)?,
        });
        let body = take_option(rest)?;
        let parts = Parts {
            topic,
            key,
            headers,
            body,
        };
        Some((parts, bytes))
    }

    /// The same of bytes that may come from a file: everything is checked.
    fn of(bytes: &'b [u8]) -> Option<Parts<'b>> {
        let (parts, rest) = Parts::split(bytes)?;
        std::str::from_utf8(parts.topic).ok()?;
        let Form::Packed { count, bytes } = parts.headers.0 else {
            return None;
        };
        // As many as it says, which is at most one a byte, and nothing behind the last.
        let mut each = parts.headers.iter();
        if count > bytes.len() || each.by_ref().count() != count {
            return None;
        }
        let whole = matches!(each.0, Form::Packed { bytes: [], .. });
        (whole && rest.is_empty()).then_some(parts)
    }
}

pub(super) fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    put_number(out, part.len());
    out.extend_from_slice(part);
}

fn put_option(out: &mut Vec<u8>, part: Option<&[u8]>) {
    match part {
        None => out.push(0),
        Some(part) => {
            put_number(out, part.len() + 1);
            out.extend_from_slice(part);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "seven bits, then less than seven"
)]
fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number_size(number: usize) -> usize {
    let bits = usize::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[inline(always)]
pub(super) fn take_part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_number(bytes)?;
    bytes.split_off(..len)
}

/// A part that may be absent, of bytes that may have none at all.
#[inline(always)]
fn take_option<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    match take_number(bytes)? {
        0 => Some(None),
        len => bytes.split_off(..len - 1).map(Some),
    }
}

#[inline(always)]
fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    // Most parts are short, and records seldom so long that it takes three bytes to say so.
    let (low, rest) = bytes.split_first()?;
    if *low < 0x80 {
        *bytes = rest;
        return Some(usize::from(*low));
    }
    if let [high @ 0..0x80, rest @ ..] = rest {
        *bytes = rest;
        return Some(usize::from(*low & 0x7f) | usize::from(*high) << 7);
    }
    // Not by reference, so that the place need not be in memory before.
    let (number, rest) = long_number(bytes)?;
    *bytes = rest;
    Some(number)
}

#[inline(never)]
fn long_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (byte, shift) in bytes.iter().zip((0..usize::BITS).step_by(7)) {
        let bits = usize::from(byte & 0x7f);
        if bits > usize::MAX >> shift {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some((number, &bytes[shift as usize / 7 + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::Header;

    const HEADERS: [Header<'static>; 3] = [
        Header::new("a", "1"),
        Header::new("", ""),
        Header::new("a", "2"),
    ];

    const AUTHORIZATION: [Header<'static>; 1] = [Header::new("authorization", "secret")];

    fn records() -> Vec<Record<'static>> {
        let plain = Record::new("topic", b"body");
        vec![
            plain,
            Record::default(),
            Record::tombstone("t", b"k"),
            Record::tombstone("", b""),
            Record {
                key: Some(&[7; 200]),
                headers: (&HEADERS).into(),
                body: Some(&[9; 20_000]),
                ..plain
            },
        ]
    }

    #[test]
    fn a_kept_record_is_the_same() {
        for record in records() {
            let kept = record.owned();
            assert_eq!(kept.as_record(), record);
            assert_eq!(kept.as_record().size(), record.size());
            assert_eq!(kept.as_record().owned(), kept);
            assert_eq!(OwnedRecord::unpack(&kept.bytes).as_ref(), Some(&kept));
        }
    }

    #[test]
    fn of_headers_with_one_name_the_last_counts() {
        let record = Record {
            headers: (&HEADERS).into(),
            ..Record::new("t", b"")
        };
        let kept = record.owned();
        for record in [record, kept.as_record()] {
            assert_eq!(
                (record.headers.len(), record.headers.is_empty()),
                (3, false)
            );
            assert_eq!(record.headers.text("a"), Some("2"));
            assert_eq!(
                (record.header(""), record.header("b")),
                (Some(&b""[..]), None)
            );
            assert!(record.headers.iter().eq(HEADERS));
        }
    }

    #[test]
    fn what_is_cut_or_longer_is_no_record() {
        for record in records() {
            let bytes = record.owned().bytes;
            for end in 0..bytes.len() {
                assert_eq!(OwnedRecord::unpack(&bytes[..end]), None, "{end}");
            }
            assert_eq!(OwnedRecord::unpack(&[&bytes[..], &[0]].concat()), None);
        }
        for wrong in [
            &b"\x01\xff\0\0\0\0"[..],
            b"\0\0\x02\x02\0\0\0",
            b"\0\0\x01\x03\0\0\0\0",
            b"\0\0\x01\x03\x01\xff\0\0",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
        ] {
            assert_eq!(OwnedRecord::unpack(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_a_record_says_is_not_shown() {
        let record = Record {
            key: Some(b"secret"),
            headers: (&AUTHORIZATION).into(),
            ..Record::new("t", b"secret")
        };
        let shown = format!("{record:?} {:?}", record.owned());
        assert!(
            !shown.contains("secret") && shown.contains("authorization"),
            "{shown}"
        );
    }
}
