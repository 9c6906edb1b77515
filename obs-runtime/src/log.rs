//! Log lines: one JSON object each, written straight into a block of the thread.
//!
//! A line is never written to the world by who logs it. Blocks go to a thread of their own when they are full, when
//! a line of them is a warning or worse, and ten times a second; so a slow disk or a blocked pipe holds nobody up.
//! The queue in between is bounded: when the world does not keep up, whole blocks are dropped and their lines counted.
//!
//! [`flush`] waits until all lines so far are out: the guard of [`init`](crate::init()) does it when it is dropped,
//! and a panic that ends the program does it too. With the feature `tracing`, `layer` makes lines of what is logged
//! through `tracing`. A program that ends with [`std::process::exit`] flushes by itself before.

mod format;
#[cfg(feature = "tracing")]
mod layer;
mod layout;
#[cfg(feature = "tracing")]
mod members;
mod output;

use std::cell::{Cell, OnceCell};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use obs_schema::names::LEVELS;
use obs_schema::wire::json::Writer;

use crate::bus::Origin;
use crate::clock::Moment;
use crate::lane::{Blocks, lock};
use crate::stamp;
use crate::testing::Recording;

pub use format::LogFormat;
pub(crate) use format::set as set_format;
#[cfg(feature = "tracing")]
pub(crate) use layer::install;
#[cfg(feature = "tracing")]
pub use layer::{Lines, Threshold, layer};
pub(crate) use layout::set as set_layout;
pub use layout::{LayoutError, LogLayout};
pub(crate) use output::THREAD;
pub use output::{LogOutput, flush, to};

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Level {
    /// Every step.
    Trace = 1,
    /// What helps to find a fault.
    Debug,
    /// What happens.
    Info,
    /// What should not happen, and did no harm yet.
    Warn,
    /// What went wrong.
    Error,
}

impl Level {
    /// Upper case, as it stands in the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }
}

/// Levels below this one are off. Above all of them until there is an output.
static LEAST: AtomicU8 = AtomicU8::new(OFF);

/// Nothing is logged.
const OFF: u8 = u8::MAX;

/// Whether lines of this level are written: one load, before anything else is done for a line.
#[inline]
#[must_use]
pub fn enabled(level: Level) -> bool {
    cfg!(not(feature = "off-logs")) && level as u8 >= LEAST.load(Relaxed)
}

/// Whether anybody hears of this level: we, or who listens to `tracing`.
#[inline]
pub(crate) fn heard(level: Level) -> bool {
    #[cfg(feature = "tracing")]
    if layer::level_of(level) <= tracing::level_filters::LevelFilter::current() {
        return cfg!(not(feature = "off-logs"));
    }
    enabled(level)
}

/// Writes lines from this level on, at once and everywhere; `None` writes none.
pub fn set_level(least: Option<Level>) {
    if cfg!(feature = "off-logs") {
        return;
    }
    LEAST.store(least.map_or(OFF, |level| level as u8), Relaxed);
    // What passes our layer is remembered at each call of `tracing`.
    #[cfg(feature = "tracing")]
    tracing::callsite::rebuild_interest_cache();
}

/// The level that [`set_level`] has set.
#[cfg(feature = "tracing")]
fn least() -> Option<Level> {
    use Level::{Debug, Error, Info, Trace, Warn};
    [Trace, Debug, Info, Warn, Error]
        .into_iter()
        .find(|level| enabled(*level))
}

/// The target under which `tracing` hears of publishes.
#[cfg(feature = "tracing")]
pub const EVENT_TARGET: &str = "obs::event";

/// `,"service":…,"environment":…`, as [`init`](crate::init()) was told.
static WHOSE: RwLock<Vec<u8>> = RwLock::new(Vec::new());

