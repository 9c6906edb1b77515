//! What an event tells about itself beside its payload: attributes of its span, fields of its log line, and whom it
//! belongs to.
//!
//! Generated code names the fields and nothing else. What may be said of each, and in which form, is decided here,
//! in one place, by what the spec says of the field: a secret is never told, personal data only in its redacted
//! form, and a sensitive value whose field does not say how it may appear is not told either.

use std::borrow::Cow;

use obs_schema::wire::json::Writer;

use crate::event::{FieldInfo, Redaction};
use crate::metric::{self, Signal};
use crate::redact;
use crate::sensitive::{Pii, Secret};
use crate::span::{Attributes, Value};
use crate::types;

/// Who listens to an event: its log line, its span, or its publisher, who wants tenant and correlation.
#[derive(Debug)]
pub struct Tell<'t> {
    fields: &'static [FieldInfo],
    to: To<'t>,
}

#[derive(Debug)]
enum To<'t> {
    /// The member `context` of a line, if there is anything to be said.
    Log {
        writer: &'t mut Writer,
        /// The names of the fields as they stand there, from quote to colon.
        names: &'t [Box<str>],
        first: bool,
    },
    Span(Attributes<'t>),
    Ids(&'t mut Ids),
}

/// What a publisher wants to know of an event before it encodes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ids {
    pub(crate) tenant: String,
    pub(crate) correlation: String,
}

impl Ids {
    /// Whether an event with these fields has any.
    pub(crate) fn in_any(fields: &[FieldInfo]) -> bool {
        fields.iter().any(|field| field.tenant || field.correlation)
    }

    pub(crate) fn clear(&mut self) {
        self.tenant.clear();
        self.correlation.clear();
    }
}

impl<'t> Tell<'t> {
    /// For a log line.
    pub(crate) fn log(
        fields: &'static [FieldInfo],
        names: &'t [Box<str>],
        writer: &'t mut Writer,
    ) -> Tell<'t> {
        let to = To::Log {
            writer,
            names,
            first: true,
        };
        Tell { fields, to }
    }

    /// For a span.
    pub(crate) fn span(fields: &'static [FieldInfo], span: &'t mut Attributes<'_>) -> Tell<'t> {
        Tell {
            fields,
            to: To::Span(span.again()),
        }
    }

    /// For the publisher.
    pub(crate) fn ids(fields: &'static [FieldInfo], ids: &'t mut Ids) -> Tell<'t> {
        Tell {
            fields,
            to: To::Ids(ids),
        }
    }

    /// What is known of a field, if anybody here wants it. A secret is not for anybody.
    fn wanted(&self, field: usize) -> Option<&'static FieldInfo> {
        let info = self.fields.get(field)?;
        let wanted = match &self.to {
            To::Log { .. } => info.log,
            To::Span(_) => info.attr.is_some(),
            To::Ids(_) => info.tenant || info.correlation,
        };
        (wanted && !info.secret).then_some(info)
    }

    /// The field at this place among the fields of the descriptor.
    #[inline]
    pub fn field<T: Telling + ?Sized>(&mut self, field: usize, value: &T) {
        if let Some(info) = self.wanted(field) {
            value.tell(&mut |said, sensitive| self.say(field, info, said, sensitive));
        }
    }

    /// A field that is more than one plain value: as the JSON of its payload. Only log lines have room for it.
    pub fn json(&mut self, field: usize, write: impl FnOnce(&mut Writer)) {
        let Some(info) = self.wanted(field) else {
            return;
        };
        let mut part = Writer::new();
        write(&mut part);
        // A value that cannot be written, such as one of a newer schema, must not cost the whole line.
        let text = part
            .finish()
            .ok()
            .and_then(|text| String::from_utf8(text).ok());
        match (text, info.pii) {
            (Some(text), None) => self.member(field, |writer| writer.raw(&text)),
            (Some(text), Some(Redaction::Hash)) => {
                self.say(field, info, Said::Text(&text), true);
            }
            (_, Some(Redaction::Drop)) => {}
            (_, _) => self.member(field, |writer| writer.string(redact::STARS)),
        }
    }

    /// A field that is not sensitive and has something sensitive inside: it is shown that it is there.
    pub fn hidden(&mut self, field: usize) {
        if self.wanted(field).is_some() {
            self.member(field, |writer| writer.string(redact::STARS));
        }
    }

    fn member(&mut self, field: usize, write: impl FnOnce(&mut Writer)) {
        if let To::Log {
            writer,
            names,
            first,
        } = &mut self.to
        {
            name(writer, first, names, field);
            write(writer);
        }
    }

    /// Nothing more is said.
    pub(crate) fn end(self) {
        if let To::Log {
            writer,
            first: false,
            ..
        } = self.to
        {
            writer.raw("}");
        }
    }

    #[inline]
    fn say(&mut self, field: usize, info: &'static FieldInfo, said: Said<'_>, sensitive: bool) {
        if !sensitive && info.pii.is_none() {
            return self.pass(field, info, said);
        }
        self.redacted(field, info, said, sensitive);
    }

    #[inline(never)]
    fn redacted(
        &mut self,
        field: usize,
        info: &'static FieldInfo,
        said: Said<'_>,
        sensitive: bool,
    ) {
        if info.pii.is_none() {
            // Nobody has said how it may appear, so it does not.
            metric::redaction_failed(match self.to {
                To::Log { .. } => Signal::Logs,
                To::Span(_) | To::Ids(_) => Signal::Spans,
            });
            return;
        }
        redact::told(said, sensitive, info.pii, &mut |said| {
            self.pass(field, info, said);
        });
    }

    /// What may be said of a field.
    #[inline]
    fn pass(&mut self, field: usize, info: &'static FieldInfo, said: Said<'_>) {
        match &mut self.to {
            To::Log {
                writer,
                names,
                first,
            } => {
                name(writer, first, names, field);
                said.write(writer);
            }
            // Where there are no spans the compiler forgets how.
            To::Span(span) if cfg!(not(feature = "off-spans")) => {
                if let Some(name) = info.attr {
                    span.attribute(name, said);
                }
            }
            To::Span(_) => {}
            To::Ids(ids) => {
                let text = said.text();
                if info.tenant {
                    ids.tenant.push_str(&text);
                }
                if info.correlation {
                    ids.correlation.push_str(&text);
                }
            }
        }
    }
}

