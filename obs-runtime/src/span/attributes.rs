//! What is said about a span while its record is written.

use std::fmt::{self, Write as _};

use super::finished::ID;
use super::limits::{self, SpanLimits, cut};
use super::record::{Attribute, Counts, Event, Link, Owner, Range, Spans, Stored};
use crate::context::SpanContext;

/// What an attribute says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value<'a> {
    /// Yes or no.
    Bool(bool),
    /// A number without fraction.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(&'a str),
}

macro_rules! from {
    ($($ty:ty: $kind:ident),*) => {$(
        impl From<$ty> for Value<'_> {
            fn from(value: $ty) -> Self {
                Value::$kind(value.into())
            }
        }
    )*};
}

from!(bool: Bool, i8: Int, i16: Int, i32: Int, i64: Int, u8: Int, u16: Int, u32: Int, f32: Float, f64: Float);

/// What no `i64` holds is its greatest.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

/// What no `i64` holds is its greatest.
impl From<usize> for Value<'_> {
    fn from(value: usize) -> Self {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(text)
    }
}

/// What is said about one span.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) spans: Spans,
    pub(super) own: Counts,
    pub(super) dropped: Counts,
    /// How many of the attributes are the span's, and of no event or link.
    set: u32,
    /// How much of the text is the id of an event.
    pub(super) id: u8,
}

impl Said {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.set = 0;
        self.id = 0;
        self.own = Counts::default();
        self.dropped = Counts::default();
    }

    /// Takes over what was said elsewhere, before anything is said here.
    pub(super) fn take(&mut self, other: &mut Said) {
        self.spans.append(&mut other.spans);
        self.own = other.own;
        self.dropped = other.dropped;
        self.set = other.set;
        self.id = other.id;
    }
}

/// Where the attributes of a span are written.
#[derive(Debug)]
pub struct Attributes<'a> {
    said: &'a mut Said,
    /// How many attributes there is room for, and how long a text may be.
    most: u32,
    longest: u32,
    fixed: u32,
}

impl<'a> Attributes<'a> {
    /// For a span that has so many attributes anyhow.
    pub(super) fn new(said: &'a mut Said, fixed: usize) -> Attributes<'a> {
        Attributes {
            said,
            most: limits::most_attributes(),
            longest: limits::longest_value(),
            fixed: u32::try_from(fixed).unwrap_or(u32::MAX),
        }
    }

    /// The same for somebody else, for a while.
    pub(crate) fn again(&mut self) -> Attributes<'_> {
        Attributes {
            said: &mut *self.said,
            ..*self
        }
    }

