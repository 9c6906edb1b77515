//! From the blocks of the threads to the exporters, through a thread of its own.
//!
//! Who ends a span writes into the block of its thread and never waits. The thread `obs-flush` takes the blocks once a
//! second, and when one of them fills up, and calls the exporters. While an exporter hangs the blocks fill up; what
//! has no room is dropped and counted.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{ExportError, SpanExporter};
use crate::clock;
use crate::lane::{self, Blocks, lock};
use crate::metric::{self, Reason, Signal};
use crate::span::{self, Batch, Block, Due, Plain, Record, Spans, Writer};

/// Spans in one block, at most: more than wait in one trace. Further ones are dropped until somebody takes the block.
const MOST_SPANS: usize = 16_384;

/// Spans in one block that wake the thread: early, for it may have to wait for a processor.
const WAKES: usize = MOST_SPANS / 8;

/// Bytes in one block, at most.
const MOST_BYTES: usize = 16 << 20;

/// Spans that an exporter gets at once, at most.
const BATCH: usize = 512;

/// Emptied blocks that are kept for the next round.
const SPARES: usize = 16;

/// How long a span stays in its block, at most.
const TIMER: Duration = Duration::from_secs(1);

/// Nobody wants spans yet; somebody does; nobody does any more.
const IDLE: u8 = 0;
const ACTIVE: u8 = 1;
const CLOSED: u8 = 2;

/// Who counts what does not arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    /// Spans.
    pub(super) dropped: fn(Reason, u64),
    /// Batches.
    pub(super) failed: fn(Reason),
}

/// The way of finished spans.
#[derive(Debug)]
pub(crate) struct Pipe {
    tally: Tally,
    state: AtomicU8,
    blocks: Blocks<Block>,
    /// What threads had when they ended.
    left: Mutex<Spans>,
    control: Mutex<Control>,
    /// The thread sleeps here.
    work: Condvar,
    /// Those who wait for it sleep here.
    done: Condvar,
}

#[derive(Debug)]
struct Control {
    /// Which thread serves, if one does. One that was given up finds another number when it comes back.
    serves: u64,
    runs: bool,
    /// Exporters that the thread has not taken over yet.
    incoming: Vec<Box<dyn SpanExporter>>,
    /// A block fills up.
    wake: bool,
    stop: bool,
    /// Somebody waits for what has ended so far.
    asked: u64,
    /// The last wish that has been fulfilled.
    fulfilled: u64,
    /// Spans that the thread has taken and not delivered.
    flying: u64,
}

/// What the thread is to do.
struct Turn {
    incoming: Vec<Box<dyn SpanExporter>>,
    stop: bool,
    asked: u64,
}

