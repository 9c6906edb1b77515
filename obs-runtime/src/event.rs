//! What an event says about itself: one static description, filled in by generated code.

use std::borrow::Cow;

use obs_schema::wire::{DecodeError, EncodeError};

use crate::bus::Bus;
use crate::codec::{AvroCodec, JsonCodec};
use crate::log::Level;
use crate::metric::{FamilyInfo, Feeds, TimesInfo};
use crate::older::Older;
use crate::publish::Publisher;
use crate::tell::Tell;
use crate::validate::Validate;
use crate::{envelope, redact, types};

/// A typed event.
///
/// Implemented by generated code: from a spec folder through `build.rs` and
/// [`include_events!`](crate::include_events), or by `#[derive(Event)]`.
///
/// ```
/// use obs_runtime::Event;
///
/// /// Works for every event of every team.
/// fn destination<E: Event>() -> &'static str {
///     E::DESCRIPTOR.topic
/// }
/// ```
///
/// What it says of an event without a value can be had by name:
///
/// ```
/// use obs_runtime::Event;
///
/// fn told<E: Event>() -> String {
///     format!("{} {} has fingerprint {:016x}", E::EVENT_TYPE, E::VERSION, E::RABIN)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "expected an event",
    note = "describe it in the spec folder and bring it in with `obs_runtime::include_events!()`, \
            or put `#[derive(Event)]` on the struct"
)]
pub trait Event: Validate + Clone + Send + Sync + 'static {
    /// Everything that is known before a value exists.
    const DESCRIPTOR: &'static Descriptor;

    /// Its name in the schema.
    const WIRE_NAME: &'static str = Self::DESCRIPTOR.wire_name;
    /// Dotted lower case: `user.registered`.
    const EVENT_TYPE: &'static str = Self::DESCRIPTOR.event_type;
    /// `major.minor.patch`
    const VERSION: &'static str = Self::DESCRIPTOR.version;
    /// The schema as one self-contained document.
    const SCHEMA: &'static str = Self::DESCRIPTOR.schema;
    /// CRC-64-AVRO of the schema's canonical form.
    const RABIN: u64 = Self::DESCRIPTOR.rabin;
    /// SHA-256 of the same.
    const SHA256: [u8; 32] = Self::DESCRIPTOR.sha256;

    /// Older versions of it that there are specs of, the newest first.
    const OLDER: &'static [Older<Self>] = &[];

    /// The event's own encoding: [`AvroBody`] or [`JsonBody`].
    type Body: Body<Self>;

    /// The message key: events of one key stay in order.
    fn key(&self) -> Key<'_> {
        Key::None
    }

    /// Appends the payload in the event's own encoding. The buffer stays as it was when the value is refused.
    fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Self::Body::encode(self, out)
    }

    /// Reads a payload in the event's own encoding.
    fn decode_body(body: &[u8]) -> Result<Self, DecodeError> {
        Self::Body::decode(body)
    }

    /// Tells the fields that span, log line, tenant and correlation are made of.
    fn tell(&self, to: &mut Tell<'_>) {
        let _ = to;
    }

    /// Which of its metric series it counts in: the values of its labels, the last one changing fastest.
    fn series(&self) -> usize {
        0
    }

    /// Feeds the families that the description names, once it is published.
    fn feed(&self, to: &Feeds<'_>) {
        let _ = to;
    }

    /// A publisher of this event on a bus.
    fn publisher(bus: &Bus) -> Publisher<Self> {
        Publisher::new(bus)
    }
}

/// An encoding of payloads.
///
/// An event names its own by type, so that generated code is spared two methods.
pub trait Body<E> {
    /// Appends the payload. The buffer stays as it was when the value is refused.
    fn encode(event: &E, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads a payload.
    fn decode(body: &[u8]) -> Result<E, DecodeError>;
}

/// Payloads in Avro binary.
#[derive(Clone, Copy, Debug)]
pub struct AvroBody;

impl<E: AvroCodec> Body<E> for AvroBody {
    #[inline]
    fn encode(event: &E, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        event.encode_avro(out)
    }