    /// Says something about the span. Each name once: nobody looks for an earlier one.
    #[inline]
    pub fn set<'v>(&mut self, key: &'static str, value: impl Into<Value<'v>>) {
        if self.has_room() {
            let value = self.store(value.into());
            self.push(Owner::Span, key, value);
        }
    }

    /// Says which event it is about, before anything else. That has two names, and is stored once, without them. The
    /// bytes are those of a text.
    #[inline]
    pub(crate) fn id(&mut self, id: &[u8]) {
        const NAMES: u32 = ID.len() as u32;
        let fits = self.said.own.text == 0
            && self.said.set.saturating_add(self.fixed + NAMES) <= self.most
            && id.len() <= self.longest as usize;
        match u8::try_from(id.len()) {
            Ok(length) if fits => {
                self.said.set += NAMES;
                self.said.id = length;
                self.bytes(id);
            }
            _ => {
                let id = str::from_utf8(id).unwrap_or_default();
                ID.into_iter().for_each(|name| self.set(name, id));
            }
        }
    }

    /// Another span that this one has to do with, beside its parent.
    pub fn link(&mut self, to: SpanContext, about: &[(&'static str, Value<'_>)]) {
        let limits = SpanLimits::installed();
        if self.said.own.links >= limits.links {
            self.said.dropped.links += 1;
            return;
        }
        let owner = Owner::Link(self.said.own.links);
        self.said.own.links += 1;
        let dropped = self.about(owner, about, limits.link_attributes);
        self.said.spans.links.push(Link { to, dropped });
    }

    /// The same, with a new value where the name has one already.
    pub(super) fn replace(&mut self, key: &'static str, value: Value<'_>) {
        let own = self.said.own.attributes as usize;
        let known = self.said.spans.attributes[..own]
            .iter()
            .position(|it| it.owner == Owner::Span && it.key == key);
        match known {
            Some(at) => self.said.spans.attributes[at].value = self.store(value),
            None => self.set(key, value),
        }
    }

    /// Something that happened at this time, in nanoseconds since 1970.
    pub(super) fn event(
        &mut self,
        name: &'static str,
        at: u64,
        about: &[(&'static str, Value<'_>)],
    ) {
        let limits = SpanLimits::installed();
        if self.said.own.events >= limits.events {
            self.said.dropped.events += 1;
            return;
        }
        let owner = Owner::Event(self.said.own.events);
        self.said.own.events += 1;
        let dropped = self.about(owner, about, limits.event_attributes);
        self.said.spans.events.push(Event { name, at, dropped });
    }

    /// Says so much of an event or a link. Gives how much was over the limit.
    fn about(&mut self, owner: Owner, about: &[(&'static str, Value<'_>)], limit: u32) -> u32 {
        let (kept, over) = about.split_at(about.len().min(limit as usize));
        for (key, value) in kept {
            let value = self.store(*value);
            self.push(owner, key, value);
        }
        u32::try_from(over.len()).unwrap_or(u32::MAX)
    }

    /// The event of a failure. Gives the place of what the error says.
    pub(super) fn exception(
        &mut self,
        at: u64,
        kind: &str,
        message: Option<&dyn fmt::Display>,
        trace: Option<&dyn fmt::Display>,
    ) -> Range {
        let message = message.map(shown);
        let trace = trace.map(shown);
        let said = [
            Some(("exception.type", kind)),
            message.as_deref().map(|it| ("exception.message", it)),
            trace.as_deref().map(|it| ("exception.stacktrace", it)),
        ];
        let mut about = [("", Value::Bool(false)); 3];
        let mut count = 0;
        for (key, text) in said.into_iter().flatten() {
            about[count] = (key, Value::Text(text));
            count += 1;
        }
        if !kind.is_empty() {
            self.event("exception", at, &about[..count]);
        }
        let from = self.said.own.text;
        self.text(message.as_deref().unwrap_or_default());
        Range {
            from,
            to: self.said.own.text,
        }
    }

    fn has_room(&mut self) -> bool {
        let room = self.said.set.saturating_add(self.fixed) < self.most;
        self.said.set += u32::from(room);
        self.said.dropped.attributes += u32::from(!room);
        room
    }

    #[inline]
    fn push(&mut self, owner: Owner, key: &'static str, value: Stored) {
        self.said.own.attributes += 1;
        self.said
            .spans
            .attributes
            .push(Attribute { owner, key, value });
    }

    #[inline]
    fn store(&mut self, value: Value<'_>) -> Stored {
        match value {
            Value::Bool(value) => Stored::Bool(value),
            Value::Int(value) => Stored::Int(value),
            Value::Float(value) => Stored::Float(value),
            Value::Text(text) => {
                let from = self.said.own.text;
                self.text(text);
                Stored::Text(Range {
                    from,
                    to: self.said.own.text,
                })
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(cut(text, self.longest).as_bytes());
    }

    fn bytes(&mut self, text: &[u8]) {
        // Four gigabytes of text in one span are an error of the program: what is beyond is not kept.
        if let Some(length) = u32::try_from(text.len())
            .ok()
            .and_then(|it| self.said.own.text.checked_add(it))
        {
            self.said.spans.text.extend_from_slice(text);
            self.said.own.text = length;
        }
    }
}

/// A text that cannot be shown is as long as it got.
fn shown(value: &dyn fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{value}");
    text
}
