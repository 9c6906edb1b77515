//! Finished spans as plain records, many in one batch.
//!
//! Nothing in a batch points at something else in it: a record knows how many attributes, events, links and bytes of
//! text are its own, and they stand in the order of the records. So a batch goes behind another by copying, and a
//! thread that reuses its batch allocates nothing.

use std::sync::Arc;

use super::SpanMeta;
use super::finished::{Batch, first, first_text};
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
pub(crate) struct Record {
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
    pub(super) own: Counts,
    /// So many bytes at the start of its text are the id of the event that it is about.
    pub(super) id: u8,
    /// Most have nothing of this, and are written and copied the faster.
    pub(super) rare: Option<Box<Rare>>,
}

/// What few spans have.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    /// How many spans of the trace are missing, on the local root.
    pub(super) truncated: u64,
    pub(super) error: Option<&'static str>,
    /// The part of its text that says what went wrong.
    pub(super) message: Range,
    pub(super) dropped: Counts,
}

/// A part of a record's text, counted from the start of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Range {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// How many of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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
    /// UTF-8, which is looked at once a batch and not once a text.
    pub(super) text: Vec<u8>,
}

impl Spans {
    pub(crate) const NONE: Spans = Spans {
        records: Vec::new(),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        text: Vec::new(),
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
        self.text.extend("x".repeat(bytes).bytes());
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

    /// Puts one behind, with what is its own out of others.
    #[inline]
    pub(crate) fn push(&mut self, record: Record, own: &mut Spans) {
        self.records.push(record);
        // Most have one, and few many.
        self.attributes.extend_from_slice(&own.attributes);
        self.text.extend_from_slice(&own.text);
        if !own.events.is_empty() {
            self.events.append(&mut own.events);
        }
        if !own.links.is_empty() {
            self.links.append(&mut own.links);
        }
    }

    /// Puts others behind.
    pub(crate) fn append(&mut self, others: &mut Spans) {
        self.records.append(&mut others.records);
        self.attributes.append(&mut others.attributes);
        // Most have neither.
        if !others.events.is_empty() {
            self.events.append(&mut others.events);
        }
        if !others.links.is_empty() {
            self.links.append(&mut others.links);
        }
        self.text.extend_from_slice(&others.text);
        others.text.clear();
    }

    fn text(&self) -> &str {
        // Nothing else is ever put in.
        str::from_utf8(&self.text).unwrap_or_default()
    }

    /// All of them.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch {
            records: &self.records,
            attributes: &self.attributes,
            events: &self.events,
            links: &self.links,
            text: self.text(),
        }
    }

    /// All of them, so many at a time.
    pub(crate) fn batches(&self, most: usize) -> impl Iterator<Item = Batch<'_>> {
        let (mut attributes, mut events) = (self.attributes.as_slice(), self.events.as_slice());
        let (mut links, mut text) = (self.links.as_slice(), self.text());
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