    #[inline]
    fn decode(body: &[u8]) -> Result<E, DecodeError> {
        E::decode_avro(body)
    }
}

/// Payloads in JSON.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody;

impl<E: JsonCodec> Body<E> for JsonBody {
    #[inline]
    fn encode(event: &E, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        event.encode_json(out)
    }

    #[inline]
    fn decode(body: &[u8]) -> Result<E, DecodeError> {
        E::decode_json(body)
    }
}

/// What is known of an event before a value exists.
///
/// Generated code fills it in with `..Descriptor::BLANK`, so that it can grow.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// Its name in the schema: `acme.user.UserRegistered`.
    pub wire_name: &'static str,
    /// Dotted lower case: `user.registered`.
    pub event_type: &'static str,
    /// `major.minor.patch`
    pub version: &'static str,
    /// The first part of the version.
    pub major: u32,
    /// Where it goes.
    pub topic: &'static str,
    /// The registry subject.
    pub subject: &'static str,
    /// The schema as one self-contained document.
    pub schema: &'static str,
    /// CRC-64-AVRO of the schema's canonical form.
    pub rabin: u64,
    /// SHA-256 of the same.
    pub sha256: [u8; 32],
    /// Where it was described.
    pub dialect: Dialect,
    /// The body's encoding.
    pub encoding: Encoding,
    /// The envelope around the body.
    pub envelope: Envelope,
    /// The `target` of its log lines: the module it is in.
    pub target: &'static str,
    /// Its log lines, if it has any.
    pub log: Option<LogLine>,
    /// A span that takes so many nanoseconds is kept.
    pub slow_ns: u64,
    /// Never sampled, never dropped: publishing waits instead.
    pub audit: bool,
    /// Who answers for it.
    pub owner: Option<&'static str>,
    /// The fields that telemetry or routing look at, in the order of the schema.
    pub fields: &'static [FieldInfo],
    /// Further families it feeds.
    pub feeds: &'static [FamilyInfo],
    /// Times of events that it marks, or that its families are counted from.
    pub times: &'static [TimesInfo],
    /// The mark by which a built binary tells that it carries this event; see [`obs_schema::carried`].
    pub record: &'static [u8],
}

impl Descriptor {
    /// A description that says nothing: what generated code leaves out is taken from here.
    pub const BLANK: Descriptor = Descriptor {
        wire_name: "",
        event_type: "",
        version: "1.0.0",
        major: 1,
        topic: "",
        subject: "",
        schema: "",
        rabin: 0,
        sha256: [0; 32],
        dialect: Dialect::Rust,
        encoding: Encoding::Json,
        envelope: Envelope::Obs,
        target: "events",
        log: Some(LogLine {
            level: Level::Info,
            sample: 1.0,
        }),
        slow_ns: 250_000_000,
        audit: false,
        owner: None,
        fields: &[],
        feeds: &[],
        times: &[],
        record: &[],
    };

    /// The schema of whole messages where the payload is Avro in the envelope [`Envelope::Obs`]: a record whose last
    /// field is the payload. `None` for all others, and where the event's own schema cannot be read.
    #[must_use]
    pub fn envelope_schema(&self) -> Option<String> {
        let wrapped = self.encoding == Encoding::Avro && self.envelope == Envelope::Obs;
        wrapped.then(|| envelope::avro_schema(self))?
    }

    /// The field with this name on the wire.
    #[must_use]
    pub fn field(&self, wire: &str) -> Option<&'static FieldInfo> {
        self.fields.iter().find(|field| field.wire == wire)
    }
}

/// Where an event was described.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// An Avro schema.
    Avro,
    /// A JSON Schema.
    JsonSchema,
    /// A derive.
    Rust,
}

/// The encoding of a body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Encoding {
    /// JSON text.
    Json,
    /// Avro binary.
    Avro,
}

/// What is around a body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Envelope {
    /// Ours: id, time, tracing, correlation and metadata beside the payload.
    Obs,
    /// CloudEvents 1.0.
    CloudEvents,
    /// Nothing: the body is the payload.
    None,
}