impl Pipe {
    pub(super) const fn new(tally: Tally) -> Pipe {
        Pipe {
            tally,
            state: AtomicU8::new(IDLE),
            blocks: Blocks::new(),
            left: Mutex::new(Spans::NONE),
            control: Mutex::new(Control {
                serves: 0,
                runs: false,
                incoming: Vec::new(),
                wake: false,
                stop: false,
                asked: 0,
                fulfilled: 0,
                flying: 0,
            }),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    #[inline]
    pub(super) fn active(&self) -> bool {
        self.state.load(Relaxed) == ACTIVE
    }

    /// Whether somebody wants spans, or did.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn wanted(&self) -> bool {
        self.state.load(Relaxed) != IDLE
    }

    /// A span that would have left finds nobody.
    #[cold]
    pub(super) fn missed(&self) {
        if self.state.load(Relaxed) == CLOSED {
            (self.tally.dropped)(Reason::Closed, 1);
        }
    }

    pub(super) fn add(&'static self, exporter: Box<dyn SpanExporter>) -> io::Result<()> {
        let mut control = lock(&self.control);
        if !control.runs {
            let me = control.serves + 1;
            lane::start(super::THREAD, Box::new(move || self.serve(me)))?;
            control.serves = me;
            control.runs = true;
            control.stop = false;
        }
        control.incoming.push(exporter);
        self.state.store(ACTIVE, Relaxed);
        self.work.notify_one();
        Ok(())
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let control = lock(&self.control);
        !control.runs || self.wait_for(control, patience)
    }

    pub(super) fn shutdown(&self, patience: Duration) -> bool {
        let mut control = lock(&self.control);
        if !control.runs {
            return true;
        }
        self.state.store(CLOSED, Relaxed);
        control.stop = true;
        if self.wait_for(control, patience) {
            return true;
        }
        let mut control = lock(&self.control);
        // It may have come back just now.
        let lost = mem::take(&mut control.flying);
        control.serves += 1;
        control.runs = false;
        control.incoming.clear();
        drop(control);
        if lost > 0 {
            (self.tally.failed)(Reason::Timeout);
            (self.tally.dropped)(Reason::Timeout, lost);
        }
        let rest: usize = self.gather(&mut Vec::new()).iter().map(Spans::len).sum();
        (self.tally.dropped)(Reason::Timeout, rest as u64);
        false
    }

    /// Waits until the thread has delivered everything so far.
    fn wait_for(
        &self,
        mut control: std::sync::MutexGuard<'_, Control>,
        patience: Duration,
    ) -> bool {
        control.asked += 1;
        let mine = control.asked;
        self.work.notify_one();
        let (control, late) = self
            .done
            .wait_timeout_while(control, patience, |control| control.fulfilled < mine)
            .unwrap_or_else(PoisonError::into_inner);
        drop(control);
        !late.timed_out()
    }

    /// A block fills up.
    #[cold]
    fn wake(&self) {
        lock(&self.control).wake = true;
        self.work.notify_one();
    }

    /// Takes what is in the blocks, and leaves emptied ones behind.
    fn gather(&self, spare: &mut Vec<Spans>) -> Vec<Spans> {
        let mut taken = Vec::new();
        let mut take = |block: &mut Spans| {
            if !block.is_empty() {
                taken.push(mem::replace(block, spare.pop().unwrap_or_default()));
            }
        };
        take(&mut lock(&self.left));
        self.blocks.gather(|block| take(block.spans()));
        taken
    }

    /// The life of the thread.
    fn serve(&self, me: u64) {
        let mut exporters = Vec::new();
        let mut spare = Vec::new();
        while let Some(turn) = self.wait(me) {
            exporters.extend(turn.incoming);
            span::sweep(clock::now());
            let taken = self.gather(&mut spare);
            let bytes: usize = taken.iter().map(Spans::bytes).sum();
            metric::buffered(Signal::Spans, (span::waiting_bytes() + bytes) as u64);
            if !self.fly(me, taken.iter().map(Spans::len).sum()) {
                return;
            }
            for mut spans in taken {
                for batch in spans.batches(BATCH) {
                    if !self.deliver(me, &mut exporters, batch) {
                        return;
                    }
                }
                if spare.len() < SPARES {
                    spans.clear();
                    spare.push(spans);
                }
            }
            metric::buffered(Signal::Spans, span::waiting_bytes() as u64);
            if turn.stop {
                for exporter in &mut exporters {
                    // One that cannot even end has had everything that there was.
                    let _ = catch_unwind(AssertUnwindSafe(|| exporter.shutdown()));
                }
            }
            let mut control = lock(&self.control);
            if control.serves != me {
                return;
            }
            control.fulfilled = turn.asked;
            control.runs = !turn.stop;
            drop(control);
            self.done.notify_all();
            if turn.stop {
                return;
            }
        }
    }

    /// Sleeps until there is something to do. `None`: another thread serves.
    fn wait(&self, me: u64) -> Option<Turn> {
        let idle = |control: &mut Control| {
            control.serves == me
                && !control.wake
                && !control.stop
                && control.incoming.is_empty()
                && control.asked == control.fulfilled
        };
        let (mut control, _) = self
            .work
            .wait_timeout_while(lock(&self.control), TIMER, idle)
            .unwrap_or_else(PoisonError::into_inner);
        if control.serves != me {
            return None;
        }
        control.wake = false;
        Some(Turn {
            incoming: mem::take(&mut control.incoming),
            stop: control.stop,
            asked: control.asked,
        })
    }

    /// So many are in our hands. Says whether we still serve.
    fn fly(&self, me: u64, count: usize) -> bool {
        let mut control = lock(&self.control);
        let serves = control.serves == me;
        if serves {
            control.flying = count as u64;
        } else {
            (self.tally.dropped)(Reason::Timeout, count as u64);
        }
        serves
    }

    /// Gives a batch to each exporter. Says whether we still serve: if not, the batch has been counted.
    fn deliver(&self, me: u64, exporters: &mut [Box<dyn SpanExporter>], batch: Batch<'_>) -> bool {
        for exporter in exporters {
            let exported = catch_unwind(AssertUnwindSafe(|| exporter.export(batch)));
            let why = match exported {
                Ok(Ok(())) => None,
                Ok(Err(ExportError::Failed(_))) => Some(Reason::Export),
                Ok(Err(ExportError::Late)) => Some(Reason::Timeout),
                Err(_) => Some(Reason::Panic),
            };
            let control = lock(&self.control);
            if control.serves != me {
                return false;
            }
            if let Some(why) = why {
                (self.tally.failed)(why);
                (self.tally.dropped)(why, batch.len() as u64);
            }
        }
        lock(&self.control).flying -= batch.len() as u64;
        true
    }
}

/// The block of a thread.
#[derive(Debug)]
pub(crate) struct Mine {
    pipe: &'static Pipe,
    block: Arc<Mutex<Block>>,
    writer: RefCell<Writer>,
}

impl Mine {
    pub(crate) fn enter(pipe: &'static Pipe) -> Mine {
        Mine {
            pipe,
            block: pipe.blocks.enter(),
            writer: RefCell::default(),
        }
    }

