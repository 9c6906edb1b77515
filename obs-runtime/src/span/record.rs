//! Finished spans as plain records, many in one batch.
//!
//! Nothing in a batch points at something else in it: a record knows how many attributes, events, links and bytes of
//! text are its own, and they stand in the order of the records. So a batch goes behind another by copying, and a
//! thread that reuses its batch allocates nothing.

use std::sync::Arc;

use super::{Kind, SpanMeta, Value};
use crate::context::SpanContext;
use crate::ids::{SpanId, TraceId};

/// Why a span leaves although its trace was not sampled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    Error,
    Slow,
    Audit,
}

impl Reason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Reason::Error => "error",
            Reason::Slow => "slow",
            Reason::Audit => "audit",
        }
    }
}

/// A finished span.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) meta: &'static SpanMeta,
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) remote: bool,
    pub(super) state: Option<Arc<str>>,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) reason: Option<Reason>,
    /// How many spans of the trace are missing, on the local root.
    pub(super) truncated: u64,
    pub(super) error: Option<&'static str>,
    /// The part of its text that says what went wrong.
    pub(super) message: Range,
    pub(super) own: Counts,
    pub(super) dropped: Counts,
}

/// A part of a record's text, counted from the start of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Range {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) attributes: u32,
    pub(super) events: u32,
    pub(super) links: u32,
    pub(super) text: u32,
}

/// What an attribute belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    Span,
    Event(u32),
    Link(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Stored {
    Bool(bool),
    Int(i64),
    Float(f64),
    Word(&'static str),
    Text(Range),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) owner: Owner,
    pub(super) key: &'static str,
    pub(super) value: Stored,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) at: u64,
    /// How many of its attributes were over the limit.
    pub(super) dropped: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) to: SpanContext,
    /// How many of its attributes were over the limit.
    pub(super) dropped: u32,
}

/// Finished spans, in the order in which they ended.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    pub(super) records: Vec<Record>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Link>,
    pub(super) text: String,
}

impl Spans {
    pub(crate) const NONE: Spans = Spans {
        records: Vec::new(),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        text: String::new(),
    };

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Record>() * self.records.len()
            + size_of::<Attribute>() * self.attributes.len()
            + size_of::<Event>() * self.events.len()
            + size_of::<Link>() * self.links.len()
            + self.text.len()
    }

    /// Makes the last text longer.
    #[cfg(test)]
    pub(crate) fn pad(&mut self, bytes: usize) {
        self.text.push_str(&"x".repeat(bytes));
        if let Some(last) = self.records.last_mut() {
            last.own.text += u32::try_from(bytes).unwrap();
        }
    }

    /// How many bytes it could hold without growing, or nearly.
    pub(super) fn capacity(&self) -> usize {
        size_of::<Record>() * self.records.capacity()
            + size_of::<Attribute>() * self.attributes.capacity()
            + self.text.capacity()
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
        self.text.clear();
    }

    /// Puts others behind.
    pub(crate) fn append(&mut self, others: &mut Spans) {
        self.records.append(&mut others.records);
        self.attributes.append(&mut others.attributes);
        self.events.append(&mut others.events);
        self.links.append(&mut others.links);
        self.text.push_str(&others.text);
        others.text.clear();
    }

    /// All of them.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch {
            records: &self.records,
            attributes: &self.attributes,
            events: &self.events,
            links: &self.links,
            text: &self.text,
        }
    }

    /// All of them, so many at a time.
    pub(crate) fn batches(&self, most: usize) -> impl Iterator<Item = Batch<'_>> {
        let (mut attributes, mut events) = (self.attributes.as_slice(), self.events.as_slice());
        let (mut links, mut text) = (self.links.as_slice(), self.text.as_str());
        self.records.chunks(most).map(move |records| {
            let sum =
                |count: fn(&Counts) -> u32| records.iter().map(|it| count(&it.own) as usize).sum();
            Batch {
                records,
                attributes: first(&mut attributes, sum(|own| own.attributes)),
                events: first(&mut events, sum(|own| own.events)),
                links: first(&mut links, sum(|own| own.links)),
                text: first_text(&mut text, sum(|own| own.text)),
            }
        })
    }
}

/// Finished spans on their way out, in the order in which they ended.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    records: &'a [Record],
    attributes: &'a [Attribute],
    events: &'a [Event],
    links: &'a [Link],
    text: &'a str,
}

impl<'a> Batch<'a> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Looks at each.
    pub fn iter(&self) -> impl Iterator<Item = FinishedSpan<'a>> + use<'a> {
        let Batch {
            records,
            mut attributes,
            mut events,
            mut links,
            mut text,
        } = *self;
        records.iter().map(move |record| FinishedSpan {
            record,
            attributes: first(&mut attributes, record.own.attributes as usize),
            events: first(&mut events, record.own.events as usize),
            links: first(&mut links, record.own.links as usize),
            text: first_text(&mut text, record.own.text as usize),
        })
    }
}

/// The first of them; the rest stays.
fn first<'a, T>(all: &mut &'a [T], count: usize) -> &'a [T] {
    let (own, rest) = all.split_at(count);
    *all = rest;
    own
}

