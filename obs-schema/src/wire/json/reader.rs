//! The reader.

use std::borrow::Cow;

use super::number;
use crate::json::{Json, Number};
use crate::wire::error::{DecodeError, DecodeErrorKind, Limits};

type Result<T> = std::result::Result<T, DecodeError>;

/// However generous the limits, nesting stays below this: readers are recursive, and the stack is not endless.
const MAX_DEPTH: u32 = 512;

/// The beginning of a name, for messages: it is data of the sender, and a few characters are enough to find it.
pub(super) fn short(name: &str) -> &str {
    let mut cut = name.len().min(64);
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    &name[..cut]
}

/// What stands next in the input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// Members.
    Object,
}

impl Kind {
    /// The kind with its article, for messages.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

/// A place to go back to: see [`Reader::mark`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: usize,
    depth: u32,
}

/// Why the text ends where it ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// The input ends there.
    Input,
    /// What follows is not UTF-8.
    InvalidUtf8,
    /// The input is longer than allowed, and none of it is looked at.
    TooLong,
}

/// Pulls values out of JSON text, in the order they stand there.
///
/// Every call that reads takes one whole value, whatever it may be. Duplicate members come one after the other,
/// so the last one wins for callers who keep what came last.
///
/// ```
/// use obs_schema::wire::json::Reader;
///
/// let mut reader = Reader::new(br#"{"userId": "user-1", "logins": 3.0, "tags": [null]}"#);
/// let (mut user, mut logins) = (None, None);
/// reader.object(|reader, name| {
///     match name {
///         "userId" => user = Some(reader.string()?),
///         "logins" => logins = Some(reader.i64()?),
///         _ => reader.skip()?,
///     }
///     Ok(())
/// })?;
/// reader.finish()?;
/// assert_eq!((user.as_deref(), logins), (Some("user-1"), Some(3)));
/// # Ok::<(), obs_schema::wire::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) end: End,
    pub(super) depth: u32,
    /// How many more elements and members may come.
    pub(super) budget: usize,
}