    /// Takes all of them, or none.
    pub(crate) fn put(&self, spans: &mut Spans) -> Result<(), Reason> {
        self.fill(|block| block.append(spans))
    }

    /// Takes one, whose attributes, events, links and text are there already.
    #[inline]
    pub(crate) fn put_one(&self, record: Record, rest: &mut Spans) -> Result<(), Reason> {
        self.fill(|block| block.push(record, rest))
    }

    /// Takes one that has nothing else, without a lock. What comes in while everything is shut down is found by who
    /// exports next, or counted when the thread ends.
    #[inline]
    pub(crate) fn put_plain(&self, span: &Plain) -> Result<(), Reason> {
        if !self.pipe.active() {
            return Err(Reason::Closed);
        }
        // Nothing in here calls anything that ends a span.
        let mut writer = self.writer.try_borrow_mut().map_err(|_| Reason::Limit)?;
        while !writer.write(span) {
            self.make_room(&mut writer)?;
        }
        Ok(())
    }

    #[cold]
    fn make_room(&self, writer: &mut Writer) -> Result<(), Reason> {
        match writer.due() {
            Due::Nothing => {}
            Due::Wake => self.pipe.wake(),
            Due::Full => self.filling(|block| {
                block.spans();
                writer.grow(block);
                Ok(())
            })?,
        }
        Ok(())
    }

    #[inline]
    fn fill(&self, put: impl FnOnce(&mut Spans)) -> Result<(), Reason> {
        self.filling(|block| self.pipe.put(block.spans(), put))
    }

    /// Puts something into the block, unless it is full before what lies in the ring comes to it.
    #[inline]
    fn filling(&self, fill: impl FnOnce(&mut Block) -> Result<(), Reason>) -> Result<(), Reason> {
        let mut block = lock(&self.block);
        let before = block.len();
        if before >= MOST_SPANS {
            return Err(Reason::Full);
        }
        fill(&mut block)?;
        let fills = before < WAKES && block.len() >= WAKES;
        drop(block);
        if fills {
            self.pipe.wake();
        }
        Ok(())
    }
}

impl Pipe {
    #[inline]
    fn put(&self, block: &mut Spans, put: impl FnOnce(&mut Spans)) -> Result<(), Reason> {
        // Asked under the lock: what comes in after the last round of the thread is refused.
        if !self.active() {
            return Err(Reason::Closed);
        }
        if block.len() >= MOST_SPANS || block.bytes() >= MOST_BYTES {
            return Err(Reason::Full);
        }
        put(block);
        Ok(())
    }
}

/// A thread that ends leaves what it has to the next round: its block would be one more that nobody bounds.
impl Drop for Mine {
    fn drop(&mut self) {
        let mut block = lock(&self.block);
        let spans = block.spans();
        if !spans.is_empty() {
            let count = spans.len() as u64;
            if let Err(reason) = self
                .pipe
                .put(&mut lock(&self.pipe.left), |left| left.append(spans))
            {
                (self.pipe.tally.dropped)(reason, count);
            }
        }
        drop(block);
        self.pipe.blocks.leave(&self.block);
    }
}

#[cfg(test)]
mod tests;
