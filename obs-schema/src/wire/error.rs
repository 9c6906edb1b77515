//! Why bytes could not be read, or a value could not be written.
//!
//! An error tells the place and the reason, and never the value: payloads hold personal data, and errors end up
//! in logs. Both errors are one pointer wide, so that `Result<T, DecodeError>` costs the hot path next to
//! nothing; making one is a cold call.

use std::borrow::Cow;
use std::fmt;

/// How much a reader takes from bytes it does not trust.
///
/// A bound is there to stop an attack, not to describe a schema: the defaults leave room for any sensible event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Records, arrays, maps and unions may nest this deep.
    pub max_depth: u32,
    /// Elements of arrays and maps, all together. Some elements take no bytes at all (null, empty records),
    /// so the length of the input alone bounds neither time nor memory.
    pub max_elements: usize,
    /// The whole input may be this long.
    pub max_bytes: usize,
}

impl Limits {
    /// 64 deep, 2²⁰ elements, 64 MiB.
    pub const DEFAULT: Limits = Limits {
        max_depth: 64,
        max_elements: 1 << 20,
        max_bytes: 64 << 20,
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}

/// One step of the way to a place in a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// A member of a record, by its name on the wire. Keys of maps are data and never stand here.
    Field(Cow<'static, str>),
    /// An element of an array or an entry of a map, counted from zero.
    Item(usize),
}

/// Bytes that could not be read.
///
/// ```
/// use obs_schema::wire::{DecodeError, DecodeErrorKind};
///
/// let error = DecodeError::new(DecodeErrorKind::InvalidUtf8, 17).within("sku").within("item");
/// assert_eq!(error.to_string(), "`/item/sku`: the text is not UTF-8 (at byte 17)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<DecodeFailure>);

#[derive(Clone, PartialEq, Eq)]
struct DecodeFailure {
    kind: DecodeErrorKind,
    at: usize,
    /// Innermost first: it grows while the error travels outwards.
    path: Vec<Segment>,
}

/// Why bytes could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends inside a value.
    UnexpectedEnd,
    /// Bytes follow the end of the value.
    TrailingBytes,
    /// More levels than [`Limits::max_depth`].
    TooDeep,
    /// More elements than [`Limits::max_elements`].
    TooManyElements,
    /// More bytes than [`Limits::max_bytes`].
    TooManyBytes,
    /// A variable-length integer beyond 64 bits.
    VarintOverflow,
    /// An integer outside the range of the type that is named.
    OutOfRange(&'static str),
    /// A boolean that is neither 0 nor 1.
    InvalidBool,
    /// Text that is not UTF-8.
    InvalidUtf8,
    /// A length below zero.
    NegativeLength,
    /// A union branch or enum symbol that the schema does not have.
    IndexOutOfRange {
        /// How many the schema has.
        count: usize,
    },
    /// A value of another kind than the schema asks for.
    WrongKind {
        /// What the schema asks for, with its article: `a string`.
        expected: &'static str,
        /// What stands there, with its article.
        found: &'static str,
    },
    /// Text that breaks the syntax; the clause says how.
    Syntax(&'static str),
    /// A member that the schema requires is missing.
    Missing(Cow<'static, str>),
    /// A member that a closed record does not have.
    UnknownMember(Box<str>),
    /// A symbol that the enum does not have, where nothing stands for unknown ones.
    UnknownSymbol,
    /// No branch of the union takes the value.
    NoBranch,
    /// So many bytes were expected.
    WrongLength {
        /// What the schema says.
        expected: usize,
    },
    /// The writer's value has no counterpart in the reader's schema; the clause says why.
    Unresolvable(&'static str),
    /// A rule of a logical or user-defined type; the clause says which.
    Refused(Cow<'static, str>),
}

impl DecodeError {
    /// An error at a byte of the input.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn new(kind: DecodeErrorKind, at: usize) -> DecodeError {
        DecodeError(Box::new(DecodeFailure {
            kind,
            at,
            path: Vec::new(),
        }))
    }

    /// A refusal in words, for types with rules of their own: a lower-case clause that leaves the value out.
    #[cold]
    #[must_use]
    pub fn refused(why: impl Into<Cow<'static, str>>, at: usize) -> DecodeError {
        DecodeError::new(DecodeErrorKind::Refused(why.into()), at)
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// The byte of the input where reading stopped.
    #[must_use]
    pub fn at(&self) -> usize {
        self.0.at
    }

    /// The way to the value, outermost first.
    pub fn path(&self) -> impl Iterator<Item = &Segment> {
        self.0.path.iter().rev()
    }

    /// The way to the value as a JSON pointer; empty for the value as a whole.
    #[must_use]
    pub fn pointer(&self) -> String {
        pointer(&self.0.path)
    }

    /// The same error, seen from the record that has the failing value as this field.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn within(mut self, field: &'static str) -> DecodeError {
        self.0.path.push(Segment::Field(Cow::Borrowed(field)));
        self
    }

    /// As [`DecodeError::within`], where names are only known at run time.
    #[cold]
    #[must_use]
    pub fn within_named(mut self, field: &str) -> DecodeError {
        self.0
            .path
            .push(Segment::Field(Cow::Owned(field.to_owned())));
        self
    }

    /// The same error, seen from the array or map that has the failing value at this place.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn within_item(mut self, index: usize) -> DecodeError {
        self.0.path.push(Segment::Item(index));
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.pointer())?;
        }
        write!(f, "{} (at byte {})", self.0.kind, self.0.at)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("kind", &self.0.kind)
            .field("at", &self.0.at)
            .field("path", &self.pointer())
            .finish()
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeErrorKind::UnexpectedEnd => f.write_str("the input ends inside a value"),
            DecodeErrorKind::TrailingBytes => {
                f.write_str("more input follows the end of the value")
            }
            DecodeErrorKind::TooDeep => f.write_str("values nest deeper than the limit"),
            DecodeErrorKind::TooManyElements => {
                f.write_str("there are more elements than the limit")
            }
            DecodeErrorKind::TooManyBytes => f.write_str("the input is longer than the limit"),
            DecodeErrorKind::VarintOverflow => f.write_str("an integer is wider than 64 bits"),
            DecodeErrorKind::OutOfRange(ty) => write!(f, "the number does not fit `{ty}`"),
            DecodeErrorKind::InvalidBool => f.write_str("a boolean is neither 0 nor 1"),
            DecodeErrorKind::InvalidUtf8 => f.write_str("the text is not UTF-8"),
            DecodeErrorKind::NegativeLength => f.write_str("a length is negative"),
            DecodeErrorKind::IndexOutOfRange { count } => {
                write!(f, "the index is beyond the {count} that the schema has")
            }
            DecodeErrorKind::WrongKind { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            DecodeErrorKind::Syntax(clause) => f.write_str(clause),
            DecodeErrorKind::Missing(name) => write!(f, "member `{name}` is missing"),
            DecodeErrorKind::UnknownMember(name) => write!(f, "there is no member `{name}`"),
            DecodeErrorKind::UnknownSymbol => f.write_str("the enum has no such symbol"),
            DecodeErrorKind::NoBranch => f.write_str("no branch of the union takes the value"),
            DecodeErrorKind::WrongLength { expected } => write!(f, "expected {expected} bytes"),
            DecodeErrorKind::Unresolvable(clause) => f.write_str(clause),
            DecodeErrorKind::Refused(clause) => f.write_str(clause),
        }
    }
}

/// `reader.string().within("email")?`: names the field of a failing read without touching the happy path.
pub trait Within: Sized {
    /// Names the field.
    #[must_use]
    fn within(self, field: &'static str) -> Self;
    /// Names the place in an array or map.
    #[must_use]
    fn within_item(self, index: usize) -> Self;
}

impl<T> Within for Result<T, DecodeError> {
    #[inline]
    fn within(self, field: &'static str) -> Self {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.within(field)),
        }
    }

