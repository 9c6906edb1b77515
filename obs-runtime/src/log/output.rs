//! The thread that writes the blocks out.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{BLOCKS, Block, Level, format, layout};
use crate::lane::{self, lock};
use crate::metric::{self, Reason, Signal};

/// The name of the thread.
pub(crate) const THREAD: &str = "obs-log";

/// How many full blocks wait at most: four megabytes.
const WAITING: usize = 64;

/// How long a line stays in its block at most.
const TIMER: Duration = Duration::from_millis(100);

/// Where lines go.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogOutput {
    /// The standard output.
    Stdout,
    /// The standard error output.
    Stderr,
    /// Anything else: a file, a socket, a buffer.
    Writer(Sink),
}

/// Something to write to.
pub struct Sink(Box<dyn Write + Send>);

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

impl LogOutput {
    /// Lines go to a writer of any kind. It is called from one thread, with many lines at a time.
    pub fn writer(writer: impl Write + Send + 'static) -> LogOutput {
        LogOutput::Writer(Sink(Box::new(writer)))
    }

    fn open(self) -> Box<dyn Write + Send> {
        match self {
            LogOutput::Stdout => Box::new(io::stdout()),
            LogOutput::Stderr => Box::new(io::stderr()),
            LogOutput::Writer(Sink(writer)) => writer,
        }
    }
}

/// What waits, and how far the thread is.
struct Queue {
    full: VecDeque<Block>,
    /// Empty blocks, for reuse.
    spare: Vec<Vec<u8>>,
    /// Somebody wants the blocks of all threads written now.
    asked: u64,
    /// The last wish that has been fulfilled.
    done: u64,
    /// The thread runs.
    runs: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    full: VecDeque::new(),
    spare: Vec::new(),
    asked: 0,
    done: 0,
    runs: false,
});

/// The thread sleeps here.
static WORK: Condvar = Condvar::new();

/// Those who flush sleep here.
static DONE: Condvar = Condvar::new();

/// Where the lines go; changed by [`to`], used by the thread.
static OUTPUT: Mutex<Option<Box<dyn Write + Send>>> = Mutex::new(None);

/// Sends all lines to an output, from this level on. What was there before is flushed.
///
/// The first call starts the thread that writes.
///
/// # Errors
///
/// The thread cannot be started.
pub fn to(output: LogOutput, least: Level) -> io::Result<()> {
    if cfg!(feature = "off-logs") {
        return Ok(());
    }
    flush(Duration::from_secs(1));
    *lock(&OUTPUT) = Some(output.open());
    let mut queue = lock(&QUEUE);
    if !queue.runs {
        lane::start(THREAD, Box::new(run))?;
        queue.runs = true;
    }
    drop(queue);
    super::set_level(Some(least));
    Ok(())
}

/// Hands a block to the thread and leaves an empty one; `urgent` wakes the thread at once.
#[cold]
pub(super) fn hand_over(block: &mut Block, urgent: bool) {
    let mut queue = lock(&QUEUE);
    if queue.full.len() >= WAITING {
        metric::dropped(Signal::Logs, Reason::Full, block.lines.iter().sum());
        block.text.clear();
        block.lines = Default::default();
        return;
    }
    let spare = queue.spare.pop();
    let empty = Block {
        text: spare.unwrap_or_else(|| Vec::with_capacity(super::FULL + super::FULL / 16)),
        lines: Default::default(),
    };
    queue.full.push_back(std::mem::replace(block, empty));
    if urgent || queue.full.len() > WAITING / 2 {
        WORK.notify_one();
    }
}

/// Waits until all lines so far are out, for so long at most; says whether they are.
pub fn flush(patience: Duration) -> bool {
    if cfg!(feature = "off-logs") {
        return true;
    }
    let mut queue = lock(&QUEUE);
    if !queue.runs {
        return true;
    }
    queue.asked += 1;
    let mine = queue.asked;
    WORK.notify_one();
    let (queue, late) = DONE
        .wait_timeout_while(queue, patience, |queue| queue.done < mine)
        .unwrap_or_else(PoisonError::into_inner);
    drop(queue);
    !late.timed_out()
}

fn run() {
    loop {
        let (asked, blocks) = wait();
        let bytes: usize = blocks.iter().map(|block| block.text.len()).sum();
        metric::buffered(Signal::Logs, bytes as u64);
        blocks.into_iter().for_each(write);
        // Behind the full blocks of a thread come the lines it has written since. They are written when its block is
        // its own again: a slow output holds nobody up.
        let mut taken = Vec::new();
        BLOCKS.gather(|block| {
            if !block.text.is_empty() {
                let empty = Block {
                    text: lock(&QUEUE).spare.pop().unwrap_or_default(),
                    lines: Default::default(),
                };
                taken.push(std::mem::replace(block, empty));
            }
        });
        taken.into_iter().for_each(write);
        // What was written is counted; an output that only now finds out cannot say which lines it lost.
        let _ = guarded(|output| output.flush());
        let mut queue = lock(&QUEUE);
        queue.done = queue.done.max(asked);
        drop(queue);
        DONE.notify_all();
    }
}

/// Sleeps until there is something to do, or a tenth of a second.
fn wait() -> (u64, VecDeque<Block>) {
    let idle = |queue: &mut Queue| queue.full.is_empty() && queue.asked == queue.done;
    let queue: MutexGuard<'_, Queue> = lock(&QUEUE);
    let (mut queue, _) = WORK
        .wait_timeout_while(queue, TIMER, |queue| idle(queue))
        .unwrap_or_else(PoisonError::into_inner);
    (queue.asked, std::mem::take(&mut queue.full))
}

/// Does something with the output, if there is one. It may be of the user, and the thread outlives its panics.
fn guarded(
    with: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> std::thread::Result<io::Result<()>> {
    catch_unwind(AssertUnwindSafe(|| {
        lock(&OUTPUT)
            .as_mut()
            .map_or(Ok(()), |output| with(&mut **output))
    }))
}

/// Writes a block, whose room is somebody else's next.
fn write(mut block: Block) {
    let formatted = format::formatted(&block.text, format::now(), layout::now().as_deref());
    let text = formatted.as_ref().map_or(&*block.text, String::as_bytes);
    let why = match guarded(|output| output.write_all(text)) {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(Reason::Export),
        Err(_) => Some(Reason::Panic),
    };
    match why {
        Some(why) => {
            metric::export_failed(Signal::Logs, why);
            metric::dropped(Signal::Logs, why, block.lines.iter().sum());
        }
        None => metric::lines_written(&block.lines),
    }
    block.text.clear();
    let mut queue = lock(&QUEUE);
    if queue.spare.len() < WAITING {
        queue.spare.push(block.text);
    }
}
