//! Finished spans that are nothing but ids and times, on their way out of the thread in which they ended.
//!
//! A lock, even one that nobody else wants, makes the processor wait for what was written before it, which here is
//! memory that another thread has read. So these take no lock: a thread writes each into one line of a ring, and says so
//! with a plain store; whoever holds the lock of the thread's block takes them out.

use std::sync::atomic::{
    AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex};

use super::SpanMeta;
use super::record::{Counts, Record, Spans};
use crate::context::SpanContext;
use crate::ids::{SpanId, TraceId};
use crate::lane::lock;

/// Spans in the ring of a thread at first, and in that of one that has more.
const FIRST: usize = 256;
const MOST: usize = 4_096;

/// Spans in a ring that wake whoever takes them out.
const WAKES: usize = MOST / 2;

/// The bit of the last word that says that the parent is of another program.
const REMOTE: u64 = 1 << 32;

/// A finished span: trace, span, parent, start, end, number of what is known of it.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

/// What is on its way.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    lines: Box<[Line]>,
    /// How many have been written, ever. The thread alone moves it.
    written: Padded,
    /// How many have been taken out. Who has the lock of the block moves it.
    taken: Padded,
}

/// On a line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicUsize);

/// A finished span as it is written.
pub(crate) struct Plain {
    pub(super) meta: Number,
    pub(super) span: SpanContext,
    pub(super) parent: Option<SpanContext>,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The number of what is known of spans before they start: memory of plain numbers holds no references.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(u32);

/// All that have a number.
static METAS: Mutex<Vec<&'static SpanMeta>> = Mutex::new(Vec::new());

impl Number {
    /// To be asked for once.
    pub(crate) fn of(meta: &'static SpanMeta) -> Number {
        let mut all = lock(&METAS);
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        all.push(meta);
        Number(number)
    }
}

impl Ring {
    fn new(spans: usize) -> Ring {
        let mut lines = Vec::with_capacity(spans);
        lines.resize_with(spans, Line::default);
        Ring {
            lines: lines.into(),
            ..Ring::default()
        }
    }

    /// The line of one that was or will be written.
    #[inline]
    fn line(&self, at: usize) -> Option<&Line> {
        // As many as a power of two, or none.
        self.lines.get(at & self.lines.len().wrapping_sub(1))
    }
}

impl Line {
    #[inline]
    fn write(&self, span: &Plain) {
        let trace = span.span.trace.get();
        let remote = span.parent.is_some_and(|parent| parent.remote);
        let words = [
            high(trace),
            low(trace),
            span.span.span.get(),
            span.parent.map_or(0, |parent| parent.span.get()),
            span.start,
            span.end,
            u64::from(span.meta.0) | if remote { REMOTE } else { 0 },
        ];
        for (cell, word) in self.0.iter().zip(words) {
            cell.store(word, Relaxed);
        }
    }

    fn read(&self, metas: &mut Vec<&'static SpanMeta>) -> Option<Record> {
        let [high, low, span, parent, start, end, about, _] =
            self.0.each_ref().map(|word| word.load(Relaxed));
        #[expect(clippy::cast_possible_truncation, reason = "it is the lower half")]
        let number = about as u32 as usize;
        if metas.len() <= number {
            metas.clone_from(&lock(&METAS));
        }
        Some(Record {
            meta: metas.get(number)?,
            trace: TraceId::new(u128::from(high) << 64 | u128::from(low))?,
            span: SpanId::new(span)?,
            parent: SpanId::new(parent),
            remote: about & REMOTE != 0,
            state: None,
            start,
            end,
            reason: None,
            own: Counts::default(),
            id: 0,
            rare: None,
        })
    }
}

fn high(bits: u128) -> u64 {
    (bits >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn low(bits: u128) -> u64 {
    bits as u64
}

/// What a thread has for those who export. Whoever has the lock of it takes from the ring too.
#[derive(Debug, Default)]
pub(crate) struct Block {
    spans: Spans,
    ring: Arc<Ring>,
    /// Those of `METAS` that were there when somebody asked.
    metas: Vec<&'static SpanMeta>,
}

impl Block {
    /// How many it had when it was last looked at.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// All that it has, in the order in which it ended.
    #[inline]
    pub(crate) fn spans(&mut self) -> &mut Spans {
        let (from, to) = (
            self.ring.taken.0.load(Relaxed),
            self.ring.written.0.load(Acquire),
        );
        if from != to {
            self.take(from, to);
        }
        &mut self.spans
    }

    fn take(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at != to {
            let line = self.ring.line(at);
            let record = line.and_then(|line| line.read(&mut self.metas));
            self.spans.records.extend(record);
            at = at.wrapping_add(1);
        }
        self.ring.taken.0.store(to, Release);
    }
}

/// Where a thread writes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    ring: Arc<Ring>,
    next: usize,
    /// Before this one is written, something has to be asked.
    until: usize,
}

/// What has to be done before more is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    Nothing,
    /// Somebody is to take something out.
    Wake,
    /// The ring is full.
    Full,
}

impl Writer {
    /// Writes one; says whether there was room for it, as far as it is known here.
    #[inline]
    pub(crate) fn write(&mut self, span: &Plain) -> bool {
        let Some(line) = self.ring.line(self.next) else {
            return false;
        };
        if self.next == self.until {
            return false;
        }
        line.write(span);
        self.next = self.next.wrapping_add(1);
        self.ring.written.0.store(self.next, Release);
        true
    }

    /// Looks how much room there is.
    pub(crate) fn due(&mut self) -> Due {
        let taken = self.ring.taken.0.load(Acquire);
        let (waits, room) = (self.next.wrapping_sub(taken), self.ring.lines.len());
        if waits >= room {
            return Due::Full;
        }
        let wakes = room == MOST && waits >= WAKES;
        let until = if room < MOST || wakes { room } else { WAKES };
        self.until = taken.wrapping_add(until);
        if wakes { Due::Wake } else { Due::Nothing }
    }

    /// Makes room for more, where a ring that was full has been emptied and is not large.
    pub(crate) fn grow(&mut self, block: &mut Block) {
        let room = self.ring.lines.len();
        if room < MOST {
            self.ring = Arc::new(Ring::new((room * 4).clamp(FIRST, MOST)));
            block.ring = Arc::clone(&self.ring);
            (self.next, self.until) = (0, 0);
        }
    }
}
