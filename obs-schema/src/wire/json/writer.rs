//! The writer.

use super::{digits, scan};
use crate::json::{Json, Number};
use crate::wire::error::{EncodeError, EncodeErrorKind};

/// Appends JSON text to a buffer.
///
/// Generated code knows the layout, so it writes prepared pieces with [`Writer::raw`] and values in between;
/// nothing checks that brackets match. The first refusal sticks, and [`Writer::finish`] reports it.
///
/// ```
/// use obs_schema::wire::json::Writer;
///
/// let mut writer = Writer::new();
/// writer.raw("{\"userId\":");
/// writer.string("user-\"1\"");
/// writer.raw(",\"logins\":");
/// writer.i64(3);
/// writer.raw("}");
/// assert_eq!(writer.finish().unwrap(), br#"{"userId":"user-\"1\"","logins":3}"#);
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

    /// The text, or the first refusal.
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

    /// Appends text that is JSON already.
    #[inline]
    pub fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// The same for text in an array, whose digits and signs the caller has made.
    #[inline]
    pub fn raw_bytes(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    /// Appends what a closure appends to the buffer: a payload that encodes itself.
    pub fn embed(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) {
        if let Err(error) = write(&mut self.out)
            && self.error.is_none()
        {
            self.error = Some(error);
        }
    }

    /// `null`
    #[inline]
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// `true` or `false`
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// An integer.
    #[inline]
    pub fn i32(&mut self, value: i32) {
        self.i64(i64::from(value));
    }

    /// An integer.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        if value < 0 {
            self.out.push(b'-');
        }
        digits::integer(&mut self.out, value.unsigned_abs());
    }

    /// An integer without a sign.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        digits::integer(&mut self.out, value);
    }

    /// A single float, in the fewest digits that read back as the same; NaN and infinities are refused.
    #[inline]
    pub fn f32(&mut self, value: f32) {
        self.f32_of(value, "");
    }

    #[inline]
    pub(super) fn f32_of(&mut self, value: f32, member: &'static str) {
        if value.is_finite() {
            self.out
                .extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.refuse(EncodeErrorKind::NonFinite, member);
        }
    }

    /// A double float, in the fewest digits that read back as the same; NaN and infinities are refused.
    #[inline]
    pub fn f64(&mut self, value: f64) {
        self.f64_of(value, "");
    }

    #[inline]
    pub(super) fn f64_of(&mut self, value: f64, member: &'static str) {
        if digits::decimal(&mut self.out, value) {
            return;
        }
        if value.is_finite() {
            self.out
                .extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        } else {
            self.refuse(EncodeErrorKind::NonFinite, member);
        }
    }

    /// A number of a tree.
    pub fn number(&mut self, value: &Number) {
        match value {
            Number::Int(value) => self.i64(*value),
            Number::UInt(value) => self.u64(*value),
            Number::Float(value) => self.f64(*value),
            Number::Big(text) => self.out.extend_from_slice(text.as_bytes()),
        }
    }

    /// A string with its quotes.
    #[inline]
    pub fn string(&mut self, value: &str) {
        self.string_bytes(value.as_bytes());
    }

    /// The same for text in a buffer of the caller's, who knows that it is text.
    #[inline]
    pub fn string_bytes(&mut self, value: &[u8]) {
        if scan::append_short(&mut self.out, value) {
            return;
        }
        self.out.reserve(value.len() + 2);
        self.out.push(b'"');
        self.text_bytes(value);
        self.out.push(b'"');
    }

    /// The inside of a string: for callers whose prepared pieces hold the quotes.
    #[inline]
    pub fn text(&mut self, value: &str) {
        self.text_bytes(value.as_bytes());
    }

    /// The same for text in a buffer of the caller's, who knows that it is text.
    #[inline]
    pub fn text_bytes(&mut self, value: &[u8]) {
        let plain = scan::plain(value);
        if plain == value.len() {
            self.out.extend_from_slice(value);
        } else {
            self.escaped(value, plain);
        }
    }

    /// The inside of a string whose first special byte is known.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, mut rest: &[u8], mut plain: usize) {
        while let Some((run, [special, tail @ ..])) = rest.split_at_checked(plain) {
            self.out.extend_from_slice(run);
            self.escape(*special);
            rest = tail;
            plain = scan::plain(rest);
        }
        self.out.extend_from_slice(rest);
    }

    #[inline]
    fn escape(&mut self, byte: u8) {
        // A whole word, cut to length: no copy of a length that is only known at run time.
        let character = &CHARACTERS[usize::from(byte)];
        let end = self.out.len() + usize::from(character[7]);
        self.out.extend_from_slice(character);
        self.out.truncate(end);
    }

    /// Bytes the way Avro writes them in JSON: each one a character from U+0000 to U+00FF.
    pub fn bytes(&mut self, value: &[u8]) {
        self.out.reserve(value.len() + 16);
        self.out.push(b'"');
        for byte in value {
            self.escape(*byte);
        }
        self.out.push(b'"');
    }

    /// `{`
    #[inline]
    pub fn begin_object(&mut self) {
        self.out.push(b'{');
    }

    /// `}`
    #[inline]
    pub fn end_object(&mut self) {
        self.out.push(b'}');
    }

    /// `[`
    #[inline]
    pub fn begin_array(&mut self) {
        self.out.push(b'[');
    }

    /// `]`
    #[inline]
    pub fn end_array(&mut self) {
        self.out.push(b']');
    }

    /// The comma before every member or element but the first.
    #[inline]
    pub fn comma(&mut self, first: &mut bool) {
        if *first {
            *first = false;
        } else {
            self.out.push(b',');
        }
    }

    /// The name of a member that may be the first one: `name` is prepared, as in `"\"userId\":"`.
    #[inline]
    pub fn key(&mut self, first: &mut bool, name: &'static str) {
        self.comma(first);
        self.raw(name);
    }

    /// The name of a member that is only known at run time.
    #[inline]
    pub fn name(&mut self, first: &mut bool, name: &str) {
        self.comma(first);
        self.string(name);
        self.out.push(b':');
    }

    /// A list, element by element.
    #[inline]
    pub fn array<'t, T: 't>(
        &mut self,
        items: impl IntoIterator<Item = &'t T>,
        mut write: impl FnMut(&mut Writer, &T),
    ) {
        self.out.push(b'[');
        let mut first = true;
        let fresh = self.error.is_none();
        for (index, item) in items.into_iter().enumerate() {
            self.comma(&mut first);
            write(self, item);
            if fresh && self.error.is_some() {
                self.place(|error| error.within_item(index));
                return;
            }
        }
        self.out.push(b']');
    }

    /// An object whose member names are data, in the order of the iterator.
    #[inline]
    pub fn map<'m, K, V>(
        &mut self,
        entries: impl IntoIterator<Item = (&'m K, &'m V)>,
        write: impl FnMut(&mut Writer, &V),
    ) where
        K: AsRef<str> + ?Sized + 'm,
        V: 'm,
    {
        self.out.push(b'{');
        self.entries(&mut true, entries, write);
        self.out.push(b'}');
    }

    /// The members of [`Writer::map`] without its braces: unknown members that a record kept.
    #[inline]
    pub fn entries<'m, K, V>(
        &mut self,
        first: &mut bool,
        entries: impl IntoIterator<Item = (&'m K, &'m V)>,
        mut write: impl FnMut(&mut Writer, &V),
    ) where
        K: AsRef<str> + ?Sized + 'm,
        V: 'm,
    {
        let fresh = self.error.is_none();
        for (index, (name, value)) in entries.into_iter().enumerate() {
            self.name(first, name.as_ref());
            write(self, value);
            if fresh && self.error.is_some() {
                self.place(|error| error.within_item(index));
                return;
            }
        }
    }

    /// A tree.
    pub fn json(&mut self, value: &Json) {
        match value {
            Json::Null => self.null(),
            Json::Bool(value) => self.bool(*value),
            Json::Number(value) => self.number(value),
            Json::String(value) => self.string(value),
            Json::Array(items) => self.array(items, Writer::json),
            Json::Object(members) => self.map(
                members.iter().map(|(name, value)| (name, value)),
                Writer::json,
            ),
        }
    }
}

/// How a character from U+0000 to U+00FF stands in a string: at most six bytes, and in the last one how many.
type Character = [u8; 8];

static CHARACTERS: [Character; 256] = {
    let mut all = [[0; 8]; 256];
    let mut byte = 0_u8;
    loop {
        all[byte as usize] = character(byte);
        if byte == 0xff {
            break all;
        }
        byte += 1;
    }
};

const fn character(byte: u8) -> Character {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        0..0x20 => {
            let (high, low) = (HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]);
            return [b'\\', b'u', b'0', b'0', high, low, 0, 6];
        }
        0x20..0x80 => return [byte, 0, 0, 0, 0, 0, 0, 1],
        // Two bytes of UTF-8: the top two bits go to the first.
        _ => return [0xc0 | byte >> 6, 0x80 | byte & 0x3f, 0, 0, 0, 0, 0, 2],
    };
    [b'\\', short, 0, 0, 0, 0, 0, 2]
}