/// A field that telemetry or routing look at.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Its name on the wire.
    pub wire: &'static str,
    /// The span attribute it becomes.
    pub attr: Option<&'static str>,
    /// The metric label it becomes.
    pub label: Option<LabelInfo>,
    /// A key of the log line.
    pub log: bool,
    /// Personal data, and how it may appear in telemetry.
    pub pii: Option<Redaction>,
    /// Never leaves but in the payload.
    pub secret: bool,
    /// The message key.
    pub key: bool,
    /// The tenant.
    pub tenant: bool,
    /// The correlation id.
    pub correlation: bool,
}

impl FieldInfo {
    /// A field nobody looks at: what generated code leaves out is taken from here.
    pub const BLANK: FieldInfo = FieldInfo {
        wire: "",
        attr: None,
        label: None,
        log: false,
        pii: None,
        secret: false,
        key: false,
        tenant: false,
        correlation: false,
    };
}

/// The log lines of an event.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LogLine {
    /// How much they matter. A failure is an error, whatever stands here.
    pub level: Level,
    /// The share of them that is written. Failures are written all.
    pub sample: f64,
}

/// A metric label with its closed set of values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LabelInfo {
    /// Its name, snake case.
    pub name: &'static str,
    /// Its values; the last one is `other` when the set is clamped.
    pub values: &'static [&'static str],
    /// Texts beyond `values` become `other`.
    pub clamped: bool,
    /// Behind the values there is `none`, for the absent.
    pub absent: bool,
}

impl LabelInfo {
    /// A label without values: what generated code leaves out is taken from here.
    pub const BLANK: LabelInfo = LabelInfo {
        name: "",
        values: &[],
        clamped: false,
        absent: false,
    };

    /// How many values it has.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.values.len() + self.absent as usize
    }

    /// The value at a place.
    #[must_use]
    pub fn value(&self, at: usize) -> Option<&'static str> {
        match self.values.get(at) {
            None if self.absent && at == self.values.len() => Some("none"),
            found => found.copied(),
        }
    }
}

/// The place of a text among a few.
#[doc(hidden)]
#[must_use]
pub fn top(values: &[&str], text: &str) -> Option<usize> {
    values.iter().position(|value| *value == text)
}

/// How personal data may appear in telemetry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Redaction {
    /// Not at all.
    Drop,
    /// As asterisks.
    Mask,
    /// As a keyed hash.
    Hash,
    /// Cut short.
    Truncate,
}

/// A type of which every value is one of a few words: what may become a metric label.
///
/// ```
/// use obs_runtime::Label;
///
/// assert_eq!(bool::VALUES[true.index()], "true");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a closed set of values, so it cannot be a metric label",
    label = "expected an enum or a bool",
    note = "put `#[derive(Label)]` on an enum, or list the values that matter with `top = [\"…\"]`"
)]
pub trait Label {
    /// Every value, as it stands in the metric.
    const VALUES: &'static [&'static str];

    /// Which of the values this is.
    fn index(&self) -> usize;

    /// The value, as it stands in the metric.
    fn as_str(&self) -> &'static str {
        Self::VALUES[self.index()]
    }
}

impl Label for bool {
    const VALUES: &'static [&'static str] = &["false", "true"];

    fn index(&self) -> usize {
        usize::from(*self)
    }
}

/// A message key: events of one key stay in order.
///
/// ```
/// use obs_runtime::Key;
///
/// assert_eq!(Key::from("user-1").as_bytes().as_deref(), Some(&b"user-1"[..]));
/// assert_eq!(Key::from(&7_i64), Key::from("7"));
/// assert_eq!(Key::None.as_bytes(), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Key<'a> {
    /// Any order will do.
    #[default]
    None,
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Key<'_> {
    /// The key as it goes on the bus.
    #[must_use]
    pub fn as_bytes(&self) -> Option<Cow<'_, [u8]>> {
        self.bytes().map(Cow::Borrowed)
    }

    #[inline]
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Key::None => None,
            Key::Text(text) => Some(text.as_bytes()),
            Key::Bytes(bytes) => Some(bytes),
        }
    }

    /// The key as a hash, under which events stay in order and nobody is recognised.
    #[must_use]
    pub fn hashed(&self) -> Key<'static> {
        self.as_bytes().map_or(Key::None, |bytes| {
            Key::Text(Cow::Owned(redact::hash(&bytes)))
        })
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(text: &'a str) -> Key<'a> {
        Key::Text(Cow::Borrowed(text))
    }
}