/// The name of a member, and what stands before it.
fn name(writer: &mut Writer, first: &mut bool, names: &[Box<str>], field: usize) {
    if cfg!(not(feature = "off-logs")) {
        writer.raw(if *first { ",\"context\":{" } else { "," });
    }
    *first = false;
    writer.raw(names.get(field).map_or("", |name| name));
}

/// A plain value on its way into telemetry.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Said<'a> {
    /// Text.
    Text(&'a str),
    /// An integer.
    Int(i64),
    /// An integer above all signed ones.
    Uint(u64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Several values of one kind.
    List(&'a [Said<'a>]),
}

impl Said<'_> {
    /// As JSON. What is no number for JSON becomes text: a log line says what happened, it does not refuse.
    pub(crate) fn write(&self, writer: &mut Writer) {
        match *self {
            Said::Text(text) => writer.string(text),
            Said::Int(value) => writer.i64(value),
            Said::Uint(value) => writer.u64(value),
            Said::Float(value) if value.is_finite() => writer.f64(value),
            Said::Float(value) => writer.string(float_word(value)),
            Said::Bool(value) => writer.bool(value),
            Said::Bytes(bytes) => writer.bytes(bytes),
            Said::List(items) => writer.array(items, |writer, item| item.write(writer)),
        }
    }

    /// As text, for those who hash or cut it.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match *self {
            Said::Text(text) => Cow::Borrowed(text),
            Said::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Said::Int(value) => value.to_string().into(),
            Said::Uint(value) => value.to_string().into(),
            Said::Float(value) => value.to_string().into(),
            Said::Bool(value) => if value { "true" } else { "false" }.into(),
            Said::List(items) => {
                let texts: Vec<_> = items.iter().map(Said::text).collect();
                texts.join(",").into()
            }
        }
    }
}

impl Attributes<'_> {
    /// Says what may be said, with what attributes have no kind for as text.
    #[inline]
    pub(crate) fn attribute(&mut self, name: &'static str, said: Said<'_>) {
        let value = match said {
            Said::Text(text) => Value::Text(text),
            Said::Int(value) => value.into(),
            Said::Uint(value) => value.into(),
            Said::Float(value) => value.into(),
            Said::Bool(value) => value.into(),
            Said::Bytes(_) | Said::List(_) => return self.set(name, &*said.text()),
        };
        self.set(name, value);
    }
}