fn first_text<'a>(all: &mut &'a str, bytes: usize) -> &'a str {
    let (own, rest) = all.split_at(bytes);
    *all = rest;
    own
}

/// A span that has ended, for those who export it.
#[derive(Clone, Copy, Debug)]
pub struct FinishedSpan<'a> {
    record: &'a Record,
    attributes: &'a [Attribute],
    events: &'a [Event],
    links: &'a [Link],
    text: &'a str,
}

/// Something that happened in a span.
#[derive(Clone, Copy, Debug)]
pub struct FinishedEvent<'a> {
    span: FinishedSpan<'a>,
    index: u32,
    event: &'a Event,
}

/// Another span that a span has to do with.
#[derive(Clone, Copy, Debug)]
pub struct FinishedLink<'a> {
    span: FinishedSpan<'a>,
    index: u32,
    link: &'a Link,
}

impl<'a> FinishedSpan<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.record.meta.name
    }

    /// What it is to its peers.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.record.meta.kind
    }

    /// The trace.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        self.record.trace
    }

    /// The span itself.
    #[must_use]
    pub fn span(&self) -> SpanId {
        self.record.span
    }

    /// The span that it is a child of.
    #[must_use]
    pub fn parent(&self) -> Option<SpanId> {
        self.record.parent
    }

    /// Whether the parent belongs to another program.
    #[must_use]
    pub fn parent_is_remote(&self) -> bool {
        self.record.remote
    }

    /// The `tracestate` it came with.
    #[must_use]
    pub fn trace_state(&self) -> Option<&'a str> {
        self.record.state.as_deref()
    }

    /// When it began, in nanoseconds since 1970.
    #[must_use]
    pub fn start_unix_nanos(&self) -> u64 {
        self.record.start
    }

    /// When it ended, in nanoseconds since 1970.
    #[must_use]
    pub fn end_unix_nanos(&self) -> u64 {
        self.record.end
    }

    /// What went wrong: the `error.type` and a text, which may be empty. `None`: nothing.
    #[must_use]
    pub fn error(&self) -> Option<(&'static str, &'a str)> {
        Some((self.record.error?, self.slice(self.record.message)))
    }

    /// Names and values.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        let record = self.record;
        let error = record.error.map(|error| ("error.type", error));
        let reason = record.reason.map(|it| ("sampling.reason", it.as_str()));
        let ours = [error, reason].into_iter().flatten();
        let missing = (record.truncated > 0).then(|| record.truncated.into());
        let fixed = record.meta.fixed.iter().copied();
        fixed
            .chain(self.owned(Owner::Span))
            .chain(ours.map(|(key, word)| (key, Value::Text(word))))
            .chain(missing.map(|missing| ("sampling.truncated", missing)))
    }

    /// What happened in it.
    pub fn events(&self) -> impl Iterator<Item = FinishedEvent<'a>> + use<'a> {
        let span = *self;
        (0..)
            .zip(span.events)
            .map(move |(index, event)| FinishedEvent { span, index, event })
    }

    /// What it has to do with, beside its parent.
    pub fn links(&self) -> impl Iterator<Item = FinishedLink<'a>> + use<'a> {
        let span = *self;
        (0..)
            .zip(span.links)
            .map(move |(index, link)| FinishedLink { span, index, link })
    }

    /// How many attributes were over the limit.
    #[must_use]
    pub fn dropped_attributes(&self) -> u32 {
        self.record.dropped.attributes
    }

    /// How many events were over the limit.
    #[must_use]
    pub fn dropped_events(&self) -> u32 {
        self.record.dropped.events
    }

    /// How many links were over the limit.
    #[must_use]
    pub fn dropped_links(&self) -> u32 {
        self.record.dropped.links
    }

    fn slice(&self, range: Range) -> &'a str {
        self.text
            .get(range.from as usize..range.to as usize)
            .unwrap_or_default()
    }

    fn owned(&self, owner: Owner) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        let span = *self;
        let own = span.attributes.iter().filter(move |it| it.owner == owner);
        own.map(move |attribute| {
            let value = match attribute.value {
                Stored::Bool(value) => Value::Bool(value),
                Stored::Int(value) => Value::Int(value),
                Stored::Float(value) => Value::Float(value),
                Stored::Word(word) => Value::Text(word),
                Stored::Text(range) => Value::Text(span.slice(range)),
            };
            (attribute.key, value)
        })
    }
}

impl<'a> FinishedEvent<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.event.name
    }

    /// When it happened, in nanoseconds since 1970.
    #[must_use]
    pub fn unix_nanos(&self) -> u64 {
        self.event.at
    }

    /// Names and values.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        self.span.owned(Owner::Event(self.index))
    }

    /// How many attributes were over the limit.
    #[must_use]
    pub fn dropped_attributes(&self) -> u32 {
        self.event.dropped
    }
}

impl<'a> FinishedLink<'a> {
    /// The other span.
    #[must_use]
    pub fn to(&self) -> SpanContext {
        self.link.to
    }

    /// Names and values.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        self.span.owned(Owner::Link(self.index))
    }

    /// How many attributes were over the limit.
    #[must_use]
    pub fn dropped_attributes(&self) -> u32 {
        self.link.dropped
    }
}