/// Types whose reference is a key without a copy.
macro_rules! by_reference {
    ($($ty:ty: $kind:ident $how:ident),* $(,)?) => {$(
        impl<'a> From<&'a $ty> for Key<'a> {
            fn from(value: &'a $ty) -> Key<'a> {
                Key::$kind(Cow::Borrowed(value.$how()))
            }
        }
    )*};
}

by_reference!(String: Text as_str, Box<str>: Text as_ref, [u8]: Bytes as_ref, Vec<u8>: Bytes as_slice);

impl<'a, const N: usize> From<&'a [u8; N]> for Key<'a> {
    fn from(bytes: &'a [u8; N]) -> Key<'a> {
        Key::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<String> for Key<'_> {
    fn from(text: String) -> Self {
        Key::Text(Cow::Owned(text))
    }
}

/// Types that are a key by their text.
macro_rules! by_text {
    ($($ty:ty),* $(,)?) => {$(
        impl From<&$ty> for Key<'_> {
            fn from(value: &$ty) -> Self {
                Key::Text(Cow::Owned(value.to_string()))
            }
        }
    )*};
}

by_text!(bool, i8, i16, i32, i64, u8, u16, u32, u64, types::Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

    static MARKED: &Descriptor = crate::__obs_descriptor!(
        record: &obs_schema::carried::mark::<{ obs_schema::carried::length("thing.marked", "1.2.3") }>(
            "thing.marked",
            "1.2.3",
            0x0123_4567_89ab_cdef,
            &SHA256,
        ),
        event_type: "thing.marked",
        version: "1.2.3",
        rabin: 0x0123_4567_89ab_cdef,
        sha256: SHA256,
        topic: "thing.marked.v1",
        major: 1,
    );

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the test looks at its own program"
    )]
    fn a_program_tells_which_events_it_carries() {
        let program = std::env::current_exe().and_then(std::fs::read).unwrap();
        let found = obs_schema::carried::find_records(&program)
            .find(|record| record.event_type == "thing.marked")
            .unwrap();
        assert_eq!(
            (found.version.as_str(), found.rabin),
            ("1.2.3", MARKED.rabin)
        );
        assert_eq!((found.sha256, found.sha256[31]), (MARKED.sha256, b'f'));
        assert_eq!(
            obs_schema::carried::find_records(MARKED.record).next(),
            Some(found)
        );
        assert_eq!(MARKED.topic, "thing.marked.v1");
    }

    #[test]
    fn keys_are_text_or_bytes() {
        let id = types::Uuid([0; 16]);
        for (key, bytes) in [
            (Key::from("a"), &b"a"[..]),
            (Key::from(&"a".to_owned()), b"a"),
            (Key::from("a".to_owned()), b"a"),
            (Key::from(&vec![1, 2]), &[1, 2]),
            (Key::from(&[1, 2]), &[1, 2]),
            (Key::from(&-7_i32), b"-7"),
            (Key::from(&u64::MAX), b"18446744073709551615"),
            (Key::from(&true), b"true"),
            (Key::from(&id), b"00000000-0000-0000-0000-000000000000"),
        ] {
            assert_eq!(key.as_bytes().as_deref(), Some(bytes));
        }
        let hashed = Key::from("ada@example.com").hashed();
        assert_eq!(hashed, Key::from("ada@example.com").hashed());
        assert_ne!(hashed, Key::from("bob@example.com").hashed());
        assert!(matches!(&hashed, Key::Text(text) if text.len() == 32 && !text.contains("ada@")));
        assert_eq!(Key::None.hashed(), Key::None);
    }
}
