//! What is said about a span while its record is written.

use std::fmt::{self, Write as _};

use super::limits::{SpanLimits, cut};
use super::record::{Attribute, Counts, Event, Owner, Range, Spans, Stored};

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

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(text)
    }
}

/// Where the attributes of a span are written.
#[derive(Debug)]
pub struct Attributes<'a> {
    spans: &'a mut Spans,
    limits: SpanLimits,
    fixed: u32,
    pub(super) own: Counts,
    pub(super) dropped: Counts,
}

impl<'a> Attributes<'a> {
    /// Into an empty batch.
    pub(super) fn new(spans: &'a mut Spans, fixed: usize) -> Attributes<'a> {
        Attributes {
            spans,
            limits: SpanLimits::installed(),
            fixed: u32::try_from(fixed).unwrap_or(u32::MAX),
            own: Counts::default(),
            dropped: Counts::default(),
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

    /// The same with a word that the program knows, which is not copied.
    #[inline]
    pub fn word(&mut self, key: &'static str, word: &'static str) {
        if self.has_room() {
            let word = cut(word, self.limits.value_length);
            self.push(Owner::Span, key, Stored::Word(word));
        }
    }

    fn has_room(&mut self) -> bool {
        let room = self.own.attributes.saturating_add(self.fixed) < self.limits.attributes;
        self.dropped.attributes += u32::from(!room);
        room
    }

    #[inline]
    fn push(&mut self, owner: Owner, key: &'static str, value: Stored) {
        self.own.attributes += 1;
        self.spans.attributes.push(Attribute { owner, key, value });
    }

    #[inline]
    fn store(&mut self, value: Value<'_>) -> Stored {
        match value {
            Value::Bool(value) => Stored::Bool(value),
            Value::Int(value) => Stored::Int(value),
            Value::Float(value) => Stored::Float(value),
            Value::Text(text) => {
                let from = self.own.text;
                self.text(text);
                Stored::Text(Range {
                    from,
                    to: self.own.text,
                })
            }
        }
    }

    fn text(&mut self, text: &str) {
        let text = cut(text, self.limits.value_length);
        // Four gigabytes of text in one span are an error of the program: what is beyond is not kept.
        if let Some(length) = u32::try_from(text.len())
            .ok()
            .and_then(|it| self.own.text.checked_add(it))
        {
            self.spans.text.push_str(text);
            self.own.text = length;
        }
    }

    /// The event of a failure. Gives the place of its text.
    pub(super) fn exception(
        &mut self,
        at: u64,
        kind: &'static str,
        message: Option<&dyn fmt::Display>,
        trace: Option<&dyn fmt::Display>,
    ) -> Range {
        let mut text = String::new();
        let mut store = |this: &mut Self, shown: &dyn fmt::Display| {
            text.clear();
            // A text that cannot be shown is as long as it got.
            let _ = write!(text, "{shown}");
            let from = this.own.text;
            this.text(&text);
            Range {
                from,
                to: this.own.text,
            }
        };
        let message = message.map(|message| store(self, message));
        let trace = trace.map(|trace| store(self, trace));
        if self.own.events < self.limits.events {
            let owner = Owner::Event(self.own.events);
            self.own.events += 1;
            let name = "exception";
            self.spans.events.push(Event { name, at });
            let said = [
                Some(("exception.type", Stored::Word(kind))),
                message.map(|range| ("exception.message", Stored::Text(range))),
                trace.map(|range| ("exception.stacktrace", Stored::Text(range))),
            ];
            let room = self.limits.event_attributes as usize;
            for (key, value) in said.into_iter().flatten().take(room) {
                self.push(owner, key, value);
            }
        } else {
            self.dropped.events += 1;
        }
        message.unwrap_or_default()
    }
}
