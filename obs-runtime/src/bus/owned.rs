//! Messages that somebody keeps, packed into one buffer each.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::record::{Form, Headers, HeadersIter, Record};

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
    bytes: Arc<[u8]>,
    parts: Parts,
}

/// Where the parts of a packed record are.
#[derive(Clone, Copy, Debug)]
struct Parts {
    topic: (usize, usize),
    key: Option<(usize, usize)>,
    headers: (usize, usize),
    header_count: usize,
    body: Option<(usize, usize)>,
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
        let topic = self.part(self.parts.topic).unwrap_or_default();
        std::str::from_utf8(topic).unwrap_or_default()
    }

    /// The same without a look at whether it is text.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn topic_bytes(&self) -> &[u8] {
        self.part(self.parts.topic).unwrap_or_default()
    }

    /// Records of one key stay in order.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.part(self.parts.key?)
    }

    /// Names and values, in order.
    #[must_use]
    pub fn headers(&self) -> Headers<'_> {
        self.parts.headers(&self.bytes)
    }

    /// The value of a header; of several the last.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name)
    }

    /// The message itself; none says that what the key stands for is gone.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.part(self.parts.body?)
    }

    /// The same record, borrowed: what a bus takes.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        self.parts.record(&self.bytes)
    }

    fn part(&self, (start, end): (usize, usize)) -> Option<&[u8]> {
        self.bytes.get(start..end)
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
        let parts = Parts::of(bytes)?;
        Some(OwnedRecord {
            bytes: Arc::from(bytes),
            parts,
        })
    }
}

impl From<&Record<'_>> for OwnedRecord {
    fn from(record: &Record<'_>) -> OwnedRecord {
        with_scratch(|scratch| {
            let parts = pack(record, scratch);
            let bytes = Arc::from(scratch.as_slice());
            OwnedRecord { bytes, parts }
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

/// Appends the packed form of a record.
#[cfg(feature = "file")]
pub(super) fn put_packed(record: &Record<'_>, out: &mut Vec<u8>) {
    pack(record, out);
}

/// Appends the packed form of a record: parts with their lengths in front of them, in the order topic, key, number
/// and length of the headers, headers as pairs of name and value, body. Lengths are unsigned LEB128; those of key and
/// body are one more than they are, since zero says that there is none.
fn pack(record: &Record<'_>, out: &mut Vec<u8>) -> Parts {
    let start = out.len();
    let here = |out: &Vec<u8>| out.len() - start;
    put_part(out, record.topic.as_bytes());
    let topic = (here(out) - record.topic.len(), here(out));
    let key = put_option(out, record.key).map(|len| (here(out) - len, here(out)));
    let headers = record.headers;
    put_number(out, headers.len());
    put_number(out, headers_size(headers));
    let headers_start = here(out);
    match headers.0 {
        Form::Packed { bytes, .. } => out.extend_from_slice(bytes),
        Form::Listed(list) => {
            for header in list {
                put_part(out, header.name.as_bytes());
                put_part(out, header.value);
            }
        }
    }
    let headers_end = here(out);
    let body = put_option(out, record.body).map(|len| (here(out) - len, here(out)));
    Parts {
        topic,
        key,
        headers: (headers_start, headers_end),
        header_count: headers.len(),
        body,
    }
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
    Some(Parts::of(bytes)?.record(bytes))
}

impl Parts {
    /// The record that has these parts.
    fn record(self, bytes: &[u8]) -> Record<'_> {
        let part = |(start, end): (usize, usize)| &bytes[start..end];
        Record {
            topic: std::str::from_utf8(part(self.topic)).unwrap_or_default(),
            key: self.key.map(part),
            headers: self.headers(bytes),
            body: self.body.map(part),
        }
    }

    fn headers(self, bytes: &[u8]) -> Headers<'_> {
        Headers(Form::Packed {
            count: self.header_count,
            bytes: &bytes[self.headers.0..self.headers.1],
        })
    }

    /// The parts of a packed record. Everything is checked, for the bytes may come from a file.
    fn of(bytes: &[u8]) -> Option<Parts> {
        let mut rest = bytes;
        let place = |rest: &[u8], len: usize| {
            let end = bytes.len() - rest.len();
            (end - len, end)
        };
        let topic = take_part(&mut rest)?;
        std::str::from_utf8(topic).ok()?;
        let topic = place(rest, topic.len());
        let key = take_option(&mut rest)?.map(|key| place(rest, key.len()));
        let header_count = take_number(&mut rest)?;
        let headers = take_part(&mut rest)?;
        let form = Form::Packed {
            count: header_count,
            bytes: headers,
        };
        // As many as it says, which is at most one a byte, and nothing behind the last.
        let mut each = HeadersIter(form);
        if header_count > headers.len() || each.by_ref().count() != header_count {
            return None;
        }
        if !matches!(each.0, Form::Packed { bytes: [], .. }) {
            return None;
        }
        let headers = place(rest, headers.len());
        let body = take_option(&mut rest)?.map(|body| place(rest, body.len()));
        rest.is_empty().then_some(Parts {
            topic,
            key,
            headers,
            header_count,
            body,
        })
    }
}

pub(super) fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    put_number(out, part.len());
    out.extend_from_slice(part);
}

fn put_option(out: &mut Vec<u8>, part: Option<&[u8]>) -> Option<usize> {
    match part {
        None => {
            out.push(0);
            None
        }
        Some(part) => {
            put_number(out, part.len() + 1);
            out.extend_from_slice(part);
            Some(part.len())
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

#[inline]
pub(super) fn take_part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_number(bytes)?;
    bytes.split_off(..len)
}

/// A part that may be absent, of bytes that may have none at all.
fn take_option<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    match take_number(bytes)? {
        0 => Some(None),
        len => bytes.split_off(..len - 1).map(Some),
    }
}

#[inline]
fn take_number(bytes: &mut &[u8]) -> Option<usize> {
    // Most parts are short.
    if let [byte @ 0..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(usize::from(*byte));
    }
    take_long(bytes)
}

fn take_long(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = *bytes.split_off_first()?;
        let bits = usize::from(byte & 0x7f);
        if bits > usize::MAX >> shift {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
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