    #[inline]
    fn within_item(self, index: usize) -> Self {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.within_item(index)),
        }
    }
}

/// A value that could not be written.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodeError(Box<EncodeFailure>);

#[derive(Clone, PartialEq, Eq)]
struct EncodeFailure {
    kind: EncodeErrorKind,
    /// Innermost first.
    path: Vec<Segment>,
}

/// Why a value could not be written.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// JSON has no number for NaN and the infinities.
    NonFinite,
    /// A symbol that came from a newer writer: it can be looked at, and not sent on.
    Unrecognised,
    /// A number outside the range of the type that is named.
    OutOfRange(&'static str),
    /// A value of another kind than the schema asks for.
    WrongKind {
        /// What the schema asks for, with its article: `a string`.
        expected: &'static str,
        /// What was given, with its article.
        found: &'static str,
    },
    /// A member without a default was not given.
    Missing(Cow<'static, str>),
    /// A member that the record does not have.
    UnknownMember(Box<str>),
    /// A symbol that the enum does not have.
    UnknownSymbol,
    /// No branch of the union takes the value.
    NoBranch,
    /// So many bytes were expected.
    WrongLength {
        /// What the schema says.
        expected: usize,
    },
    /// More levels than [`Limits::max_depth`].
    TooDeep,
    /// A rule of a logical or user-defined type; the clause says which.
    Refused(Cow<'static, str>),
}

impl EncodeError {
    /// An error about the value as a whole.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn new(kind: EncodeErrorKind) -> EncodeError {
        EncodeError(Box::new(EncodeFailure {
            kind,
            path: Vec::new(),
        }))
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0.kind
    }

    /// The way to the value, outermost first.
    pub fn path(&self) -> impl Iterator<Item = &Segment> {
        self.0.path.iter().rev()
    }

    /// The way to the value as a JSON pointer; empty for the value as a whole.
    #[must_use]
    pub fn pointer(&self) -> String {
        pointer(&self.0.path)
    }

    /// The same error, seen from the record that has the refused value as this field.
    #[cold]
    #[must_use]
    pub fn within(mut self, field: impl Into<Cow<'static, str>>) -> EncodeError {
        self.0.path.push(Segment::Field(field.into()));
        self
    }

    /// The same error, seen from the array or map that has the refused value at this place.
    #[cold]
    #[must_use]
    pub fn within_item(mut self, index: usize) -> EncodeError {
        self.0.path.push(Segment::Item(index));
        self
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", self.pointer())?;
        }
        write!(f, "{}", self.0.kind)
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeError")
            .field("kind", &self.0.kind)
            .field("path", &self.pointer())
            .finish()
    }
}