/// Lines that are not about an event come from here on.
pub(crate) fn speak_for(origin: &Origin) {
    let mut whose = Writer::new();
    origin.log_members(&mut whose);
    // Text is not refused.
    *WHOSE.write().unwrap_or_else(PoisonError::into_inner) = whose.finish().unwrap_or_default();
}

/// Says who speaks.
pub(crate) fn whose(w: &mut Writer) {
    w.raw_bytes(&WHOSE.read().unwrap_or_else(PoisonError::into_inner));
}

/// Lines say where in the code they come from.
static PLACES: AtomicBool = AtomicBool::new(false);

/// Has lines say where in the code they come from, or not.
pub(crate) fn show_places(shown: bool) {
    PLACES.store(shown, Relaxed);
}

/// `,"file":…,"line":…`, if anybody wants to know.
pub(crate) fn place(w: &mut Writer, file: Option<&str>, line: Option<u32>) {
    if !PLACES.load(Relaxed) {
        return;
    }
    if let Some(file) = file {
        w.raw(",\"file\":");
        w.string(file);
    }
    if let Some(line) = line {
        w.raw(",\"line\":");
        w.u64(line.into());
    }
}

/// The same of a record of the crate `log`, as JSON.
#[cfg(feature = "tracing")]
fn record_place(w: &mut Writer, file: Option<&[u8]>, line: Option<&[u8]>) {
    if !PLACES.load(Relaxed) {
        return;
    }
    for (name, value) in [(",\"file\":", file), (",\"line\":", line)] {
        if let Some(value) = value {
            w.raw(name);
            w.raw_bytes(value);
        }
    }
}

/// From how many bytes on a block goes out. Lines are short, so it stays below the next power of two.
const FULL: usize = 60 * 1024;

/// The lines of one thread that are not out yet.
#[derive(Debug, Default)]
pub(crate) struct Block {
    text: Vec<u8>,
    lines: Counts,
}

/// How many lines there are of each level, the lowest first.
pub(crate) type Counts = [u64; LEVELS.len()];

static BLOCKS: Blocks<Block> = Blocks::new();

thread_local! {
    static MINE: OnceCell<Arc<Mutex<Block>>> = const { OnceCell::new() };

    /// Where a line is written before it goes into the block: a writer may run code of the user's, which may log.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A scratch buffer larger than this is not kept.
const SCRATCH_LIMIT: usize = 1 << 16;

/// Appends a line: `write` writes the object without a line break. The caller has asked [`enabled`].
///
/// A line that its writer refuses is left out whole. A recorder gets it in place of the output.
#[inline]
pub(crate) fn line(level: Level, to: Option<&Arc<Recording>>, write: impl FnOnce(&mut Writer)) {
    // A thread that ends has nothing to say any more.
    let mut text = SCRATCH.try_with(Cell::take).unwrap_or_default();
    text.clear();
    let mut writer = Writer::on(text);
    write(&mut writer);
    let mut text = Vec::new();
    if writer.finish_into(&mut text).is_ok() {
        text.push(b'\n');
        match to {
            None => append(level, &text),
            Some(recorder) => recorder.line(&String::from_utf8_lossy(&text)),
        }
    }
    if text.capacity() <= SCRATCH_LIMIT {
        let _ = SCRATCH.try_with(|scratch| scratch.set(text));
    }
}

/// `{"timestamp":"…`: how every line begins. The quote behind it is the caller's.
#[inline]
pub(crate) fn begin(w: &mut Writer, at: Moment) {
    w.raw("{\"timestamp\":\"");
    w.raw_bytes(&stamp::rfc3339(at));
}

fn append(level: Level, line: &[u8]) {
    let _ = MINE.try_with(|mine| {
        let mut block = lock(mine.get_or_init(|| BLOCKS.enter()));
        block.text.extend_from_slice(line);
        block.lines[level as usize - 1] += 1;
        if block.text.len() >= FULL || level >= Level::Warn {
            output::hand_over(&mut block, level >= Level::Warn);
        }
    });
}