impl<'a> Reader<'a> {
    /// A reader with the default limits.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Reader<'a> {
        Reader::with_limits(input, Limits::DEFAULT)
    }

    /// A reader with limits of its own. Nesting is bounded by 512 in any case.
    #[must_use]
    pub fn with_limits(input: &'a [u8], limits: Limits) -> Reader<'a> {
        // All of the text is checked at once, which is faster than string by string.
        let (text, end) = if input.len() > limits.max_bytes {
            ("", End::TooLong)
        } else {
            match std::str::from_utf8(input) {
                Ok(text) => (text, End::Input),
                Err(error) => {
                    let good = std::str::from_utf8(&input[..error.valid_up_to()]);
                    (good.unwrap_or_default(), End::InvalidUtf8)
                }
            }
        };
        Reader {
            text,
            at: if text.starts_with('\u{feff}') {
                '\u{feff}'.len_utf8()
            } else {
                0
            },
            end,
            depth: limits.max_depth.min(MAX_DEPTH),
            budget: limits.max_elements,
        }
    }

    /// Ends reading: only white space may follow.
    pub fn finish(&mut self) -> Result<()> {
        match (self.peek(), self.end) {
            (None, End::Input) => Ok(()),
            (None, _) => Err(self.ended()),
            (Some(_), _) => Err(self.fail(DecodeErrorKind::TrailingBytes)),
        }
    }

    /// How many bytes are read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// An error at the next byte.
    #[cold]
    #[must_use]
    pub fn fail(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.at)
    }

    /// The error for a member that is required and was not there.
    #[cold]
    #[must_use]
    pub fn missing(&self, name: &'static str) -> DecodeError {
        self.fail(DecodeErrorKind::Missing(Cow::Borrowed(name)))
    }

    /// The error for a member that a closed record does not have.
    #[cold]
    #[must_use]
    pub fn unknown_member(&self, name: &str) -> DecodeError {
        self.fail(DecodeErrorKind::UnknownMember(short(name).into()))
    }

    /// The error for a value of another kind than expected; `expected` comes with its article.
    #[cold]
    #[must_use]
    pub fn unexpected(&mut self, expected: &'static str) -> DecodeError {
        match self.peek_kind() {
            Ok(kind) => self.fail(DecodeErrorKind::WrongKind {
                expected,
                found: kind.described(),
            }),
            Err(error) => error,
        }
    }

    /// Remembers this place, for unions whose branches are tried one after the other.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            depth: self.depth,
        }
    }

    /// Goes back to a place. What was read since stays on the bill, so that trying branches of branches ends.
    pub fn reset(&mut self, mark: Mark) {
        // Elements were counted when they were read; long texts are not elements and cost by the kilobyte.
        let read = self.at.saturating_sub(mark.at);
        self.budget = self.budget.saturating_sub(read / 1024);
        self.at = mark.at;
        self.depth = mark.depth;
    }

    /// What stands next.
    #[inline]
    pub fn peek_kind(&mut self) -> Result<Kind> {
        Ok(match self.peek() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            Some(_) => return Err(self.syntax("a value should begin here")),
            None => return Err(self.ended()),
        })
    }

    /// Reads `null`.
    pub fn null(&mut self) -> Result<()> {
        if self.peek() == Some(b'n') {
            self.word("null")
        } else {
            Err(self.unexpected("null"))
        }
    }

    /// Reads `null` or a value.
    #[inline]
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.peek() == Some(b'n') {
            self.word("null")?;
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }

    /// Reads `true` or `false`.
    pub fn bool(&mut self) -> Result<bool> {
        match self.peek() {
            Some(b't') => self.word("true").map(|()| true),
            Some(b'f') => self.word("false").map(|()| false),
            _ => Err(self.unexpected("a boolean")),
        }
    }

    /// Reads an integer of 32 bits; `1.0` and `1e2` are integers.
    pub fn i32(&mut self) -> Result<i32> {
        let start = self.skip_space();
        let value = self.i64()?;
        i32::try_from(value)
            .map_err(|_| DecodeError::new(DecodeErrorKind::OutOfRange("i32"), start))
    }

    /// Reads an integer of 64 bits; `1.0` and `1e2` are integers.
    pub fn i64(&mut self) -> Result<i64> {
        let start = self.skip_space();
        let bytes = self.text.as_bytes();
        let negative = bytes.get(start) == Some(&b'-');
        let first = start + usize::from(negative);
        let (mut at, mut value) = (first, 0_i64);
        // Eighteen digits fit; anything longer or fancier takes the exact way.
        while let Some(digit @ b'0'..=b'9') = bytes.get(at)
            && at - first < 18
        {
            value = value * 10 + i64::from(digit - b'0');
            at += 1;
        }
        let ends = !matches!(bytes.get(at), Some(b'0'..=b'9' | b'.' | b'e' | b'E'));
        let sound = at == first + 1 || (at > first && bytes[first] != b'0');
        if ends && sound {
            self.at = at;
            return Ok(if negative { -value } else { value });
        }
        self.integer("i64")
    }

    /// Reads an integer without a sign; `1.0` and `1e2` are integers.
    pub fn u64(&mut self) -> Result<u64> {
        self.integer("u64")
    }

    fn integer<T: TryFrom<i128>>(&mut self, ty: &'static str) -> Result<T> {
        let start = self.skip_space();
        let literal = self.literal("an integer")?;
        number::integer(literal, ty)
            .and_then(|value| T::try_from(value).map_err(|_| DecodeErrorKind::OutOfRange(ty)))
            .map_err(|kind| DecodeError::new(kind, start))
    }

    /// Reads a number as the nearest double float; one beyond their range is an error.
    pub fn f64(&mut self) -> Result<f64> {
        let start = self.skip_space();
        match self.literal("a number")?.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(DecodeError::new(DecodeErrorKind::OutOfRange("f64"), start)),
        }
    }

    /// Reads a number as the nearest single float; one beyond their range is an error.
    pub fn f32(&mut self) -> Result<f32> {
        let start = self.skip_space();
        match self.literal("a number")?.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(DecodeError::new(DecodeErrorKind::OutOfRange("f32"), start)),
        }
    }

    /// Reads a number and keeps what a tree keeps of it.
    pub fn number(&mut self) -> Result<Number> {
        let start = self.skip_space();
        let literal = self.literal("a number")?;
        Number::parse(literal)
            .ok_or_else(|| DecodeError::new(DecodeErrorKind::Syntax("this is no number"), start))
    }

    /// Reads a string.
    #[inline]
    pub fn string(&mut self) -> Result<String> {
        self.str().map(Cow::into_owned)
    }

    /// Reads a string; borrowed from the input when it has no escapes.
    #[inline]
    pub fn str(&mut self) -> Result<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a string"));
        }
        self.quoted()
    }

    /// Reads bytes the way Avro writes them in JSON: each one a character from U+0000 to U+00FF.
    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        let start = self.skip_space();
        let text = self.str()?;
        if text.is_ascii() {
            return Ok(text.into_owned().into_bytes());
        }
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            let Ok(byte) = u8::try_from(c) else {
                let clause = "a byte is a character from U+0000 to U+00FF";
                return Err(DecodeError::refused(clause, start));
            };
            bytes.push(byte);
        }
        Ok(bytes)
    }

    /// Reads so many bytes; see [`Reader::bytes`].
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let start = self.skip_space();
        self.bytes()?
            .try_into()
            .map_err(|_| DecodeError::new(DecodeErrorKind::WrongLength { expected: N }, start))
    }

    /// Reads an object: calls back for each member, and the callback reads the value.
    ///
    /// An error of the callback is given the member's name.
    #[inline]
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Reader<'a>, &str) -> Result<()>,
    ) -> Result<()> {
        self.members(|reader, name| {
            member(reader, &name).map_err(|error| error.within_named(short(&name)))
        })
    }

    /// As [`Reader::object`], where names are data and have no place in errors.
    #[inline]
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Reader<'a>, Cow<'a, str>) -> Result<()>,
    ) -> Result<()> {
        self.open(b'{', "an object")?;
        if !self.close_at_once(b'}') {
            loop {
                let name = self.member_name()?;
                member(self, name)?;
                if !self.another(b'}', "a comma or `}` should follow the member")? {
                    break;
                }
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// Reads a list: calls back for each element with its index, and the callback reads it.
    #[inline]
    pub fn elements(
        &mut self,
        mut element: impl FnMut(&mut Reader<'a>, usize) -> Result<()>,
    ) -> Result<()> {
        self.open(b'[', "an array")?;
        if !self.close_at_once(b']') {
            let mut index = 0;
            loop {
                self.spend()?;
                if let Err(error) = element(self, index) {
                    return Err(error.within_item(index));
                }
                index += 1;
                if !self.another(b']', "a comma or `]` should follow the element")? {
                    break;
                }
            }
        }
        self.depth += 1;
        Ok(())
    }

    /// Reads a list of like elements.
    #[inline]
    pub fn array<T>(
        &mut self,
        mut element: impl FnMut(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        self.elements(|reader, _| {
            items.push(element(reader)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// Reads an object whose member names are data.
    #[inline]
    pub fn map<M, T>(&mut self, mut value: impl FnMut(&mut Reader<'a>) -> Result<T>) -> Result<M>
    where
        M: Default + Extend<(String, T)>,
    {
        let mut map = M::default();
        let mut index = 0;
        self.members(|reader, name| {
            let value = value(reader).map_err(|error| error.within_item(index))?;
            map.extend([(name.into_owned(), value)]);
            index += 1;
            Ok(())
        })?;
        Ok(map)
    }

    /// Reads over a value, whatever it is, without keeping any of it.
    pub fn skip(&mut self) -> Result<()> {
        match self.peek_kind()? {
            Kind::Null => self.null(),
            Kind::Bool => self.bool().map(drop),
            Kind::Number => self.literal("a number").map(drop),
            Kind::String => self.skip_string(),
            Kind::Array => self.elements(|reader, _| reader.skip()),
            Kind::Object => {
                self.open(b'{', "an object")?;
                if !self.close_at_once(b'}') {
                    loop {
                        self.spend()?;
                        self.expect_name()?;
                        self.skip_string()?;
                        self.colon()?;
                        self.skip()?;
                        if !self.another(b'}', "a comma or `}` should follow the member")? {
                            break;
                        }
                    }
                }
                self.depth += 1;
                Ok(())
            }
        }
    }

    /// Reads over a value and gives its text, as it was written.
    pub fn raw(&mut self) -> Result<&'a str> {
        let start = self.skip_space();
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Reads a value as a tree.
    pub fn json(&mut self) -> Result<Json> {
        Ok(match self.peek_kind()? {
            Kind::Null => {
                self.null()?;
                Json::Null
            }
            Kind::Bool => Json::Bool(self.bool()?),
            Kind::Number => Json::Number(self.number()?),
            Kind::String => Json::String(self.string()?),
            Kind::Array => Json::Array(self.array(Reader::json)?),
            Kind::Object => {
                let mut members = Vec::new();
                self.members(|reader, name| {
                    members.push((name.into_owned(), reader.json()?));
                    Ok(())
                })?;
                Json::object(members)
            }
        })
    }

    /// Looks ahead for a member of the object that stands next, and reads nothing.
    ///
    /// Generated code asks for the member that tells the branches of a union apart. `None` when there is no object
    /// or no such member; of a member written twice the last one counts.
    pub fn peek_member(&mut self, name: &str) -> Result<Option<Json>> {
        self.look_ahead(name, Reader::json)
    }

    /// As [`Reader::peek_member`], for a member that is text. `None` also when it is something else.
    pub fn peek_text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>> {
        let text = self.look_ahead(name, |reader| match reader.peek_kind()? {
            Kind::String => reader.str().map(Some),
            _ => reader.skip().map(|()| None),
        });
        text.map(Option::flatten)
    }

    fn look_ahead<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.peek_kind()? != Kind::Object {
            return Ok(None);
        }
        let mark = self.mark();
        let mut found = None;
        self.members(|reader, member| {
            if member == name {
                found = Some(read(reader)?);
                Ok(())
            } else {
                reader.skip()
            }
        })?;
        self.reset(mark);
        Ok(found)
    }
}
