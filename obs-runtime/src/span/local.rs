//! The spans of one trace in this program, from its outermost one on, while nobody knows whether they leave.

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};

use super::record::{Reason, Record};
use super::{Fate, Spans, hand_over};
use crate::clock::{Moment, SECOND};
use crate::ids::SpanId;
use crate::lane::{Blocks, lock};
use crate::metric::{self, Signal};

/// How much may wait.
#[derive(Debug)]
pub(super) struct Bounds {
    /// Spans of a trace.
    spans: u32,
    /// Bytes of a trace.
    trace_bytes: usize,
    /// Traces that wait with something.
    traces: usize,
    /// Bytes of all traces.
    bytes: usize,
    /// Nanoseconds.
    age: u64,
    traces_used: AtomicUsize,
    bytes_used: AtomicUsize,
}

/// The ones of the program.
pub(super) static BOUNDS: Bounds = Bounds::new(10_000, 8 << 20, 4_096, 64 << 20, 300 * SECOND);

/// Bytes that a trace asks for at once.
const GRANT: usize = 16 << 10;

impl Bounds {
    pub(super) const fn new(
        spans: u32,
        trace_bytes: usize,
        traces: usize,
        bytes: usize,
        age: u64,
    ) -> Bounds {
        Bounds {
            spans,
            trace_bytes,
            traces,
            bytes,
            age,
            traces_used: AtomicUsize::new(0),
            bytes_used: AtomicUsize::new(0),
        }
    }

    /// How many traces wait, and with how much.
    #[cfg(all(test, not(feature = "off-spans")))]
    pub(super) fn used(&self) -> (usize, usize) {
        (
            self.traces_used.load(Relaxed),
            self.bytes_used.load(Relaxed),
        )
    }
}

/// More of something, if that stays within the bound.
fn claim(used: &AtomicUsize, more: usize, most: usize) -> bool {
    let fits = used.fetch_add(more, Relaxed) + more <= most;
    if !fits {
        used.fetch_sub(more, Relaxed);
    }
    fits
}

/// The spans of one trace in this program.
#[derive(Debug)]
pub(crate) struct Local {
    began: Moment,
    bounds: &'static Bounds,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    /// How many have waited or left.
    count: u32,
    /// How many are missing, if the trace leaves: because of a bound, and because of their age.
    over: u64,
    aged: u64,
    /// Open spans around those that failed: as many as lie between these and the root, so they are looked through.
    wanted: Vec<SpanId>,
}

#[derive(Debug)]
enum State {
    /// They wait, and with them a seat among all that wait.
    Waiting(Spans, Option<Seat>),
    /// They waited for too long: only what is rescued by itself is kept from now on.
    Old,
    /// They leave.
    Kept(Reason),
    /// They do not.
    LetGo,
}

impl Local {
    pub(super) fn new(began: Moment, bounds: &'static Bounds) -> Local {
        Local {
            began,
            bounds,
            inner: Mutex::new(Inner {
                state: State::Waiting(Spans::default(), None),
                count: 0,
                over: 0,
                aged: 0,
                wanted: Vec::new(),
            }),
        }
    }

    /// One of them, which is not the root, has ended.
    pub(super) fn ended(self: &Arc<Local>, one: &mut Spans) -> Fate {
        let Some(&Record {
            reason,
            span,
            parent,
            ..
        }) = one.records.first()
        else {
            return Fate::Dropped;
        };
        let mut inner = lock(&self.inner);
        if let Some(why) = reason {
            inner.keep(why, one);
        }
        match inner.state {
            State::Kept(why) => {
                let place = inner.wanted.iter().position(|wanted| *wanted == span);
                let around = place.map(|place| inner.wanted.swap_remove(place));
                let needed = around.is_some() || reason.is_some();
                if !needed && inner.count >= self.bounds.spans {
                    inner.over += 1;
                    drop(inner);
                    metric::dropped(Signal::Spans, metric::Reason::Limit, 1);
                    return Fate::Dropped;
                }
                inner.count = inner.count.saturating_add(1);
                if needed && inner.wanted.len() < self.bounds.spans as usize {
                    let parent = parent.filter(|parent| !inner.wanted.contains(parent));
                    inner.wanted.extend(parent);
                }
                drop(inner);
                leave(one, why)
            }
            State::Waiting(..) => {
                if !inner.store(self, one) {
                    inner.over += 1;
                }
                Fate::Dropped
            }
            State::Old => {
                inner.aged += 1;
                Fate::Dropped
            }
            State::LetGo if reason.is_some() => {
                drop(inner);
                hand_over(one)
            }
            State::LetGo => Fate::Dropped,
        }
    }

    /// The root has ended: what waits leaves with it, or never.
    pub(super) fn decide(&self, root: &mut Spans) -> Fate {
        let Some(&Record { reason, .. }) = root.records.first() else {
            return Fate::Dropped;
        };
        if reason.is_none() && self.let_go() {
            return Fate::Dropped;
        }
        let mut inner = lock(&self.inner);
        if let Some(why) = reason {
            inner.keep(why, root);
        }
        let State::Kept(why) = inner.state else {
            return Fate::Dropped;
        };
        if let Some(record) = root.records.last_mut() {
            let missing = inner.over + inner.aged;
            if missing > 0 {
                record.rare.get_or_insert_default().truncated = missing;
            }
        }
        drop(inner);
        leave(root, why)
    }