/// How a float that is no number is called.
fn float_word(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// A value that telemetry can show: what may stand in a field with `attr` or `log`.
///
/// Implement it for a type of your own to use it in such a field.
///
/// ```
/// use obs_runtime::{Said, Telling};
///
/// struct Celsius(f64);
///
/// impl Telling for Celsius {
///     fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
///         // Not sensitive.
///         say(Said::Float(self.0), false);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown in telemetry",
    label = "this has to be shown",
    note = "implement `obs_runtime::Telling` for it, or take `attr` and `log` from the field",
    note = "in `#[observed(fields(…))]`, `%` before a value shows its `Display` and `?` its `Debug`"
)]
pub trait Telling {
    /// Says the value, and whether it is sensitive; an absent value says nothing.
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool));
}

macro_rules! plain {
    ($($ty:ty: $value:ident => $said:expr),* $(,)?) => {$(
        impl Telling for $ty {
            #[inline]
            fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
                let $value = self;
                say($said, false);
            }
        }
    )*};
}

plain! {
    str: value => Said::Text(value),
    String: value => Said::Text(value),
    bool: value => Said::Bool(*value),
    i8: value => Said::Int(i64::from(*value)),
    i16: value => Said::Int(i64::from(*value)),
    i32: value => Said::Int(i64::from(*value)),
    i64: value => Said::Int(*value),
    u8: value => Said::Uint(u64::from(*value)),
    u16: value => Said::Uint(u64::from(*value)),
    u32: value => Said::Uint(u64::from(*value)),
    u64: value => Said::Uint(*value),
    usize: value => Said::Uint(*value as u64),
    f32: value => Said::Float(f64::from(*value)),
    f64: value => Said::Float(*value),
    types::Uuid: value => Said::Text(str::from_utf8(&value.encode()).unwrap_or_default()),
}

/// Types that say themselves as they print.
macro_rules! printed {
    ($($ty:ident),* $(,)?) => {$(
        impl Telling for types::$ty {
            fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
                say(Said::Text(&self.to_string()), false);
            }
        }
    )*};
}

printed!(
    BigDecimal,
    Decimal,
    Duration,
    Date,
    LocalTimestampMicros,
    LocalTimestampMillis,
    LocalTimestampNanos,
    TimeMicros,
    TimeMillis,
    TimestampMicros,
    TimestampMillis,
    TimestampNanos,
);

impl<const N: usize> Telling for [u8; N] {
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        say(Said::Bytes(self), false);
    }
}

macro_rules! through {
    ($($ty:ty),* $(,)?) => {$(
        impl<T: Telling + ?Sized> Telling for $ty {
            #[inline]
            fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
                (**self).tell(say);
            }
        }
    )*};
}

through!(&T, Box<T>);

/// Bytes: a `Vec<u8>` is a list of numbers otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Octets<'a>(pub &'a [u8]);

impl Telling for Octets<'_> {
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        say(Said::Bytes(self.0), false);
    }
}

/// All at once; sensitive as soon as one of them is. An empty list says nothing.
impl<T: Telling> Telling for Vec<T> {
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        fn gather<T: Telling>(
            rest: &[T],
            said: &[Said<'_>],
            sensitive: bool,
            say: &mut dyn FnMut(Said<'_>, bool),
        ) {
            // What an item says lives as long as it speaks: so the next one is asked while it does.
            match rest.split_first() {
                Some((item, rest)) if said.len() < MOST => {
                    let mut spoke = false;
                    item.tell(&mut |one, one_sensitive| {
                        spoke = true;
                        let mut more = Vec::with_capacity(said.len() + 1);
                        more.extend_from_slice(said);
                        more.push(one);
                        gather(rest, &more, sensitive || one_sensitive, say);
                    });
                    if !spoke {
                        gather(rest, said, sensitive, say);
                    }
                }
                _ if said.is_empty() => {}
                _ => say(Said::List(said), sensitive),
            }
        }
        gather(self, &[], false, say);
    }
}

/// How many items of a list are told.
const MOST: usize = 64;

/// An absent value says nothing.
impl<T: Telling> Telling for Option<T> {
    #[inline]
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        if let Some(value) = self {
            value.tell(say);
        }
    }
}

/// Sensitive, whatever is inside.
impl<T: Telling> Telling for Pii<T> {
    fn tell(&self, say: &mut dyn FnMut(Said<'_>, bool)) {
        self.expose().tell(&mut |said, _| say(said, true));
    }
}

/// A secret says nothing.
impl<T> Telling for Secret<T> {
    fn tell(&self, _: &mut dyn FnMut(Said<'_>, bool)) {}
}
