//! What comes out of a publish: the record on its bus, its span, its log line. Looked at once, before anything is timed.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether anybody looks.
static LOOKING: AtomicBool = AtomicBool::new(false);

/// Spans that exporters were given.
static SPANS: AtomicU64 = AtomicU64::new(0);

static SEEN: Mutex<Seen> = Mutex::new(Seen {
    records: Vec::new(),
    spans: Vec::new(),
    log: Vec::new(),
});

/// What came out.
#[derive(Default)]
pub struct Seen {
    pub records: Vec<Message>,
    pub spans: Vec<Span>,
    pub log: Vec<u8>,
}

/// A message on the bus.
pub struct Message {
    pub topic: String,
    pub key: Vec<u8>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// A span, as an exporter sees it.
pub struct Span {
    pub name: String,
    pub kind: &'static str,
    pub failed: bool,
    pub trace: u128,
    pub span: u64,
    /// Names and values as text, in any order.
    pub attributes: Vec<(String, String)>,
}

fn seen() -> MutexGuard<'static, Seen> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on everything is kept.
pub fn look() {
    LOOKING.store(true, Relaxed);
}

/// What has been kept; nothing more is.
pub fn take() -> Seen {
    LOOKING.store(false, Relaxed);
    std::mem::take(&mut seen())
}

/// How many spans exporters were given so far.
pub fn exported() -> u64 {
    SPANS.load(Relaxed)
}

/// An exporter was given so many spans.
pub fn spans(count: usize, each: impl FnOnce() -> Vec<Span>) {
    SPANS.fetch_add(count as u64, Relaxed);
    if LOOKING.load(Relaxed) {
        seen().spans.append(&mut each());
    }
}

/// Headers, whatever holds them.
pub type Each<'a> = &'a dyn Fn(&mut dyn FnMut(&str, &[u8]));

/// The bus of everybody: it takes everything and keeps nothing.
#[inline(never)]
pub fn send(topic: &str, key: &[u8], headers: Each<'_>, body: &[u8]) {
    black_box((topic, key, body));
    if LOOKING.load(Relaxed) {
        keep(topic, key, headers, body);
    }
}

#[cold]
fn keep(topic: &str, key: &[u8], headers: Each<'_>, body: &[u8]) {
    let mut message = Message {
        topic: topic.to_owned(),
        key: key.to_owned(),
        headers: Vec::new(),
        body: body.to_owned(),
    };
    headers(&mut |name, value| message.headers.push((name.to_owned(), value.to_owned())));
    seen().records.push(message);
}

/// How much the memory behind the log takes before it starts again.
const LOG: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(LOG));
}

/// Where log lines go: copied into memory of the thread, again and again. A sink that copies nothing would make those
/// who write many small pieces look fast.
#[derive(Clone, Copy, Default, Debug)]
pub struct Memory;

impl Write for Memory {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BUFFER.with_borrow_mut(|buffer| {
            if buffer.len() + bytes.len() > LOG {
                buffer.clear();
            }
            buffer.extend_from_slice(bytes);
        });
        if LOOKING.load(Relaxed) {
            seen().log.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
