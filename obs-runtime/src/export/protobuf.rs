//! Pieces of Protobuf, as far as spans need it.

use crate::span::Value;

/// Tags: the number of a field, and whether it is a varint (0), eight bytes (1), counted bytes (2) or four bytes (5).
pub(super) mod tag {
    const fn tag(field: u8, form: u8) -> u8 {
        field << 3 | form
    }

    // `ExportTraceServiceRequest`, and what is in it down to the spans.
    pub(in crate::export) const RESOURCE_SPANS: u8 = tag(1, 2);
    pub(in crate::export) const RESOURCE: u8 = tag(1, 2);
    pub(in crate::export) const RESOURCE_ATTRIBUTE: u8 = tag(1, 2);
    pub(in crate::export) const SCOPE_SPANS: u8 = tag(2, 2);
    pub(in crate::export) const SCOPE: u8 = tag(1, 2);
    pub(in crate::export) const SCOPE_NAME: u8 = tag(1, 2);
    pub(in crate::export) const SPAN: u8 = tag(2, 2);

    // `Span`
    pub(in crate::export) const TRACE: u8 = tag(1, 2);
    pub(in crate::export) const SPAN_ID: u8 = tag(2, 2);
    pub(in crate::export) const TRACE_STATE: u8 = tag(3, 2);
    pub(in crate::export) const PARENT: u8 = tag(4, 2);
    pub(in crate::export) const NAME: u8 = tag(5, 2);
    pub(in crate::export) const KIND: u8 = tag(6, 0);
    pub(in crate::export) const START: u8 = tag(7, 1);
    pub(in crate::export) const END: u8 = tag(8, 1);
    pub(in crate::export) const ATTRIBUTE: u8 = tag(9, 2);
    pub(in crate::export) const DROPPED_ATTRIBUTES: u8 = tag(10, 0);
    pub(in crate::export) const EVENT: u8 = tag(11, 2);
    pub(in crate::export) const DROPPED_EVENTS: u8 = tag(12, 0);
    pub(in crate::export) const LINK: u8 = tag(13, 2);
    pub(in crate::export) const DROPPED_LINKS: u8 = tag(14, 0);
    pub(in crate::export) const STATUS: u8 = tag(15, 2);
    /// The sixteenth, which has no room in one byte.
    pub(in crate::export) const FLAGS: [u8; 2] = [0x85, 1];

    // `Span.Event`
    pub(in crate::export) const EVENT_TIME: u8 = tag(1, 1);
    pub(in crate::export) const EVENT_NAME: u8 = tag(2, 2);
    pub(in crate::export) const EVENT_ATTRIBUTE: u8 = tag(3, 2);
    pub(in crate::export) const EVENT_DROPPED: u8 = tag(4, 0);

    // `Span.Link`, whose ids have the numbers of a span's.
    pub(in crate::export) const LINK_ATTRIBUTE: u8 = tag(4, 2);
    pub(in crate::export) const LINK_DROPPED: u8 = tag(5, 0);
    pub(in crate::export) const LINK_FLAGS: u8 = tag(6, 5);

    // `Status`
    pub(in crate::export) const STATUS_MESSAGE: u8 = tag(2, 2);
    pub(in crate::export) const STATUS_CODE: u8 = tag(3, 0);

    // `KeyValue`
    pub(super) const KEY: u8 = tag(1, 2);
    pub(super) const VALUE: u8 = tag(2, 2);

    // `AnyValue`
    pub(super) const TEXT: u8 = tag(1, 2);
    pub(super) const BOOL: u8 = tag(2, 0);
    pub(super) const INT: u8 = tag(3, 0);
    pub(super) const DOUBLE: u8 = tag(4, 1);
}

/// Room for any length that a message may have.
pub(super) const WIDE: usize = 5;

/// Room for the length of most messages.
const NARROW: usize = 2;

/// A length in so many bytes, which may be more than it needs.
#[inline]
pub(super) fn digits<const N: usize>(length: usize) -> [u8; N] {
    let mut digits = [0; N];
    for (index, digit) in digits.iter_mut().enumerate() {
        *digit = seven(length as u64 >> (7 * index)) | 0x80;
    }
    if let Some(last) = digits.last_mut() {
        *last &= 0x7f;
    }
    digits
}