    /// The root has ended, and has no reason to leave: what waits goes away, unless it is known by now that it leaves.
    pub(super) fn let_go(&self) -> bool {
        let mut inner = lock(&self.inner);
        if let State::Kept(_) = inner.state {
            return false;
        }
        let before = mem::replace(&mut inner.state, State::LetGo);
        drop(inner);
        if let State::Waiting(spans, seat) = before {
            drop(seat);
            recycle(spans);
        }
        true
    }

    /// How many are missing, if it leaves.
    #[cfg(all(test, not(feature = "off-spans")))]
    pub(super) fn missing(&self) -> u64 {
        let inner = lock(&self.inner);
        inner.over + inner.aged
    }

    /// Lets go of what has waited for too long.
    fn age(&self, now: Moment) {
        if now.nanos_since(self.began) < self.bounds.age {
            return;
        }
        let mut inner = lock(&self.inner);
        if let State::Waiting(spans, _) = &inner.state {
            inner.aged += spans.len() as u64;
            inner.state = State::Old;
        }
    }
}

impl Inner {
    /// From now on it is known that the trace leaves: what waits goes with the one that has the reason, before it, so
    /// that there is room for all of them or for none.
    fn keep(&mut self, why: Reason, one: &mut Spans) {
        if !matches!(self.state, State::Waiting(..) | State::Old) {
            return;
        }
        let before = mem::replace(&mut self.state, State::Kept(why));
        if let State::Waiting(mut spans, seat) = before {
            drop(seat);
            spans.append(one);
            recycle(mem::replace(one, spans));
        }
        for (reason, count) in [
            (metric::Reason::Limit, self.over),
            (metric::Reason::Age, self.aged),
        ] {
            metric::dropped(Signal::Spans, reason, count);
        }
    }

    /// Puts one to those that wait, if there is room.
    fn store(&mut self, local: &Arc<Local>, one: &mut Spans) -> bool {
        let State::Waiting(spans, seat) = &mut self.state else {
            return false;
        };
        if self.count >= local.bounds.spans {
            return false;
        }
        if seat.is_none() {
            *seat = Seat::take(local);
            *spans = spare();
        }
        let bytes = spans.bytes() + one.bytes();
        let room = bytes <= local.bounds.trace_bytes
            && seat.as_mut().is_some_and(|seat| seat.holds(bytes));
        if room {
            spans.append(one);
            self.count += 1;
        }
        room
    }
}

/// What has no reason of its own leaves for that of its trace.
fn leave(spans: &mut Spans, why: Reason) -> Fate {
    for record in &mut spans.records {
        record.reason.get_or_insert(why);
    }
    let fate = hand_over(spans);
    // Thousands that have waited need not be what a thread has room for from now on.
    if spans.capacity() > SPARE_BYTES {
        *spans = Spans::NONE;
    }
    fate
}

/// The traces that wait, by the thread in which their first span ended.
#[derive(Debug, Default)]
struct Slab {
    seats: Vec<Weak<Local>>,
    free: Vec<usize>,
}

static HELD: Blocks<Slab> = Blocks::new();

thread_local! {
    static MINE: Arc<Mutex<Slab>> = HELD.enter();

    /// Empty batches for the next traces that wait.
    static SPARE: RefCell<Vec<Spans>> = const { RefCell::new(Vec::new()) };
}

/// Empty batches a thread keeps, and how large one may be.
const SPARES: usize = 4;
const SPARE_BYTES: usize = 64 << 10;

fn spare() -> Spans {
    let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
    spare.ok().flatten().unwrap_or_default()
}

fn recycle(mut spans: Spans) {
    if !(1..=SPARE_BYTES).contains(&spans.capacity()) {
        return;
    }
    spans.clear();
    // A thread that ends needs no more of them.
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && spare.len() < SPARES
        {
            spare.push(spans);
        }
    });
}

/// The right to wait.
#[derive(Debug)]
struct Seat {
    bounds: &'static Bounds,
    granted: usize,
    slab: Arc<Mutex<Slab>>,
    at: usize,
}

impl Seat {
    fn take(local: &Arc<Local>) -> Option<Seat> {
        let bounds = local.bounds;
        let slab = MINE.try_with(Arc::clone).ok()?;
        if !claim(&bounds.traces_used, 1, bounds.traces) {
            return None;
        }
        let mut held = lock(&slab);
        let weak = Arc::downgrade(local);
        let at = match held.free.pop() {
            Some(at) => {
                held.seats[at] = weak;
                at
            }
            None => {
                held.seats.push(weak);
                held.seats.len() - 1
            }
        };
        drop(held);
        Some(Seat {
            bounds,
            granted: 0,
            slab,
            at,
        })
    }

    /// Whether so many bytes may wait, all in all.
    fn holds(&mut self, bytes: usize) -> bool {
        if bytes <= self.granted {
            return true;
        }
        let more = (bytes - self.granted).next_multiple_of(GRANT);
        let fits = claim(&self.bounds.bytes_used, more, self.bounds.bytes);
        if fits {
            self.granted += more;
        }
        fits
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.bounds.traces_used.fetch_sub(1, Relaxed);
        self.bounds.bytes_used.fetch_sub(self.granted, Relaxed);
        let mut held = lock(&self.slab);
        held.seats[self.at] = Weak::new();
        held.free.push(self.at);
    }
}

/// Lets go of what has waited for too long, in all threads.
pub(crate) fn sweep(now: Moment) {
    let mut all = Vec::new();
    HELD.gather(|slab| all.extend(slab.seats.iter().filter_map(Weak::upgrade)));
    for local in all {
        local.age(now);
    }
}

/// Bytes that wait for a decision.
pub(crate) fn waiting_bytes() -> usize {
    BOUNDS.bytes_used.load(Relaxed)
}
