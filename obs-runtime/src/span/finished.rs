//! Finished spans as those who export them see them.

use super::record::{Attribute, Counts, Event, Link, Owner, Range, Reason, Record, Stored};
use super::{Kind, SpanMeta, Value};
use crate::context::SpanContext;
use crate::ids::{SpanId, TraceId};

/// What the id of an event is called.
pub(crate) const ID: [&str; 2] = ["event.id", "messaging.message.id"];

/// Finished spans on their way out, in the order in which they ended.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub(super) records: &'a [Record],
    pub(super) attributes: &'a [Attribute],
    pub(super) events: &'a [Event],
    pub(super) links: &'a [Link],
    pub(super) text: &'a str,
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
pub(super) fn first<'a, T>(all: &mut &'a [T], count: usize) -> &'a [T] {
    let (own, rest) = all.split_at(count);
    *all = rest;
    own
}

pub(super) fn first_text<'a>(all: &mut &'a str, bytes: usize) -> &'a str {
    let (own, rest) = all.split_at_checked(bytes).unwrap_or_default();
    *all = rest;
    own
}

/// A name and a value, for those who can tell a word of the program from other text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stated<'a> {
    pub(crate) key: &'static str,
    pub(crate) value: Value<'a>,
    #[cfg_attr(
        not(feature = "opentelemetry"),
        expect(dead_code, reason = "its exporter takes words without a copy")
    )]
    pub(crate) word: Option<&'static str>,
}

impl<'a> Stated<'a> {
    #[cfg(feature = "opentelemetry")]
    fn fixed((key, value): &(&'static str, Value<'static>)) -> Stated<'a> {
        match *value {
            Value::Text(text) => Stated::word(key, text),
            value => Stated {
                key,
                value,
                word: None,
            },
        }
    }

    fn word(key: &'static str, word: &'static str) -> Stated<'a> {
        Stated {
            key,
            value: Value::Text(word),
            word: Some(word),
        }
    }
}

impl<'a> From<Stated<'a>> for (&'static str, Value<'a>) {
    fn from(said: Stated<'a>) -> (&'static str, Value<'a>) {
        (said.key, said.value)
    }
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
        let rare = self.record.rare.as_deref()?;
        Some((rare.error?, self.slice(rare.message)))
    }

    /// Names and values.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        let fixed = self.record.meta.fixed.iter();
        let ids = self.ids().chain(self.own());
        fixed.copied().chain(ids.map(Stated::into))
    }

    /// The same, as far as it was known when the span began: what a sampler may look at.
    pub fn known_at_start(&self) -> impl Iterator<Item = (&'static str, Value<'a>)> + use<'a> {
        self.record.meta.fixed.iter().copied()
    }

    /// What the program says of all such spans; of one address for as long as it runs.
    pub(crate) fn meta(&self) -> &'static SpanMeta {
        self.record.meta
    }

    #[cfg(feature = "opentelemetry")]
    pub(crate) fn stated(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        let fixed = self.record.meta.fixed.iter();
        fixed.map(Stated::fixed).chain(self.ids()).chain(self.own())
    }

    /// The attributes beside the fixed ones and the id of an event.
    pub(crate) fn own(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        self.owned(Owner::Span).chain(self.reasons())
    }

    /// The same, one after the other, for those who do nothing else: most have nothing of the last.
    #[inline]
    pub(crate) fn each_own(&self, mut each: impl FnMut(Stated<'a>)) {
        self.owned(Owner::Span).for_each(&mut each);
        if self.record.rare.is_some() || self.record.reason.is_some() {
            self.reasons().for_each(each);
        }
    }

    /// What it says of why it failed, why it leaves and what is missing.
    fn reasons(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        let record = self.record;
        let word = |(key, word): (_, Option<_>)| Some(Stated::word(key, word?));
        let rare = record.rare.as_deref();
        let ours = [
            ("error.type", rare.and_then(|rare| rare.error)),
            ("sampling.reason", record.reason.map(Reason::as_str)),
        ];
        let missing = rare.filter(|rare| rare.truncated > 0).map(|rare| Stated {
            key: "sampling.truncated",
            value: rare.truncated.into(),
            word: None,
        });
        ours.into_iter().filter_map(word).chain(missing)
    }

    /// The id of the event that it is about, if it is about one.
    pub(crate) fn id(&self) -> Option<&'a str> {
        let to = u32::from(self.record.id);
        (to > 0).then(|| self.slice(Range { from: 0, to }))
    }

    /// The same under both its names.
    fn ids(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        let id = self.id();
        ID.iter().filter_map(move |key| {
            Some(Stated {
                key,
                value: Value::Text(id?),
                word: None,
            })
        })
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
        self.dropped().attributes
    }

    /// How many events were over the limit.
    #[must_use]
    pub fn dropped_events(&self) -> u32 {
        self.dropped().events
    }

    /// How many links were over the limit.
    #[must_use]
    pub fn dropped_links(&self) -> u32 {
        self.dropped().links
    }

    fn dropped(&self) -> Counts {
        let rare = self.record.rare.as_deref();
        rare.map_or(Counts::default(), |rare| rare.dropped)
    }

    fn slice(&self, range: Range) -> &'a str {
        self.text
            .get(range.from as usize..range.to as usize)
            .unwrap_or_default()
    }

    fn owned(&self, owner: Owner) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        let span = *self;
        let own = span.attributes.iter().filter(move |it| it.owner == owner);
        own.map(move |attribute| {
            let key = attribute.key;
            let value = match attribute.value {
                Stored::Bool(value) => Value::Bool(value),
                Stored::Int(value) => Value::Int(value),
                Stored::Float(value) => Value::Float(value),
                Stored::Text(range) => Value::Text(span.slice(range)),
            };
            Stated {
                key,
                value,
                word: None,
            }
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
        self.stated().map(Stated::into)
    }

    pub(crate) fn stated(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
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
        self.stated().map(Stated::into)
    }

    pub(crate) fn stated(&self) -> impl Iterator<Item = Stated<'a>> + use<'a> {
        self.span.owned(Owner::Link(self.index))
    }

    /// How many attributes were over the limit.
    #[must_use]
    pub fn dropped_attributes(&self) -> u32 {
        self.link.dropped
    }
}