impl std::error::Error for EncodeError {}

impl fmt::Display for EncodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeErrorKind::NonFinite => f.write_str("JSON has no NaN and no infinity"),
            EncodeErrorKind::Unrecognised => {
                f.write_str("a symbol this version does not know cannot be sent on")
            }
            EncodeErrorKind::OutOfRange(ty) => write!(f, "the number does not fit `{ty}`"),
            EncodeErrorKind::WrongKind { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            EncodeErrorKind::Missing(name) => write!(f, "member `{name}` is missing"),
            EncodeErrorKind::UnknownMember(name) => write!(f, "there is no member `{name}`"),
            EncodeErrorKind::UnknownSymbol => f.write_str("the enum has no such symbol"),
            EncodeErrorKind::NoBranch => f.write_str("no branch of the union takes the value"),
            EncodeErrorKind::WrongLength { expected } => write!(f, "expected {expected} bytes"),
            EncodeErrorKind::TooDeep => f.write_str("values nest deeper than the limit"),
            EncodeErrorKind::Refused(clause) => f.write_str(clause),
        }
    }
}

/// A JSON pointer from segments that are stored innermost first.
fn pointer(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path.iter().rev() {
        out.push('/');
        match segment {
            Segment::Field(name) => out.push_str(&name.replace("~", "~0").replace("/", "~1")),
            Segment::Item(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_pointer_wide() {
        assert_eq!(size_of::<DecodeError>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), DecodeError>>(), size_of::<usize>());
        assert_eq!(size_of::<Result<i64, DecodeError>>(), 16);
        assert_eq!(
            size_of::<Result<String, DecodeError>>(),
            size_of::<String>()
        );
        assert_eq!(size_of::<Option<EncodeError>>(), size_of::<usize>());
    }

    #[test]
    fn places_read_from_the_outside_in() {
        let failed: Result<(), _> = Err(DecodeError::new(DecodeErrorKind::UnexpectedEnd, 3));
        let error = failed
            .within("a/b")
            .within_item(2)
            .within("items")
            .unwrap_err();
        assert_eq!(error.pointer(), "/items/2/a~1b");
        assert_eq!(
            error.to_string(),
            "`/items/2/a~1b`: the input ends inside a value (at byte 3)"
        );
        let error = EncodeError::new(EncodeErrorKind::NonFinite)
            .within("x")
            .within_item(0);
        assert_eq!(error.to_string(), "`/0/x`: JSON has no NaN and no infinity");
    }
}