/// The last seven bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
const fn seven(number: u64) -> u8 {
    number as u8 & 0x7f
}

/// A number in as few bytes as it needs.
#[derive(Clone, Copy)]
pub(super) struct Varint {
    digits: [u8; 10],
    count: usize,
}

impl Varint {
    #[inline]
    pub(super) fn of(mut number: u64) -> Varint {
        let mut digits = [0; 10];
        let mut count = 0;
        for digit in &mut digits {
            count += 1;
            *digit = seven(number);
            number >>= 7;
            if number == 0 {
                break;
            }
            *digit |= 0x80;
        }
        Varint { digits, count }
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }
}

/// A message within a message.
#[inline]
pub(super) fn message(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[tag, 0, 0]);
    let from = out.len();
    write(out);
    let length = out.len() - from;
    if length >> (7 * NARROW) == 0 {
        out[from - NARROW..from].copy_from_slice(&digits::<NARROW>(length));
    } else {
        widen(out, from - NARROW, length);
    }
}

/// Writes a length that has too little room where it stands.
#[cold]
fn widen(out: &mut Vec<u8>, at: usize, length: usize) {
    out.splice(at..at + NARROW, digits::<WIDE>(length));
}

/// A field with a text.
pub(super) fn text(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    out.extend_from_slice(Varint::of(text.len() as u64).bytes());
    out.extend_from_slice(text.as_bytes());
}

/// A field with a number, if it is one that has to be told.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, tag: u8, number: u32) {
    if number > 0 {
        out.push(tag);
        out.extend_from_slice(Varint::of(number.into()).bytes());
    }
}

/// A field with a `KeyValue`.
#[inline]
pub(super) fn attribute(out: &mut Vec<u8>, tag: u8, key: &str, value: Value<'_>) {
    match value {
        // Most are texts, and short: a byte is enough for each length.
        Value::Text(text) if key.len() + text.len() < 0x80 - 6 => {
            let [key_length, length] = [key.len(), text.len()].map(|it| seven(it as u64));
            out.extend_from_slice(&[tag, key_length + length + 6, tag::KEY, key_length]);
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(&[tag::VALUE, length + 2, tag::TEXT, length]);
            out.extend_from_slice(text.as_bytes());
        }
        value => message(out, tag, |out| {
            text(out, tag::KEY, key);
            message(out, tag::VALUE, |out| any(out, value));
        }),
    }
}

/// An `AnyValue`.
fn any(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Bool(value) => out.extend_from_slice(&[tag::BOOL, value.into()]),
        Value::Int(value) => {
            out.push(tag::INT);
            out.extend_from_slice(Varint::of(value.cast_unsigned()).bytes());
        }
        Value::Float(value) => {
            out.push(tag::DOUBLE);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Text(value) => text(out, tag::TEXT, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_what_the_format_says() {
        for (number, bytes) in [
            (0, &[0][..]),
            (1, &[1]),
            (0x7f, &[0x7f]),
            (0x80, &[0x80, 1]),
            (300, &[0xac, 2]),
            (
                u64::MAX,
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            ),
        ] {
            assert_eq!(Varint::of(number).bytes(), bytes, "{number}");
        }
        assert_eq!(digits::<5>(300), [0xac, 0x82, 0x80, 0x80, 0]);
        assert_eq!(digits::<2>(0x3fff), [0xff, 0x7f]);
    }

    #[test]
    fn a_length_has_room_whatever_it_is() {
        for length in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x20_0000] {
            let mut out = vec![7];
            message(&mut out, 0x12, |out| out.resize(3 + 1 + length, 9));
            let room = if length < 0x4000 { NARROW } else { WIDE };
            let mut read = 0;
            for (index, digit) in out[2..2 + room].iter().enumerate() {
                read |= usize::from(digit & 0x7f) << (7 * index);
                assert_eq!(digit & 0x80 == 0, index + 1 == room);
            }
            assert_eq!((read, out.len()), (length, 2 + room + length));
            assert!(out[..2] == [7, 0x12] && out[2 + room..].iter().all(|byte| *byte == 9));
        }
    }
}
